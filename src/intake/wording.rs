//! What a message says: a text as it came, or a code, in the template or the prompts of the language that
//! fits.

use super::{Content, Denial, Policy, decide::Draft, template, texts};
use crate::{
    domain::{Channel, Detail, Locale, Secret, Wishes},
    store::{self, View},
};

/// What is said, and its language, where Ringpost chose it.
#[derive(Debug, Clone)]
pub(super) struct Wording {
    pub(super) text: Secret,
    pub(super) locale: Option<String>,
}

/// What is said to a request by one of its channels.
pub(super) fn of(
    view: &View<'_>,
    draft: &Draft,
    channel: Channel,
    policy: &Policy,
) -> Result<Result<Wording, Box<Denial>>, store::Error> {
    match channel {
        Channel::Sms => written(view, draft, policy),
        Channel::Voice => spoken(view, draft, policy),
    }
}

/// A text to be read.
fn written(
    view: &View<'_>,
    draft: &Draft,
    policy: &Policy,
) -> Result<Result<Wording, Box<Denial>>, store::Error> {
    let (code, named) = match &draft.request.content {
        Content::Text(text) => return Ok(Ok(Wording { text: text.clone(), locale: None })),
        Content::Code { code, template } => (code, template),
    };
    let purpose = draft.request.purpose;
    let found = match named {
        None => store::template::for_purpose(view, purpose)?,
        Some(named) => match find(view, named)? {
            Some(template) => Some(template),
            None => {
                let says = format!("No template has the id or the name {named:?}.");
                let subject = draft.subject.clone();
                return Ok(Err(Denial::saying(Detail::TemplateUnknown, says, subject)));
            }
        },
    };
    let preferred = preferred(view, draft)?;
    let wishes = wishes(draft, preferred.as_ref(), policy);
    let (text, locale) = match &found {
        Some(template) => {
            let tag = wishes.choose(|tag| template.translations.contains_key(tag));
            (template.in_language(tag.as_deref()).to_owned(), tag)
        }
        None => {
            let tag = wishes.choose(|tag| texts::shipped(purpose, tag).is_some());
            let text = tag.as_deref().and_then(|tag| texts::shipped(purpose, tag));
            (text.unwrap_or_default(), tag)
        }
    };
    Ok(Ok(Wording { text: template::render(&text, code.reveal(), &policy.org), locale }))
}

/// A code or a text to be heard, in a language that can be spoken here.
fn spoken(
    view: &View<'_>,
    draft: &Draft,
    policy: &Policy,
) -> Result<Result<Wording, Box<Denial>>, store::Error> {
    let (Content::Text(text) | Content::Code { code: text, .. }) = &draft.request.content;
    let preferred = preferred(view, draft)?;
    let wishes = wishes(draft, preferred.as_ref(), policy);
    let Some(locale) = language_of(&wishes, policy) else {
        let says = match wishes.asked.or(wishes.preferred) {
            Some(wanted) => format!("No voice of this gateway speaks {wanted}."),
            None => "No voice of this gateway speaks a language for this number.".to_owned(),
        };
        return Ok(Err(Denial::saying(Detail::LocaleUnknown, says, draft.subject.clone())));
    };
    Ok(Ok(Wording { text: text.clone(), locale: Some(locale) }))
}

/// The language that somebody is called in.
fn language_of(wishes: &Wishes<'_>, policy: &Policy) -> Option<String> {
    let speaks = |tag: &str| policy.spoken.contains(tag);
    let mut wanted = wishes.asked.into_iter().chain(wishes.preferred).peekable();
    if policy.language_fallback || wanted.peek().is_none() {
        return wishes.choose(speaks);
    }
    wanted.flat_map(Locale::candidates).find(|tag| speaks(tag))
}

/// The language that the person chose, which is in force where nobody has the one that is asked for.
fn preferred(view: &View<'_>, draft: &Draft) -> Result<Option<Locale>, store::Error> {
    let preferred = match &draft.subject.user {
        Some(user) => store::preference::locale(view, user)?,
        None => None,
    };
    Ok(preferred.as_deref().and_then(Locale::parse))
}

fn wishes<'a>(draft: &'a Draft, preferred: Option<&'a Locale>, policy: &'a Policy) -> Wishes<'a> {
    Wishes {
        asked: draft.locale.as_ref(),
        preferred,
        region: Some(&draft.region),
        organisation: policy.locale.as_ref(),
    }
}

/// The template of that id or name.
fn find(view: &View<'_>, named: &str) -> Result<Option<crate::domain::Template>, store::Error> {
    if let Some(default) = template::defaults().find(|it| it.id == named) {
        return Ok(Some(default));
    }
    match store::template::find(view, named)? {
        Some(template) => Ok(Some(template)),
        None => store::template::by_name(view, named),
    }
}

#[cfg(test)]
mod tests {
    use rlibphonenumber::Region;

    use super::*;

    #[test]
    fn who_wants_a_language_that_is_not_spoken_is_called_in_another_or_refused() {
        let tag = |text: &str| Locale::parse(text).unwrap();
        let (austrian, french) = (tag("de-AT"), tag("fr"));
        let spoken = |tags: &[&str]| tags.iter().map(|tag| (*tag).to_owned()).collect();
        let falls_back = Policy { spoken: spoken(&["en", "de"]), ..Policy::of(Region::US) };
        let strict = Policy { language_fallback: false, ..falls_back.clone() };
        let asks = |asked| Wishes { asked: Some(asked), region: Some("DE"), ..Wishes::default() };
        let prefers = Wishes { preferred: Some(&french), ..Wishes::default() };
        assert_eq!(language_of(&asks(&french), &falls_back).as_deref(), Some("de"));
        assert_eq!(language_of(&asks(&french), &strict), None);
        assert_eq!(language_of(&asks(&austrian), &strict).as_deref(), Some("de"));
        assert_eq!(language_of(&prefers, &falls_back).as_deref(), Some("en"));
        assert_eq!(language_of(&prefers, &strict), None);
        let both = Wishes { asked: Some(&french), preferred: Some(&austrian), ..asks(&french) };
        assert_eq!(language_of(&both, &strict).as_deref(), Some("de"), "which the person reads");
        let silent = Wishes { region: Some("FR"), ..Wishes::default() };
        assert_eq!(language_of(&silent, &strict).as_deref(), Some("en"), "nobody asked");
        let mute = Policy { spoken: spoken(&[]), ..falls_back };
        assert_eq!(language_of(&silent, &mute), None);
    }
}
