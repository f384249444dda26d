//! Why a call ended, from what the network and the modem say of it.

use crate::{
    at::{Fields, FinalResult, Line},
    family::Reason,
};

/// Why a call ended, as far as it is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Cause {
    /// One side hung up, or nothing else is said.
    Cleared,
    /// The line was busy.
    Busy,
    /// Nobody answered.
    NoAnswer,
    /// It was declined.
    Declined,
    /// The phone could not be reached.
    Unreachable,
    /// There is no such number.
    Unassigned,
    /// The network had no room.
    NetworkBusy,
    /// The SIM may not place it.
    Barred,
    /// Refused for another reason.
    Refused,
}

impl Cause {
    /// What a number of the network means, 3GPP TS 24.008 10.5.4.11 and ITU-T Q.850.
    #[must_use]
    pub const fn of_number(number: u8) -> Self {
        match number {
            // Normal clearing, normal unspecified.
            16 | 31 => Self::Cleared,
            17 => Self::Busy,
            // No user responding; user alerting, no answer.
            18 | 19 => Self::NoAnswer,
            21 => Self::Declined,
            // Destination out of order, incompatible destination; subscriber absent.
            20 | 27 | 88 => Self::Unreachable,
            // Unassigned, no route, changed, invalid format.
            1 | 3 | 22 | 28 => Self::Unassigned,
            34 | 38 | 41 | 42 | 44 | 47 | 58 | 63 => Self::NetworkBusy,
            // Operator determined barring; not subscribed, barred, not authorised.
            8 | 50 | 55 | 57 | 69 | 70 | 79 | 87 => Self::Barred,
            _ => Self::Refused,
        }
    }

    /// What words of a modem mean. Those for a busy line and for nobody who answers are the words of the
    /// standard; the rest is what modems are seen to write.
    fn of_words(words: &str) -> Option<Self> {
        let table: &[(&str, Self)] = &[
            ("user busy", Self::Busy),
            ("no user responding", Self::NoAnswer),
            ("no answer", Self::NoAnswer),
            ("facility reject", Self::Refused),
            ("reject", Self::Declined),
            ("unassigned", Self::Unassigned),
            ("unallocated", Self::Unassigned),
            ("invalid", Self::Unassigned),
            ("incomplete number", Self::Unassigned),
            ("no route", Self::Unassigned),
            ("number changed", Self::Unassigned),
            ("out of order", Self::Unreachable),
            ("congest", Self::NetworkBusy),
            ("temporary failure", Self::NetworkBusy),
            ("no circuit", Self::NetworkBusy),
            ("barred", Self::Barred),
            ("barring", Self::Barred),
            ("not subscribed", Self::Barred),
            ("not authorized", Self::Barred),
            ("normal", Self::Cleared),
            ("busy", Self::Busy),
        ];
        table.iter().find(|(word, _)| contains(words, word)).map(|(_, cause)| *cause)
    }
}

fn contains(text: &str, word: &str) -> bool {
    let mut windows = text.as_bytes().windows(word.len());
    windows.any(|it| it.eq_ignore_ascii_case(word.as_bytes()))
}

/// What was told of why a call ended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Release {
    /// The network's own number.
    pub number: Option<u8>,
    /// In words of ITU-T V.250.
    pub result: Option<FinalResult>,
    /// In the modem's words.
    pub words: Option<Cause>,
}

impl Release {
    /// Takes the answer to `+CEER`, 3GPP TS 27.007 6.10, as a family writes it. It is about the last call only
    /// right after that has ended.
    pub fn on_report(&mut self, lines: &[Line], reason: Reason) {
        let Some(mut fields) = lines.iter().find_map(|line| Fields::after(line, "+CEER")) else {
            return;
        };
        let number = |text: &str| text.parse::<u8>().ok().filter(|number| *number != 0);
        let told = match reason {
            Reason::Words => None,
            Reason::Number { at } => fields
                .clone()
                .nth(at.into())
                .and_then(|value| number(value.split(' ').next().unwrap_or_default())),
            Reason::Grouped { network } => {
                let group = fields.clone().next().and_then(|value| value.parse::<u8>().ok());
                let value = fields.clone().nth(1).and_then(number);
                value.filter(|_| group.is_some_and(|group| network.contains(&group)))
            }
        };
        // What the network itself said before is nearer to the truth.
        self.number = self.number.or(told);
        self.words = fields.find_map(Cause::of_words);
    }

    /// Why it ended; `None` = nothing was told of it.
    #[must_use]
    pub fn cause(&self) -> Option<Cause> {
        let result = self.result.and_then(|result| match result {
            FinalResult::Busy => Some(Cause::Busy),
            FinalResult::NoAnswer => Some(Cause::NoAnswer),
            FinalResult::NoDialtone => Some(Cause::Refused),
            FinalResult::Ok
            | FinalResult::Error
            | FinalResult::Cme(_)
            | FinalResult::Cms(_)
            | FinalResult::NoCarrier => None,
        });
        self.number.map(Cause::of_number).or(result).or(self.words)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(line: &str, reason: Reason) -> (Option<u8>, Option<Cause>) {
        let mut release = Release::default();
        release.on_report(&[Line::try_from(line).unwrap()], reason);
        (release.number, release.cause())
    }

    #[test]
    fn reports_are_read_as_each_family_writes_them() {
        let located = Reason::Grouped { network: &[1] };
        let table = [
            ("+CEER: Invalid/incomplete number", Reason::Words, None, Cause::Unassigned),
            ("+CEER: User busy", Reason::Words, None, Cause::Busy),
            ("+CEER: No user responding", Reason::Words, None, Cause::NoAnswer),
            ("+CEER: Call rejected", Reason::Words, None, Cause::Declined),
            ("+CEER: Facility rejected", Reason::Words, None, Cause::Refused),
            ("+CEER: Normal call clearing", Reason::Words, None, Cause::Cleared),
            (
                "+CEER: \"31 Normal unspecified\"",
                Reason::Number { at: 0 },
                Some(31),
                Cause::Cleared,
            ),
            ("+CEER: \"17 User busy\"", Reason::Number { at: 0 }, Some(17), Cause::Busy),
            ("+CEER: 1,21", Reason::Number { at: 1 }, Some(21), Cause::Declined),
            ("+CEER: 1,17", located, Some(17), Cause::Busy),
            (
                "+CEER: \"CC setup error\",1,\"Unassigned (unallocated) number\"",
                Reason::Number { at: 1 },
                Some(1),
                Cause::Unassigned,
            ),
        ];
        for (line, reason, number, cause) in table {
            assert_eq!(told(line, reason), (number, Some(cause)), "{line}");
        }
        // 0: the modem's own numbers, which say nothing of the network.
        assert_eq!(told("+CEER: 0,21", located), (None, None));
        assert_eq!(told("+CEER: 0", Reason::Number { at: 0 }), (None, None));
    }

    #[test]
    fn a_network_that_refuses_to_serve_the_modem_says_nothing_of_the_number() {
        for family in [&crate::family::EC25, &crate::family::M95] {
            let reason = family.call.as_ref().unwrap().reason;
            // 3GPP TS 24.008 10.5.3.6: illegal MS, network failure, MAC failure, synch failure, congestion.
            for cause in [3, 17, 20, 21, 22] {
                assert_eq!(
                    told(&std::format!("+CEER: 2,{cause}"), reason),
                    (None, None),
                    "{cause}"
                );
            }
            assert_eq!(told("+CEER: 1,22", reason), (Some(22), Some(Cause::Unassigned)));
        }
    }

    #[test]
    fn every_number_has_a_meaning_and_the_ones_that_decide_have_theirs() {
        let table = [
            (Cause::Cleared, &[16, 31][..]),
            (Cause::Busy, &[17]),
            (Cause::NoAnswer, &[18, 19]),
            (Cause::Declined, &[21]),
            (Cause::Unassigned, &[1, 3, 22, 28]),
            (Cause::Unreachable, &[20, 27, 88]),
            (Cause::NetworkBusy, &[34, 38, 41, 42, 44, 47, 58, 63]),
            (Cause::Barred, &[8, 50, 55, 57, 69, 70, 79, 87]),
            (Cause::Refused, &[2, 29, 95, 102, 111, 127]),
        ];
        for (cause, numbers) in table {
            for number in numbers {
                assert_eq!(Cause::of_number(*number), cause, "{number}");
            }
        }
    }

    #[test]
    fn a_number_counts_before_a_result_and_a_result_before_words() {
        let mut release = Release { result: Some(FinalResult::Busy), ..Release::default() };
        release.on_report(&[Line::try_from("+CEER: Normal").unwrap()], Reason::Words);
        assert_eq!(release.cause(), Some(Cause::Busy));
        release.number = Some(21);
        assert_eq!(release.cause(), Some(Cause::Declined));
        let only = Release { result: Some(FinalResult::NoCarrier), ..Release::default() };
        assert_eq!(only.cause(), None);
    }
}
