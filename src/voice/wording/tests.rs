//! Every language says all that a prompt needs.

use super::*;
use crate::domain::Locale;

#[test]
fn every_language_has_all_phrases_and_greets_with_the_organisation() {
    let wordings = shipped().unwrap();
    assert_eq!(wordings.len(), 40);
    for (tag, wording) in &wordings {
        assert_eq!(Locale::parse(tag).unwrap().to_string(), *tag);
        assert!(wording.is_whole() && wording.voice.is_some(), "{tag}");
        for phrase in Phrase::ALL {
            let words = wording.phrase(phrase).unwrap();
            let names = words.matches(ORG).count();
            assert_eq!(names, usize::from(phrase == Phrase::Hello), "{tag} {phrase:?}");
            assert!(!words.replace(ORG, "").contains(['{', '}']), "{tag} {phrase:?}");
        }
        let said: std::collections::BTreeSet<_> =
            Phrase::ALL.iter().filter_map(|it| wording.phrase(*it)).collect();
        // Chinese, Japanese and Korean say the same before a code and before a message.
        assert!(said.len() >= 9, "{tag} says the same twice");
    }
}

#[test]
fn a_site_says_some_things_otherwise() {
    let mut wordings = shipped().unwrap();
    let site =
        "[de]\nhello = \"Moin, hier {org}.\"\ncharacters = { 2 = \"zwo\" }\n[gsw]\nvoice = \"de\"";
    overlay(&mut wordings, parse(site).unwrap());
    let german = &wordings["de"];
    assert_eq!(german.phrase(Phrase::Hello), Some("Moin, hier {org}."));
    assert_eq!((german.character('2'), german.character('3')), ("zwo".into(), "3".into()));
    assert_eq!(german.voice.as_deref(), Some("de"));
    assert!(german.is_whole() && !wordings["gsw"].is_whole());

    let cause = parse("[de]\nhullo = \"Moin\"").unwrap_err();
    assert!(cause.contains("hullo") && cause.contains("line 2"), "{cause}");
}
