//! A modem, and what the site says of its part in sending.

use std::{sync::Arc, time::Duration};

use tokio::sync::watch;

use super::{
    budget::{self, Used},
    route::{Terms, can_serve},
};
use crate::{
    domain::{Channel, Lane, Service},
    modem::{ModemHandle, ModemState},
};

/// A modem, as the outbox uses it.
#[derive(Debug, Clone)]
pub struct Outlet {
    /// Its handle.
    pub handle: ModemHandle,
    /// What the site says of its part in sending.
    pub terms: Arc<Terms>,
    standing: Arc<watch::Sender<Standing>>,
}

/// A pause that ends within so long keeps nobody from waiting for it: a passcode lives for minutes.
pub(super) const SOON: Duration = Duration::from_secs(60);

/// What the outbox knew of a modem and its SIM in its last turn.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Standing {
    /// Whether texts are kept from it, and not only for [`SOON`].
    pub(super) no_texts: bool,
    /// Whether calls are.
    pub(super) no_calls: bool,
    /// What its SIM has sent.
    pub(super) used: Used,
    /// What it has in the hour that ends with [`SOON`], where that is limited.
    pub(super) hour_soon: u32,
}

impl Standing {
    /// Whether nothing that is known here keeps a message from the air for longer than a passcode can wait.
    fn admits(self, terms: &Terms, channel: Channel, lane: Lane, region: &str) -> bool {
        let price = terms.price(channel, region).unwrap_or_default();
        let kept_back = match channel {
            Channel::Sms => self.no_texts,
            Channel::Voice => self.no_calls,
        };
        !kept_back && budget::is_left_soon(&terms.allowance(lane), self.used, self.hour_soon, price)
    }
}

impl Outlet {
    /// A modem of which the outbox knows nothing yet.
    pub fn new(handle: ModemHandle, terms: Arc<Terms>) -> Self {
        Self { handle, terms, standing: Arc::default() }
    }

    /// Tells all who hold it.
    pub(super) fn tell(&self, standing: Standing) {
        self.standing.send_replace(standing);
    }

    /// Whether it is registered, may and can do this in that language, and has no long pause and a budget left for it.
    pub fn may_serve(
        &self,
        service: Service,
        lane: Lane,
        region: &str,
        locale: Option<&str>,
    ) -> bool {
        let status = self.handle.status();
        let status = status.borrow();
        let able = can_serve(status.facts.voice, service, locale);
        let channel = service.channel();
        let allowed = self.terms.serve(channel, lane, region)
            && self.standing.borrow().admits(&self.terms, channel, lane, region);
        status.state == ModemState::Ready && able && allowed
    }
}

/// Whether a modem may place such calls, in whatever language, now or when it is there: only of one that is ready it is
/// known that it cannot.
pub fn may_call(outlets: &[Outlet], call: Service) -> bool {
    outlets.iter().any(|outlet| {
        let status = outlet.handle.status();
        let status = status.borrow();
        let allowed = outlet.terms.channels.contains(&Channel::Voice);
        let able = || can_serve(status.facts.voice, call, None);
        allowed && (status.state != ModemState::Ready || able())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        domain::{Allowance, Money, Timestamp},
        outbox::{
            Prices,
            budget::{Account, admits},
        },
    };

    #[test]
    fn what_is_over_soon_keeps_nothing_from_the_air_and_what_lasts_does() {
        let cent = Money::from_micros(10_000);
        let allowance = Allowance {
            per_minute: Some(1),
            per_hour: Some(2),
            per_day: Some(3),
            per_month: Some(9),
            cost_per_month: Some(cent.times(9)),
        };
        let by_region = vec![("DE".into(), cent.times(5))];
        let prices = Prices { by_region, elsewhere: Some(cent) };
        let terms = Terms { allowance, prices, ..Terms::default() };
        let admits =
            |standing: Standing, region| standing.admits(&terms, Channel::Sms, Lane::Otp, region);
        let used = |used| Standing { used, ..Standing::default() };
        assert!(admits(Standing::default(), "US"));
        assert!(admits(used(Used { minute: 1, hour: 2, day: 2, ..Used::default() }), "US"));
        assert!(!admits(used(Used { day: 3, ..Used::default() }), "US"));
        assert!(!admits(used(Used { month: 9, ..Used::default() }), "US"));
        let costs = used(Used { cost: cent.times(5), ..Used::default() });
        assert!(admits(costs, "US") && !admits(costs, "DE"));
        assert!(!admits(Standing { no_texts: true, ..Standing::default() }, "US"));
        assert!(admits(Standing { no_calls: true, ..Standing::default() }, "US"));
    }

    /// Of Okta's hook: what could not go out before it expires is not PENDING.
    #[test]
    fn an_hour_that_is_used_up_for_longer_than_a_code_lives_keeps_it_from_the_air() {
        let at = |minute: u64| {
            let noon = Timestamp::parse("2026-11-02T12:00:00Z").unwrap();
            noon.after(Duration::from_secs(60 * minute))
        };
        let allowance = Allowance { per_hour: Some(60), ..Allowance::default() };
        let terms = Terms { allowance, ..Terms::default() };
        let mut account = Account::default();
        (0..60).for_each(|_| account.book(at(2), Money::ZERO));
        let waits =
            (3..).find(|it| admits(&allowance, account.used(at(*it)), Money::ZERO)).unwrap() - 3;
        let told = Standing {
            used: account.used(at(3)),
            hour_soon: account.hour_by(at(4)),
            ..Standing::default()
        };
        let told = told.admits(&terms, Channel::Sms, Lane::Otp, "US");
        assert!(!told, "a code would wait for {waits} minutes");
    }
}
