//! Templates of texts, as operators write them.

use std::collections::BTreeMap;

use super::{Purpose, Timestamp};

/// A template, which replaces the text that Ringpost brings along.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    /// 20 letters and digits.
    pub id: String,
    /// What operators call it; no other has the name.
    pub name: String,
    /// For which purpose; for every one that has none of its own where nothing is said.
    pub purpose: Option<Purpose>,
    /// The text where no translation fits.
    pub text: String,
    /// The text in other languages, by BCP 47 tag.
    pub translations: BTreeMap<String, String>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was changed last.
    pub updated_at: Timestamp,
}

impl Template {
    /// The text for the translation `tag`, or that of the template itself.
    pub fn in_language(&self, tag: Option<&str>) -> &str {
        tag.and_then(|tag| self.translations.get(tag)).unwrap_or(&self.text)
    }
}
