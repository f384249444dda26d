//! Telephone numbers that may reach an AT line.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A number in E.164 form: `+`, then 7 to 15 digits, the first not 0 (ITU-T E.164 clause 6). Made
/// only by [`E164::new`], so that no other character can reach an AT command.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct E164(String);

/// ITU-T E.164 clause 6.1: at most 15 digits.
const MAX_DIGITS: usize = 15;
/// Shorter than this, no country has a complete number.
const MIN_DIGITS: usize = 7;

impl E164 {
    /// Checks `text` and takes it.
    ///
    /// # Errors
    /// Anything but `+` and 7 to 15 digits, the first not 0.
    pub fn new(text: impl Into<String>) -> Result<Self, NotE164> {
        let text = text.into();
        let digits = text.strip_prefix('+').ok_or(NotE164)?;
        let well_formed = (MIN_DIGITS..=MAX_DIGITS).contains(&digits.len())
            && digits.bytes().all(|byte| byte.is_ascii_digit())
            && !digits.starts_with('0');
        if well_formed { Ok(Self(text)) } else { Err(NotE164) }
    }

    /// With the leading `+`.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Without the leading `+`.
    pub fn digits(&self) -> &str {
        self.0.strip_prefix('+').unwrap_or(&self.0)
    }

    /// How many of the last digits a delivery report can be trusted to repeat, whatever prefix the network wrote before
    /// them. No number has fewer.
    pub const TAIL: usize = 7;

    /// The last [`Self::TAIL`] digits.
    pub fn tail(&self) -> &str {
        tail(self.digits())
    }
}

/// The last [`E164::TAIL`] characters of `digits`, or all of them.
pub(super) fn tail(digits: &str) -> &str {
    digits.get(digits.len().saturating_sub(E164::TAIL)..).unwrap_or(digits)
}

impl fmt::Debug for E164 {
    /// Numbers are personal data: all but the first three and the last two digits are masked.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = self.digits();
        let head = digits.get(..3).unwrap_or_default();
        let end = digits.get(digits.len().saturating_sub(2)..).unwrap_or_default();
        write!(f, "+{head}…{end}")
    }
}

impl TryFrom<String> for E164 {
    type Error = NotE164;

    fn try_from(text: String) -> Result<Self, NotE164> {
        Self::new(text)
    }
}

impl From<E164> for String {
    fn from(number: E164) -> Self {
        number.0
    }
}

/// Text that is no E.164 number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an E.164 number: '+' and 7 to 15 digits")]
pub struct NotE164;

#[cfg(test)]
mod tests {
    use super::{E164, NotE164};

    #[test]
    fn takes_only_a_plus_and_digits() {
        assert_eq!(E164::new("+4915112345678").unwrap().digits(), "4915112345678");
        for bad in [
            "",
            "+",
            "112",
            "4915112345678",
            "+0915112345678",
            "+49 15112345678",
            "+491511;ATH",
            "+4915112345678\r",
            "+49\"15112345",
            "*21*4915112345678#",
            "+123456",
            "+1234567890123456",
            "+４９15112345678",
        ] {
            assert_eq!(E164::new(bad), Err(NotE164), "{bad:?}");
        }
    }

    #[test]
    fn debug_masks_the_middle() {
        assert_eq!(format!("{:?}", E164::new("+4915112345678").unwrap()), "+491…78");
    }
}
