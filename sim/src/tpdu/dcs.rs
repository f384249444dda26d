//! TP-DCS, the data coding scheme (3GPP TS 23.038 clause 4).

use super::{TpduError, refuse};

/// How user data is to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Alphabet {
    Gsm7,
    Octets,
    Ucs2,
}

/// A data coding scheme that is not reserved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Dcs {
    pub(crate) alphabet: Alphabet,
    /// Message class 0 (flash) to 3, where one is given.
    pub(crate) class: Option<u8>,
}

impl Dcs {
    /// Receivers read reserved values as the default alphabet; a sender that uses them is wrong.
    pub(crate) fn decode(octet: u8) -> Result<Self, TpduError> {
        let class = Some(octet & 3);
        match octet >> 4 {
            general @ 0x0..=0x7 => {
                if general & 2 != 0 {
                    return refuse("TP-DCS", "compressed text");
                }
                let class = class.filter(|_| octet & 0x10 != 0);
                let alphabet = match octet >> 2 & 3 {
                    0 => Alphabet::Gsm7,
                    1 => Alphabet::Octets,
                    2 => Alphabet::Ucs2,
                    _ => return refuse("TP-DCS", "alphabet is reserved"),
                };
                Ok(Self { alphabet, class })
            }
            0xC | 0xD => Ok(Self { alphabet: Alphabet::Gsm7, class: None }),
            0xE => Ok(Self { alphabet: Alphabet::Ucs2, class: None }),
            0xF if octet & 8 != 0 => refuse("TP-DCS", "bit 3 of the message class group is set"),
            0xF => {
                let octets = octet & 4 != 0;
                let alphabet = if octets { Alphabet::Octets } else { Alphabet::Gsm7 };
                Ok(Self { alphabet, class })
            }
            _ => refuse("TP-DCS", "coding group is reserved"),
        }
    }
}
