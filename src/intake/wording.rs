//! The text of a message: as it came, or a code in the template and the language that fit.

use super::{Content, Denial, Policy, decide::Draft, template, texts};
use crate::{
    domain::{Detail, Locale, Secret, Wishes},
    store::{self, View},
};

/// A text and its language, where Ringpost chose it.
#[derive(Debug, Clone)]
pub(super) struct Wording {
    pub(super) text: Secret,
    pub(super) locale: Option<String>,
}

/// The text for a request.
pub(super) fn of(
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
    let preferred = match &draft.subject.user {
        Some(user) => store::preference::locale(view, user)?,
        None => None,
    };
    let preferred = preferred.as_deref().and_then(Locale::parse);
    let wishes = Wishes {
        asked: draft.locale.as_ref(),
        preferred: preferred.as_ref(),
        region: Some(&draft.region),
        organisation: policy.locale.as_ref(),
    };
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
