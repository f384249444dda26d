//! Waiting for what becomes of a message, until Okta must be answered.

use std::{
    sync::{Arc, OnceLock},
    time::Duration,
};

use tokio::{
    sync::broadcast::{self, error::RecvError},
    time::{Instant, sleep_until, timeout_at},
};
use tracing::{info, warn};

use super::reply::{Reply, Unsent};
use crate::{
    domain::{End, MessageId, Phase, Timestamp},
    http::AppState,
    intake::Found,
    outbox::{self, Rules},
    store::{self, ByThen, Store, message::MessageView},
};

/// Kept of the time for the last write: that Okta was told, or that nothing will be sent. A disk takes some
/// milliseconds for it.
const LAST_WRITE: Duration = Duration::from_millis(200);

/// Waits until the network has taken the message, or will not, or there is no more time. `told` has been there
/// since before the message.
pub(super) async fn for_outcome(
    state: &AppState,
    caller: &Caller,
    mut told: broadcast::Receiver<MessageId>,
    message: MessageView,
    until: Instant,
) -> Reply {
    let id = message.id;
    let mut reply = Reply::of(message);
    let last_write_at = until.checked_sub(LAST_WRITE).unwrap_or(until);
    while let Reply::Pending(_) = &reply {
        tokio::select! {
            () = sleep_until(last_write_at) => break,
            () = state.closing.cancelled() => break,
            () = news_of(&mut told, id) => {}
        }
        match look(&state.store, id, last_write_at).await {
            Some(message) => reply = Reply::of(message),
            None => break,
        }
    }
    if let Reply::Pending(Some(message)) = reply {
        let hopeless = !can_be_sent(state, &message);
        reply = last_word(caller, *message, hopeless, until).await;
    }
    reply
}

/// What is told of a message that an event brought before. That may have been on another connection, where it is
/// still waited for, and whose end must not take back a PENDING that is told here.
pub(super) async fn as_it_is(caller: &Caller, message: MessageView, until: Instant) -> Reply {
    match Reply::of(message) {
        Reply::Pending(Some(message)) => last_word(caller, *message, false, until).await,
        reply @ (Reply::Successful(_) | Reply::Pending(None) | Reply::Unsent(_)) => reply,
    }
}

/// The message as it is, unless that cannot be known in time.
async fn look(store: &Store, id: MessageId, until: Instant) -> Option<MessageView> {
    let read = store.read(move |view| store::message::find(view, id));
    match timeout_at(until, read).await {
        Ok(Ok(found)) => found,
        Ok(Err(cause)) => {
            warn!(%cause, "a hook of Okta's is answered PENDING: its message cannot be read");
            None
        }
        // Others read, and all places are taken.
        Err(_) => None,
    }
}

/// Resolves when an event may have told of the message.
async fn news_of(told: &mut broadcast::Receiver<MessageId>, id: MessageId) {
    loop {
        match told.recv().await {
            Ok(other) if other != id => {}
            Ok(_) | Err(RecvError::Lagged(_)) => return,
            // The store has closed: there will be no news.
            Err(RecvError::Closed) => std::future::pending().await,
        }
    }
}

/// The time is over. What is hopeless, as no modem can send it, is cancelled, if nothing of it is on the air, so that Okta may send
/// it; of anything else, it is noted that Okta does not.
async fn last_word(caller: &Caller, message: MessageView, hopeless: bool, until: Instant) -> Reply {
    let (id, key, rules) = (message.id, message.key, caller.rules);
    let settled = caller.store.write_by(until, move |tx| {
        // Where nobody waits any more, another connection of Okta's was told that it comes.
        if store::message::set_told(tx, key)? && hopeless {
            outbox::cancel(tx, id, Timestamp::now(), rules)?;
        }
        store::message::find(tx, id)
    });
    match settled.await {
        Ok(ByThen::Done(Some(message)))
            if hopeless && message.phase == Phase::Ended(End::Cancelled) =>
        {
            Reply::Unsent(Unsent::no_modem(message))
        }
        Ok(ByThen::Done(Some(message))) => Reply::of(message),
        Ok(ByThen::Done(None) | ByThen::UnderWay) => Reply::Pending(Some(Box::new(message))),
        Ok(ByThen::NotBegun) => {
            caller.is_told_pending();
            Reply::Pending(Some(Box::new(message)))
        }
        Err(cause) => {
            warn!(%cause, "it could not be noted that Okta was told PENDING");
            Reply::Pending(Some(Box::new(message)))
        }
    }
}

/// Whether a modem is registered that the site lets send this, with a budget left and no long pause.
fn can_be_sent(state: &AppState, message: &MessageView) -> bool {
    let MessageView { service, lane, subject, locale, .. } = message;
    let region = subject.region.as_deref().unwrap_or_default();
    let mut outlets = state.outlets.iter();
    outlets.any(|outlet| outlet.may_serve(*service, *lane, region, locale.as_deref()))
}

/// Whoever waits for the answer, since before there is a message. When its connection ends before, this is dropped:
/// Okta sends the code by other means then, and this box must not.
pub(super) struct Caller {
    store: Store,
    rules: Rules,
    message: Arc<OnceLock<Found>>,
    waits: bool,
}

impl Caller {
    pub(super) fn who_waits(store: Store, rules: Rules) -> Self {
        Self { store, rules, message: Arc::default(), waits: true }
    }

    /// What is waited for, once it is known.
    pub(super) fn message(&self) -> Arc<OnceLock<Found>> {
        self.message.clone()
    }

    /// There is an answer, which leaves the message to this box, and no time was left to note that: it is noted behind,
    /// or the next start would leave the message to Okta.
    pub(super) fn is_told_pending(&self) {
        let message = self.message();
        let note = move |tx: &store::Tx<'_>| match key_of(tx, message.get())? {
            Some(key) => store::message::set_told(tx, key).map(drop),
            None => Ok(()),
        };
        if !self.store.try_hand_over(note) {
            warn!("it could not be noted that Okta was told PENDING");
        }
    }

    /// There is an answer.
    pub(super) fn hears(mut self) {
        self.waits = false;
    }
}

impl Drop for Caller {
    fn drop(&mut self) {
        if !self.waits {
            return;
        }
        let (message, rules) = (self.message(), self.rules);
        // Who brought an event again has not asked for its message: whoever did waits for that, or has its answer.
        let abandon =
            move |tx: &store::Tx<'_>| match key_of(tx, message.get().filter(|found| found.own))? {
                Some(key) => outbox::abandon(tx, key, Timestamp::now(), rules),
                None => Ok(()),
            };
        if self.store.try_hand_over(abandon) {
            info!("a hook of Okta's was given up before its answer: its message is not sent again");
        } else {
            warn!("a hook of Okta's was given up before its answer, and its message goes on");
        }
    }
}

/// The message that was found, if any. This runs behind the job that accepts it, so that what is not known by now
/// will never be.
fn key_of(tx: &store::Tx<'_>, found: Option<&Found>) -> Result<Option<i64>, store::Error> {
    found.map_or(Ok(None), |found| store::message::key_of(tx, found.id))
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use rlibphonenumber::Region;
    use zeroize::Zeroizing;

    use super::*;
    use crate::intake::{Answer, Policy, Repeats, Request, accept_by};

    const SOON: Duration = Duration::from_millis(50);
    const LATE: Duration = Duration::from_secs(20);

    fn request() -> Request {
        let sample = Request::sample("+14155552345", "481592", Timestamp::now());
        Request { awaited: true, ..sample }
    }

    const RULES: Rules = Rules { resend_after: Duration::from_secs(20) };

    #[tokio::test]
    async fn who_waits_behind_many_readers_is_answered_in_time() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(&dir.path().join("t.db")).unwrap();
        let gate = Arc::new(tokio::sync::RwLock::new(()));
        let closed = gate.write().await;
        let read = || {
            let (store, gate) = (store.clone(), gate.clone());
            tokio::spawn(async move {
                store
                    .read(move |_| {
                        drop(gate.blocking_read());
                        Ok(())
                    })
                    .await
            })
        };
        let readers: Vec<_> = (0..10).map(|_| read()).collect();
        tokio::task::yield_now().await;
        let looked = look(&store, MessageId::of_row(1), Instant::now() + SOON);
        let looked = tokio::time::timeout(LATE, looked).await;
        drop(closed);
        assert!(looked.expect("in time").is_none());
        for reader in readers {
            reader.await.unwrap().unwrap();
        }
    }

    /// The last word on a message while the disk is slow, and the phase of the message once it is not.
    async fn last_word_of_a_slow_disk(hopeless: bool) -> (Store, Reply, Phase) {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(&dir.path().join("t.db")).unwrap();
        let policy = Arc::new(Policy::of(Region::US));
        let caller = Caller::who_waits(store.clone(), RULES);
        let (until, message) = (Instant::now() + LATE, caller.message());
        let accepted = accept_by(until, &store, request(), &policy, None, message).await.unwrap();
        let ByThen::Done(Answer::Accepted(message)) = accepted else { panic!("{accepted:?}") };
        let (let_go, waits) = mpsc::channel();
        let slow = move |_: &store::Tx<'_>| waits.recv().map_err(|_| store::Error::Closed);
        let slow = store.hand_over(slow).await.unwrap();
        let (key, until) = (message.key, Instant::now() + SOON);
        let reply = last_word(&caller, *message, hopeless, until).await;
        caller.hears();
        let_go.send(()).unwrap();
        slow.await.unwrap().unwrap();
        let phase = store.write(move |tx| Ok(store::progress::load(tx, key)?.phase)).await.unwrap();
        (store, reply, phase)
    }

    #[tokio::test]
    async fn what_okta_was_told_is_pending_is_noted_behind_where_the_disk_is_slow() {
        let (store, reply, phase) = last_word_of_a_slow_disk(false).await;
        assert!(matches!(reply, Reply::Pending(_)));
        assert_eq!(phase, Phase::Queued);
        assert!(store.write(|tx| store::message::awaited(tx)).await.unwrap().is_empty());
    }

    #[tokio::test]
    async fn where_nobody_knows_whether_it_is_cancelled_okta_is_not_told_so() {
        let (_, reply, phase) = last_word_of_a_slow_disk(true).await;
        assert!(matches!(reply, Reply::Pending(_)));
        assert_eq!(phase, Phase::Queued);
    }

    /// One event that came on two connections.
    struct Twice {
        store: Store,
        first: Option<Caller>,
        second: Option<Caller>,
        message: MessageView,
        _dir: tempfile::TempDir,
    }

    impl Twice {
        async fn came() -> Self {
            let dir = tempfile::tempdir().unwrap();
            let store = Store::open(&dir.path().join("t.db")).unwrap();
            let policy = Arc::new(Policy::of(Region::US));
            let repeats = Repeats::new(Zeroizing::new([7; 64]), Duration::from_secs(86_400));
            let ask = |found| {
                let repeat = Some(repeats.identify_event("e1".into(), &request()));
                accept_by(Instant::now() + LATE, &store, request(), &policy, repeat, found)
            };
            let first = Caller::who_waits(store.clone(), RULES);
            ask(first.message()).await.unwrap();
            let second = Caller::who_waits(store.clone(), RULES);
            let replayed = ask(second.message()).await.unwrap();
            let ByThen::Done(Answer::Replayed(message)) = replayed else { panic!("{replayed:?}") };
            let (first, second) = (Some(first), Some(second));
            Self { store, first, second, message: *message, _dir: dir }
        }

        async fn phase(&self) -> Phase {
            let key = self.message.key;
            self.store.write(move |tx| Ok(store::progress::load(tx, key)?.phase)).await.unwrap()
        }

        /// What the second connection is told, at once.
        async fn tell_second(&self) -> Reply {
            let second = self.second.as_ref().unwrap();
            as_it_is(second, self.message.clone(), Instant::now() + LATE).await
        }
    }

    /// A proxy between Okta and this box asks again, before it ends the connection on which it asked first.
    #[tokio::test]
    async fn what_a_second_connection_was_told_is_pending_outlives_the_end_of_the_first() {
        let mut twice = Twice::came().await;
        assert!(matches!(twice.tell_second().await, Reply::Pending(_)));
        drop(twice.first.take());
        assert_eq!(twice.phase().await, Phase::Queued, "Okta was told that it comes");
    }

    #[tokio::test]
    async fn what_a_second_connection_was_told_is_pending_is_not_cancelled_as_hopeless() {
        let twice = Twice::came().await;
        assert!(matches!(twice.tell_second().await, Reply::Pending(_)));
        let (message, until) = (twice.message.clone(), Instant::now() + LATE);
        let reply = last_word(twice.first.as_ref().unwrap(), message, true, until).await;
        assert!(matches!(reply, Reply::Pending(_)));
        assert_eq!(twice.phase().await, Phase::Queued);
    }

    #[tokio::test]
    async fn a_second_connection_that_is_told_while_the_disk_is_slow_is_noted_behind() {
        let twice = Twice::came().await;
        twice.second.as_ref().unwrap().is_told_pending();
        let awaited = twice.store.write(|tx| store::message::awaited(tx)).await.unwrap();
        assert!(awaited.is_empty());
    }

    #[tokio::test]
    async fn the_end_of_a_second_connection_leaves_the_message_to_the_first() {
        let mut twice = Twice::came().await;
        drop(twice.second.take());
        let awaited = twice.store.write(|tx| store::message::awaited(tx)).await.unwrap();
        assert_eq!(awaited, [twice.message.key]);
    }

    /// The connection of the hook ends while its message is under way to the disk.
    #[tokio::test]
    async fn who_gives_up_while_the_disk_is_slow_leaves_no_message_that_is_sent() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(&dir.path().join("t.db")).unwrap();
        let policy = Arc::new(Policy::of(Region::US));
        // All of one commit: a job that is in the way, the hook's, and one that takes as long as a slow disk.
        let (let_first_go, first_waits) = mpsc::channel();
        let first = move |_: &store::Tx<'_>| first_waits.recv().map_err(|_| store::Error::Closed);
        let first = store.hand_over(first).await.unwrap();
        let caller = Caller::who_waits(store.clone(), RULES);
        let message = caller.message();
        let mut hook = Box::pin(async {
            let _caller = caller;
            accept_by(Instant::now() + LATE, &store, request(), &policy, None, message).await
        });
        assert!(tokio::time::timeout(SOON, &mut hook).await.is_err());
        let (let_slow_go, slow_waits) = mpsc::channel();
        let (begins, begun) = tokio::sync::oneshot::channel();
        let slow = move |_: &store::Tx<'_>| {
            let _ = begins.send(());
            slow_waits.recv().map_err(|_| store::Error::Closed)
        };
        let slow = store.hand_over(slow).await.unwrap();
        let_first_go.send(()).unwrap();
        begun.await.unwrap();
        drop(hook);
        let_slow_go.send(()).unwrap();
        first.await.unwrap().unwrap();
        slow.await.unwrap().unwrap();
        store.write(|_| Ok(())).await.unwrap();
        let left = store.read(|view| store::message::newest(view, None, 9)).await.unwrap();
        let phases: Vec<_> = left.iter().map(|it| it.phase).collect();
        assert_eq!(phases, [Phase::Ended(End::Cancelled)]);
    }
}
