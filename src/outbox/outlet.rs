//! A modem, and what the site says of its part in sending.

use std::sync::Arc;

use super::route::Terms;
use crate::{
    domain::{Channel, Lane, Service},
    modem::{ModemHandle, ModemState, ModemStatus},
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
        let allowed = self.terms.serve(service.channel(), lane, region);
        status.state == ModemState::Ready && is_able(&status, service) && allowed
    }
}

/// Whether a modem may place calls, now or when it is there, with keys where they are to be confirmed: only of
/// one that is ready it is known that it cannot.
pub fn may_call(outlets: &[Outlet], confirm: bool) -> bool {
    let service = if confirm { Service::KeyedCall } else { Service::Call };
    outlets.iter().any(|outlet| {
        let status = outlet.handle.status();
        let status = status.borrow();
        let allowed = outlet.terms.channels.contains(&Channel::Voice);
        allowed && (status.state != ModemState::Ready || is_able(&status, service))
    })
}

fn is_able(status: &ModemStatus, service: Service) -> bool {
    match service {
        Service::Text => true,
        Service::Call => status.facts.voice.is_some(),
        Service::KeyedCall => status.facts.voice.is_some_and(|voice| voice.keys),
    }
}
