//! The local HTTP API. The only room that names `axum`, and `hyper` below it.

mod api;
mod auth;
mod error;
mod idempotency;
mod metrics;
mod okta;
mod page;
mod router;
mod server;
mod state;

pub use auth::{NewToken, new_token};
pub use metrics::Metrics;
pub use okta::hook::{Callers, Hook, KeySource, Manner, Tokens, TokensError};
pub use router::{openapi, router};
pub use server::serve;
pub use state::{AppState, LogAccess};
