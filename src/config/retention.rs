//! `[retention]`: how long what is kept.

use super::reader::Section;

/// `[retention]`: how long what is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Retention {
    /// Days from the end of a message until it is deleted.
    pub messages_days: u32,
    /// Days that a received message is kept.
    pub inbound_days: u32,
    /// Days that events of the System Log are kept.
    pub events_days: u32,
    /// Months that the counts of the usage report are kept.
    pub usage_months: u32,
    /// Hours that a request is known again by its idempotency key.
    pub idempotency_hours: u32,
}

impl Default for Retention {
    fn default() -> Self {
        Self {
            messages_days: 30,
            inbound_days: 30,
            events_days: 90,
            usage_months: 25,
            idempotency_hours: 24,
        }
    }
}

impl Retention {
    pub(super) fn read(section: &mut Section) -> Self {
        let default = Self::default();
        let mut days = |key| section.integer(key, 1..=3650, " days");
        let (messages, inbound, events) =
            (days("messages_days"), days("inbound_days"), days("events_days"));
        let usage = section.integer("usage_months", 1..=120, " months");
        let hours_at = section.whence_of("idempotency_hours");
        let hours = section.integer("idempotency_hours", 1..=168, " hours");
        let read = Self {
            messages_days: messages.unwrap_or(default.messages_days),
            inbound_days: inbound.unwrap_or(default.inbound_days),
            events_days: events.unwrap_or(default.events_days),
            usage_months: usage.unwrap_or(default.usage_months),
            idempotency_hours: hours.unwrap_or(default.idempotency_hours),
        };
        // A request that comes again is answered with its message.
        let longest = read.messages_days * 24;
        if read.idempotency_hours > longest {
            let what = format!("must not outlive messages_days, which is {longest} hours");
            section.note("idempotency_hours", hours_at, what);
        }
        read
    }
}
