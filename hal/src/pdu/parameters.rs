//! TP-Parameter-Indicator and the optional parameters that it announces.

use super::{Dcs, DecodeError, EncodeError, Pid, Reader, UserData, writer::Writer};

/// The optional end of the reports, 3GPP TS 23.040 9.2.3.27: TP-PI, TP-PID, TP-DCS, TP-UDL and TP-UD.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Parameters {
    /// TP-Protocol-Identifier, 9.2.3.9.
    pub pid: Option<Pid>,
    /// TP-Data-Coding-Scheme, 9.2.3.10; where it is absent `ud` is GSM 7 bit.
    pub dcs: Option<Dcs>,
    /// TP-User-Data, 9.2.3.24.
    pub ud: Option<UserData>,
    /// TP-UDHI, 9.2.3.23, of a TPDU without `ud`: it announces nothing, and is kept. Beside `ud`, whose own
    /// [`UserData::udhi`] counts, it cannot be written.
    pub stray_udhi: bool,
}

impl Parameters {
    const PID: u8 = 0x01;
    const DCS: u8 = 0x02;
    const UD: u8 = 0x04;
    const RESERVED: u8 = 0x78;
    const EXTENSION: u8 = 0x80;

    /// Whether a TP-PI announces nothing but parameters that are known here.
    pub(super) const fn defines(indicator: u8) -> bool {
        indicator & (Self::RESERVED | Self::EXTENSION) == 0
    }

    /// Whether none is present.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.pid.is_none() && self.dcs.is_none() && self.ud.is_none()
    }

    /// TP-User-Data-Header-Indicator of the TPDU, 9.2.3.23.
    #[must_use]
    pub fn udhi(&self) -> bool {
        self.ud.as_ref().map_or(self.stray_udhi, UserData::udhi)
    }

    /// TP-PI itself.
    pub(super) const fn indicator(&self) -> u8 {
        let pid = if self.pid.is_some() { Self::PID } else { 0 };
        let dcs = if self.dcs.is_some() { Self::DCS } else { 0 };
        let ud = if self.ud.is_some() { Self::UD } else { 0 };
        pid | dcs | ud
    }

    /// Reads what `indicator` announces, to the end of `tpdu`; `max` limits the octets of TP-UD.
    pub(super) fn decode(
        mut reader: Reader<'_>,
        indicator: Indicator,
        udhi: bool,
        max: usize,
        tpdu: &'static str,
    ) -> Result<Self, DecodeError> {
        let Indicator { bits, more } = indicator;
        let pid = if bits & Self::PID != 0 { Some(Pid(reader.octet("TP-PID")?)) } else { None };
        let dcs = if bits & Self::DCS != 0 { Some(Dcs(reader.octet("TP-DCS")?)) } else { None };
        let ud = if bits & Self::UD != 0 {
            Some(UserData::decode(&mut reader, dcs.unwrap_or_default(), udhi, max)?)
        } else {
            None
        };
        // A reserved bit means that something unknown follows TP-UD, which is to be discarded.
        if !more {
            reader.finish(tpdu)?;
        }
        let stray_udhi = udhi && ud.is_none();
        Ok(Self { pid, dcs, ud, stray_udhi })
    }

    /// Writes what follows TP-PI; `max` limits the octets of TP-UD.
    pub(super) fn encode(&self, writer: &mut Writer, max: usize) -> Result<(), EncodeError> {
        if let Some(pid) = self.pid {
            writer.octet(pid.0)?;
        }
        if let Some(dcs) = self.dcs {
            writer.octet(dcs.0)?;
        }
        match &self.ud {
            Some(_) if self.stray_udhi => Err(EncodeError::contradicts("TP-UDHI", "TP-UD")),
            Some(ud) => ud.encode(writer, self.dcs.unwrap_or_default(), max),
            None => Ok(()),
        }
    }
}

/// TP-Parameter-Indicator, 9.2.3.27, as read.
#[derive(Clone, Copy)]
pub(super) struct Indicator {
    bits: u8,
    /// Whether parameters that this codec does not know follow.
    more: bool,
}

impl Indicator {
    /// Reads TP-PI with its extension octets.
    pub(super) fn decode(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let bits = reader.octet("TP-PI")?;
        let mut more = bits & Parameters::RESERVED != 0;
        let mut last = bits;
        while last & Parameters::EXTENSION != 0 {
            last = reader.octet("TP-PI")?;
            more = true;
        }
        Ok(Self { bits, more })
    }
}
