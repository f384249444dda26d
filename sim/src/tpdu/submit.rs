//! SMS-SUBMIT as the network reads it (3GPP TS 23.040 clause 9.2.2.2).

use super::{
    Address, Alphabet, Cursor, Dcs, TpduError, gsm7, refuse,
    udh::{Concat, Udh},
    vp::Validity,
};

/// A submit without fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Submit {
    /// TP-RD: reject a duplicate of a message still held.
    pub(crate) rd: bool,
    /// TP-SRR: a status report is wanted.
    pub(crate) srr: bool,
    pub(crate) mr: u8,
    pub(crate) da: Address,
    pub(crate) pid: u8,
    pub(crate) dcs: u8,
    pub(crate) class: Option<u8>,
    pub(crate) vp: Option<Validity>,
    pub(crate) concat: Option<Concat>,
    /// TP-UDHI, TP-UDL and TP-UD as they came, to hand on to another modem.
    pub(crate) udhi: bool,
    pub(crate) udl: u8,
    pub(crate) ud: Vec<u8>,
    /// What a phone shows of it; octets show as hex.
    pub(crate) text: String,
    /// What a network carries, although phones show it wrongly.
    pub(crate) remarks: Vec<&'static str>,
}

impl Submit {
    /// Reads a whole TPDU and leaves nothing over.
    pub(crate) fn decode(tpdu: &[u8]) -> Result<Self, TpduError> {
        let mut cursor = Cursor::new(tpdu);
        let first = cursor.octet("TP-MTI")?;
        if first & 3 != 1 {
            return refuse("TP-MTI", "is not SMS-SUBMIT");
        }
        let mr = cursor.octet("TP-MR")?;
        let da = Address::decode_recipient(&mut cursor, "TP-DA")?;
        let pid = cursor.octet("TP-PID")?;
        if pid >> 6 == 2 {
            return refuse("TP-PID", "is reserved");
        }
        let dcs = cursor.octet("TP-DCS")?;
        let scheme = Dcs::decode(dcs)?;
        let vp = Validity::decode(first >> 3 & 3, &mut cursor)?;
        let udl = cursor.octet("TP-UDL")?;
        let ud = cursor.rest();
        check_length(scheme.alphabet, udl, ud)?;
        let udhi = first & 0x40 != 0;
        let header = if udhi { Udh::decode(ud)? } else { Udh::default() };
        let mut remarks = Vec::new();
        let text = text(scheme.alphabet, udl, ud, &header, &mut remarks)?;
        Ok(Self {
            rd: first & 0x04 != 0,
            srr: first & 0x20 != 0,
            mr,
            da,
            pid,
            dcs,
            class: scheme.class,
            vp,
            concat: header.concat,
            udhi,
            udl,
            ud: ud.to_vec(),
            text,
            remarks,
        })
    }
}

// Clause 9.2.3.16: TP-UDL counts septets with the default alphabet, octets otherwise.
fn check_length(alphabet: Alphabet, udl: u8, ud: &[u8]) -> Result<(), TpduError> {
    let udl = usize::from(udl);
    let (most, octets) = match alphabet {
        Alphabet::Gsm7 => (160, (udl * 7).div_ceil(8)),
        Alphabet::Octets | Alphabet::Ucs2 => (140, udl),
    };
    if udl > most {
        return refuse("TP-UDL", "more than a segment can hold");
    }
    if ud.len() < octets {
        return refuse("TP-UD", "shorter than TP-UDL says");
    }
    if ud.len() > octets {
        return refuse("TP-UD", "longer than TP-UDL says");
    }
    Ok(())
}

fn text(
    alphabet: Alphabet,
    udl: u8,
    ud: &[u8],
    header: &Udh,
    remarks: &mut Vec<&'static str>,
) -> Result<String, TpduError> {
    let body = ud.get(header.octets..).unwrap_or_default();
    match alphabet {
        Alphabet::Gsm7 => {
            let septets = septets(usize::from(udl), ud, header.octets)?;
            if septets.last() == Some(&0x1B) {
                remarks.push("an escape sequence is split between segments");
            }
            if !header.tables.known() {
                remarks.push("a national language table that is not known here");
            }
            Ok(gsm7::decode(&septets, header.tables))
        }
        Alphabet::Ucs2 => {
            let text = ucs2(body)?;
            if text.contains(char::REPLACEMENT_CHARACTER) {
                remarks.push("half of a surrogate pair");
            }
            Ok(text)
        }
        Alphabet::Octets => Ok(super::hex(body)),
    }
}

// Clause 9.2.3.24: text starts on the first septet boundary after the header.
fn septets(udl: usize, ud: &[u8], header: usize) -> Result<Vec<u8>, TpduError> {
    let skipped = (header * 8).div_ceil(7);
    match udl.checked_sub(skipped) {
        Some(count) => Ok(gsm7::unpack(ud, skipped * 7, count)),
        None => refuse("TP-UDL", "ends inside the header"),
    }
}

fn ucs2(body: &[u8]) -> Result<String, TpduError> {
    let (pairs, rest) = body.as_chunks::<2>();
    if !rest.is_empty() {
        return refuse("TP-UD", "UCS-2 text has an odd number of octets");
    }
    let units: Vec<u16> = pairs.iter().map(|&pair| u16::from_be_bytes(pair)).collect();
    Ok(String::from_utf16_lossy(&units))
}
