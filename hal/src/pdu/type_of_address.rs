//! Type-of-address: what kind of number an address field holds.

/// Type-of-number, 3GPP TS 23.040 9.1.2.5.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TypeOfNumber {
    /// 000: unknown; short codes and numbers as dialled.
    Unknown,
    /// 001: international, E.164 without the `+`.
    International,
    /// 010: national, without prefix.
    National,
    /// 011: specific to the network.
    NetworkSpecific,
    /// 100: subscriber number.
    Subscriber,
    /// 101: a name in the GSM 7 bit default alphabet.
    Alphanumeric,
    /// 110: abbreviated.
    Abbreviated,
    /// 111: reserved for extension.
    Reserved,
}

/// Numbering-plan-identification, 3GPP TS 23.040 9.1.2.5.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum NumberingPlan {
    /// 0000.
    Unknown,
    /// 0001: ISDN and telephone, E.164.
    Isdn,
    /// 0011: data, X.121.
    Data,
    /// 0100: telex.
    Telex,
    /// 0101 or 0110: specific to the service centre.
    ServiceCentre(u8),
    /// 1000: national.
    National,
    /// 1001: private.
    Private,
    /// 1010: ERMES.
    Ermes,
    /// Any other value of the four bits.
    Reserved(u8),
}

impl TypeOfNumber {
    /// Of a type-of-address octet.
    pub(super) const fn of(type_of_address: u8) -> Self {
        match type_of_address >> 4 & 0x07 {
            0 => Self::Unknown,
            1 => Self::International,
            2 => Self::National,
            3 => Self::NetworkSpecific,
            4 => Self::Subscriber,
            5 => Self::Alphanumeric,
            6 => Self::Abbreviated,
            _ => Self::Reserved,
        }
    }
}

impl NumberingPlan {
    /// Of a type-of-address octet.
    pub(super) const fn of(type_of_address: u8) -> Self {
        match type_of_address & 0x0F {
            0 => Self::Unknown,
            1 => Self::Isdn,
            3 => Self::Data,
            4 => Self::Telex,
            npi @ (5 | 6) => Self::ServiceCentre(npi),
            8 => Self::National,
            9 => Self::Private,
            10 => Self::Ermes,
            npi => Self::Reserved(npi),
        }
    }
}

/// The octet; its bit 8 says that no extension follows.
pub(super) const fn type_of_address(ton: TypeOfNumber, npi: NumberingPlan) -> u8 {
    const NO_EXTENSION: u8 = 0x80;
    let ton = match ton {
        TypeOfNumber::Unknown => 0,
        TypeOfNumber::International => 1,
        TypeOfNumber::National => 2,
        TypeOfNumber::NetworkSpecific => 3,
        TypeOfNumber::Subscriber => 4,
        TypeOfNumber::Alphanumeric => 5,
        TypeOfNumber::Abbreviated => 6,
        TypeOfNumber::Reserved => 7,
    };
    let npi = match npi {
        NumberingPlan::Unknown => 0,
        NumberingPlan::Isdn => 1,
        NumberingPlan::Data => 3,
        NumberingPlan::Telex => 4,
        NumberingPlan::ServiceCentre(npi) | NumberingPlan::Reserved(npi) => npi & 0x0F,
        NumberingPlan::National => 8,
        NumberingPlan::Private => 9,
        NumberingPlan::Ermes => 10,
    };
    NO_EXTENSION | ton << 4 | npi
}
