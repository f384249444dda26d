//! The first octet of every TPDU: TP-MTI and the flags beside it.

use super::{DecodeError, DecodeErrorKind, Reader};

/// First octet of a TPDU, 3GPP TS 23.040 9.2.2: what each bit means depends on the TPDU.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FirstOctet(pub u8);

/// TP-Message-Type-Indicator, 3GPP TS 23.040 9.2.3.1; the direction tells the rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MessageType {
    /// 00: DELIVER from the service centre, DELIVER-REPORT to it.
    Deliver,
    /// 01: SUBMIT to the service centre, SUBMIT-REPORT from it.
    Submit,
    /// 10: STATUS-REPORT from the service centre, COMMAND to it.
    Status,
    /// 11: reserved; a receiving phone processes it as DELIVER.
    Reserved,
}

impl FirstOctet {
    /// TP-RD, TP-Reject-Duplicates, 9.2.3.25 (SUBMIT).
    pub(super) const RD: u8 = 0x04;
    /// TP-MMS, TP-More-Messages-to-Send, 9.2.3.2: 0 = more are waiting (DELIVER, STATUS-REPORT).
    pub(super) const NO_MMS: u8 = 0x04;
    /// TP-LP, TP-Loop-Prevention, 9.2.3.28 (DELIVER, STATUS-REPORT).
    pub(super) const LP: u8 = 0x08;
    /// TP-SRR, TP-Status-Report-Request, 9.2.3.5 (SUBMIT, COMMAND).
    pub(super) const SRR: u8 = 0x20;
    /// TP-SRI, TP-Status-Report-Indication, 9.2.3.4 (DELIVER).
    pub(super) const SRI: u8 = 0x20;
    /// TP-SRQ, TP-Status-Report-Qualifier, 9.2.3.26 (STATUS-REPORT).
    pub(super) const SRQ: u8 = 0x20;
    /// TP-UDHI, TP-User-Data-Header-Indicator, 9.2.3.23 (all).
    pub(super) const UDHI: u8 = 0x40;
    /// TP-RP, TP-Reply-Path, 9.2.3.17 (SUBMIT, DELIVER).
    pub(super) const RP: u8 = 0x80;

    /// Reads the octet of a TPDU whose TP-MTI is one of `expected`.
    pub(super) fn decode(
        reader: &mut Reader<'_>,
        expected: &[MessageType],
    ) -> Result<Self, DecodeError> {
        let wrong_type = reader.error("TP-MTI", DecodeErrorKind::WrongType);
        let first = Self(reader.octet("TP-MTI")?);
        if expected.contains(&first.mti()) { Ok(first) } else { Err(wrong_type) }
    }

    /// TP-MTI, 9.2.3.1.
    #[must_use]
    pub const fn mti(self) -> MessageType {
        match self.0 & 0x03 {
            0 => MessageType::Deliver,
            1 => MessageType::Submit,
            2 => MessageType::Status,
            _ => MessageType::Reserved,
        }
    }

    pub(super) const fn of(mti: MessageType) -> Self {
        Self(match mti {
            MessageType::Deliver => 0,
            MessageType::Submit => 1,
            MessageType::Status => 2,
            MessageType::Reserved => 3,
        })
    }

    pub(super) const fn has(self, bit: u8) -> bool {
        self.0 & bit != 0
    }

    pub(super) const fn with(self, bit: u8, set: bool) -> Self {
        if set { Self(self.0 | bit) } else { self }
    }
}
