//! `/api/v1/segments`: what a text takes on the air.

use axum::{Json, extract::rejection::JsonRejection};
use serde::{Deserialize, Serialize};

use crate::{
    domain::Encoding,
    http::{auth::Caller, error::ApiError},
    intake::{self, Analysis},
};

/// A text to be measured.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::http) struct Text {
    #[schema(example = "It’s 5 o’clock")]
    text: String,
}

/// What a text takes on the air.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(in crate::http) struct Segments {
    /// `GSM-7` where all of its characters are in the GSM 7 bit alphabet, else `UCS-2`.
    encoding: Encoding,
    /// Its length: septets, or units of UTF-16.
    units: usize,
    /// How many segments it falls into.
    segments: usize,
    /// Units that each of them holds.
    per_segment: usize,
    /// Units that the last one still has room for.
    remaining: usize,
    /// The characters that are not in the GSM 7 bit alphabet.
    non_gsm: Vec<NonGsm>,
}

/// A character that is not in the GSM 7 bit alphabet.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(in crate::http) struct NonGsm {
    char: char,
    /// Characters before it.
    position: usize,
    /// What may stand for it; empty where it may be left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    suggestion: Option<&'static str>,
}

/// Measure a text: alphabet, segments, and what makes it expensive. Nothing is sent or stored.
#[utoipa::path(
    post, path = "/api/v1/segments", tag = "segments", request_body = Text,
    responses((status = 200, body = Segments))
)]
pub(in crate::http) async fn measure(
    _: Caller,
    body: Result<Json<Text>, JsonRejection>,
) -> Result<Json<Segments>, ApiError> {
    let Json(body) = body?;
    let Analysis { encoding, units, segments, per_segment, remaining, non_gsm, .. } =
        intake::analyse(&body.text);
    let non_gsm = non_gsm.into_iter().map(NonGsm::from).collect();
    Ok(Json(Segments { encoding, units, segments, per_segment, remaining, non_gsm }))
}

impl From<intake::NonGsm> for NonGsm {
    fn from(it: intake::NonGsm) -> Self {
        Self { char: it.character, position: it.position, suggestion: it.suggestion }
    }
}
