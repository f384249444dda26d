//! What a text takes on the air, for people.

use ringpost_hal::pdu::{Alphabet, Cost, Language, Scope, SegmentOptions, Segmentation, Smart};

use crate::domain::Encoding;

/// How a text goes on the air. Segments are counted with concatenation references of 8 bits, as they are
/// sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Measure {
    /// In which alphabet.
    pub encoding: Encoding,
    /// In how many segments; more than 255 cannot be sent.
    pub segments: usize,
    /// With the tables of which language.
    pub national: Option<Language>,
}

/// Measures `text`; the tables of `languages` may be used where they save segments.
pub fn measure(text: &str, languages: &[Language]) -> Measure {
    let plan = plan(text, languages);
    Measure { encoding: encoding(&plan), segments: plan.total(), national: language(&plan) }
}

/// A text laid out in segments, with the tables of `languages` where they save segments.
pub(super) fn plan<'a>(text: &'a str, languages: &'a [Language]) -> Segmentation<'a> {
    Segmentation::with(text, SegmentOptions { languages, ..SegmentOptions::default() })
}

fn encoding(plan: &Segmentation<'_>) -> Encoding {
    match plan.alphabet() {
        Alphabet::Gsm7 => Encoding::Gsm7,
        Alphabet::Ucs2 | Alphabet::Data8 => Encoding::Ucs2,
    }
}

fn language(plan: &Segmentation<'_>) -> Option<Language> {
    let shifts = plan.shifts();
    shifts.single.or(shifts.locking)
}

/// The word for a language that has tables.
pub fn language_word(language: Language) -> String {
    format!("{language:?}").to_ascii_lowercase()
}

/// The language that [`language_word`] names.
pub fn language_of_word(word: &str) -> Option<Language> {
    Language::ALL.into_iter().find(|language| language_word(*language) == word)
}

/// What a text takes on the air, and which characters make it expensive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Analysis {
    /// In which alphabet.
    pub encoding: Encoding,
    /// Septets, or units of UTF-16.
    pub units: usize,
    /// In how many segments; more than 255 cannot be sent.
    pub segments: usize,
    /// Units that a segment holds.
    pub per_segment: usize,
    /// Units that the last segment still has room for.
    pub remaining: usize,
    /// How many segments it takes once every character that has a suggestion is replaced.
    pub segments_if_replaced: usize,
    /// The characters outside of the GSM 7 bit alphabet.
    pub non_gsm: Vec<NonGsm>,
}

/// A character outside of the GSM 7 bit alphabet: it makes the whole text UCS-2.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NonGsm {
    /// The character.
    pub character: char,
    /// Characters before it.
    pub position: usize,
    /// What may stand for it; empty where it may be left out.
    pub suggestion: Option<&'static str>,
}

/// Takes `text` apart.
pub fn analyse(text: &str, languages: &[Language]) -> Analysis {
    let plan = plan(text, languages);
    let smart = Smart::new(text, Scope::Letters);
    let foreign = smart.costly().filter(|it| it.cost == Cost::Alphabet);
    let non_gsm = foreign.map(|it| NonGsm {
        character: it.character,
        position: it.position,
        suggestion: it.suggestion,
    });
    Analysis {
        encoding: encoding(&plan),
        units: plan.units(),
        segments: plan.total(),
        per_segment: plan.per_segment(),
        remaining: plan.remaining(),
        segments_if_replaced: Segmentation::of(&smart.to_string()).total(),
        non_gsm: non_gsm.collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_taken_apart_for_people() {
        let text = format!("It’s {}€", "x".repeat(66));
        let taken = analyse(&text, &[]);
        assert_eq!((taken.encoding, taken.units, taken.segments), (Encoding::Ucs2, 72, 2));
        assert_eq!((taken.per_segment, taken.remaining), (67, 62));
        assert_eq!(taken.segments_if_replaced, 1);
        let quote = NonGsm { character: '’', position: 2, suggestion: Some("'") };
        assert_eq!(taken.non_gsm, [quote]);
        let plain = analyse("Price: €5", &[]);
        assert_eq!((plain.encoding, plain.units, plain.remaining), (Encoding::Gsm7, 10, 150));
        assert!(plain.non_gsm.is_empty());
        assert_eq!(analyse("日", &[]).non_gsm[0].suggestion, None);
    }

    #[test]
    fn national_tables_are_used_where_they_may_be_and_save_something() {
        let text = "ğ".repeat(100);
        assert_eq!(measure(&text, &[]).segments, 2);
        let saved = measure(&text, &[Language::Turkish]);
        assert_eq!((saved.encoding, saved.segments), (Encoding::Gsm7, 1));
        assert_eq!(saved.national, Some(Language::Turkish));
        assert_eq!(measure("ğ", &[Language::Turkish]).national, None, "one segment in any case");
        for language in Language::ALL {
            assert_eq!(language_of_word(&language_word(language)), Some(language));
        }
    }
}
