//! How sound gets into calls and out of them: serial ports, lines in memory, recordings.

mod card;
mod line;
mod pieces;
mod tty;
mod wav;

use std::sync::Mutex;

use tokio::sync::watch;

use crate::hub::lock;

pub(crate) use wav::wav;

/// The audio ports of a modem.
#[derive(Default)]
pub(crate) struct AudioPorts {
    tty: Mutex<Option<tty::AudioTty>>,
    card: Mutex<Option<card::Card>>,
    changes: watch::Sender<u64>,
}

impl AudioPorts {
    /// What the ports are to do has changed.
    pub(crate) fn stir(&self) {
        self.changes.send_modify(|count| *count = count.wrapping_add(1));
        if let Some(tty) = &*lock(&self.tty) {
            tty.wake();
        }
    }
}
