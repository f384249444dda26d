//! `/api/v1/preferences/{user}`: the language that a user chose.

use axum::{
    Json,
    extract::{
        Path, State,
        rejection::{JsonRejection, PathRejection},
    },
};
use serde::{Deserialize, Serialize};

use crate::{
    domain::{Locale, Scope, Timestamp},
    http::{AppState, api::messages::MAX_LABEL, auth::Caller, error::ApiError},
    store,
};

/// What a user chose.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::http) struct Preferences {
    /// The language of texts and calls, BCP 47.
    #[schema(example = "pt-BR")]
    locale: String,
}

/// Store what a user chose: messages for the user that name no language use it.
#[utoipa::path(
    put, path = "/api/v1/preferences/{user}", tag = "preferences",
    params(("user" = String, Path, description = "As in `user` of messages")),
    request_body = Preferences, responses((status = 200, body = Preferences))
)]
pub(in crate::http) async fn put(
    State(state): State<AppState>,
    caller: Caller,
    path: Result<Path<String>, PathRejection>,
    body: Result<Json<Preferences>, JsonRejection>,
) -> Result<Json<Preferences>, ApiError> {
    caller.must(Scope::MessagesSend)?;
    let Path(user) = path?;
    let Json(body) = body?;
    if user.chars().count() > MAX_LABEL {
        return Err(ApiError::Invalid("user: must have at most 128 characters".into()));
    }
    let locale = Locale::parse(&body.locale).ok_or_else(|| {
        ApiError::Invalid("locale: must be a language tag such as de or pt-BR".into())
    })?;
    let locale = locale.to_string();
    let stored = locale.clone();
    let put = state.store.write(move |tx| {
        tx.must_have_room()?;
        store::preference::put(tx, &user, &stored, Timestamp::now())
    });
    put.await?;
    Ok(Json(Preferences { locale }))
}

/// See what a user chose.
#[utoipa::path(
    get, path = "/api/v1/preferences/{user}", tag = "preferences",
    params(("user" = String, Path)), responses((status = 200, body = Preferences))
)]
pub(in crate::http) async fn read(
    State(state): State<AppState>,
    caller: Caller,
    path: Result<Path<String>, PathRejection>,
) -> Result<Json<Preferences>, ApiError> {
    caller.must(Scope::MessagesRead)?;
    let Path(user) = path?;
    let found = state.store.read(move |view| store::preference::locale(view, &user)).await?;
    let locale = found.ok_or(ApiError::NotFound("preference"))?;
    Ok(Json(Preferences { locale }))
}
