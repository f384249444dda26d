//! SMS-STATUS-REPORT: what became of a submitted message or of a command.

use super::parameters::{Indicator, Parameters};
use super::{
    Address, DecodeError, EncodeError, FirstOctet, MessageReference, MessageType, Reader, Status,
    Timestamp, Tpdu, writer::Writer,
};

/// SMS-STATUS-REPORT, 3GPP TS 23.040 9.2.2.3.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatusReport {
    /// TP-More-Messages-to-Send, 9.2.3.2: more are waiting (coded as 0).
    pub mms: bool,
    /// TP-Loop-Prevention, 9.2.3.28: forwarded or spawned already.
    pub lp: bool,
    /// TP-Status-Report-Qualifier, 9.2.3.26: the report answers a COMMAND, else a SUBMIT.
    pub srq: bool,
    /// TP-Message-Reference, 9.2.3.6, of the message reported on.
    pub mr: MessageReference,
    /// TP-Recipient-Address, 9.2.3.14.
    pub ra: Address,
    /// TP-Service-Centre-Time-Stamp, 9.2.3.11: when the service centre received the message.
    pub scts: Timestamp,
    /// TP-Discharge-Time, 9.2.3.13: when `st` came about.
    pub dt: Timestamp,
    /// TP-Status, 9.2.3.15.
    pub st: Status,
    /// What TP-PI announces, 9.2.3.27.
    pub parameters: Parameters,
}

impl StatusReport {
    /// Octets of the longest TP-UD, 9.2.2.3.
    const MAX_UD: usize = 131;

    /// Reads a whole TPDU.
    ///
    /// # Errors
    /// The first field that cannot be read.
    pub fn decode(octets: &[u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(octets);
        let first = FirstOctet::decode(&mut reader, &[MessageType::Status])?;
        Ok(Self {
            mms: !first.has(FirstOctet::NO_MMS),
            lp: first.has(FirstOctet::LP),
            srq: first.has(FirstOctet::SRQ),
            mr: MessageReference(reader.octet("TP-MR")?),
            ra: Address::decode(&mut reader, "TP-RA")?,
            scts: Timestamp::from_octets(reader.array("TP-SCTS")?),
            dt: Timestamp::from_octets(reader.array("TP-DT")?),
            st: Status(reader.octet("TP-ST")?),
            parameters: Self::decode_parameters(reader, first.has(FirstOctet::UDHI))?,
        })
    }

    /// The octets of the TPDU; without parameters it ends at TP-ST.
    ///
    /// # Errors
    /// User data that is too long or contradicts its TP-DCS.
    pub fn encode(&self) -> Result<Tpdu, EncodeError> {
        let first = FirstOctet::of(MessageType::Status)
            .with(FirstOctet::NO_MMS, !self.mms)
            .with(FirstOctet::LP, self.lp)
            .with(FirstOctet::SRQ, self.srq)
            .with(FirstOctet::UDHI, self.parameters.udhi());
        let mut writer = Writer::default();
        writer.octet(first.0)?;
        writer.octet(self.mr.0)?;
        self.ra.encode(&mut writer)?;
        writer.octets(&self.scts.octets())?;
        writer.octets(&self.dt.octets())?;
        writer.octet(self.st.0)?;
        if !self.parameters.is_empty() {
            writer.octet(self.parameters.indicator())?;
            self.parameters.encode(&mut writer, Self::MAX_UD)?;
        }
        Ok(writer.finish())
    }

    /// TP-PI is absent where nothing follows it.
    fn decode_parameters(mut reader: Reader<'_>, udhi: bool) -> Result<Parameters, DecodeError> {
        if reader.is_padding() {
            return Ok(Parameters { stray_udhi: udhi, ..Parameters::default() });
        }
        let indicator = Indicator::decode(&mut reader)?;
        Parameters::decode(reader, indicator, udhi, Self::MAX_UD, "SMS-STATUS-REPORT")
    }
}
