//! Numbers that are blocked or allowed, one by one, by prefix or by region.

use serde::{Deserialize, Serialize};

use super::{E164, ListingId, Timestamp};

/// Which of the two lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum List {
    /// Nothing is sent to those on it.
    Block,
    /// Regions of the policy do not stop those on it, nor limits and alarms the numbers and prefixes.
    Allow,
}

impl List {
    /// The word of the store.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Block => "block",
            Self::Allow => "allow",
        }
    }

    /// The list that [`as_str`](Self::as_str) wrote.
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Block, Self::Allow].into_iter().find(|list| list.as_str() == word)
    }
}

/// Whom an entry is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Whom {
    /// One number.
    Number(E164),
    /// All numbers that begin so.
    Prefix(NumberPrefix),
    /// All numbers of a region, ISO 3166-1 alpha-2.
    Region(String),
}

impl Whom {
    /// The word for its kind.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Number(_) => "number",
            Self::Prefix(_) => "prefix",
            Self::Region(_) => "region",
        }
    }

    /// The number, prefix or region itself.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Number(number) => number.as_str(),
            Self::Prefix(prefix) => prefix.as_str(),
            Self::Region(region) => region,
        }
    }

    /// What [`kind`](Self::kind) and [`as_str`](Self::as_str) wrote.
    pub fn read(kind: &str, text: String) -> Option<Self> {
        match kind {
            "number" => E164::new(text).ok().map(Self::Number),
            "prefix" => NumberPrefix::new(text).map(Self::Prefix),
            "region" => Some(Self::Region(text)),
            _ => None,
        }
    }
}

/// How numbers begin: a plus and 1 to 15 digits, the first not 0.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct NumberPrefix(String);

/// ITU-T E.164 clause 6.1: at most 15 digits.
const MAX_DIGITS: usize = 15;

impl NumberPrefix {
    /// Checks `text` and takes it.
    pub fn new(text: impl Into<String>) -> Option<Self> {
        let text = text.into();
        let digits = text.strip_prefix('+')?;
        let well_formed = (1..=MAX_DIGITS).contains(&digits.len())
            && digits.bytes().all(|byte| byte.is_ascii_digit())
            && !digits.starts_with('0');
        well_formed.then_some(Self(text))
    }

    /// With the leading `+`.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Who put an entry on its list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ListedBy {
    /// Somebody, by request.
    Operator,
    /// The alarm for many neighbouring numbers.
    AdjacentNumbers,
    /// The alarm for codes that nobody enters.
    LowConversion,
}

impl ListedBy {
    /// The word used in the API and the store.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Operator => "operator",
            Self::AdjacentNumbers => "adjacent_numbers",
            Self::LowConversion => "low_conversion",
        }
    }

    /// What [`as_str`](Self::as_str) wrote.
    pub fn from_word(word: &str) -> Option<Self> {
        let all = [Self::Operator, Self::AdjacentNumbers, Self::LowConversion];
        all.into_iter().find(|by| by.as_str() == word)
    }
}

/// An entry of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listing {
    /// Its id.
    pub id: ListingId,
    /// On which list.
    pub list: List,
    /// Whom it is about.
    pub whom: Whom,
    /// Who put it there.
    pub by: ListedBy,
    /// Why, in the words of whoever put it there.
    pub reason: Option<String>,
    /// Since when.
    pub created_at: Timestamp,
    /// Until when; for good where nothing is said.
    pub expires_at: Option<Timestamp>,
}

#[cfg(test)]
mod tests {
    use super::NumberPrefix;

    #[test]
    fn a_prefix_is_a_plus_and_digits() {
        assert_eq!(NumberPrefix::new("+49").unwrap().as_str(), "+49");
        for bad in ["", "+", "49", "+0", "+49 1", "+49%", "+1234567890123456"] {
            assert_eq!(NumberPrefix::new(bad), None, "{bad:?}");
        }
    }
}
