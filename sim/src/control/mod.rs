//! The control API: what tests and people ask of a running simulator, over HTTP and JSON.

mod body;
mod calls;
mod error;
mod modems;
mod network;
mod overview;
mod phones;

use std::{io, net::SocketAddr, sync::Arc};

use axum::{
    Router,
    routing::{get, post},
};
use tokio::net::TcpListener;

use crate::hub::Hub;

/// Serves until the simulator ends; returns the address it got.
pub(crate) async fn serve(hub: &Arc<Hub>, address: SocketAddr) -> io::Result<SocketAddr> {
    let listener = TcpListener::bind(address).await?;
    let address = listener.local_addr()?;
    let router = router(Arc::clone(hub));
    hub.spawn(async move {
        if let Err(error) = axum::serve(listener, router).await {
            tracing::error!(%error, "the control API ended");
        }
    });
    Ok(address)
}

fn router(hub: Arc<Hub>) -> Router {
    Router::new()
        .route("/", get(overview::page))
        .route("/modems", get(modems::list))
        .route("/modems/{modem}", get(modems::show).put(modems::change))
        .route("/modems/{modem}/transcript", get(modems::transcript))
        .route("/modems/{modem}/files", get(modems::files))
        .route(
            "/modems/{modem}/faults",
            get(modems::faults).post(modems::add_fault).delete(modems::clear_faults),
        )
        .route("/modems/{modem}/faults/{fault}", axum::routing::delete(modems::clear_fault))
        .route("/modems/{modem}/unplug", post(modems::unplug))
        .route("/modems/{modem}/replug", post(modems::replug))
        .route("/modems/{modem}/swap_sims", post(modems::swap_sims))
        .route("/phones", get(phones::list))
        .route("/phones/{number}", get(phones::show).put(phones::change))
        .route("/phones/{number}/messages", get(phones::messages))
        .route("/phones/{number}/send", post(phones::send))
        .route("/phones/{number}/calls", get(phones::calls))
        .route("/phones/{number}/answer", post(phones::answer))
        .route("/phones/{number}/hang_up", post(phones::hang_up))
        .route("/phones/{number}/keys", post(phones::press))
        .route("/calls", get(calls::list))
        .route("/calls/{id}", get(calls::show))
        .route("/calls/{id}/audio", get(calls::audio))
        .route("/network", get(network::show).put(network::change))
        .route("/network/submits", get(network::submits))
        .fallback(error::no_such_path)
        .with_state(hub)
}
