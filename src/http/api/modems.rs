//! `/api/v1/modems`.

use axum::{
    Json,
    extract::{Path, State, rejection::PathRejection},
    http::StatusCode,
};
use serde::Serialize;

use crate::{
    domain::{Family, Locator, Scope},
    http::{AppState, auth::Caller, error::ApiError},
    modem::{self, Action, ModemHandle, ModemStatus, Rung},
    store,
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
    /// `absent`, `starting`, `ready`, `not_registered`, `failed` or `quarantined`.
    state: &'static str,
    /// The bring-up step that runs or fails.
    step: Option<String>,
    /// How long that step may take with all its tries.
    step_deadline_seconds: Option<u64>,
    /// What is wrong, and what to do about it.
    problem: Option<Problem>,
    /// By what it is found: `port`, `usb`, `imei` or `iccid`.
    found_by: &'static str,
    /// The value of that.
    locator: String,
    /// The device file of its port, where it was found last.
    port: Option<String>,
    /// The USB socket that it was found at last, such as `1-1.2`.
    usb_path: Option<String>,
    /// The board that carries it.
    board: Option<String>,
    family: Option<String>,
    manufacturer: Option<String>,
    model: Option<String>,
    revision: Option<String>,
    imei: Option<String>,
    imsi: Option<String>,
    iccid: Option<String>,
    /// The SIM's own number, where the card knows it.
    number: Option<String>,
    /// How often the PIN may be entered yet, where the SIM wanted it.
    pin_retries: Option<u8>,
    operator: Option<String>,
    registration: Option<String>,
    /// `GSM`, `UMTS`, `LTE`, `NB-IoT` or `NR`.
    technology: Option<&'static str>,
    cell: Option<Cell>,
    /// Received signal strength.
    signal_dbm: Option<i16>,
    /// Power of the reference signal: RSRP, or RSCP.
    reference_dbm: Option<i16>,
    /// How full its message stores were when they were looked at last.
    stores: Vec<StoreUse>,
    /// Address of the service centre.
    service_centre: Option<String>,
    /// How it is heard in calls; null = it places none.
    voice: Option<Voice>,
    /// Since when it is in this state.
    since: String,
    /// What has happened to it since the daemon started.
    counts: Counts,
}

/// Where a modem is registered.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct Cell {
    /// Location or tracking area code.
    area: u32,
    id: u32,
}

/// How a modem is heard in calls.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct Voice {
    /// `pcm` (samples over a serial port), `usb` (a sound card), `file` (files that it plays) or `speech` (its own
    /// voice).
    sound: &'static str,
    /// Whether keys that are pressed are heard.
    keys: bool,
}

/// How full a message store is.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct StoreUse {
    /// `SM` (the SIM), `ME` (the modem) or `SR` (delivery reports).
    name: String,
    used: u16,
    total: u16,
}

/// What has happened to a modem since the daemon started.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct Counts {
    /// Freed of what it waited for.
    drain: u32,
    /// Port opened anew after a failure.
    reopen: u32,
    /// Told to restart.
    soft_reset: u32,
    /// Power switched.
    hard_reset: u32,
    /// Left alone for a while, because nothing brought it back.
    quarantine: u32,
    /// Restarted by itself.
    restarts: u32,
    /// `AT` was not answered.
    misses: u32,
    /// Told of a low supply voltage.
    under_voltage: u32,
    /// Bytes from its line that are no text.
    garbage: u32,
    /// The task that drives it failed.
    panics: u32,
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
    Ok(Json(Modems {
        items: state.outlets.iter().map(|outlet| Modem::of(&outlet.handle)).collect(),
        next: None,
    }))
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
    Ok(Json(Modem::of(find(&state, path)?)))
}

/// Restart a modem.
///
/// By a command where its family has one, else by its power where something switches it; at least its
/// port is opened anew.
#[utoipa::path(
    post, path = "/api/v1/modems/{name}/reset", tag = "modems", params(("name" = String, Path)),
    responses((status = 202, body = Modem))
)]
pub(in crate::http) async fn reset(
    State(state): State<AppState>,
    caller: Caller,
    path: Result<Path<String>, PathRejection>,
) -> Result<(StatusCode, Json<Modem>), ApiError> {
    caller.must(Scope::ModemsManage)?;
    let modem = find(&state, path)?;
    modem.act(Action::Reset);
    Ok((StatusCode::ACCEPTED, Json(Modem::of(modem))))
}

/// Let the PIN of a modem's SIM be tried once more.
///
/// A PIN that was wrong is not entered again until somebody who has corrected it says so.
#[utoipa::path(
    post, path = "/api/v1/modems/{name}/unlock", tag = "modems", params(("name" = String, Path)),
    responses((status = 202, body = Modem))
)]
pub(in crate::http) async fn unlock(
    State(state): State<AppState>,
    caller: Caller,
    path: Result<Path<String>, PathRejection>,
) -> Result<(StatusCode, Json<Modem>), ApiError> {
    caller.must(Scope::ModemsManage)?;
    let modem = find(&state, path)?;
    let sim = modem.status().borrow().sim(modem.name());
    state.store.write(move |tx| store::pin::forget(tx, &sim)).await?;
    modem.act(Action::Retry);
    Ok((StatusCode::ACCEPTED, Json(Modem::of(modem))))
}

fn find(
    state: &AppState,
    path: Result<Path<String>, PathRejection>,
) -> Result<&ModemHandle, ApiError> {
    let name = path?.0;
    let found =
        state.outlets.iter().map(|outlet| &outlet.handle).find(|modem| modem.name() == name);
    found.ok_or(ApiError::NotFound("modem"))
}

impl StoreUse {
    fn of(seen: &modem::StoreUse) -> Self {
        Self { name: seen.name.as_str().to_owned(), used: seen.used, total: seen.total }
    }
}

impl Counts {
    fn of(counts: &modem::Counts) -> Self {
        let rung = |rung: Rung| counts.rungs.get(rung.index()).copied().unwrap_or_default();
        Self {
            drain: rung(Rung::Drain),
            reopen: rung(Rung::Reopen),
            soft_reset: rung(Rung::SoftReset),
            hard_reset: rung(Rung::HardReset),
            quarantine: rung(Rung::Quarantine),
            restarts: counts.restarts,
            misses: counts.misses,
            under_voltage: counts.under_voltage,
            garbage: counts.garbage,
            panics: counts.panics,
        }
    }
}

impl Modem {
    fn of(handle: &ModemHandle) -> Self {
        let status: ModemStatus = handle.status().borrow().clone();
        let facts = status.facts;
        let locator = &handle.config().locator;
        let place = status.place.as_ref();
        let said = |word: &str| (!word.is_empty()).then(|| word.to_owned());
        Self {
            name: handle.name().to_owned(),
            state: status.state.as_str(),
            step: status.step.map(str::to_owned),
            step_deadline_seconds: status.step_deadline.map(|it| it.as_secs()),
            problem: status.problem.map(|problem| Problem {
                family: problem.detail.family(),
                detail: problem.detail.as_str(),
                message: problem.message,
                hint: problem.hint,
            }),
            found_by: locator.key(),
            locator: locator.to_string(),
            port: match (place, locator) {
                (Some(place), _) => Some(place.port.display().to_string()),
                (None, Locator::Port(port)) => Some(port.display().to_string()),
                (None, _) => None,
            },
            usb_path: place.and_then(|it| it.usb.as_ref()).map(|it| it.path.clone()),
            board: handle.config().board.clone(),
            family: status.family.map(|family| family.name.to_owned()),
            manufacturer: said(&facts.manufacturer),
            model: said(&facts.model),
            revision: said(&facts.revision),
            imei: said(&facts.imei),
            imsi: said(&facts.imsi),
            iccid: said(&facts.iccid),
            number: said(&facts.number),
            pin_retries: facts.pin_retries,
            operator: said(&facts.operator),
            registration: facts.best_registration().map(|it| it.as_str().to_owned()),
            technology: facts.technology.map(|it| it.as_str()),
            cell: facts.cell.map(|cell| Cell { area: cell.area, id: cell.id }),
            signal_dbm: facts.signal_dbm,
            reference_dbm: facts.reference_dbm,
            stores: facts.store_use.iter().map(StoreUse::of).collect(),
            service_centre: said(&facts.service_centre),
            voice: facts.voice.map(|voice| Voice { sound: voice.sink.as_str(), keys: voice.keys }),
            since: status.since.to_string(),
            counts: Counts::of(&status.counts),
        }
    }
}
