//! Any TPDU: TP-MTI and the direction tell which.

use super::{
    Command, DecodeError, Deliver, DeliverReport, EncodeError, FailureCause, FirstOctet,
    MessageType, Parameters, Reader, StatusReport, Submit, SubmitReport, Tpdu,
};

/// A TPDU from the service centre to a phone, 3GPP TS 23.040 9.2.3.1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Inbound {
    /// A message.
    Deliver(Deliver),
    /// The answer to a SUBMIT or a COMMAND.
    SubmitReport(SubmitReport),
    /// What became of a message.
    StatusReport(StatusReport),
}

/// A TPDU from a phone to the service centre, 3GPP TS 23.040 9.2.3.1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outbound {
    /// A message.
    Submit(Submit),
    /// An order about an earlier message.
    Command(Command),
    /// The answer to a DELIVER or a STATUS-REPORT.
    DeliverReport(DeliverReport),
}

/// The relay message that carries a report, 3GPP TS 24.011 7.3: only RP-ERROR has TP-FCS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RelayMessage {
    /// RP-ACK.
    Ack,
    /// RP-ERROR.
    Error,
}

impl Inbound {
    /// Reads a TPDU; a SUBMIT-REPORT as [`RelayMessage::guess`] says.
    ///
    /// # Errors
    /// The first field that cannot be read.
    pub fn decode(octets: &[u8]) -> Result<Self, DecodeError> {
        Self::decode_from(octets, RelayMessage::guess(octets))
    }

    /// Reads a TPDU; a SUBMIT-REPORT as one that `carrier` brought.
    ///
    /// # Errors
    /// The first field that cannot be read.
    pub fn decode_from(octets: &[u8], carrier: RelayMessage) -> Result<Self, DecodeError> {
        Ok(match FirstOctet(Reader::new(octets).octet("TP-MTI")?).mti() {
            MessageType::Deliver | MessageType::Reserved => Self::Deliver(Deliver::decode(octets)?),
            MessageType::Submit => Self::SubmitReport(SubmitReport::decode(octets, carrier)?),
            MessageType::Status => Self::StatusReport(StatusReport::decode(octets)?),
        })
    }

    /// The octets of the TPDU.
    ///
    /// # Errors
    /// A value that the TPDU cannot carry.
    pub fn encode(&self) -> Result<Tpdu, EncodeError> {
        match self {
            Self::Deliver(deliver) => deliver.encode(),
            Self::SubmitReport(report) => report.encode(),
            Self::StatusReport(report) => report.encode(),
        }
    }
}

impl Outbound {
    /// Reads a TPDU; a DELIVER-REPORT as [`RelayMessage::guess`] says.
    ///
    /// # Errors
    /// The first field that cannot be read, or the reserved message type.
    pub fn decode(octets: &[u8]) -> Result<Self, DecodeError> {
        Self::decode_from(octets, RelayMessage::guess(octets))
    }

    /// Reads a TPDU; a DELIVER-REPORT as one that `carrier` brings.
    ///
    /// # Errors
    /// The first field that cannot be read, or the reserved message type.
    pub fn decode_from(octets: &[u8], carrier: RelayMessage) -> Result<Self, DecodeError> {
        Ok(match FirstOctet(Reader::new(octets).octet("TP-MTI")?).mti() {
            MessageType::Deliver => Self::DeliverReport(DeliverReport::decode(octets, carrier)?),
            MessageType::Submit | MessageType::Reserved => Self::Submit(Submit::decode(octets)?),
            MessageType::Status => Self::Command(Command::decode(octets)?),
        })
    }

    /// The octets of the TPDU.
    ///
    /// # Errors
    /// A value that the TPDU cannot carry.
    pub fn encode(&self) -> Result<Tpdu, EncodeError> {
        match self {
            Self::Submit(submit) => submit.encode(),
            Self::Command(command) => command.encode(),
            Self::DeliverReport(report) => report.encode(),
        }
    }
}

impl RelayMessage {
    /// What most likely carried a report of which only the TPDU is known: its second octet is a TP-PI that
    /// announces what releases define (9.2.3.27), or else a TP-FCS, reserved values (9.2.3.22) included.
    #[must_use]
    pub fn guess(tpdu: &[u8]) -> Self {
        match tpdu {
            [_, indicator, ..] if !Parameters::defines(*indicator) => Self::Error,
            _ => Self::Ack,
        }
    }

    pub(super) fn decode_fcs(
        self,
        reader: &mut Reader<'_>,
    ) -> Result<Option<FailureCause>, DecodeError> {
        match self {
            Self::Ack => Ok(None),
            Self::Error => reader.octet("TP-FCS").map(|fcs| Some(FailureCause(fcs))),
        }
    }
}
