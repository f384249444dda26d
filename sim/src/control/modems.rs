//! `/modems`: what they are, what they said, what is wrong with them.

use std::{
    path::PathBuf,
    sync::{Arc, atomic::Ordering},
};

use axum::{
    Json,
    extract::{Path, State},
};
use serde::{Deserialize, Serialize};

use super::{body::Body, error::ApiError};
use crate::{
    Fault, FaultSpec, PduError, TranscriptLine,
    hub::{Hub, lock},
};

type Api<T> = Result<Json<T>, ApiError>;

/// A modem as the API shows it.
#[derive(Serialize)]
pub(super) struct ModemView {
    name: String,
    family: &'static str,
    port: PathBuf,
    /// Where its sound goes through a port.
    audio_port: Option<PathBuf>,
    number: String,
    imei: String,
    iccid: String,
    imsi: String,
    plugged: bool,
    /// A host has the port open.
    attended: bool,
    registered: bool,
    pace: u32,
    keep_mr: bool,
    service_centre: String,
    faults: Vec<FaultSpec>,
    pdu_errors: Vec<PduError>,
}

/// What of a modem can be changed.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ModemChange {
    pace: Option<u32>,
    keep_mr: Option<bool>,
    service_centre: Option<String>,
}

/// Under which name a modem comes back.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Replug {
    link: Option<String>,
}

/// The modem that a SIM is swapped with.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Swap {
    with: String,
}

/// The faults that are on, and all there are.
#[derive(Serialize)]
pub(super) struct FaultsView {
    active: Vec<FaultSpec>,
    available: Vec<AvailableFault>,
}

/// A file in a modem's flash.
#[derive(Serialize)]
pub(super) struct FileView {
    name: String,
    size: usize,
}

#[derive(Serialize)]
struct AvailableFault {
    fault: &'static str,
    description: &'static str,
}

pub(super) async fn list(State(hub): State<Arc<Hub>>) -> Json<Vec<ModemView>> {
    Json((0..hub.slots.len()).filter_map(|index| view(&hub, index)).collect())
}

pub(super) async fn show(State(hub): State<Arc<Hub>>, Path(name): Path<String>) -> Api<ModemView> {
    shown(&hub, find(&hub, &name)?, &name)
}

pub(super) async fn change(
    State(hub): State<Arc<Hub>>,
    Path(name): Path<String>,
    Body(change): Body<ModemChange>,
) -> Api<ModemView> {
    let index = find(&hub, &name)?;
    if let (Some(pace), Some(slot)) = (change.pace, hub.slots.get(index)) {
        slot.pace.store(pace, Ordering::Relaxed);
    }
    if let Some(keep) = change.keep_mr {
        hub.with_device(index, |device| device.keeps_mr = keep);
    }
    if let Some(address) = change.service_centre {
        hub.with_device(index, |device| device.card.service_centre = address);
    }
    shown(&hub, index, &name)
}

pub(super) async fn transcript(
    State(hub): State<Arc<Hub>>,
    Path(name): Path<String>,
) -> Api<Vec<TranscriptLine>> {
    let index = find(&hub, &name)?;
    Ok(Json(hub.with_device(index, |device| device.transcript.lines()).unwrap_or_default()))
}

pub(super) async fn files(
    State(hub): State<Arc<Hub>>,
    Path(name): Path<String>,
) -> Api<Vec<FileView>> {
    let files = hub.with_device(find(&hub, &name)?, |device| device.flash.list());
    let view = |(name, size)| FileView { name, size };
    Ok(Json(files.unwrap_or_default().into_iter().map(view).collect()))
}

pub(super) async fn faults(
    State(hub): State<Arc<Hub>>,
    Path(name): Path<String>,
) -> Api<FaultsView> {
    Ok(Json(faults_view(&hub, find(&hub, &name)?)))
}

pub(super) async fn add_fault(
    State(hub): State<Arc<Hub>>,
    Path(name): Path<String>,
    Body(body): Body<serde_json::Value>,
) -> Api<FaultsView> {
    let index = find(&hub, &name)?;
    let fault = body.get("fault").and_then(serde_json::Value::as_str).unwrap_or("");
    // By hand first, because the list of names is what a person wants to see.
    Fault::by_name(fault).map_err(ApiError::bad_request)?;
    let spec: FaultSpec = serde_json::from_value(body)
        .map_err(|error| ApiError::bad_request(format!("failed to read the fault: {error}")))?;
    hub.with_device(index, |device| device.add_fault(spec));
    Ok(Json(faults_view(&hub, index)))
}

pub(super) async fn clear_faults(
    State(hub): State<Arc<Hub>>,
    Path(name): Path<String>,
) -> Api<FaultsView> {
    let index = find(&hub, &name)?;
    hub.with_device(index, |device| device.clear_faults(None));
    Ok(Json(faults_view(&hub, index)))
}

pub(super) async fn clear_fault(
    State(hub): State<Arc<Hub>>,
    Path((name, fault)): Path<(String, String)>,
) -> Api<FaultsView> {
    let index = find(&hub, &name)?;
    let fault = Fault::by_name(&fault).map_err(ApiError::bad_request)?;
    hub.with_device(index, |device| device.clear_faults(Some(fault)));
    Ok(Json(faults_view(&hub, index)))
}

pub(super) async fn unplug(
    State(hub): State<Arc<Hub>>,
    Path(name): Path<String>,
) -> Api<ModemView> {
    let index = find(&hub, &name)?;
    hub.unplug(index);
    shown(&hub, index, &name)
}

pub(super) async fn replug(
    State(hub): State<Arc<Hub>>,
    Path(name): Path<String>,
    Body(replug): Body<Replug>,
) -> Api<ModemView> {
    let index = find(&hub, &name)?;
    hub.replug(index, replug.link.as_deref())
        .map_err(|error| ApiError::internal(format!("failed to plug it in: {error}")))?;
    shown(&hub, index, &name)
}

pub(super) async fn swap_sims(
    State(hub): State<Arc<Hub>>,
    Path(name): Path<String>,
    Body(swap): Body<Swap>,
) -> Api<ModemView> {
    let index = find(&hub, &name)?;
    hub.swap_sims(index, find(&hub, &swap.with)?)
        .map_err(|error| ApiError::internal(format!("failed to plug them in: {error}")))?;
    shown(&hub, index, &name)
}

fn find(hub: &Hub, name: &str) -> Result<usize, ApiError> {
    hub.index(name).ok_or_else(|| ApiError::no_modem(name, hub))
}

fn shown(hub: &Arc<Hub>, index: usize, name: &str) -> Api<ModemView> {
    view(hub, index).map(Json).ok_or_else(|| ApiError::no_modem(name, hub))
}

fn view(hub: &Arc<Hub>, index: usize) -> Option<ModemView> {
    let slot = hub.slots.get(index)?;
    let plugged = lock(&slot.port).is_some();
    hub.receive_hosts();
    let attended = plugged && hub.presence.attended(index);
    hub.with_device(index, |device| ModemView {
        name: slot.name.clone(),
        family: device.profile.name,
        port: hub.port_path(index),
        audio_port: device
            .profile
            .voice
            .filter(|voice| voice.audio_port)
            .map(|_| hub.audio_path(index)),
        number: device.card.number.clone(),
        imei: device.imei.clone(),
        iccid: device.card.iccid.clone(),
        imsi: device.card.imsi.clone(),
        plugged,
        attended,
        registered: plugged && device.registered(),
        pace: slot.pace.load(Ordering::Relaxed),
        keep_mr: device.keeps_mr,
        service_centre: device.card.service_centre.clone(),
        faults: device.faults.active(),
        pdu_errors: device.pdu_errors.clone(),
    })
}

fn faults_view(hub: &Arc<Hub>, index: usize) -> FaultsView {
    let available = Fault::ALL
        .iter()
        .map(|fault| AvailableFault { fault: fault.name(), description: fault.describe() })
        .collect();
    let active = hub.with_device(index, |device| device.faults.active()).unwrap_or_default();
    FaultsView { active, available }
}
