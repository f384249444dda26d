//! SMS-COMMAND: an order about a message that the service centre holds.

use super::{
    Address, DecodeError, DecodeErrorKind, EncodeError, FirstOctet, MessageReference, MessageType,
    Pid, Reader, Tpdu, writer::Writer,
};

/// SMS-COMMAND, 3GPP TS 23.040 9.2.2.4.
#[derive(Clone, PartialEq, Eq)]
pub struct Command {
    /// TP-User-Data-Header-Indicator, 9.2.3.23: `cd` begins with a header.
    pub udhi: bool,
    /// TP-Status-Report-Request, 9.2.3.5.
    pub srr: bool,
    /// TP-Message-Reference, 9.2.3.6, of the command itself.
    pub mr: MessageReference,
    /// TP-Protocol-Identifier, 9.2.3.9.
    pub pid: Pid,
    /// TP-Command-Type, 9.2.3.19.
    pub ct: CommandType,
    /// TP-Message-Number, 9.2.3.18: the TP-MR of the message that the command is about.
    pub mn: MessageNumber,
    /// TP-Destination-Address, 9.2.3.8, of that message.
    pub da: Address,
    /// TP-Command-Data, 9.2.3.21, with TP-CDL (9.2.3.20).
    pub cd: heapless::Vec<u8, { Self::MAX_CD }>,
}

/// TP-Command-Type, 3GPP TS 23.040 9.2.3.19, as found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct CommandType(pub u8);

/// TP-Message-Number, 3GPP TS 23.040 9.2.3.18.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct MessageNumber(pub u8);

impl CommandType {
    /// Enquire about the message; answered with a STATUS-REPORT.
    pub const ENQUIRY: Self = Self(0x00);
    /// Cancel its status report request.
    pub const CANCEL_REPORT: Self = Self(0x01);
    /// Delete it.
    pub const DELETE: Self = Self(0x02);
    /// Enable a status report for it.
    pub const ENABLE_REPORT: Self = Self(0x03);
}

impl Command {
    /// Octets of the longest TP-CD, 9.2.3.21.
    pub const MAX_CD: usize = 157;

    /// Reads a whole TPDU.
    ///
    /// # Errors
    /// The first field that cannot be read.
    pub fn decode(octets: &[u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(octets);
        let first = FirstOctet::decode(&mut reader, &[MessageType::Status])?;
        let command = Self {
            udhi: first.has(FirstOctet::UDHI),
            srr: first.has(FirstOctet::SRR),
            mr: MessageReference(reader.octet("TP-MR")?),
            pid: Pid(reader.octet("TP-PID")?),
            ct: CommandType(reader.octet("TP-CT")?),
            mn: MessageNumber(reader.octet("TP-MN")?),
            da: Address::decode(&mut reader, "TP-DA")?,
            cd: Self::decode_cd(&mut reader)?,
        };
        reader.finish("SMS-COMMAND")?;
        Ok(command)
    }

    /// The octets of the TPDU.
    ///
    /// # Errors
    /// None that the types allow.
    pub fn encode(&self) -> Result<Tpdu, EncodeError> {
        let first = FirstOctet::of(MessageType::Status)
            .with(FirstOctet::SRR, self.srr)
            .with(FirstOctet::UDHI, self.udhi);
        let cdl = u8::try_from(self.cd.len())
            .map_err(|_| EncodeError::too_long("TP-CD", self.cd.len(), Self::MAX_CD))?;
        let mut writer = Writer::default();
        writer.octet(first.0)?;
        writer.octet(self.mr.0)?;
        writer.octet(self.pid.0)?;
        writer.octet(self.ct.0)?;
        writer.octet(self.mn.0)?;
        self.da.encode(&mut writer)?;
        writer.octet(cdl)?;
        writer.octets(&self.cd)?;
        Ok(writer.finish())
    }

    fn decode_cd(
        reader: &mut Reader<'_>,
    ) -> Result<heapless::Vec<u8, { Self::MAX_CD }>, DecodeError> {
        let start = reader.clone();
        let length = usize::from(reader.octet("TP-CDL")?);
        let too_long = DecodeErrorKind::TooLong { length, max: Self::MAX_CD };
        let cd = reader.take(length, "TP-CD")?;
        heapless::Vec::from_slice(cd).map_err(|_| start.error("TP-CDL", too_long))
    }
}

impl core::fmt::Debug for Command {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Command")
            .field("srr", &self.srr)
            .field("mr", &self.mr)
            .field("pid", &self.pid)
            .field("ct", &self.ct)
            .field("mn", &self.mn)
            .field("da", &self.da)
            .field("cdl", &self.cd.len())
            .finish_non_exhaustive()
    }
}
