//! The SIM card in a modem, with numbers kept for fiction.

use super::store::Stored;
use crate::network::SERVICE_CENTRE;

/// A SIM, and what goes with it into another modem.
#[derive(Clone, Debug)]
pub(crate) struct Card {
    pub(crate) number: String,
    pub(crate) iccid: String,
    pub(crate) imsi: String,
    pub(crate) pin: &'static str,
    pub(crate) pin_attempts: u8,
    /// Of its `EF_SMSP`, TS 31.102 clause 4.2.27.
    pub(crate) service_centre: String,
    /// Of its `EF_SMSS`, TS 31.102 clause 4.2.9: references go on where they were.
    pub(crate) next_mr: u8,
    /// The slots of its `SM` memory, while it is in no modem.
    pub(super) messages: Vec<Option<Stored>>,
}

impl Card {
    /// The card of the modem with this place, from 1; the same for every run.
    pub(crate) fn new(place: usize) -> Self {
        // +1 415 555 01xx is kept for fiction; further modems take other area codes.
        let number = format!("+1{}55501{:02}", 415 + place / 100, place % 100);
        Self {
            number,
            // ITU-T E.118: 89, country, issuer, account, Luhn digit.
            iccid: with_luhn(&format!("8901260{place:011}")),
            // 001 01 is the test network of ITU-T E.212.
            imsi: format!("00101{place:010}"),
            pin: "1234",
            pin_attempts: 3,
            service_centre: SERVICE_CENTRE.to_owned(),
            next_mr: 0,
            messages: Vec::new(),
        }
    }
}

/// Digits with the one that checks them.
pub(super) fn with_luhn(digits: &str) -> String {
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
