//! Events of the System Log, as they are stored.

use uuid::Uuid;

use super::{
    CallTimes, Channel, Detail, E164, End, MessageId, ModemIncident, Money, Purpose, Timestamp,
    TransactionId,
};

/// `outcome.result` of a System Log event, in Okta's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// It worked.
    Success,
    /// It did not.
    Failure,
    /// It was refused.
    Deny,
    /// It was given up by request.
    Abandoned,
    /// Nobody can say.
    Unknown,
}

impl Outcome {
    /// All outcomes.
    pub const ALL: [Self; 5] =
        [Self::Success, Self::Failure, Self::Deny, Self::Abandoned, Self::Unknown];

    /// The outcome that [`as_str`](Self::as_str) wrote.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|outcome| outcome.as_str() == word)
    }

    /// The word of the System Log.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Success => "SUCCESS",
            Self::Failure => "FAILURE",
            Self::Deny => "DENY",
            Self::Abandoned => "ABANDONED",
            Self::Unknown => "UNKNOWN",
        }
    }

    /// Outcome of the send event of a message that ends without ever having been `sent`.
    pub const fn of_send_at(end: End, answer_lost: bool) -> Self {
        match end {
            // The phone spoke of it, so the network took it, whatever became of the answer.
            End::Delivered | End::Undelivered => Self::Success,
            End::Unknown if answer_lost => Self::Unknown,
            End::Unknown => Self::Success,
            End::Failed | End::Expired => Self::Failure,
            End::Cancelled => Self::Abandoned,
        }
    }

    /// Outcome of the status event.
    pub const fn of_status_at(end: End) -> Self {
        match end {
            End::Delivered => Self::Success,
            End::Undelivered | End::Failed | End::Expired => Self::Failure,
            End::Unknown => Self::Unknown,
            End::Cancelled => Self::Abandoned,
        }
    }
}

/// `severity` of a System Log event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Severity {
    /// As it should be.
    Info,
    /// Somebody may want to look.
    Warn,
    /// Something failed.
    Error,
}

impl Severity {
    /// How bad an outcome is.
    pub const fn of(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Success | Outcome::Abandoned => Self::Info,
            Outcome::Deny | Outcome::Unknown => Self::Warn,
            Outcome::Failure => Self::Error,
        }
    }

    /// The word of the System Log.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Info => "INFO",
            Self::Warn => "WARN",
            Self::Error => "ERROR",
        }
    }
}

/// Who asked: the token of a request and where it came from.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Actor {
    /// The token's id.
    pub id: String,
    /// The token's name.
    pub name: String,
    /// The client's address.
    pub client_ip: Option<String>,
    /// The client's `User-Agent`.
    pub user_agent: Option<String>,
}

impl Actor {
    /// The gateway itself.
    pub fn gateway() -> Self {
        Self { id: "ringpost".into(), name: "Ringpost".into(), ..Self::default() }
    }

    /// Somebody at the command line of this box.
    pub fn shell(user: String) -> Self {
        Self { id: user.clone(), name: user, ..Self::default() }
    }
}

/// What a send event and a status event have in common.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject {
    /// Joins both events and the message.
    pub transaction_id: TransactionId,
    /// The message; `None` for a refused request, which never became one.
    pub message: Option<MessageId>,
    /// By which channel.
    pub channel: Channel,
    /// Why.
    pub purpose: Purpose,
    /// To whom; `None` where the request held no number that could exist.
    pub recipient: Option<E164>,
    /// Region of the recipient, ISO 3166-1 alpha-2.
    pub region: Option<String>,
    /// Who asked.
    pub actor: Actor,
    /// For which user of the identity platform.
    pub user: Option<String>,
}

/// What happened to a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EventKind {
    /// A message was sent, or will not be.
    Send,
    /// The final word on a message.
    Status,
    /// A delivery report came after the end.
    LateReport,
    /// A message goes out again although nobody knows what became of the first copy.
    Resend,
    /// Whether the code of a message was entered.
    Feedback,
    /// A request looks like a part of an attack.
    Suspicion,
}

/// What happened to the gateway itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GatewayEvent {
    /// A modem takes messages.
    ModemUp,
    /// A modem that took messages does not any more, or a modem has another trouble than before.
    ModemDown,
    /// Something else happened to a modem.
    Modem(ModemIncident),
    /// A modem has another SIM than the last time.
    SimChange,
    /// A token was made.
    TokenCreate,
    /// A token was taken back.
    TokenRevoke,
    /// The daemon started with a configuration.
    ConfigLoad,
    /// Somebody should look.
    AlarmRaise,
    /// What the alarm was about is over.
    AlarmClear,
    /// The budget of a SIM comes to its end.
    BudgetAlert,
    /// A template was made, changed or deleted.
    TemplateChange,
    /// Somebody was put on the blocklist, or taken off it.
    BlocklistChange,
    /// Somebody was put on the allowlist, or taken off it.
    AllowlistChange,
}

/// A type of events, and what it says to a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EventType {
    /// `eventType` of the System Log.
    pub name: &'static str,
    /// `displayMessage` of the System Log.
    pub display: &'static str,
    /// `actor.type`: who does such things.
    pub actor: &'static str,
    /// `type` of the target that is neither user nor modem, where there is one.
    pub target: Option<&'static str>,
}

impl EventKind {
    const ALL: [Self; 6] =
        [Self::Send, Self::Status, Self::LateReport, Self::Resend, Self::Feedback, Self::Suspicion];

    /// The kind of the events that have a type of this name, about messages of that channel and purpose.
    pub fn of(event_type: &str, channel: Channel, purpose: Purpose) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.event_type(channel, purpose).name == event_type)
    }

    const fn event_type(self, channel: Channel, purpose: Purpose) -> EventType {
        let (name, display) = match (self, channel) {
            (Self::Send, channel) => {
                (purpose.send_event_type(channel), purpose.display_message(channel))
            }
            (Self::Status, Channel::Sms) => {
                (Purpose::status_event_type(channel), "Receive SMS delivery status")
            }
            (Self::Status, Channel::Voice) => {
                (Purpose::status_event_type(channel), "Receive call status")
            }
            (Self::LateReport, _) => {
                ("system.ringpost.late_report", "Delivery report after the end of a message")
            }
            (Self::Resend, _) => {
                ("system.ringpost.resend", "Message sent again, it may arrive twice")
            }
            (Self::Feedback, _) => {
                ("user.authentication.auth_via_mfa", "Authentication of user via MFA")
            }
            (Self::Suspicion, _) => {
                ("system.ringpost.alarm.suspicious_activity", "Suspicious activity")
            }
        };
        EventType { name, display, actor: "Token", target: None }
    }
}

impl GatewayEvent {
    /// All but those that a modem has a list of.
    const OWN: [Self; 12] = [
        Self::ModemUp,
        Self::ModemDown,
        Self::SimChange,
        Self::TokenCreate,
        Self::TokenRevoke,
        Self::ConfigLoad,
        Self::AlarmRaise,
        Self::AlarmClear,
        Self::BudgetAlert,
        Self::TemplateChange,
        Self::BlocklistChange,
        Self::AllowlistChange,
    ];

    const fn event_type(self) -> EventType {
        let (name, display, actor, target) = match self {
            Self::ModemUp => {
                ("system.ringpost.modem.up", "Modem takes messages", "SystemPrincipal", None)
            }
            Self::ModemDown => {
                ("system.ringpost.modem.down", "Modem takes no messages", "SystemPrincipal", None)
            }
            Self::Modem(incident) => {
                (incident.event_type(), incident.display_message(), "SystemPrincipal", None)
            }
            Self::SimChange => {
                ("system.ringpost.sim.change", "SIM exchanged", "SystemPrincipal", Some("SIM"))
            }
            Self::TokenCreate => {
                ("system.ringpost.token.create", "Create API token", "User", Some("Token"))
            }
            Self::TokenRevoke => {
                ("system.ringpost.token.revoke", "Revoke API token", "User", Some("Token"))
            }
            Self::ConfigLoad => (
                "system.ringpost.config.load",
                "Start with configuration",
                "SystemPrincipal",
                Some("Configuration"),
            ),
            Self::AlarmRaise => {
                ("system.ringpost.alarm.raise", "Raise alarm", "SystemPrincipal", Some("Alarm"))
            }
            Self::AlarmClear => {
                ("system.ringpost.alarm.clear", "Clear alarm", "SystemPrincipal", Some("Alarm"))
            }
            Self::BudgetAlert => (
                "system.ringpost.alarm.budget",
                "SIM has used most of its budget",
                "SystemPrincipal",
                Some("SIM"),
            ),
            Self::TemplateChange => {
                ("system.ringpost.template.change", "Change template", "Token", Some("Template"))
            }
            Self::BlocklistChange => {
                ("system.ringpost.blocklist.change", "Change blocklist", "Token", Some("Entry"))
            }
            Self::AllowlistChange => {
                ("system.ringpost.allowlist.change", "Change allowlist", "Token", Some("Entry"))
            }
        };
        EventType { name, display, actor, target }
    }
}

impl EventType {
    /// All types that this version writes, each once.
    pub fn all() -> impl Iterator<Item = Self> {
        let channels = [Channel::Sms, Channel::Voice];
        let sent = channels.into_iter().flat_map(|channel| {
            // A push link cannot be spoken: its refusal has the name of a general call.
            let named = move |it: &Purpose| channel == Channel::Sms || *it != Purpose::PushVerify;
            let send = Purpose::ALL.into_iter().filter(named);
            send.map(move |purpose| EventKind::Send.event_type(channel, purpose))
                .chain([EventKind::Status.event_type(channel, Purpose::General)])
        });
        // The first two depend on more, and are above.
        let [_, _, others @ ..] = EventKind::ALL;
        let others = others.map(|kind| kind.event_type(Channel::Sms, Purpose::General));
        let modems = ModemIncident::ALL.map(GatewayEvent::Modem);
        let own = GatewayEvent::OWN.into_iter().chain(modems).map(GatewayEvent::event_type);
        sent.chain(others).chain(own)
    }

    /// The type of that name.
    pub fn of(name: &str) -> Option<Self> {
        Self::all().find(|it| it.name == name)
    }
}

/// About what an event is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum About {
    /// A message, or a request that was refused.
    Message(EventKind, Box<Subject>),
    /// The gateway.
    Gateway(GatewayEvent, Box<Incident>),
}

/// What an event of the gateway tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Incident {
    /// Joins events of one cause.
    pub transaction_id: TransactionId,
    /// Who did it.
    pub actor: Actor,
    /// What it was done to, besides a modem.
    pub target: Option<Target>,
    /// More, for people.
    pub note: Option<String>,
}

/// What something was done to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Target {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: Option<String>,
    /// The id of what was there before.
    pub before: Option<String>,
}

/// One event of the System Log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Its own id.
    pub uuid: Uuid,
    /// When it happened.
    pub published: Timestamp,
    /// What happened, to whom and by whom.
    pub about: About,
    /// How it went.
    pub outcome: Outcome,
    /// Why, where there is something to say.
    pub detail: Option<Detail>,
    /// Through which modem, or which modem.
    pub modem: Option<String>,
    /// How many segments went on the air, those of earlier attempts included.
    pub segments: Option<u32>,
    /// What they cost, as far as prices are known.
    pub cost: Option<Money>,
    /// When the message was accepted.
    pub accepted_at: Option<Timestamp>,
    /// When the network had taken all of it.
    pub sent_at: Option<Timestamp>,
    /// How long its calls took: the last one's setup and ringing, and the talk of all.
    pub call: Option<CallTimes>,
}

impl Event {
    /// An event about `subject` at `published`.
    pub fn new(kind: EventKind, outcome: Outcome, subject: Subject, published: Timestamp) -> Self {
        Self::about(About::Message(kind, Box::new(subject)), outcome, published)
    }

    /// An event of the gateway, by itself.
    pub fn of_gateway(kind: GatewayEvent, outcome: Outcome, published: Timestamp) -> Self {
        Self::by(Actor::gateway(), kind, outcome, published)
    }

    /// Something that happened to `modem`.
    pub fn of_incident(incident: ModemIncident, modem: &str, published: Timestamp) -> Self {
        let kind = GatewayEvent::Modem(incident);
        Self::of_gateway(kind, incident.outcome(), published).of_modem(modem)
    }

    /// An alarm of this name is raised because of something, or, without it, is over.
    pub fn of_alarm(name: &str, raised: Option<Detail>, published: Timestamp) -> Self {
        let (kind, outcome) = match raised {
            Some(_) => (GatewayEvent::AlarmRaise, Outcome::Failure),
            None => (GatewayEvent::AlarmClear, Outcome::Success),
        };
        let target = Target { id: name.to_owned(), ..Target::default() };
        Self::of_gateway(kind, outcome, published).because(raised).to(Some(target), None)
    }

    /// An event of the gateway, by `actor`.
    pub fn by(actor: Actor, kind: GatewayEvent, outcome: Outcome, published: Timestamp) -> Self {
        let transaction_id = TransactionId::generate();
        let incident = Incident { transaction_id, actor, target: None, note: None };
        Self::about(About::Gateway(kind, Box::new(incident)), outcome, published)
    }

    fn about(about: About, outcome: Outcome, published: Timestamp) -> Self {
        Self {
            uuid: Uuid::now_v7(),
            published,
            about,
            outcome,
            detail: None,
            modem: None,
            segments: None,
            cost: None,
            accepted_at: None,
            sent_at: None,
            call: None,
        }
    }

    /// With the reason.
    #[must_use]
    pub fn because(mut self, detail: Option<Detail>) -> Self {
        self.detail = detail;
        self
    }

    /// With the modem, the number of segments and what they cost.
    #[must_use]
    pub fn through(mut self, modem: Option<String>, segments: u32, cost: Option<Money>) -> Self {
        self.segments = modem.is_some().then_some(segments);
        self.cost = cost.filter(|_| modem.is_some());
        self.modem = modem;
        self
    }

    /// With the times of the message.
    #[must_use]
    pub fn timed(mut self, accepted_at: Timestamp, sent_at: Option<Timestamp>) -> Self {
        self.accepted_at = Some(accepted_at);
        self.sent_at = sent_at;
        self
    }

    /// With how long its calls took.
    #[must_use]
    pub fn calling(mut self, call: Option<CallTimes>) -> Self {
        self.call = call;
        self
    }

    /// About this modem.
    #[must_use]
    pub fn of_modem(mut self, modem: &str) -> Self {
        self.modem = Some(modem.to_owned());
        self
    }

    /// With what it was done to, and more for people; for events of the gateway.
    #[must_use]
    pub fn to(mut self, target: Option<Target>, note: Option<String>) -> Self {
        if let About::Gateway(_, incident) = &mut self.about {
            incident.target = target;
            incident.note = note;
        }
        self
    }

    /// Its type.
    pub fn event_type(&self) -> EventType {
        match &self.about {
            About::Message(kind, subject) => kind.event_type(subject.channel, subject.purpose),
            About::Gateway(kind, _) => kind.event_type(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{EventKind, EventType, Outcome};
    use crate::domain::{Channel, End, Purpose};

    #[test]
    fn an_event_about_a_message_is_known_by_its_type() {
        let about = Channel::ALL.map(|channel| Purpose::ALL.map(|purpose| (channel, purpose)));
        for (channel, purpose) in about.concat() {
            for kind in EventKind::ALL {
                let name = kind.event_type(channel, purpose).name;
                assert_eq!(EventKind::of(name, channel, purpose), Some(kind), "{name}");
            }
        }
        let up = "system.ringpost.modem.up";
        assert_eq!(EventKind::of(up, Channel::Sms, Purpose::General), None);
    }

    #[test]
    fn outcomes_follow_the_table_of_the_design() {
        let table = [
            (End::Delivered, false, "SUCCESS", "SUCCESS"),
            (End::Undelivered, false, "SUCCESS", "FAILURE"),
            (End::Unknown, false, "SUCCESS", "UNKNOWN"),
            (End::Unknown, true, "UNKNOWN", "UNKNOWN"),
            (End::Failed, false, "FAILURE", "FAILURE"),
            (End::Expired, false, "FAILURE", "FAILURE"),
            (End::Cancelled, false, "ABANDONED", "ABANDONED"),
        ];
        for (end, answer_lost, send, status) in table {
            assert_eq!(Outcome::of_send_at(end, answer_lost).as_str(), send, "{end:?}");
            assert_eq!(Outcome::of_status_at(end).as_str(), status, "{end:?}");
        }
    }

    #[test]
    fn every_type_is_listed_once_and_found_by_its_name() {
        let all: Vec<_> = EventType::all().collect();
        let names: BTreeSet<_> = all.iter().map(|it| it.name).collect();
        assert_eq!((names.len(), all.len()), (39, 39));
        assert!(all.iter().all(|it| EventType::of(it.name) == Some(*it)));
    }
}
