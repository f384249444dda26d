//! `/api/v1/blocklist` and `/api/v1/allowlist`: numbers, prefixes and regions, with an expiry and a
//! reason.

use axum::{
    Json,
    extract::{
        Path, Query, State,
        rejection::{JsonRejection, PathRejection, QueryRejection},
    },
    http::StatusCode,
};
use serde::{Deserialize, Serialize};

use crate::{
    domain::{
        Event, GatewayEvent, List, ListedBy, Listing, ListingId, NumberPrefix, Outcome, Scope,
        Target, Timestamp, Whom,
    },
    http::{
        AppState,
        auth::Caller,
        error::ApiError,
        page::{Page, PageQuery},
    },
    intake, store,
};

/// Longest `reason`, in characters: a sentence and where to read on.
const MAX_REASON: usize = 200;

/// Whom to put on a list: exactly one of `number`, `prefix` and `region`.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::http) struct NewEntry {
    /// E.164, or a national number of the home region.
    #[schema(example = "+14155552345")]
    number: Option<String>,
    /// How numbers begin: a plus and digits.
    #[schema(example = "+1415555")]
    prefix: Option<String>,
    /// ISO 3166-1 alpha-2.
    #[schema(example = "US")]
    region: Option<String>,
    /// Why, up to 200 characters.
    reason: Option<String>,
    /// Until when, RFC 3339; for good where nothing is said.
    expires_at: Option<String>,
}

/// An entry of a list. Of several that fit a number, the most specific one decides: the number itself,
/// then the longest prefix, then the region; where both lists have it, the blocklist.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(in crate::http) struct Entry {
    id: String,
    number: Option<String>,
    prefix: Option<String>,
    region: Option<String>,
    /// Who put it there: somebody, or an alarm.
    listed_by: ListedBy,
    reason: Option<String>,
    created_at: String,
    expires_at: Option<String>,
}

/// List who is blocked, newest first.
#[utoipa::path(
    get, path = "/api/v1/blocklist", tag = "lists", params(PageQuery),
    responses((status = 200, body = Page<Entry>))
)]
pub(in crate::http) async fn list_blocked(
    state: State<AppState>,
    caller: Caller,
    query: Result<Query<PageQuery>, QueryRejection>,
) -> Result<Json<Page<Entry>>, ApiError> {
    list(List::Block, state, caller, query).await
}

/// Block a number, a prefix or a region. An entry about the same is replaced.
#[utoipa::path(
    post, path = "/api/v1/blocklist", tag = "lists", request_body = NewEntry,
    responses((status = 201, description = "It counts from now on", body = Entry))
)]
pub(in crate::http) async fn block(
    state: State<AppState>,
    caller: Caller,
    body: Result<Json<NewEntry>, JsonRejection>,
) -> Result<(StatusCode, Json<Entry>), ApiError> {
    put(List::Block, state, caller, body).await
}

/// See an entry of the blocklist.
#[utoipa::path(
    get, path = "/api/v1/blocklist/{id}", tag = "lists", params(("id" = String, Path)),
    responses((status = 200, body = Entry))
)]
pub(in crate::http) async fn read_blocked(
    state: State<AppState>,
    caller: Caller,
    path: Result<Path<String>, PathRejection>,
) -> Result<Json<Entry>, ApiError> {
    read(List::Block, state, caller, path).await
}

/// Take an entry off the blocklist.
#[utoipa::path(
    delete, path = "/api/v1/blocklist/{id}", tag = "lists", params(("id" = String, Path)),
    responses((status = 204, description = "It counts no more"))
)]
pub(in crate::http) async fn unblock(
    state: State<AppState>,
    caller: Caller,
    path: Result<Path<String>, PathRejection>,
) -> Result<StatusCode, ApiError> {
    remove(List::Block, state, caller, path).await
}

/// List who is allowed, newest first.
#[utoipa::path(
    get, path = "/api/v1/allowlist", tag = "lists", params(PageQuery),
    responses((status = 200, body = Page<Entry>))
)]
pub(in crate::http) async fn list_allowed(
    state: State<AppState>,
    caller: Caller,
    query: Result<Query<PageQuery>, QueryRejection>,
) -> Result<Json<Page<Entry>>, ApiError> {
    list(List::Allow, state, caller, query).await
}

/// Allow a number, a prefix or a region: the regions of the configuration do not stop it; nor do limits and
/// alarms, where it is a number or a prefix. An entry about the same is replaced.
#[utoipa::path(
    post, path = "/api/v1/allowlist", tag = "lists", request_body = NewEntry,
    responses((status = 201, description = "It counts from now on", body = Entry))
)]
pub(in crate::http) async fn allow(
    state: State<AppState>,
    caller: Caller,
    body: Result<Json<NewEntry>, JsonRejection>,
) -> Result<(StatusCode, Json<Entry>), ApiError> {
    put(List::Allow, state, caller, body).await
}

/// See an entry of the allowlist.
#[utoipa::path(
    get, path = "/api/v1/allowlist/{id}", tag = "lists", params(("id" = String, Path)),
    responses((status = 200, body = Entry))
)]
pub(in crate::http) async fn read_allowed(
    state: State<AppState>,
    caller: Caller,
    path: Result<Path<String>, PathRejection>,
) -> Result<Json<Entry>, ApiError> {
    read(List::Allow, state, caller, path).await
}

/// Take an entry off the allowlist.
#[utoipa::path(
    delete, path = "/api/v1/allowlist/{id}", tag = "lists", params(("id" = String, Path)),
    responses((status = 204, description = "It counts no more"))
)]
pub(in crate::http) async fn disallow(
    state: State<AppState>,
    caller: Caller,
    path: Result<Path<String>, PathRejection>,
) -> Result<StatusCode, ApiError> {
    remove(List::Allow, state, caller, path).await
}

async fn list(
    list: List,
    State(state): State<AppState>,
    caller: Caller,
    query: Result<Query<PageQuery>, QueryRejection>,
) -> Result<Json<Page<Entry>>, ApiError> {
    caller.must(Scope::Admin)?;
    let Query(page) = query?;
    let (before, limit, now) = (page.before()?, page.limit()?, Timestamp::now());
    let rows = state
        .store
        .read(move |view| store::listed::newest(view, list, now, before, limit + 1))
        .await?;
    let rows = rows.into_iter().map(|(key, entry)| (key, entry.into())).collect();
    Ok(Json(Page::cut(rows, limit)))
}

async fn read(
    list: List,
    State(state): State<AppState>,
    caller: Caller,
    path: Result<Path<String>, PathRejection>,
) -> Result<Json<Entry>, ApiError> {
    caller.must(Scope::Admin)?;
    let id = id(&path?.0)?;
    let found = state.store.read(move |view| store::listed::find(view, list, id)).await?;
    Ok(Json(found.ok_or_else(missing)?.into()))
}

async fn put(
    list: List,
    State(state): State<AppState>,
    caller: Caller,
    body: Result<Json<NewEntry>, JsonRejection>,
) -> Result<(StatusCode, Json<Entry>), ApiError> {
    caller.must(Scope::Admin)?;
    let Json(body) = body?;
    let mut entry = body.into_listing(list, &state)?;
    let stored = state.store.write(move |tx| {
        entry.id = store::listed::put(tx, &entry)?;
        log(tx, list, caller, &entry)?;
        Ok(entry)
    });
    Ok((StatusCode::CREATED, Json(stored.await?.into())))
}

async fn remove(
    list: List,
    State(state): State<AppState>,
    caller: Caller,
    path: Result<Path<String>, PathRejection>,
) -> Result<StatusCode, ApiError> {
    caller.must(Scope::Admin)?;
    let id = id(&path?.0)?;
    let removed = state.store.write(move |tx| {
        let Some(entry) = store::listed::find(tx, list, id)? else { return Ok(false) };
        store::listed::remove(tx, list, id)?;
        log(tx, list, caller, &entry)?;
        Ok(true)
    });
    if removed.await? { Ok(StatusCode::NO_CONTENT) } else { Err(missing()) }
}

/// Changes of the lists are found in the System Log.
fn log(
    tx: &store::Tx<'_>,
    list: List,
    caller: Caller,
    entry: &Listing,
) -> Result<(), store::Error> {
    let kind = match list {
        List::Block => GatewayEvent::BlocklistChange,
        List::Allow => GatewayEvent::AllowlistChange,
    };
    let name = Some(entry.whom.as_str().to_owned());
    let target = Target { id: entry.id.to_string(), name, before: None };
    let event = Event::by(caller.into_actor(), kind, Outcome::Success, Timestamp::now());
    store::event::append(tx, &event.to(Some(target), entry.reason.clone()))
}

/// An id that is none names nothing.
fn id(text: &str) -> Result<ListingId, ApiError> {
    text.parse().map_err(|_| missing())
}

fn missing() -> ApiError {
    ApiError::NotFound("entry")
}

impl NewEntry {
    fn into_listing(self, list: List, state: &AppState) -> Result<Listing, ApiError> {
        let invalid = |says: &str| ApiError::Invalid(says.to_owned());
        let now = Timestamp::now();
        let whom = match (self.number, self.prefix, self.region) {
            (Some(number), None, None) => intake::e164(&number, &state.policy)
                .map(Whom::Number)
                .ok_or_else(|| invalid("number: must be E.164 or a number of the home region")),
            (None, Some(prefix), None) => NumberPrefix::new(prefix)
                .map(Whom::Prefix)
                .ok_or_else(|| invalid("prefix: must be a plus and 1 to 15 digits")),
            (None, None, Some(region)) => intake::region(&region)
                .map(Whom::Region)
                .ok_or_else(|| invalid("region: must be an ISO 3166-1 code of two letters")),
            _ => Err(invalid("one of number, prefix and region must be given, and one only")),
        }?;
        if self.reason.as_ref().is_some_and(|reason| reason.chars().count() > MAX_REASON) {
            return Err(invalid("reason: must have at most 200 characters"));
        }
        let expires_at = self.expires_at.as_deref().map(Timestamp::parse).transpose();
        let expires_at = expires_at.ok().filter(|at| at.is_none_or(|at| at > now));
        let expires_at = expires_at
            .ok_or_else(|| invalid("expires_at: must be RFC 3339, and later than now"))?;
        let (id, by) = (ListingId::generate(), ListedBy::Operator);
        Ok(Listing { id, list, whom, by, reason: self.reason, created_at: now, expires_at })
    }
}

impl From<Listing> for Entry {
    fn from(entry: Listing) -> Self {
        let (mut number, mut prefix, mut region) = (None, None, None);
        match entry.whom {
            Whom::Number(it) => number = Some(it.into()),
            Whom::Prefix(it) => prefix = Some(it.as_str().to_owned()),
            Whom::Region(it) => region = Some(it),
        }
        Self {
            id: entry.id.to_string(),
            number,
            prefix,
            region,
            listed_by: entry.by,
            reason: entry.reason,
            created_at: entry.created_at.to_string(),
            expires_at: entry.expires_at.map(|at| at.to_string()),
        }
    }
}
