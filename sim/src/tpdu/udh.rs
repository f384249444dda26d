//! The user data header (3GPP TS 23.040 clause 9.2.3.24).

use super::{Cursor, TpduError, national::Tables, refuse};

/// Which segment of which message: reference, number of segments, place among them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub struct Concat {
    /// The reference that a message's segments share.
    pub reference: u16,
    /// How many segments the message has.
    pub total: u8,
    /// Which of them this is, from 1.
    pub sequence: u8,
}

/// What a phone cares about in a header.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Udh {
    /// Octets of the header, its length octet included.
    pub(crate) octets: usize,
    pub(crate) concat: Option<Concat>,
    pub(crate) tables: Tables,
    pub(crate) ports: bool,
}

impl Udh {
    /// Reads the header at the start of some user data.
    pub(crate) fn decode(user_data: &[u8]) -> Result<Self, TpduError> {
        let mut cursor = Cursor::new(user_data);
        let length = usize::from(cursor.octet("TP-UDHL")?);
        let mut elements = Cursor::new(cursor.take(length, "TP-UDH")?);
        let mut header = Self { octets: length + 1, ..Self::default() };
        if length == 0 {
            return refuse("TP-UDHL", "header announced but empty");
        }
        while !elements.is_empty() {
            let iei = elements.octet("TP-UDH.IEI")?;
            let length = usize::from(elements.octet("TP-UDH.IEDL")?);
            header.element(iei, elements.take(length, "TP-UDH.IED")?)?;
        }
        Ok(header)
    }

    fn element(&mut self, iei: u8, data: &[u8]) -> Result<(), TpduError> {
        match (iei, data) {
            // Clause 9.2.3.24.1: 8 bit reference.
            (0x00, &[reference, total, sequence]) => {
                self.concat = Some(concat(u16::from(reference), total, sequence)?);
            }
            // Clause 9.2.3.24.8: 16 bit reference.
            (0x08, &[high, low, total, sequence]) => {
                self.concat = Some(concat(u16::from_be_bytes([high, low]), total, sequence)?);
            }
            (0x24, &[table]) => self.tables.single = table,
            (0x25, &[table]) => self.tables.locking = table,
            (0x04, [_, _]) | (0x05, [_, _, _, _]) => self.ports = true,
            (0x00 | 0x04 | 0x05 | 0x08 | 0x24 | 0x25, _) => {
                return refuse("TP-UDH.IEDL", "length does not fit the element");
            }
            _ => {}
        }
        Ok(())
    }
}

fn concat(reference: u16, total: u8, sequence: u8) -> Result<Concat, TpduError> {
    if total == 0 || sequence == 0 || sequence > total {
        return refuse("TP-UDH.IED", "segment number is not within 1 to the total");
    }
    Ok(Concat { reference, total, sequence })
}
