//! A modem, and what the site says of its part in sending.

use std::sync::Arc;

use super::route::{Terms, can_serve};
use crate::{
    domain::{Channel, Lane, Said, Service},
    modem::{ModemHandle, ModemState},
};

/// A modem, as the outbox uses it.
#[derive(Debug, Clone)]
pub struct Outlet {
    /// Its handle.
    pub handle: ModemHandle,
    /// What the site says of its part in sending.
    pub terms: Arc<Terms>,
}

impl Outlet {
    /// Whether it is registered, and may and can do this.
    pub fn may_serve(&self, service: Service, lane: Lane, region: &str) -> bool {
        let status = self.handle.status();
        let status = status.borrow();
        let able = can_serve(status.facts.voice, service);
        let allowed = self.terms.serve(service.channel(), lane, region);
        status.state == ModemState::Ready && able && allowed
    }
}

/// Whether a modem may place calls that say this, after a key where they are to be confirmed, now or when it is
/// there: only of one that is ready it is known that it cannot.
pub fn may_call(outlets: &[Outlet], says: Said, confirm: bool) -> bool {
    let service = Service::Call { says, keys: confirm };
    outlets.iter().any(|outlet| {
        let status = outlet.handle.status();
        let status = status.borrow();
        let allowed = outlet.terms.channels.contains(&Channel::Voice);
        allowed && (status.state != ModemState::Ready || can_serve(status.facts.voice, service))
    })
}
