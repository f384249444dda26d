//! The SIM card in a modem, with numbers kept for fiction.

use crate::family::Profile;

/// A SIM and the identity of the modem around it.
#[derive(Clone, Debug)]
pub(crate) struct Card {
    pub(crate) number: String,
    pub(crate) iccid: String,
    pub(crate) imsi: String,
    pub(crate) imei: String,
    pub(crate) pin: &'static str,
    pub(crate) pin_attempts: u8,
}

impl Card {
    /// The card of the modem with this place, from 1; the same for every run.
    pub(crate) fn new(place: usize, profile: &Profile) -> Self {
        // +1 415 555 01xx is kept for fiction; further modems take other area codes.
        let number = format!("+1{}55501{:02}", 415 + place / 100, place % 100);
        Self {
            number,
            // ITU-T E.118: 89, country, issuer, account, Luhn digit.
            iccid: with_luhn(&format!("8901260{place:011}")),
            // 001 01 is the test network of ITU-T E.212.
            imsi: format!("00101{place:010}"),
            imei: with_luhn(&format!("{}{place:06}", profile.tac)),
            pin: "1234",
            pin_attempts: 3,
        }
    }
}

fn with_luhn(digits: &str) -> String {
    let sum: u32 = digits
        .chars()
        .rev()
        .filter_map(|c| c.to_digit(10))
        .enumerate()
        .map(|(place, digit)| match (place % 2, digit * 2) {
            (0, doubled) if doubled > 9 => doubled - 9,
            (0, doubled) => doubled,
            _ => digit,
        })
        .sum();
    format!("{digits}{}", (10 - sum % 10) % 10)
}
