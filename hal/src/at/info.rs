//! Information lines: the values between the command and its final result.

/// The comma-separated values of a line, without the quotes that some of them wear. A comma inside
/// quotes or brackets separates nothing.
#[derive(Debug, Clone)]
pub struct Fields<'l>(Option<&'l str>);

impl<'l> Fields<'l> {
    /// The values behind `prefix` and a colon; `None` where the line does not begin so.
    #[must_use]
    pub fn after(line: &'l str, prefix: &str) -> Option<Self> {
        let rest = line.strip_prefix(prefix)?.strip_prefix(':')?;
        Some(Self::of(rest))
    }

    /// The values of a text.
    #[must_use]
    pub fn of(text: &'l str) -> Self {
        Self(Some(text.trim()))
    }

    /// The next value as a number; `None` where it is missing or none.
    pub fn number<N: core::str::FromStr>(&mut self) -> Option<N> {
        self.next()?.parse().ok()
    }
}

impl<'l> Iterator for Fields<'l> {
    type Item = &'l str;

    fn next(&mut self) -> Option<&'l str> {
        let rest = self.0?;
        let (mut quoted, mut depth) = (false, 0_u8);
        let comma = rest.char_indices().find(|(_, char)| {
            match char {
                '"' => quoted = !quoted,
                '(' if !quoted => depth = depth.saturating_add(1),
                ')' if !quoted => depth = depth.saturating_sub(1),
                _ => {}
            }
            *char == ',' && !quoted && depth == 0
        });
        let value = match comma {
            Some((at, _)) => {
                self.0 = rest.get(at + 1..);
                rest.get(..at).unwrap_or_default()
            }
            None => {
                self.0 = None;
                rest
            }
        };
        let value = value.trim();
        Some(value.strip_prefix('"').and_then(|it| it.strip_suffix('"')).unwrap_or(value))
    }
}

/// Which network a registration is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RegistrationDomain {
    /// `+CREG`: circuit switched, 3GPP TS 27.007 7.2.
    Circuit,
    /// `+CGREG`: GPRS, 3GPP TS 27.007 10.1.20.
    Packet,
    /// `+CEREG`: EPS, 3GPP TS 27.007 10.1.22.
    Eps,
}

impl RegistrationDomain {
    /// All domains.
    pub const ALL: [Self; 3] = [Self::Circuit, Self::Packet, Self::Eps];

    /// The name of its command.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Circuit => "+CREG",
            Self::Packet => "+CGREG",
            Self::Eps => "+CEREG",
        }
    }
}

/// `<stat>` of a registration, 3GPP TS 27.007 7.2.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Registration {
    /// Not registered, not searching.
    Off,
    /// In the home network.
    Home,
    /// Searching.
    Searching,
    /// The network refused.
    Denied,
    /// Roaming.
    Roaming,
    /// For SMS only, in the home network: enough for us.
    SmsOnlyHome,
    /// For SMS only, roaming.
    SmsOnlyRoaming,
    /// For emergency calls only.
    EmergencyOnly,
    /// Anything else.
    Unknown,
}

/// Where a modem is registered, 3GPP TS 27.007 7.2: `<lac>,<ci>[,<AcT>]`, both in hexadecimal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Cell {
    /// Location or tracking area code.
    pub area: u32,
    /// Cell identity.
    pub id: u32,
    /// Access technology, `<AcT>`, where the modem tells it.
    pub technology: Option<Technology>,
}

/// Access technology, 3GPP TS 27.007 7.2 `<AcT>`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Technology {
    /// GSM, with or without EDGE.
    Gsm,
    /// UTRAN, with or without HSPA.
    Umts,
    /// E-UTRAN.
    Lte,
    /// NB-IoT.
    NbIot,
    /// New radio.
    Nr,
}

impl Technology {
    /// From the number.
    #[must_use]
    pub const fn from_act(act: u8) -> Option<Self> {
        Some(match act {
            0 | 1 | 3 | 8 => Self::Gsm,
            2 | 4..=6 => Self::Umts,
            7 | 10 => Self::Lte,
            9 => Self::NbIot,
            11..=13 => Self::Nr,
            _ => return None,
        })
    }

    /// For people.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Gsm => "GSM",
            Self::Umts => "UMTS",
            Self::Lte => "LTE",
            Self::NbIot => "NB-IoT",
            Self::Nr => "NR",
        }
    }
}

impl Cell {
    /// Reads what stands behind `<stat>` in an answer to a query.
    #[must_use]
    pub fn of_answer(line: &str, domain: RegistrationDomain) -> Option<Self> {
        let mut fields = Fields::after(line, domain.name())?;
        Self::read(fields.by_ref().skip(2))
    }

    /// Reads what stands behind `<stat>` where a modem says it by itself.
    #[must_use]
    pub fn of_urc(line: &str, domain: RegistrationDomain) -> Option<Self> {
        let mut fields = Fields::after(line, domain.name())?;
        Self::read(fields.by_ref().skip(1))
    }

    fn read<'l>(mut fields: impl Iterator<Item = &'l str>) -> Option<Self> {
        let mut hex = || u32::from_str_radix(fields.next()?, 16).ok();
        let (area, id) = (hex()?, hex()?);
        let act = fields.next().and_then(|act| act.parse().ok());
        Some(Self { area, id, technology: act.and_then(Technology::from_act) })
    }
}

impl Registration {
    /// From the number.
    #[must_use]
    pub const fn from_stat(stat: u8) -> Self {
        match stat {
            0 => Self::Off,
            1 | 9 => Self::Home,
            2 => Self::Searching,
            3 => Self::Denied,
            5 | 10 => Self::Roaming,
            6 => Self::SmsOnlyHome,
            7 => Self::SmsOnlyRoaming,
            8 => Self::EmergencyOnly,
            _ => Self::Unknown,
        }
    }

    /// Whether it is in a network of somebody else, who may charge for it.
    #[must_use]
    pub const fn is_roaming(self) -> bool {
        matches!(self, Self::Roaming | Self::SmsOnlyRoaming)
    }

    /// Whether messages can be sent.
    #[must_use]
    pub const fn serves_sms(self) -> bool {
        matches!(self, Self::Home | Self::Roaming | Self::SmsOnlyHome | Self::SmsOnlyRoaming)
    }

    /// For people.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Off => "not registered",
            Self::Home => "home",
            Self::Searching => "searching",
            Self::Denied => "denied",
            Self::Roaming => "roaming",
            Self::SmsOnlyHome => "home, SMS only",
            Self::SmsOnlyRoaming => "roaming, SMS only",
            Self::EmergencyOnly => "emergency calls only",
            Self::Unknown => "unknown",
        }
    }

    /// Reads the answer to a query, `<n>,<stat>[,…]`. What has a location where the answer has
    /// `<stat>` is no answer but says by itself that something changed: `<stat>[,<lac>,…]`.
    #[must_use]
    pub fn of_answer(line: &str, domain: RegistrationDomain) -> Option<Self> {
        let mut fields = Fields::after(line, domain.name())?;
        let _n: u8 = fields.number()?;
        let raw = line.split(',').nth(1)?.trim();
        // A location is quoted, or has four digits and more.
        (raw.len() <= 2 && !raw.starts_with('"'))
            .then(|| fields.number())
            .flatten()
            .map(Self::from_stat)
    }

    /// Reads what a modem says by itself, `<stat>[,…]`.
    #[must_use]
    pub fn of_urc(line: &str, domain: RegistrationDomain) -> Option<Self> {
        Fields::after(line, domain.name())?.number().map(Self::from_stat)
    }
}

#[cfg(test)]
mod tests {
    use std::vec::Vec;

    use super::*;

    #[test]
    fn fields_lose_quotes_and_keep_what_is_inside_them() {
        let fields = |line| Fields::after(line, "+X").unwrap().collect::<Vec<_>>();
        assert_eq!(fields("+X: 1,\"a,b\",,(0-3),(1,2)"), ["1", "a,b", "", "(0-3)", "(1,2)"]);
        assert_eq!(fields("+X:"), [""]);
        assert!(Fields::after("+XY: 1", "+X").is_none());
    }

    #[test]
    fn answers_and_urcs_of_registration_are_told_apart() {
        let answer = |line| Registration::of_answer(line, RegistrationDomain::Circuit);
        assert_eq!(answer("+CREG: 2,1,\"00C3\",\"1A2B\""), Some(Registration::Home));
        assert_eq!(answer("+CREG: 2,1,4CA,81DE445"), Some(Registration::Home));
        assert_eq!(answer("+CREG: 0,6"), Some(Registration::SmsOnlyHome));
        assert_eq!(answer("+CREG: 1"), None);
        assert_eq!(answer("+CREG: 1,\"00C3\",\"1A2B\""), None);
        assert_eq!(answer("+CREG: 5,04CA,81DE445"), None);
        let urc = |line| Registration::of_urc(line, RegistrationDomain::Circuit);
        assert_eq!(urc("+CREG: 5,\"00C3\",\"1A2B\""), Some(Registration::Roaming));
    }

    #[test]
    fn cells_are_read_however_they_are_written() {
        let cell = |area, id, technology| Some(Cell { area, id, technology });
        let answer = |line| Cell::of_answer(line, RegistrationDomain::Circuit);
        let lte = Some(Technology::Lte);
        assert_eq!(answer("+CREG: 2,1,\"1A2B\",\"01C3D4E5\",7"), cell(0x1A2B, 0x01C3_D4E5, lte));
        assert_eq!(answer("+CREG: 2,1,4CA,81DE445"), cell(0x4CA, 0x81D_E445, None));
        assert_eq!(answer("+CREG: 2,1, 5E25, 605F"), cell(0x5E25, 0x605F, None));
        assert_eq!(answer("+CREG: 2,1"), None);
        let urc = Cell::of_urc("+CEREG: 5,\"00C3\",\"1A2B\",9", RegistrationDomain::Eps);
        assert_eq!(urc, cell(0xC3, 0x1A2B, Some(Technology::NbIot)));
    }
}
