//! SMS-SUBMIT: a message on its way to the service centre.

use super::{
    Address, Dcs, DecodeError, EncodeError, EnhancedValidity, FirstOctet, MessageReference,
    MessageType, Pid, Reader, Timestamp, Tpdu, UserData, ValidityPeriod, writer::Writer,
};

/// SMS-SUBMIT, 3GPP TS 23.040 9.2.2.2.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Submit {
    /// TP-Reject-Duplicates, 9.2.3.25: refuse a message with the same TP-MR and TP-DA that is still held.
    pub rd: bool,
    /// TP-Reply-Path, 9.2.3.17.
    pub rp: bool,
    /// TP-Status-Report-Request, 9.2.3.5.
    pub srr: bool,
    /// TP-Message-Reference, 9.2.3.6.
    pub mr: MessageReference,
    /// TP-Destination-Address, 9.2.3.8.
    pub da: Address,
    /// TP-Protocol-Identifier, 9.2.3.9.
    pub pid: Pid,
    /// TP-Data-Coding-Scheme, 9.2.3.10; its alphabet is that of `ud`.
    pub dcs: Dcs,
    /// TP-Validity-Period, 9.2.3.12; TP-VPF (9.2.3.3) follows from it.
    pub vp: Option<ValidityPeriod>,
    /// TP-User-Data, 9.2.3.24, with TP-UDL and TP-UDHI.
    pub ud: UserData,
}

impl Submit {
    const VPF_ENHANCED: u8 = 0x08;
    const VPF_RELATIVE: u8 = 0x10;
    const VPF_ABSOLUTE: u8 = 0x18;

    /// A plain message: no report, no validity period, no flags, the alphabet of `ud`.
    #[must_use]
    pub fn new(da: Address, ud: UserData) -> Self {
        Self {
            rd: false,
            rp: false,
            srr: false,
            mr: MessageReference::default(),
            da,
            pid: Pid::DEFAULT,
            dcs: ud.alphabet().into(),
            vp: None,
            ud,
        }
    }

    /// Reads a whole TPDU.
    ///
    /// # Errors
    /// The first field that cannot be read.
    pub fn decode(octets: &[u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(octets);
        let first = FirstOctet::decode(&mut reader, &[MessageType::Submit])?;
        let mr = MessageReference(reader.octet("TP-MR")?);
        let da = Address::decode(&mut reader, "TP-DA")?;
        let pid = Pid(reader.octet("TP-PID")?);
        let dcs = Dcs(reader.octet("TP-DCS")?);
        let vp = Self::decode_vp(first, &mut reader)?;
        let udhi = first.has(FirstOctet::UDHI);
        let ud = UserData::decode(&mut reader, dcs, udhi, UserData::MAX_OCTETS)?;
        reader.finish("SMS-SUBMIT")?;
        let (rd, rp) = (first.has(FirstOctet::RD), first.has(FirstOctet::RP));
        Ok(Self { rd, rp, srr: first.has(FirstOctet::SRR), mr, da, pid, dcs, vp, ud })
    }

    /// The octets of the TPDU.
    ///
    /// # Errors
    /// `dcs` and `ud` of different alphabets, or user data of more than 140 octets.
    pub fn encode(&self) -> Result<Tpdu, EncodeError> {
        let mut writer = Writer::default();
        writer.octet(self.first_octet().0)?;
        writer.octet(self.mr.0)?;
        self.da.encode(&mut writer)?;
        writer.octet(self.pid.0)?;
        writer.octet(self.dcs.0)?;
        match self.vp {
            None => {}
            Some(ValidityPeriod::Relative(octet)) => writer.octet(octet)?,
            Some(ValidityPeriod::Absolute(time)) => writer.octets(&time.octets())?,
            Some(ValidityPeriod::Enhanced(enhanced)) => writer.octets(&enhanced.0)?,
        }
        self.ud.encode(&mut writer, self.dcs, UserData::MAX_OCTETS)?;
        Ok(writer.finish())
    }

    const fn first_octet(&self) -> FirstOctet {
        let vpf = match self.vp {
            None => 0,
            Some(ValidityPeriod::Enhanced(_)) => Self::VPF_ENHANCED,
            Some(ValidityPeriod::Relative(_)) => Self::VPF_RELATIVE,
            Some(ValidityPeriod::Absolute(_)) => Self::VPF_ABSOLUTE,
        };
        FirstOctet::of(MessageType::Submit)
            .with(vpf, true)
            .with(FirstOctet::RD, self.rd)
            .with(FirstOctet::SRR, self.srr)
            .with(FirstOctet::UDHI, self.ud.udhi())
            .with(FirstOctet::RP, self.rp)
    }

    fn decode_vp(
        first: FirstOctet,
        reader: &mut Reader<'_>,
    ) -> Result<Option<ValidityPeriod>, DecodeError> {
        let field = "TP-VP";
        Ok(match first.0 & Self::VPF_ABSOLUTE {
            Self::VPF_RELATIVE => Some(ValidityPeriod::Relative(reader.octet(field)?)),
            Self::VPF_ABSOLUTE => {
                let time = Timestamp::from_octets(reader.array(field)?);
                Some(ValidityPeriod::Absolute(time))
            }
            Self::VPF_ENHANCED => {
                Some(ValidityPeriod::Enhanced(EnhancedValidity(reader.array(field)?)))
            }
            _ => None,
        })
    }
}
