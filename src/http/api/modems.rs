//! `/api/v1/modems`.

use axum::{
    Json,
    extract::{Path, State, rejection::PathRejection},
};
use serde::Serialize;

use crate::{
    domain::{Family, Scope},
    http::{AppState, auth::Caller, error::ApiError},
    modem::{ModemHandle, ModemStatus},
};

/// All modems, in the order of the configuration.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(in crate::http) struct Modems {
    items: Vec<Modem>,
    /// Always null: the list is whole.
    next: Option<String>,
}

/// A modem and how it is.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(in crate::http) struct Modem {
    name: String,
    /// `absent`, `starting`, `ready` or `failed`.
    state: &'static str,
    /// The bring-up step that runs or fails.
    step: Option<String>,
    /// What is wrong, and what to do about it.
    problem: Option<Problem>,
    port: String,
    /// The board that carries it.
    board: Option<String>,
    family: Option<String>,
    manufacturer: Option<String>,
    model: Option<String>,
    revision: Option<String>,
    imei: Option<String>,
    imsi: Option<String>,
    iccid: Option<String>,
    operator: Option<String>,
    registration: Option<String>,
    /// Received signal strength.
    signal_dbm: Option<i16>,
    /// Address of the service centre.
    service_centre: Option<String>,
    /// Since when it is in this state.
    since: String,
}

/// What is wrong with a modem.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct Problem {
    family: Family,
    detail: &'static str,
    /// What is wrong.
    message: String,
    /// What to do about it.
    hint: String,
}

/// List the modems.
#[utoipa::path(get, path = "/api/v1/modems", tag = "modems", responses((status = 200, body = Modems)))]
pub(in crate::http) async fn list(
    State(state): State<AppState>,
    caller: Caller,
) -> Result<Json<Modems>, ApiError> {
    caller.must(Scope::ModemsRead)?;
    Ok(Json(Modems { items: state.modems.iter().map(Modem::of).collect(), next: None }))
}

/// See a modem.
#[utoipa::path(
    get, path = "/api/v1/modems/{name}", tag = "modems", params(("name" = String, Path)),
    responses((status = 200, body = Modem))
)]
pub(in crate::http) async fn read(
    State(state): State<AppState>,
    caller: Caller,
    path: Result<Path<String>, PathRejection>,
) -> Result<Json<Modem>, ApiError> {
    caller.must(Scope::ModemsRead)?;
    let name = path?.0;
    let found = state.modems.iter().find(|modem| modem.name() == name);
    Ok(Json(Modem::of(found.ok_or(ApiError::NotFound("modem"))?)))
}

impl Modem {
    fn of(handle: &ModemHandle) -> Self {
        let status: ModemStatus = handle.status().borrow().clone();
        let facts = status.facts;
        let said = |word: &str| (!word.is_empty()).then(|| word.to_owned());
        Self {
            name: handle.name().to_owned(),
            state: status.state.as_str(),
            step: status.step.map(str::to_owned),
            problem: status.problem.map(|problem| Problem {
                family: problem.detail.family(),
                detail: problem.detail.as_str(),
                message: problem.message,
                hint: problem.hint,
            }),
            port: handle.config().port.display().to_string(),
            board: handle.config().board.clone(),
            family: status.family.map(|family| family.name.to_owned()),
            manufacturer: said(&facts.manufacturer),
            model: said(&facts.model),
            revision: said(&facts.revision),
            imei: said(&facts.imei),
            imsi: said(&facts.imsi),
            iccid: said(&facts.iccid),
            operator: said(&facts.operator),
            registration: facts.best_registration().map(|it| it.as_str().to_owned()),
            signal_dbm: facts.signal_dbm,
            service_centre: said(&facts.service_centre),
            since: status.since.to_string(),
        }
    }
}
