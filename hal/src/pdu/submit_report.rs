//! SMS-SUBMIT-REPORT: the service centre's answer to a SUBMIT or a COMMAND.

use super::parameters::{Indicator, Parameters};
use super::{
    DecodeError, EncodeError, FailureCause, FirstOctet, MessageType, Reader, RelayMessage,
    Timestamp, Tpdu, writer::Writer,
};

/// SMS-SUBMIT-REPORT, 3GPP TS 23.040 9.2.2.2a.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubmitReport {
    /// TP-Failure-Cause, 9.2.3.22, in an RP-ERROR; none in an RP-ACK.
    pub fcs: Option<FailureCause>,
    /// TP-Service-Centre-Time-Stamp, 9.2.3.11: when the service centre received the message.
    pub scts: Timestamp,
    /// What TP-PI announces, 9.2.3.27.
    pub parameters: Parameters,
}

impl SubmitReport {
    /// Octets of the longest TP-UD beside TP-FCS, 9.2.2.2a; without it one more.
    const MAX_UD: usize = 151;

    /// Reads a whole TPDU that came in `carrier`.
    ///
    /// # Errors
    /// The first field that cannot be read.
    pub fn decode(octets: &[u8], carrier: RelayMessage) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(octets);
        let first = FirstOctet::decode(&mut reader, &[MessageType::Submit])?;
        let fcs = carrier.decode_fcs(&mut reader)?;
        let indicator = Indicator::decode(&mut reader)?;
        let scts = Timestamp::from_octets(reader.array("TP-SCTS")?);
        let udhi = first.has(FirstOctet::UDHI);
        let max = Self::max_ud(fcs);
        let parameters = Parameters::decode(reader, indicator, udhi, max, "SMS-SUBMIT-REPORT")?;
        Ok(Self { fcs, scts, parameters })
    }

    /// The octets of the TPDU.
    ///
    /// # Errors
    /// User data that is too long or contradicts its TP-DCS.
    pub fn encode(&self) -> Result<Tpdu, EncodeError> {
        let first =
            FirstOctet::of(MessageType::Submit).with(FirstOctet::UDHI, self.parameters.udhi());
        let mut writer = Writer::default();
        writer.octet(first.0)?;
        if let Some(FailureCause(fcs)) = self.fcs {
            writer.octet(fcs)?;
        }
        writer.octet(self.parameters.indicator())?;
        writer.octets(&self.scts.octets())?;
        self.parameters.encode(&mut writer, Self::max_ud(self.fcs))?;
        Ok(writer.finish())
    }

    /// Octets of the longest TP-UD.
    const fn max_ud(fcs: Option<FailureCause>) -> usize {
        if fcs.is_some() { Self::MAX_UD } else { Self::MAX_UD + 1 }
    }
}
