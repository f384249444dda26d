//! Final results: the line that ends an answer.

/// The code of a `+CME ERROR` or `+CMS ERROR`, as a number; modems may write words or nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ErrorCode(Option<u16>);

impl ErrorCode {
    /// The number; `None` where the modem wrote none, or words that are not known.
    #[must_use]
    pub const fn code(self) -> Option<u16> {
        self.0
    }

    fn parse(text: &str, words: &[(&str, u16)]) -> Self {
        let text = text.trim();
        let known = || words.iter().find(|(word, _)| word.eq_ignore_ascii_case(text));
        Self(text.parse().ok().or_else(|| known().map(|(_, code)| *code)))
    }
}

impl From<u16> for ErrorCode {
    fn from(code: u16) -> Self {
        Self(Some(code))
    }
}

/// 3GPP TS 27.007 9.2.1, the texts that `+CMEE=2` gives and some modems write whatever is set.
const CME_WORDS: &[(&str, u16)] = &[
    ("operation not allowed", 3),
    ("operation not supported", 4),
    ("SIM not inserted", 10),
    ("SIM PIN required", 11),
    ("SIM PUK required", 12),
    ("SIM failure", 13),
    ("SIM busy", 14),
    ("SIM wrong", 15),
    ("memory full", 20),
    ("no network service", 30),
    ("network timeout", 31),
];

/// 3GPP TS 27.005 3.2.5.
const CMS_WORDS: &[(&str, u16)] = &[
    ("ME failure", 300),
    ("operation not allowed", 302),
    ("SIM not inserted", 310),
    ("SIM PIN required", 311),
    ("SIM failure", 313),
    ("SIM busy", 314),
    ("SIM PUK required", 316),
    ("memory full", 322),
    ("SMSC address unknown", 330),
    ("no network service", 331),
    ("network timeout", 332),
    ("unknown error", 500),
];

/// The line that ends an answer, 3GPP TS 27.007 9 and ITU-T V.250 5.7.1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FinalResult {
    /// `OK`.
    Ok,
    /// `ERROR`, and the words that vendors have for it.
    Error,
    /// `+CME ERROR`: the mobile equipment or the SIM.
    Cme(ErrorCode),
    /// `+CMS ERROR`: the message service.
    Cms(ErrorCode),
    /// `NO CARRIER`.
    NoCarrier,
    /// `BUSY`.
    Busy,
    /// `NO ANSWER`.
    NoAnswer,
    /// `NO DIALTONE`.
    NoDialtone,
}

impl FinalResult {
    /// Reads a line as a final result, if it is one.
    #[must_use]
    pub fn parse(line: &str) -> Option<Self> {
        if let Some(code) = line.strip_prefix("+CME ERROR:") {
            return Some(Self::Cme(ErrorCode::parse(code, CME_WORDS)));
        }
        if let Some(code) = line.strip_prefix("+CMS ERROR:") {
            return Some(Self::Cms(ErrorCode::parse(code, CMS_WORDS)));
        }
        Some(match line {
            "OK" => Self::Ok,
            // Huawei has its own words, ITU-T V.250 says ABORTED for a command that was cut short.
            "ERROR" | "COMMAND NOT SUPPORT" | "MODEM ERROR" | "ABORTED" => Self::Error,
            "NO CARRIER" => Self::NoCarrier,
            "BUSY" => Self::Busy,
            "NO ANSWER" => Self::NoAnswer,
            "NO DIALTONE" | "NO DIAL TONE" => Self::NoDialtone,
            _ => return None,
        })
    }

    /// Whether it is about a call, ITU-T V.250 5.7.1.
    #[must_use]
    pub const fn ends_a_call(self) -> bool {
        matches!(self, Self::NoCarrier | Self::Busy | Self::NoAnswer | Self::NoDialtone)
    }

    /// Whether it says that a store of messages is full, 3GPP TS 27.005 3.2.5.
    #[must_use]
    pub fn tells_of_full_store(self) -> bool {
        matches!(self, Self::Cms(error) if error.code() == Some(322))
    }

    /// Whether it says that the SIM cannot be used, 3GPP TS 27.007 9.2.1 and TS 27.005 3.2.5: one that names no service
    /// centre (330) sends nothing either. One that is busy can be used, after a while.
    #[must_use]
    pub fn blames_sim(self) -> bool {
        match self {
            Self::Cme(error) => matches!(error.code(), Some(10..=13 | 15)),
            Self::Cms(error) => matches!(error.code(), Some(310..=313 | 315 | 316 | 330)),
            Self::Ok
            | Self::Error
            | Self::NoCarrier
            | Self::Busy
            | Self::NoAnswer
            | Self::NoDialtone => false,
        }
    }

    /// Whether the command did what it should.
    #[must_use]
    pub const fn is_ok(self) -> bool {
        matches!(self, Self::Ok)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_numbers_words_and_nothing_as_codes() {
        let cms = |code| Some(FinalResult::Cms(ErrorCode(code)));
        let cme = |code| Some(FinalResult::Cme(ErrorCode(code)));
        assert_eq!(FinalResult::parse("+CMS ERROR: 38"), cms(Some(38)));
        assert_eq!(FinalResult::parse("+CMS ERROR:"), cms(None));
        assert_eq!(FinalResult::parse("+CMS ERROR: SMSC address unknown"), cms(Some(330)));
        assert_eq!(FinalResult::parse("+CME ERROR: SIM failure"), cme(Some(13)));
        assert_eq!(FinalResult::parse("+CME ERROR: 14"), cme(Some(14)));
        assert_eq!(FinalResult::parse("COMMAND NOT SUPPORT"), Some(FinalResult::Error));
        assert_eq!(FinalResult::parse("OKAY"), None);
    }

    #[test]
    fn the_sim_is_to_blame_for_some_errors() {
        for line in [
            "+CMS ERROR: 310",
            "+CMS ERROR: SIM PIN required",
            "+CMS ERROR: SMSC address unknown",
            "+CME ERROR: 13",
        ] {
            assert!(FinalResult::parse(line).unwrap().blames_sim(), "{line}");
        }
        for line in ["+CMS ERROR: 314", "+CMS ERROR: 38", "+CME ERROR: SIM busy", "ERROR", "OK"] {
            assert!(!FinalResult::parse(line).unwrap().blames_sim(), "{line}");
        }
    }
}
