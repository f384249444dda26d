//! What is counted from what was committed.

use prometheus_client::{metrics::histogram::Histogram, registry::Registry};

use super::family::{Counters, Histograms, Labels, Sums, labels};
use crate::{
    domain::{Channel, Detail, EventType, Outcome, Purpose},
    store::tally::{Since, Told},
};

/// Seconds from a request to the last segment taken by the network. One that is sent at once takes two or
/// three; from half a minute on, somebody at a sign-in page gives up.
const SENT_WITHIN: [f64; 12] =
    [0.5, 1.0, 2.0, 3.0, 5.0, 10.0, 20.0, 30.0, 60.0, 120.0, 300.0, 3600.0];

/// What is counted from what was committed.
#[derive(Debug)]
pub(super) struct Counted {
    accepted: Counters,
    ended: Counters,
    attempts: Counters,
    segments: Counters,
    talk: Sums,
    sent: Histograms,
    refused: Counters,
    events: Counters,
    inbound: Counters,
}

impl Default for Counted {
    fn default() -> Self {
        let events = Counters::default();
        // An alarm on the first event of a type needs a zero to see it rise from.
        for event_type in EventType::all() {
            drop(events.get_or_create(&labels([("event_type", event_type.name)])));
        }
        Self {
            accepted: Counters::default(),
            ended: Counters::default(),
            attempts: Counters::default(),
            segments: Counters::default(),
            talk: Sums::default(),
            sent: Histograms::new_with_constructor(|| Histogram::new(SENT_WITHIN)),
            refused: Counters::default(),
            events,
            inbound: Counters::default(),
        }
    }
}

impl Counted {
    /// Counts what was committed.
    pub(super) fn add(&self, since: &Since) {
        for it in &since.accepted {
            let words =
                [("channel", &*it.channel), ("purpose", &*it.purpose), ("lane", it.lane.as_str())];
            self.accepted.get_or_create(&labels(words)).inc_by(it.count.into());
        }
        for (modem, count) in &since.inbound {
            self.inbound.get_or_create(&labels([("modem", &**modem)])).inc_by((*count).into());
        }
        for event in &since.events {
            self.events.get_or_create(&labels([("event_type", &*event.event_type)])).inc();
            self.add_event(event);
        }
    }

    /// Counts what an event tells of a message, or of a refused request.
    fn add_event(&self, event: &Told) {
        let channel = event.channel.as_deref().and_then(Channel::from_word);
        let purpose = event.purpose.as_deref().and_then(Purpose::from_word);
        let (Some(channel), Some(purpose)) = (channel, purpose) else { return };
        let refused = event.outcome == Outcome::Deny.as_str();
        if event.event_type == purpose.send_event_type(channel) {
            if refused {
                self.add_refusal(event, channel);
            } else {
                self.add_send(event, channel);
            }
        } else if event.event_type == Purpose::status_event_type(channel) && !refused {
            self.add_end(event, channel, purpose);
        }
    }

    fn add_refusal(&self, event: &Told, channel: Channel) {
        let (family, reason) = reason_of(event);
        let words = [("channel", channel.as_str()), ("family", family), ("reason", reason)];
        self.refused.get_or_create(&labels(words)).inc();
    }

    fn add_send(&self, event: &Told, channel: Channel) {
        if let (Some(accepted), Some(sent)) = (event.accepted_at, event.sent_at) {
            let waited = u32::try_from(sent.saturating_sub(accepted)).unwrap_or_default();
            let waited = f64::from(waited) / 1000.0;
            self.sent.get_or_create(&by_lane(event, channel)).observe(waited);
        }
    }

    fn add_end(&self, event: &Told, channel: Channel, purpose: Purpose) {
        let words = [
            ("channel", channel.as_str()),
            ("purpose", purpose.as_str()),
            ("lane", lane_of(event)),
            ("state", event.state.as_deref().unwrap_or_default()),
            ("family", reason_of(event).0),
        ];
        self.ended.get_or_create(&labels(words)).inc();
        let lane = by_lane(event, channel);
        self.attempts.get_or_create(&lane).inc_by(event.attempts.into());
        self.segments.get_or_create(&lane).inc_by(event.segments.unwrap_or_default().into());
        if let Some(talk) = event.talk_ms {
            let labels = labels([("lane", lane_of(event))]);
            self.talk.get_or_create(&labels).inc_by(f64::from(talk) / 1000.0);
        }
    }

    pub(super) fn register(&self, registry: &mut Registry) {
        let families = [
            ("messages_accepted", "Messages that were accepted, and are on disk", &self.accepted),
            ("messages", "Messages that reached their final state", &self.ended),
            (
                "message_attempts",
                "Attempts that were made for messages that reached their final state",
                &self.attempts,
            ),
            (
                "message_segments",
                "Segments that went on the air for messages that reached their final state",
                &self.segments,
            ),
            (
                "message_refusals",
                "Requests that were refused for their content, number or limits",
                &self.refused,
            ),
            ("inbound_messages", "Messages that were received, and are on disk", &self.inbound),
            ("log_events", "Events that were written into the System Log", &self.events),
        ];
        for (name, help, family) in families {
            registry.register(name, help, family.clone());
        }
        let help = "Time that was talked in calls that reached their final state";
        registry.register("call_talk_seconds", help, self.talk.clone());
        let help = "Time from acceptance until the network had taken the whole message";
        registry.register("message_sent_seconds", help, self.sent.clone());
    }
}

fn by_lane(event: &Told, channel: Channel) -> Labels {
    labels([("channel", channel.as_str()), ("lane", lane_of(event))])
}

fn lane_of(event: &Told) -> &'static str {
    event.lane.map_or("", |lane| lane.as_str())
}

/// Family and detail of a reason; empty where there is none.
fn reason_of(event: &Told) -> (&'static str, &'static str) {
    let detail = event.reason.as_deref().and_then(Detail::from_word);
    detail.map_or(("", ""), |detail| (detail.family().as_str(), detail.as_str()))
}
