//! SMS-DELIVER: a message on its way from the service centre.

use super::{
    Address, Dcs, DecodeError, EncodeError, FirstOctet, MessageType, Pid, Reader, Timestamp, Tpdu,
    UserData, writer::Writer,
};

/// SMS-DELIVER, 3GPP TS 23.040 9.2.2.1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deliver {
    /// TP-More-Messages-to-Send, 9.2.3.2: more are waiting (coded as 0).
    pub mms: bool,
    /// TP-Loop-Prevention, 9.2.3.28: forwarded or spawned already.
    pub lp: bool,
    /// TP-Status-Report-Indication, 9.2.3.4: the sender wants a report.
    pub sri: bool,
    /// TP-Reply-Path, 9.2.3.17.
    pub rp: bool,
    /// TP-Originating-Address, 9.2.3.7.
    pub oa: Address,
    /// TP-Protocol-Identifier, 9.2.3.9.
    pub pid: Pid,
    /// TP-Data-Coding-Scheme, 9.2.3.10; its alphabet is that of `ud`.
    pub dcs: Dcs,
    /// TP-Service-Centre-Time-Stamp, 9.2.3.11.
    pub scts: Timestamp,
    /// TP-User-Data, 9.2.3.24, with TP-UDL and TP-UDHI.
    pub ud: UserData,
}

impl Deliver {
    /// A plain message: nothing else is waiting, no flags, the alphabet of `ud`.
    #[must_use]
    pub fn new(oa: Address, scts: Timestamp, ud: UserData) -> Self {
        let dcs = ud.alphabet().into();
        let pid = Pid::DEFAULT;
        Self { mms: false, lp: false, sri: false, rp: false, oa, pid, dcs, scts, ud }
    }

    /// Reads a whole TPDU.
    ///
    /// 9.2.3.1: the reserved message type is processed as SMS-DELIVER too.
    ///
    /// # Errors
    /// The first field that cannot be read.
    pub fn decode(octets: &[u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(octets);
        let first =
            FirstOctet::decode(&mut reader, &[MessageType::Deliver, MessageType::Reserved])?;
        let oa = Address::decode(&mut reader, "TP-OA")?;
        let pid = Pid(reader.octet("TP-PID")?);
        let dcs = Dcs(reader.octet("TP-DCS")?);
        let scts = Timestamp::from_octets(reader.array("TP-SCTS")?);
        let udhi = first.has(FirstOctet::UDHI);
        let ud = UserData::decode(&mut reader, dcs, udhi, UserData::MAX_OCTETS)?;
        reader.finish("SMS-DELIVER")?;
        Ok(Self {
            mms: !first.has(FirstOctet::NO_MMS),
            lp: first.has(FirstOctet::LP),
            sri: first.has(FirstOctet::SRI),
            rp: first.has(FirstOctet::RP),
            oa,
            pid,
            dcs,
            scts,
            ud,
        })
    }

    /// The octets of the TPDU.
    ///
    /// # Errors
    /// `dcs` and `ud` of different alphabets, or user data of more than 140 octets.
    pub fn encode(&self) -> Result<Tpdu, EncodeError> {
        let first = FirstOctet::of(MessageType::Deliver)
            .with(FirstOctet::NO_MMS, !self.mms)
            .with(FirstOctet::LP, self.lp)
            .with(FirstOctet::SRI, self.sri)
            .with(FirstOctet::UDHI, self.ud.udhi())
            .with(FirstOctet::RP, self.rp);
        let mut writer = Writer::default();
        writer.octet(first.0)?;
        self.oa.encode(&mut writer)?;
        writer.octet(self.pid.0)?;
        writer.octet(self.dcs.0)?;
        writer.octets(&self.scts.octets())?;
        self.ud.encode(&mut writer, self.dcs, UserData::MAX_OCTETS)?;
        Ok(writer.finish())
    }
}
