//! SMS-SUBMIT as the network reads it (3GPP TS 23.040 clause 9.2.2.2).

use super::{
    Address, Alphabet, Cursor, Dcs, TpduError, gsm7,
    national::Tables,
    refuse,
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
        let text = text(scheme.alphabet, udl, ud, &header)?;
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

fn text(alphabet: Alphabet, udl: u8, ud: &[u8], header: &Udh) -> Result<String, TpduError> {
    let body = ud.get(header.octets..).unwrap_or_default();
    match alphabet {
        Alphabet::Gsm7 => septets(usize::from(udl), ud, header.octets, header.tables),
        Alphabet::Ucs2 => ucs2(body),
        Alphabet::Octets => Ok(super::hex(body)),
    }
}

// Clause 9.2.3.24: text starts on the first septet boundary after the header.
fn septets(udl: usize, ud: &[u8], header: usize, tables: Tables) -> Result<String, TpduError> {
    let skipped = (header * 8).div_ceil(7);
    let Some(count) = udl.checked_sub(skipped) else {
        return refuse("TP-UDL", "ends inside the header");
    };
    let septets = gsm7::unpack(ud, skipped * 7, count);
    if header > 0 && septets.last() == Some(&0x1B) {
        return refuse("TP-UD", "an escape sequence is split between segments");
    }
    Ok(gsm7::decode(&septets, tables))
}

fn ucs2(body: &[u8]) -> Result<String, TpduError> {
    let (pairs, rest) = body.as_chunks::<2>();
    if !rest.is_empty() {
        return refuse("TP-UD", "UCS-2 text has an odd number of octets");
    }
    let units = pairs.iter().map(|&pair| u16::from_be_bytes(pair));
    match char::decode_utf16(units).collect::<Result<String, _>>() {
        Ok(text) => Ok(text),
        // Phones show halves of a surrogate pair split between segments as boxes.
        Err(_) => refuse("TP-UD", "half a surrogate pair"),
    }
}
