//! Languages: which one a person reads and hears.

use std::fmt;

use icu_locale_core::LanguageIdentifier;

/// A language, perhaps of a script and a place: BCP 47, in its usual case.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Locale(LanguageIdentifier);

/// Longest text that is looked at: a language, a script, a region and some variants.
const MAX_WRITTEN: usize = 40;

/// What everybody understands a little.
const ENGLISH: &str = "en";

impl Locale {
    /// Reads a tag in any case, with hyphens or underscores; what POSIX puts behind it is left out.
    pub fn parse(text: &str) -> Option<Self> {
        let tag = text.split(['.', '@']).next().filter(|_| text.len() <= MAX_WRITTEN)?;
        let tag = tag.replace('_', "-");
        // What follows a singleton (`-u-…`, `-x-…`) says nothing of the language.
        let mut subtags = tag.split('-');
        let mut end = subtags.next()?.len();
        for subtag in subtags.take_while(|subtag| subtag.len() != 1) {
            end += 1 + subtag.len();
        }
        let read = LanguageIdentifier::try_from_str(tag.get(..end)?).ok()?;
        (!read.language.is_unknown()).then_some(Self(read))
    }

    /// The tags under which a text for it may stand, best first: itself, what is closest, its language.
    pub fn candidates(&self) -> Vec<String> {
        let LanguageIdentifier { language, script, region, .. } = &self.0;
        let mut tags = vec![self.0.to_string()];
        let mut add = |tag: String| {
            if !tags.contains(&tag) {
                tags.push(tag);
            }
        };
        let language = language.as_str();
        if let Some(region) = region {
            if let Some(script) = script {
                add(format!("{language}-{script}"));
            }
            add(format!("{language}-{region}"));
            if let Some(wider) = wider(language, region.as_str()) {
                add(wider.to_owned());
            }
        }
        add(language.to_owned());
        if let Some(other) = also_called(language) {
            add(other.to_owned());
        }
        tags
    }

    /// The language that most people of a region read, where Ringpost speaks it.
    pub fn of_region(region: &str) -> Option<Self> {
        let spoken = |(_, regions): &&(&str, &str)| regions.split(' ').any(|it| it == region);
        let (tag, _) = SPOKEN.iter().find(spoken)?;
        Self::parse(tag)
    }
}

impl fmt::Display for Locale {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Whose language it shall be, first of all first; then that of the region, and English at last.
#[derive(Debug, Clone, Copy, Default)]
pub struct Wishes<'a> {
    /// What the request says.
    pub asked: Option<&'a Locale>,
    /// What the person chose.
    pub preferred: Option<&'a Locale>,
    /// Where the number is.
    pub region: Option<&'a str>,
    /// What the organisation speaks.
    pub organisation: Option<&'a Locale>,
}

impl Wishes<'_> {
    /// The first tag, in the order of the wishes, under which `has` finds something; the same for what
    /// is read and what is heard.
    pub fn choose(&self, has: impl Fn(&str) -> bool) -> Option<String> {
        let of_region = self.region.and_then(Locale::of_region);
        let wishes = [self.asked, self.preferred, of_region.as_ref(), self.organisation];
        let tags = wishes.into_iter().flatten().flat_map(Locale::candidates);
        tags.chain([ENGLISH.to_owned()]).find(|tag| has(tag))
    }
}

/// Between a place and its language: the Spanish of the Americas, the English of the Commonwealth.
fn wider(language: &str, region: &str) -> Option<&'static str> {
    const AMERICAS: &str = "MX GT HN SV NI CR PA CU DO PR CO VE EC PE BO CL AR UY PY US";
    const COMMONWEALTH: &str = "AU NZ IE ZA IN SG MY HK GG JE IM GI MT KE NG GH UG TZ ZM ZW BW JM";
    const PORTUGUESE: &str = "AO MZ CV GW ST TL MO";
    let within = |regions: &str| regions.split(' ').any(|it| it == region);
    match language {
        "es" if within(AMERICAS) => Some("es-419"),
        "en" if within(COMMONWEALTH) => Some("en-GB"),
        "pt" if within(PORTUGUESE) => Some("pt-PT"),
        _ => None,
    }
}

/// Other codes of the same language, and one that its readers read as well.
fn also_called(language: &str) -> Option<&'static str> {
    Some(match language {
        "no" | "nn" => "nb",
        "nb" => "no",
        "iw" => "he",
        "he" => "iw",
        "in" => "id",
        "id" => "in",
        "sh" | "bs" => "hr",
        "mo" => "ro",
        "cmn" => "zh",
        "dari" | "prs" => "fa",
        _ => return None,
    })
}

/// Languages and the regions where most people read them.
const SPOKEN: &[(&str, &str)] = &[
    ("ar", "SA AE EG IQ JO KW LB LY MA OM QA SD SY TN YE BH DZ PS MR"),
    ("bg", "BG"),
    ("ca", "AD"),
    ("cs", "CZ"),
    ("da", "DK GL"),
    ("de", "DE AT CH LI"),
    ("el", "GR CY"),
    ("en", "US CA"),
    ("en-GB", "GB IE AU NZ IN SG ZA GG JE IM GI MT KE NG GH UG TZ ZM ZW JM HK"),
    ("es", "ES"),
    ("es-419", "MX GT HN SV NI CR PA CU DO PR CO VE EC PE BO CL AR UY PY"),
    ("et", "EE"),
    ("fa", "IR AF"),
    ("fi", "FI"),
    ("fr", "FR MC BE LU CI SN CM ML BF NE TG BJ GA CG CD GN TD CF GP MQ GF RE PF NC"),
    ("hr", "HR BA"),
    ("hu", "HU"),
    ("id", "ID"),
    ("it", "IT SM VA"),
    ("ja", "JP"),
    ("ko", "KR"),
    ("lt", "LT"),
    ("lv", "LV"),
    ("ms", "MY BN"),
    ("nb", "NO SJ"),
    ("nl", "NL SR AW CW SX BQ"),
    ("pl", "PL"),
    ("pt", "PT AO MZ CV GW ST"),
    ("pt-BR", "BR"),
    ("ro", "RO MD"),
    ("ru", "RU BY KZ KG"),
    ("sk", "SK"),
    ("sl", "SI"),
    ("sr", "RS ME"),
    ("sv", "SE AX"),
    ("tr", "TR"),
    ("uk", "UA"),
    ("vi", "VN"),
    ("zh", "CN TW"),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn locale(text: &str) -> Locale {
        Locale::parse(text).unwrap_or_else(|| panic!("{text:?}"))
    }

    #[test]
    fn tags_are_read_in_any_case_and_with_any_separator() {
        for (written, read) in [
            ("EN-US", "en-US"),
            ("en_us", "en-US"),
            ("de", "de"),
            ("pt_BR.UTF-8", "pt-BR"),
            ("de_DE@euro", "de-DE"),
            ("ZH-hans-cn", "zh-Hans-CN"),
            ("es-419", "es-419"),
            ("en-US-u-hc-h12", "en-US"),
            ("sl-nedis", "sl-nedis"),
        ] {
            assert_eq!(locale(written).to_string(), read, "{written}");
        }
        for bad in ["", "-", "e", "english (US)", "en--US", "12", "und", "x-klingon", "C", "дe"] {
            assert_eq!(Locale::parse(bad), None, "{bad:?}");
        }
        assert_eq!(Locale::parse(&"en-".repeat(20)), None);
    }

    #[test]
    fn a_tag_is_looked_for_from_the_exact_to_the_wide() {
        for (tag, candidates) in [
            ("es-MX", &["es-MX", "es-419", "es"][..]),
            ("es-ES", &["es-ES", "es"]),
            ("zh-Hans-CN", &["zh-Hans-CN", "zh-Hans", "zh-CN", "zh"]),
            ("en-AU", &["en-AU", "en-GB", "en"]),
            ("nn-NO", &["nn-NO", "nn", "nb"]),
            ("iw", &["iw", "he"]),
        ] {
            assert_eq!(locale(tag).candidates(), candidates, "{tag}");
        }
    }

    #[test]
    fn the_wishes_are_heard_in_their_order() {
        let has = |tags: &'static [&str]| move |tag: &str| tags.contains(&tag);
        let (german, french, polish) = (locale("de-AT"), locale("FR"), locale("pl"));
        let all = Wishes {
            asked: Some(&german),
            preferred: Some(&french),
            region: Some("JP"),
            organisation: Some(&polish),
        };
        let choose = |wishes: Wishes<'_>, tags| wishes.choose(has(tags));
        assert_eq!(choose(all, &["de", "de-AT", "fr"]).unwrap(), "de-AT");
        assert_eq!(choose(all, &["de", "fr", "ja"]).unwrap(), "de");
        assert_eq!(choose(all, &["fr", "ja", "pl", "en"]).unwrap(), "fr");
        assert_eq!(choose(all, &["ja", "pl", "en"]).unwrap(), "ja");
        assert_eq!(choose(all, &["pl", "en"]).unwrap(), "pl");
        assert_eq!(choose(all, &["en"]).unwrap(), "en");
        assert_eq!(choose(all, &["ko"]), None);
        assert_eq!(choose(Wishes::default(), &["en", "de"]).unwrap(), "en");
    }

    #[test]
    fn each_region_has_one_language_at_most() {
        let mut seen = std::collections::BTreeSet::new();
        for (tag, regions) in SPOKEN {
            assert_eq!(locale(tag).to_string(), *tag);
            for region in regions.split(' ').filter(|it| !it.is_empty()) {
                assert!(seen.insert(region), "{region} twice");
            }
        }
        assert!(seen.len() > 140, "{}", seen.len());
        assert_eq!(Locale::of_region("BR").unwrap().to_string(), "pt-BR");
        assert_eq!(Locale::of_region("XX"), None);
    }
}
