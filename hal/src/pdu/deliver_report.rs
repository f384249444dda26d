//! SMS-DELIVER-REPORT: the phone's answer to a DELIVER or a STATUS-REPORT.

use super::parameters::{Indicator, Parameters};
use super::{
    DecodeError, EncodeError, FailureCause, FirstOctet, MessageType, Reader, RelayMessage, Tpdu,
    writer::Writer,
};

/// SMS-DELIVER-REPORT, 3GPP TS 23.040 9.2.2.1a.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeliverReport {
    /// TP-Failure-Cause, 9.2.3.22, in an RP-ERROR; none in an RP-ACK.
    pub fcs: Option<FailureCause>,
    /// What TP-PI announces, 9.2.3.27.
    pub parameters: Parameters,
}

impl DeliverReport {
    /// Octets of the longest TP-UD beside TP-FCS, 9.2.2.1a; without it one more.
    const MAX_UD: usize = 158;

    /// Reads a whole TPDU that came in `carrier`.
    ///
    /// # Errors
    /// The first field that cannot be read.
    pub fn decode(octets: &[u8], carrier: RelayMessage) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(octets);
        let first = FirstOctet::decode(&mut reader, &[MessageType::Deliver])?;
        let fcs = carrier.decode_fcs(&mut reader)?;
        let indicator = Indicator::decode(&mut reader)?;
        let udhi = first.has(FirstOctet::UDHI);
        let max = Self::max_ud(fcs);
        let parameters = Parameters::decode(reader, indicator, udhi, max, "SMS-DELIVER-REPORT")?;
        Ok(Self { fcs, parameters })
    }

    /// The octets of the TPDU.
    ///
    /// # Errors
    /// User data that is too long or contradicts its TP-DCS.
    pub fn encode(&self) -> Result<Tpdu, EncodeError> {
        let first =
            FirstOctet::of(MessageType::Deliver).with(FirstOctet::UDHI, self.parameters.udhi());
        let mut writer = Writer::default();
        writer.octet(first.0)?;
        if let Some(FailureCause(fcs)) = self.fcs {
            writer.octet(fcs)?;
        }
        writer.octet(self.parameters.indicator())?;
        self.parameters.encode(&mut writer, Self::max_ud(self.fcs))?;
        Ok(writer.finish())
    }

    /// Octets of the longest TP-UD.
    const fn max_ud(fcs: Option<FailureCause>) -> usize {
        if fcs.is_some() { Self::MAX_UD } else { Self::MAX_UD + 1 }
    }
}
