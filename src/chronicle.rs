//! What happens to the gateway itself, written into the System Log: modems that come and go, SIMs that
//! are exchanged, a disk that fills up. It follows what the rooms tell anyway; none of them knows it.

use std::time::Duration;

use tokio::{sync::watch, task::JoinSet};
use tokio_util::sync::CancellationToken;
use tracing::error;

use crate::{
    domain::{Detail, Event, GatewayEvent, Outcome, Target, Timestamp, clock::Moment},
    modem::{ModemHandle, ModemState, ModemStatus},
    store::{self, Store, Tx},
};

/// Between two tries to write an event while the disk is full.
const AGAIN: Duration = Duration::from_secs(1);

/// Writes down what happens, until `cancel`.
pub async fn keep(store: Store, modems: Vec<ModemHandle>, cancel: CancellationToken) {
    let mut followers = JoinSet::new();
    for modem in modems {
        let (store, name, status) = (store.clone(), modem.name().to_owned(), modem.status());
        let follow = async move { follow_modem(&store, &name, status).await };
        followers.spawn(cancel.clone().run_until_cancelled_owned(follow));
    }
    let follow = async move { follow_disk(&store).await };
    followers.spawn(cancel.run_until_cancelled_owned(follow));
    while let Some(ended) = followers.join_next().await {
        if let Err(cause) = ended {
            error!(%cause, "a part of the System Log is not written any more");
        }
    }
}

/// How a modem stands, as far as the log tells.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Standing {
    Up { sim: Option<String>, model: String },
    Down { detail: Detail, message: String },
}

impl Standing {
    /// `None` while that is open: it is brought up.
    fn of(status: &ModemStatus) -> Option<Self> {
        match (status.state, &status.problem) {
            (ModemState::Starting, _) => None,
            (ModemState::Ready, _) => {
                let iccid = status.facts.iccid.as_str();
                let sim = (!iccid.is_empty()).then(|| iccid.to_owned());
                Some(Self::Up { sim, model: status.facts.model.as_str().to_owned() })
            }
            (
                ModemState::Absent
                | ModemState::NotRegistered
                | ModemState::Failed
                | ModemState::Quarantined,
                problem,
            ) => {
                let (detail, message) = match problem {
                    Some(problem) => (problem.detail, problem.message.clone()),
                    None => (Detail::NoModem, String::new()),
                };
                Some(Self::Down { detail, message })
            }
        }
    }
}

async fn follow_modem(store: &Store, name: &str, mut status: watch::Receiver<ModemStatus>) {
    let mut told = None;
    loop {
        let standing = Standing::of(&status.borrow_and_update());
        if let Some(standing) = standing
            && told.as_ref() != Some(&standing)
        {
            let (modem, tells) = (name.to_owned(), standing.clone());
            let at = Moment::of(Timestamp::now());
            write(store, move |tx| tells.write(tx, &modem, at)).await;
            told = Some(standing);
        }
        if status.changed().await.is_err() {
            return;
        }
    }
}

impl Standing {
    fn write(&self, tx: &Tx<'_>, modem: &str, at: Moment) -> Result<(), store::Error> {
        let at = at.by_now();
        match self {
            Self::Down { detail, message } => {
                let event = Event::of_gateway(GatewayEvent::ModemDown, Outcome::Failure, at)
                    .because(Some(*detail))
                    .of_modem(modem)
                    .to(None, Some(message.clone()));
                store::event::append(tx, &event)
            }
            Self::Up { sim, model } => {
                let event = Event::of_gateway(GatewayEvent::ModemUp, Outcome::Success, at)
                    .of_modem(modem)
                    .to(None, Some(model.clone()));
                store::event::append(tx, &event)?;
                let Some(sim) = sim else { return Ok(()) };
                let before = store::modem_sim::put(tx, modem, sim)?;
                let Some(before) = before.filter(|before| before != sim) else { return Ok(()) };
                let target = Target { id: sim.clone(), name: None, before: Some(before) };
                let event = Event::of_gateway(GatewayEvent::SimChange, Outcome::Success, at)
                    .of_modem(modem)
                    .to(Some(target), None);
                store::event::append(tx, &event)
            }
        }
    }
}

async fn follow_disk(store: &Store) {
    let mut full = store.disk_full();
    let mut told = false;
    loop {
        let is_full = *full.borrow_and_update();
        if is_full != told {
            let (at, reason) =
                (Moment::of(Timestamp::now()), is_full.then_some(Detail::StorageFull));
            let tell = move |tx: &Tx<'_>| {
                store::event::append(tx, &Event::of_alarm("disk", reason, at.by_now()))
            };
            write(store, tell).await;
            told = is_full;
        }
        if full.changed().await.is_err() {
            return;
        }
    }
}

/// Writes until it is written: what happened is not to be forgotten because the disk was full.
async fn write(
    store: &Store,
    job: impl Fn(&Tx<'_>) -> Result<(), store::Error> + Clone + Send + 'static,
) {
    while let Err(cause) = store.write(job.clone()).await {
        if !cause.is_passing() {
            return error!(%cause, "an event of the gateway could not be written");
        }
        tokio::time::sleep(AGAIN).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::samples;

    /// The latest event tells a start whether its clock is behind.
    #[test]
    fn what_waited_while_the_clock_was_set_is_of_the_time_that_is() {
        samples::Memory::new().run(|tx| {
            let at = |seconds: i64| Timestamp::from_unix_ms(seconds * 1000);
            let down = Standing::Down { detail: Detail::NoModem, message: String::new() };
            // By 58 seconds back.
            let waited = Moment::of(at(60)).before_a_move_by(-58_000);
            down.write(tx, "m", waited).unwrap();
            assert_eq!(store::boot::latest(tx).unwrap(), Some(at(2)));
        });
    }
}
