//! What a message says: a text as it came, or a code, in the template or the prompts of the language that
//! fits.

use super::{Content, Denial, Policy, decide::Draft, template, texts};
use crate::{
    domain::{Channel, Detail, Locale, Said, Secret, Wishes},
    store::{self, View},
};

/// What is said, and its language, where Ringpost chose it.
#[derive(Debug, Clone)]
pub(super) struct Wording {
    pub(super) text: Secret,
    pub(super) said: Said,
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
    let said = Said::Text;
    let (code, named) = match &draft.request.content {
        Content::Text(text) => return Ok(Ok(Wording { text: text.clone(), said, locale: None })),
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
    Ok(Ok(Wording { text: template::render(&text, code.reveal(), &policy.org), said, locale }))
}

/// A code or a text to be heard, in a language that can be spoken here.
fn spoken(
    view: &View<'_>,
    draft: &Draft,
    policy: &Policy,
) -> Result<Result<Wording, Box<Denial>>, store::Error> {
    let (text, said) = match &draft.request.content {
        Content::Text(text) => (text.clone(), Said::Text),
        Content::Code { code, .. } => (code.clone(), Said::Code),
    };
    let preferred = preferred(view, draft)?;
    let wishes = wishes(draft, preferred.as_ref(), policy);
    let speaks = |tag: &str| policy.spoken.contains(tag);
    let chosen = match wishes.asked.or(wishes.preferred) {
        Some(wanted) if !policy.language_fallback => {
            wanted.candidates().into_iter().find(|tag| speaks(tag))
        }
        Some(_) | None => wishes.choose(speaks),
    };
    let Some(locale) = chosen else {
        let says = match wishes.asked.or(wishes.preferred) {
            Some(wanted) => format!("No voice of this gateway speaks {wanted}."),
            None => "No voice of this gateway speaks a language for this number.".to_owned(),
        };
        return Ok(Err(Denial::saying(Detail::LocaleUnknown, says, draft.subject.clone())));
    };
    Ok(Ok(Wording { text, said, locale: Some(locale) }))
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
