//! Templates: what they must hold, how long they may get, and the text that becomes of them.

use std::collections::BTreeMap;

use super::{Policy, texts};
use crate::{
    domain::{Detail, Purpose, Secret, Template, Timestamp},
    sms::{self, Analysis},
};

/// What stands for the code.
const CODE: &str = "${code}";
/// What stands for the organisation's name.
const ORG_NAME: &str = "${org.name}";
/// The longest code that a request may hold: what the length of a template is judged with.
pub(super) const LONGEST_CODE: &str = "0000000000";

/// What the carriers of a region want in every text with a code; macros stand for what they stand for in
/// templates.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Requirement {
    /// Where: ISO 3166-1.
    pub region: String,
    /// What a text begins with, such as the sender's name.
    pub starts_with: Option<String>,
    /// What it holds, such as a brand or how to opt out.
    pub contains: Vec<String>,
    /// What it ends with, such as the line that an app knows its code by.
    pub ends_with: Option<String>,
}

/// What is wrong with a template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Why.
    pub detail: Detail,
    /// The same as a sentence.
    pub says: String,
}

/// A text of a template, taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inspection {
    /// The text with the longest code.
    pub analysis: Analysis,
    /// What is wrong with it.
    pub faults: Vec<Fault>,
}

/// The text that a template becomes.
pub(super) fn render(template: &str, code: &str, org: &str) -> Secret {
    // The name goes in first: a code never holds a macro, and a name that holds one stays as it is.
    let mut rest = template;
    let mut text = String::with_capacity(template.len() + code.len() + org.len());
    while let Some(at) = rest.find("${") {
        let (head, tail) = rest.split_at(at);
        text.push_str(head);
        rest = if let Some(after) = tail.strip_prefix(CODE) {
            text.push_str(code);
            after
        } else if let Some(after) = tail.strip_prefix(ORG_NAME) {
            text.push_str(org);
            after
        } else {
            text.push_str("${");
            tail.strip_prefix("${").unwrap_or_default()
        };
    }
    text.push_str(rest);
    Secret::new(text)
}

/// Takes the text of a template apart, and says what is wrong with it.
pub fn inspect(template: &str, policy: &Policy) -> Inspection {
    let fault = |detail: Detail, says: String| Fault { detail, says };
    let mut faults = Vec::new();
    if !template.contains(CODE) {
        let says = format!("must hold {CODE}: nothing else stands for the code");
        faults.push(fault(Detail::TemplateMissingCode, says));
    }
    if let Some(unknown) = unknown_macro(template) {
        let says = format!("knows {CODE} and {ORG_NAME} only, not {unknown}");
        faults.push(fault(Detail::TemplateMacroUnknown, says));
    }
    let text = render(template, LONGEST_CODE, &policy.org);
    let analysis = sms::analyse(text.reveal(), &policy.national);
    let (most, needs) = (usize::from(policy.template_segments), analysis.segments);
    if needs > most {
        let why = why_ucs2(&analysis);
        let says = format!(
            "with a code of {} and the name {:?} it needs {} units of {} in {needs} segments; at \
             most {most} are allowed{why}",
            LONGEST_CODE.len(),
            policy.org,
            analysis.units,
            analysis.encoding.as_str(),
        );
        faults.push(fault(Detail::TooLong, says));
    }
    for requirement in &policy.requirements {
        faults.extend(requirement.missing(text.reveal(), &policy.org));
    }
    Inspection { analysis, faults }
}

/// Which characters cost a text the GSM 7 bit alphabet.
fn why_ucs2(analysis: &Analysis) -> String {
    let mut why = String::new();
    for (index, it) in analysis.non_gsm.iter().enumerate() {
        let lead = if index == 0 { "; not in GSM-7: " } else { ", " };
        why.push_str(lead);
        why.push_str(&format!("{:?} at {}", it.character, it.position));
        if let Some(instead) = it.suggestion {
            why.push_str(&format!(" ({instead:?} would be)"));
        }
    }
    why
}

/// The first macro that nobody knows.
fn unknown_macro(template: &str) -> Option<&str> {
    let mut rest = template;
    while let Some(at) = rest.find("${") {
        rest = rest.get(at..)?;
        match rest.strip_prefix(CODE).or_else(|| rest.strip_prefix(ORG_NAME)) {
            Some(after) => rest = after,
            None => {
                let end = rest.find('}').map_or(rest.len(), |end| end + 1);
                return rest.get(..end);
            }
        }
    }
    None
}

impl Requirement {
    fn missing(&self, text: &str, org: &str) -> Vec<Fault> {
        let Self { region, starts_with, contains, ends_with } = self;
        let wanted = |part: &str| render(part, LONGEST_CODE, org);
        let mut faults = Vec::new();
        let mut miss = |how: &str, part: &str| {
            let says = format!("carriers in {region} want a text that {how} {part:?}");
            faults.push(Fault { detail: Detail::RegionRequirement, says });
        };
        if let Some(part) = starts_with.as_ref().filter(|it| !text.starts_with(wanted(it).reveal()))
        {
            miss("begins with", part);
        }
        for part in contains.iter().filter(|it| !text.contains(wanted(it).reveal())) {
            miss("holds", part);
        }
        if let Some(part) = ends_with.as_ref().filter(|it| !text.ends_with(wanted(it).reveal())) {
            miss("ends with", part);
        }
        faults
    }
}

/// What the ids of the templates that come along begin with.
const DEFAULT_ID: &str = "default";

/// Whether this is the id of a template that comes along, which cannot be changed.
pub fn is_default(id: &str) -> bool {
    Purpose::ALL.into_iter().any(|purpose| default_id(purpose) == id)
}

/// As long as all ids of templates are.
fn default_id(purpose: Purpose) -> String {
    let words: String = purpose.as_str().split('_').collect();
    format!("{DEFAULT_ID}{words:0>13}")
}

/// The templates that come along, one for each purpose.
pub fn defaults() -> impl Iterator<Item = Template> {
    Purpose::ALL.into_iter().map(|purpose| {
        let text = |tag: &str| texts::shipped(purpose, tag);
        let translations: BTreeMap<_, _> = texts::tags()
            .filter(|tag| *tag != "en")
            .filter_map(|tag| Some((tag.to_owned(), text(tag)?)))
            .collect();
        Template {
            id: default_id(purpose),
            name: format!("Default: {}", purpose.as_str()),
            purpose: Some(purpose),
            text: text("en").unwrap_or_default(),
            translations,
            created_at: Timestamp::default(),
            updated_at: Timestamp::default(),
        }
    })
}

#[cfg(test)]
mod tests {
    use rlibphonenumber::Region;

    use super::*;
    use crate::domain::Encoding;

    fn policy() -> Policy {
        Policy { org: "Acme".into(), ..Policy::of(Region::US) }
    }

    fn faults(template: &str, policy: &Policy) -> Vec<(Detail, String)> {
        let inspection = inspect(template, policy);
        inspection.faults.into_iter().map(|fault| (fault.detail, fault.says)).collect()
    }

    #[test]
    fn macros_become_what_they_stand_for_and_nothing_else_does() {
        let render = |template| render(template, "481592", "A${code}").reveal().to_owned();
        assert_eq!(render("${org.name}: ${code} ${code}"), "A${code}: 481592 481592");
        assert_eq!(render("$${code}{code} ${cod} ${"), "$481592{code} ${cod} ${");
    }

    #[test]
    fn a_template_holds_the_code_and_known_macros() {
        assert_eq!(faults("${org.name}: ${code}", &policy()), []);
        assert_eq!(
            faults("Hello", &policy()),
            [(
                Detail::TemplateMissingCode,
                "must hold ${code}: nothing else stands for the code".into()
            )]
        );
        assert_eq!(
            faults("${code} for ${user.name}, yours", &policy()),
            [(
                Detail::TemplateMacroUnknown,
                "knows ${code} and ${org.name} only, not ${user.name}".into()
            )]
        );
    }

    #[test]
    fn the_limit_follows_the_character_set_with_the_longest_code_and_the_name() {
        let filled = |filler: &str, count| format!("{}${{code}}", filler.repeat(count));
        assert_eq!(faults(&filled("a", 150), &policy()), []);
        assert_eq!(faults(&filled("a", 151), &policy())[0].0, Detail::TooLong);
        assert_eq!(faults(&filled("日", 60), &policy()), []);
        assert_eq!(faults(&filled("日", 61), &policy())[0].0, Detail::TooLong);
        let with_name = format!("${{org.name}}{}", filled("a", 147));
        let says = "with a code of 10 and the name \"Acme\" it needs 161 units of GSM-7 in 2 \
                    segments; at most 1 are allowed";
        assert_eq!(faults(&with_name, &policy()), [(Detail::TooLong, says.to_owned())]);
        let longer = Policy { template_segments: 2, ..policy() };
        assert_eq!(faults(&filled("a", 296), &longer), []);
        assert_eq!(faults(&filled("a", 297), &longer)[0].0, Detail::TooLong);
        let spoilt = format!("It’s {}", filled("a", 70));
        let (_, says) = faults(&spoilt, &policy()).remove(0);
        assert!(says.ends_with("not in GSM-7: '’' at 2 (\"'\" would be)"), "{says}");
    }

    #[test]
    fn a_national_table_is_a_way_out_where_it_is_allowed() {
        let turkish = format!("{}${{code}}", "ğ".repeat(80));
        assert_eq!(faults(&turkish, &policy())[0].0, Detail::TooLong);
        let table = sms::language_of_word("turkish").unwrap();
        let allowed = Policy { national: vec![table], ..policy() };
        let inspection = inspect(&turkish, &allowed);
        assert_eq!((inspection.faults, inspection.analysis.encoding), (vec![], Encoding::Gsm7));
    }

    #[test]
    fn a_region_wants_what_it_wants() {
        let wants = Requirement {
            region: "US".into(),
            starts_with: Some("${org.name}: ".into()),
            contains: vec!["STOP".into()],
            ends_with: Some("\n@acme.example #${code}".into()),
        };
        let policy = Policy { requirements: vec![wants], ..policy() };
        let right = "${org.name}: ${code}. Reply STOP to end.\n@acme.example #${code}";
        assert_eq!(faults(right, &policy), []);
        let says: Vec<_> = faults("Code ${code}", &policy).into_iter().map(|it| it.1).collect();
        assert_eq!(
            says,
            [
                "carriers in US want a text that begins with \"${org.name}: \"",
                "carriers in US want a text that holds \"STOP\"",
                "carriers in US want a text that ends with \"\\n@acme.example #${code}\"",
            ]
        );
        let other_name = Policy { org: "Other".into(), ..policy };
        assert_eq!(faults("Acme: ${code} STOP\n@acme.example #${code}", &other_name).len(), 1);
    }

    #[test]
    fn the_templates_that_come_along_are_sound_and_have_ids_of_their_own() {
        let all: Vec<_> = defaults().collect();
        assert_eq!(all.len(), Purpose::ALL.len());
        for template in all {
            assert_eq!(template.id.len(), 20, "{}", template.id);
            assert!(is_default(&template.id));
            assert!(template.translations.len() >= 30);
            for text in template.translations.values().chain([&template.text]) {
                assert_eq!(faults(text, &policy()), [], "{text}");
            }
        }
        assert!(!is_default("6NQUJ5yR3bpgEiYmq8IC"));
    }
}
