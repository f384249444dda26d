//! Files that a modem plays: each clip is one of them, and none holds a code.

use std::collections::HashSet;

use ringpost_hal::family::{Around, Files};
use zeroize::Zeroizing;

use super::{AudioSink, Line, by_modem::ByModem, library::name_of};
use crate::domain::Clip;

/// A sink of a modem's files, for clips whose files are in it.
pub(in crate::modem) fn file(how: &'static Files, there: HashSet<String>) -> Box<dyn AudioSink> {
    let stop = Line(Zeroizing::new(how.stop.to_owned()));
    let commands = move |clip: &Clip| {
        let name = name_of(clip).filter(|name| there.contains(name))?;
        let Around(before, after) = how.play;
        Some(vec![Line(Zeroizing::new(format!("{before}{name}{after}")))])
    };
    Box::new(ByModem::new(Box::new(commands), stop, true))
}
