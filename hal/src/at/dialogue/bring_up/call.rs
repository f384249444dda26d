//! The steps of a bring-up that are about calls.

use super::{BringUp, Reply, Verdict, failure::SILENT, may_fail};
use crate::{
    at::Command,
    family::{Asked, Call, Keys, Sink, Sound},
};

/// How a modem speaks in calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Voice {
    /// Through what.
    pub sink: Sink,
    /// Whether keys that are pressed are heard.
    pub keys: bool,
    /// Whether the modem itself tells of them.
    pub tells_keys: bool,
}

pub(super) fn say_hang_up(up: &BringUp) -> Option<Command> {
    let word = up.family.call.as_ref()?.hang_up.first()?;
    Some(Command::hang_up(word))
}

/// The ways to be heard in a call that may be used, the best first.
fn sounds(up: &BringUp) -> impl Iterator<Item = &'static Sound> {
    let family = up.family;
    let able = family.call.is_some();
    let wanted = move |sound: &&Sound| able && up.wishes.sinks.contains(&sound.way.sink());
    family.all_sounds().filter(wanted)
}

pub(super) fn say_sound(up: &BringUp) -> Option<Command> {
    Some(match sounds(up).nth(up.part.into())?.offered {
        Asked::Ok(word) => Command::offers(word),
        Asked::Value(query, _) => Command::asking(&query),
    })
}

/// Takes the first way that the modem has.
pub(super) fn judge_sound(up: &mut BringUp, reply: &Reply<'_>) -> Verdict {
    let Some(sound) = sounds(up).nth(up.part.into()) else { return Verdict::Go };
    let offered = reply.is_ok()
        && match sound.offered {
            Asked::Ok(_) => true,
            Asked::Value(query, wanted) => {
                reply.lines.iter().find_map(|line| query.value_in(line)) == Some(wanted)
            }
        };
    if offered {
        let sink = sound.way.sink();
        up.facts.voice = Some(Voice { sink, keys: sink.hears(), tells_keys: false });
        return Verdict::Go;
    }
    match reply.result {
        Some(_) => up.next_part_or(say_sound, Verdict::Go),
        None => Verdict::Fail(SILENT),
    }
}

/// How it places calls, where it can be heard in them.
fn call(up: &BringUp) -> Option<&'static Call> {
    up.family.call.as_ref().filter(|_| up.facts.voice.is_some())
}

pub(super) fn say_call_settings(up: &BringUp) -> Option<Command> {
    call(up)?.init.get(usize::from(up.part)).map(|word| Command::setting(word))
}

pub(super) fn judge_call_settings(up: &mut BringUp, reply: &Reply<'_>) -> Verdict {
    if reply.result.is_none() {
        return Verdict::Fail(SILENT);
    }
    up.next_part_or(say_call_settings, Verdict::Go)
}

pub(super) fn say_keys(up: &BringUp) -> Option<Command> {
    call(up)?.keys.map(|Keys { enable, .. }| Command::setting(enable))
}

pub(super) fn judge_keys(up: &mut BringUp, reply: &Reply<'_>) -> Verdict {
    if let Some(voice) = &mut up.facts.voice {
        voice.tells_keys = reply.is_ok();
        voice.keys |= voice.tells_keys;
    }
    may_fail(up, reply)
}
