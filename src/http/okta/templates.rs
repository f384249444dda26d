//! `/api/v1/templates/sms`: Okta's template API, with `purpose` as an extra member; and a look at all that
//! is stored.

use std::collections::BTreeMap;

use axum::{
    Json,
    extract::{
        Path, Query, State,
        rejection::{JsonRejection, PathRejection, QueryRejection},
    },
    http::StatusCode,
};
use serde::{Deserialize, Deserializer, Serialize};
use ulid::Ulid;

use super::error::{ErrorObject, OktaCaller, OktaError};
use crate::{
    domain::{
        Encoding, Event, GatewayEvent, Locale, Outcome, Purpose, Scope, Target, Template, Timestamp,
    },
    http::{AppState, api::segments::NonGsm, auth::Caller},
    intake::{self, Inspection, Policy},
    store,
};

/// The one type of templates that there is.
const TYPE: &str = "SMS_VERIFY_CODE";
/// Longest name, in characters.
const MAX_NAME: usize = 50;
/// Longest text, in characters: more than ten segments hold.
const MAX_TEXT: usize = 2000;
/// Templates at most: all of them are looked through.
const MAX_TEMPLATES: u32 = 200;

/// A template.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub(in crate::http) struct SmsTemplate {
    id: String,
    name: String,
    r#type: &'static str,
    /// The text; `${code}` and `${org.name}` stand for the code and the sender's name.
    template: String,
    /// For which purpose; for every one that has no template of its own where it is null.
    purpose: Option<Purpose>,
    /// The text in other languages, by BCP 47 tag.
    translations: BTreeMap<String, String>,
    created: String,
    last_updated: String,
}

/// A template as it shall be. Members that only Ringpost writes may be there, and change nothing.
#[derive(Deserialize, utoipa::ToSchema)]
pub(in crate::http) struct TemplateBody {
    /// 1 to 50 characters.
    name: Option<String>,
    /// `SMS_VERIFY_CODE`.
    r#type: Option<String>,
    template: Option<String>,
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<Purpose>)]
    purpose: Option<Option<Purpose>>,
    /// In a partial update, null or an empty text removes a translation.
    translations: Option<BTreeMap<String, Option<String>>>,
}

/// Tells null from nothing.
fn given<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    T::deserialize(deserializer).map(Some)
}

/// Which templates are asked for.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub(in crate::http) struct TemplateQuery {
    /// Only those of this type.
    template_type: Option<String>,
    /// Those that come along with Ringpost too; they cannot be changed.
    #[serde(default)]
    include_defaults: bool,
}

/// List the templates, oldest first.
#[utoipa::path(
    get, path = "/api/v1/templates/sms", tag = "templates", params(TemplateQuery),
    responses((status = 200, body = Vec<SmsTemplate>))
)]
pub(in crate::http) async fn list(
    State(state): State<AppState>,
    OktaCaller(caller): OktaCaller,
    query: Result<Query<TemplateQuery>, QueryRejection>,
) -> Result<Json<Vec<SmsTemplate>>, OktaError> {
    caller.must(Scope::TemplatesManage)?;
    let Query(query) = query?;
    if query.template_type.is_some_and(|it| it != TYPE) {
        return Ok(Json(Vec::new()));
    }
    let own = state.store.read(store::template::all).await?;
    let defaults = intake::default_templates().filter(|_| query.include_defaults);
    Ok(Json(defaults.chain(own).map(SmsTemplate::from).collect()))
}

/// Add a template.
#[utoipa::path(
    post, path = "/api/v1/templates/sms", tag = "templates", request_body = TemplateBody,
    responses(
        (status = 200, body = SmsTemplate),
        (status = 400, description = "What is wrong with which text", body = ErrorObject),
    )
)]
pub(in crate::http) async fn create(
    State(state): State<AppState>,
    OktaCaller(caller): OktaCaller,
    body: Result<Json<TemplateBody>, JsonRejection>,
) -> Result<Json<SmsTemplate>, OktaError> {
    caller.must(Scope::TemplatesManage)?;
    let Json(body) = body?;
    let now = Timestamp::now();
    let id = Ulid::generate().to_string();
    let new = Template {
        // As long as Okta's are.
        id: id.get(6..).unwrap_or(&id).to_owned(),
        name: String::new(),
        purpose: None,
        text: String::new(),
        translations: BTreeMap::new(),
        created_at: now,
        updated_at: now,
    };
    let (new, policy) = (body.replacing(new)?, state.policy.clone());
    let stored = state.store.write(move |tx| put(tx, caller, &policy, None, new));
    stored.await?.map(|template| Json(template.into()))
}

/// See a template.
#[utoipa::path(
    get, path = "/api/v1/templates/sms/{id}", tag = "templates", params(("id" = String, Path)),
    responses((status = 200, body = SmsTemplate), (status = 404, body = ErrorObject))
)]
pub(in crate::http) async fn read(
    State(state): State<AppState>,
    OktaCaller(caller): OktaCaller,
    path: Result<Path<String>, PathRejection>,
) -> Result<Json<SmsTemplate>, OktaError> {
    caller.must(Scope::TemplatesManage)?;
    let Path(id) = path?;
    if let Some(default) = intake::default_templates().find(|it| it.id == id) {
        return Ok(Json(default.into()));
    }
    Ok(Json(find(&state, id).await?.into()))
}

/// Replace a template.
#[utoipa::path(
    put, path = "/api/v1/templates/sms/{id}", tag = "templates", params(("id" = String, Path)),
    request_body = TemplateBody,
    responses(
        (status = 200, body = SmsTemplate),
        (status = 400, description = "What is wrong with which text", body = ErrorObject),
        (status = 403, description = "It comes along with Ringpost", body = ErrorObject),
        (status = 404, body = ErrorObject),
    )
)]
pub(in crate::http) async fn replace(
    State(state): State<AppState>,
    OktaCaller(caller): OktaCaller,
    path: Result<Path<String>, PathRejection>,
    body: Result<Json<TemplateBody>, JsonRejection>,
) -> Result<Json<SmsTemplate>, OktaError> {
    caller.must(Scope::TemplatesManage)?;
    let (Path(id), Json(body)) = (path?, body?);
    change(&state, caller, id, |before| body.replacing(before)).await
}

/// Change some of a template: members that are not there stay as they are.
#[utoipa::path(
    post, path = "/api/v1/templates/sms/{id}", tag = "templates", params(("id" = String, Path)),
    request_body = TemplateBody,
    responses(
        (status = 200, body = SmsTemplate),
        (status = 400, description = "What is wrong with which text", body = ErrorObject),
        (status = 403, description = "It comes along with Ringpost", body = ErrorObject),
        (status = 404, body = ErrorObject),
    )
)]
pub(in crate::http) async fn update(
    State(state): State<AppState>,
    OktaCaller(caller): OktaCaller,
    path: Result<Path<String>, PathRejection>,
    body: Result<Json<TemplateBody>, JsonRejection>,
) -> Result<Json<SmsTemplate>, OktaError> {
    caller.must(Scope::TemplatesManage)?;
    let (Path(id), Json(body)) = (path?, body?);
    change(&state, caller, id, |before| body.changing(before)).await
}

/// Delete a template.
#[utoipa::path(
    delete, path = "/api/v1/templates/sms/{id}", tag = "templates",
    params(("id" = String, Path)),
    responses(
        (status = 204, description = "It is gone"),
        (status = 403, description = "It comes along with Ringpost", body = ErrorObject),
        (status = 404, body = ErrorObject),
    )
)]
pub(in crate::http) async fn remove(
    State(state): State<AppState>,
    OktaCaller(caller): OktaCaller,
    path: Result<Path<String>, PathRejection>,
) -> Result<StatusCode, OktaError> {
    caller.must(Scope::TemplatesManage)?;
    let Path(id) = path?;
    must_be_changeable(&id)?;
    let template = find(&state, id.clone()).await?;
    let removed = state.store.write(move |tx| {
        let removed = store::template::remove(tx, &template.id)?;
        if removed { log(tx, caller, &template).map(|()| true) } else { Ok(false) }
    });
    if removed.await? {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(OktaError::NotFound(id, "SmsTemplate"))
    }
}

/// What is wrong with the templates that are stored: those from before a rule existed included.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(in crate::http) struct Audit {
    /// Whether nothing is wrong.
    sound: bool,
    /// Every text of every template.
    items: Vec<AuditedText>,
}

/// A text of a template.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct AuditedText {
    id: String,
    name: String,
    /// The translation; null for the text of the template itself.
    locale: Option<String>,
    encoding: Encoding,
    /// Septets or units of UTF-16, with the longest code and the sender's name.
    units: usize,
    segments: usize,
    /// Segments once every character that has a suggestion is replaced.
    segments_if_replaced: usize,
    /// What is wrong with it.
    problems: Vec<TextProblem>,
    /// The characters that make it UCS-2.
    non_gsm: Vec<NonGsm>,
}

/// One thing that is wrong with a text.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct TextProblem {
    code: &'static str,
    detail: String,
}

/// Check all that is stored, and what comes along, by the rules of today.
#[utoipa::path(
    get, path = "/api/v1/templates/check", tag = "templates",
    responses((status = 200, body = Audit))
)]
pub(in crate::http) async fn check(
    State(state): State<AppState>,
    OktaCaller(caller): OktaCaller,
) -> Result<Json<Audit>, OktaError> {
    caller.must(Scope::TemplatesManage)?;
    let own = state.store.read(store::template::all).await?;
    let mut items = Vec::new();
    for template in own.into_iter().chain(intake::default_templates()) {
        let texts = template.translations.iter().map(|(tag, text)| (Some(tag), text));
        for (tag, text) in [(None, &template.text)].into_iter().chain(texts) {
            let inspection = intake::inspect(text, &state.policy);
            items.push(AuditedText::of(&template, tag, inspection));
        }
    }
    Ok(Json(Audit { sound: items.iter().all(|it| it.problems.is_empty()), items }))
}

async fn find(state: &AppState, id: String) -> Result<Template, OktaError> {
    let wanted = id.clone();
    let found = state.store.read(move |view| store::template::find(view, &wanted)).await?;
    found.ok_or(OktaError::NotFound(id, "SmsTemplate"))
}

/// Templates that come along cannot be changed.
fn must_be_changeable(id: &str) -> Result<(), OktaError> {
    if intake::is_default_template(id) {
        return Err(OktaError::Forbidden("A default template can be neither changed nor deleted."));
    }
    Ok(())
}

/// Changes the template `id` in the transaction that reads it: of two changes at one time, none is lost.
async fn change(
    state: &AppState,
    caller: Caller,
    id: String,
    change: impl FnOnce(Template) -> Result<Template, OktaError> + Send + 'static,
) -> Result<Json<SmsTemplate>, OktaError> {
    must_be_changeable(&id)?;
    let policy = state.policy.clone();
    let changed = state.store.write(move |tx| {
        let Some(before) = store::template::find(tx, &id)? else {
            return Ok(Err(OktaError::NotFound(id, "SmsTemplate")));
        };
        let touched = Template { updated_at: Timestamp::now(), ..before.clone() };
        match change(touched) {
            Ok(after) => put(tx, caller, &policy, Some(&before), after),
            Err(refused) => Ok(Err(refused)),
        }
    });
    changed.await?.map(|template| Json(template.into()))
}

/// Stores `after` in the place of `before`, if what is new in it is sound.
fn put(
    tx: &store::Tx<'_>,
    caller: Caller,
    policy: &Policy,
    before: Option<&Template>,
    after: Template,
) -> Result<Result<Template, OktaError>, store::Error> {
    tx.must_have_room()?;
    let mut faults = faults(before, &after, policy);
    if before.is_none() && store::template::count(tx)? >= MAX_TEMPLATES {
        faults.push(("template".into(), format!("there are {MAX_TEMPLATES} already")));
    }
    if store::template::by_name(tx, &after.name)?.is_some_and(|other| other.id != after.id) {
        let says = "An object with this field already exists in the current organization";
        faults.push(("name".into(), says.into()));
    }
    if !faults.is_empty() {
        return Ok(Err(OktaError::Validation(faults)));
    }
    store::template::put(tx, &after)?;
    log(tx, caller, &after)?;
    Ok(Ok(after))
}

/// What is wrong with the texts that are new. Those that were there are not checked again.
fn faults(before: Option<&Template>, after: &Template, policy: &Policy) -> Vec<(String, String)> {
    let judge = |field: String, text: &str| {
        let mut says: Vec<_> = match text.chars().count() {
            1..=MAX_TEXT => {
                intake::inspect(text, policy).faults.into_iter().map(|it| it.says).collect()
            }
            _ => vec![format!("must have 1 to {MAX_TEXT} characters")],
        };
        says.drain(..).map(|says| (field.clone(), says)).collect::<Vec<_>>()
    };
    let mut faults = Vec::new();
    if before.is_none_or(|before| before.text != after.text) {
        faults.extend(judge("template".into(), &after.text));
    }
    for (tag, text) in &after.translations {
        if before.is_none_or(|before| before.translations.get(tag) != Some(text)) {
            faults.extend(judge(format!("translations.{tag}"), text));
        }
    }
    faults
}

/// Changes of templates are found in the System Log.
fn log(tx: &store::Tx<'_>, caller: Caller, template: &Template) -> Result<(), store::Error> {
    let kind = GatewayEvent::TemplateChange;
    let name = Some(template.name.clone());
    let target = Target { id: template.id.clone(), name, before: None };
    let event = Event::by(caller.into_actor(), kind, Outcome::Success, Timestamp::now());
    store::event::append(tx, &event.to(Some(target), None))
}

impl TemplateBody {
    /// The whole template as the body says.
    fn replacing(self, before: Template) -> Result<Template, OktaError> {
        let missing = |field: &str, given: bool| {
            (!given).then(|| (field.to_owned(), "The field cannot be left blank".to_owned()))
        };
        let faults: Vec<_> =
            [missing("name", self.name.is_some()), missing("template", self.template.is_some())]
                .into_iter()
                .flatten()
                .collect();
        if !faults.is_empty() {
            return Err(OktaError::Validation(faults));
        }
        self.changing(Template { purpose: None, translations: BTreeMap::new(), ..before })
    }

    /// `template` with what the body says.
    fn changing(self, mut template: Template) -> Result<Template, OktaError> {
        let mut faults = Vec::new();
        if self.r#type.is_some_and(|it| it != TYPE) {
            faults.push(("type".to_owned(), format!("must be {TYPE}")));
        }
        if let Some(name) = self.name {
            if !(1..=MAX_NAME).contains(&name.chars().count()) {
                let says = format!("must have 1 to {MAX_NAME} characters");
                faults.push(("name".to_owned(), says));
            }
            template.name = name;
        }
        if let Some(text) = self.template {
            template.text = text;
        }
        if let Some(purpose) = self.purpose {
            template.purpose = purpose;
        }
        for (tag, text) in self.translations.unwrap_or_default() {
            let Some(locale) = Locale::parse(&tag) else {
                let says = "is no language; write a tag such as de or pt-BR".to_owned();
                faults.push((format!("translations.{tag}"), says));
                continue;
            };
            match text.filter(|text| !text.is_empty()) {
                Some(text) => drop(template.translations.insert(locale.to_string(), text)),
                None => drop(template.translations.remove(&locale.to_string())),
            }
        }
        if faults.is_empty() { Ok(template) } else { Err(OktaError::Validation(faults)) }
    }
}

impl From<Template> for SmsTemplate {
    fn from(template: Template) -> Self {
        Self {
            id: template.id,
            name: template.name,
            r#type: TYPE,
            template: template.text,
            purpose: template.purpose,
            translations: template.translations,
            created: template.created_at.to_string(),
            last_updated: template.updated_at.to_string(),
        }
    }
}

impl AuditedText {
    fn of(template: &Template, tag: Option<&String>, inspection: Inspection) -> Self {
        let Inspection { analysis, faults } = inspection;
        let problems = faults
            .into_iter()
            .map(|fault| TextProblem { code: fault.detail.as_str(), detail: fault.says });
        Self {
            id: template.id.clone(),
            name: template.name.clone(),
            locale: tag.cloned(),
            encoding: analysis.encoding,
            units: analysis.units,
            segments: analysis.segments,
            segments_if_replaced: analysis.segments_if_replaced,
            problems: problems.collect(),
            non_gsm: analysis.non_gsm.into_iter().map(NonGsm::from).collect(),
        }
    }
}
