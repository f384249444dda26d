//! Errors that say what would have been right.

use axum::{
    Json,
    http::{StatusCode, Uri},
    response::{IntoResponse, Response},
};
use serde_json::json;

use crate::hub::Hub;

/// A status and a sentence.
pub(super) struct ApiError(StatusCode, String);

impl ApiError {
    pub(super) fn bad_request(message: impl Into<String>) -> Self {
        Self(StatusCode::BAD_REQUEST, message.into())
    }

    pub(super) fn internal(message: impl Into<String>) -> Self {
        Self(StatusCode::INTERNAL_SERVER_ERROR, message.into())
    }

    pub(super) fn no_call(number: &str) -> Self {
        let message = format!("{number} is in no call in which it could do that");
        Self(StatusCode::CONFLICT, message)
    }

    pub(super) fn not_found(message: impl Into<String>) -> Self {
        Self(StatusCode::NOT_FOUND, message.into())
    }

    pub(super) fn no_modem(name: &str, hub: &Hub) -> Self {
        let names: Vec<_> = hub.slots.iter().map(|slot| slot.name.as_str()).collect();
        let message = format!("no modem is named {name:?}; there are: {}", names.join(", "));
        Self(StatusCode::NOT_FOUND, message)
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        (self.0, Json(json!({ "error": self.1 }))).into_response()
    }
}

pub(super) async fn no_such_path(uri: Uri) -> ApiError {
    let message = format!(
        "nothing is at {}; there are: /, /modems, /modems/m1, /modems/m1/transcript, \
         /modems/m1/faults, /modems/m1/files, /modems/m1/unplug, /modems/m1/replug, /phones, /phones/+NUMBER, \
         /phones/+NUMBER/messages, /phones/+NUMBER/send, /phones/+NUMBER/calls, \
         /phones/+NUMBER/answer, /phones/+NUMBER/hang_up, /phones/+NUMBER/keys, /calls, \
         /calls/1, /calls/1/audio, /network, /network/submits",
        uri.path()
    );
    ApiError(StatusCode::NOT_FOUND, message)
}
