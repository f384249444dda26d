//! All routes on one screen.

use axum::{Router, extract::DefaultBodyLimit, middleware, routing::get};
use utoipa::{
    Modify, OpenApi,
    openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme},
};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    AppState,
    api::{
        conversion, events, export, health, inbound, lists, messages, modems, preferences, reports,
        segments,
    },
    error::{ApiError, MAX_BODY, Problem},
    metrics,
    okta::{hook, logs, templates},
};

/// The API of `state`, ready to be served.
pub fn router(state: AppState) -> Router {
    let (router, _) = api().split_for_parts();
    router
        .route("/openapi.json", get(|| async { axum::Json(openapi()) }))
        .fallback(|| async { ApiError::NotFound("path") })
        .method_not_allowed_fallback(|| async { ApiError::MethodNotAllowed })
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .layer(middleware::from_fn_with_state(state.clone(), metrics::count))
        .with_state(state)
}

/// The API's own description, OpenAPI 3.1.
pub fn openapi() -> utoipa::openapi::OpenApi {
    api().into_openapi()
}

fn api() -> OpenApiRouter<AppState> {
    OpenApiRouter::with_openapi(Description::openapi())
        .routes(routes!(messages::create, messages::list))
        .routes(routes!(messages::read, messages::cancel))
        .routes(routes!(messages::feedback))
        .routes(routes!(inbound::list))
        .routes(routes!(inbound::read))
        .routes(routes!(logs::list))
        .routes(routes!(export::log))
        .routes(routes!(export::messages))
        .routes(routes!(export::inbound))
        .routes(routes!(events::follow))
        .routes(routes!(reports::usage))
        .routes(routes!(reports::usage_csv))
        .routes(routes!(modems::list))
        .routes(routes!(modems::read))
        .routes(routes!(lists::list_blocked, lists::block))
        .routes(routes!(lists::read_blocked, lists::unblock))
        .routes(routes!(lists::list_allowed, lists::allow))
        .routes(routes!(lists::read_allowed, lists::disallow))
        .routes(routes!(templates::list, templates::create))
        .routes(routes!(templates::read, templates::replace, templates::update, templates::remove))
        .routes(routes!(templates::check))
        .routes(routes!(preferences::put, preferences::read))
        .routes(routes!(segments::measure))
        .routes(routes!(conversion::report))
        .routes(routes!(modems::reset))
        .routes(routes!(modems::unlock))
        .routes(routes!(hook::telephony))
        .routes(routes!(health::healthz))
        .routes(routes!(health::readyz))
        .routes(routes!(metrics::page::scrape))
}

#[derive(OpenApi)]
#[openapi(
    info(title = "Ringpost", description = "On-prem gateway that texts and rings any phone."),
    components(schemas(Problem)),
    modifiers(&Tokens),
    security(("token" = [])),
)]
struct Description;

/// Says how requests are authenticated.
struct Tokens;

impl Modify for Tokens {
    fn modify(&self, openapi: &mut utoipa::openapi::OpenApi) {
        let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build();
        let components = openapi.components.get_or_insert_default();
        components.add_security_scheme("token", SecurityScheme::Http(bearer));
    }
}
