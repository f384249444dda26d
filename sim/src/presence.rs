//! Who has a port open: a serial line that nobody reads loses what is said on it.
//!
//! A pty would keep it for whoever comes next. The kernel tells of every opening and closing
//! before the host can go on, so that a look at what it told is always up to date.

use std::{
    collections::HashMap,
    fs::File,
    io,
    os::fd::{AsFd as _, OwnedFd},
    path::Path,
    sync::Mutex,
};

use rustix::fs::inotify::{self, CreateFlags, WatchFlags};
use tokio::net::unix::pipe;

use crate::hub::lock;

const OPEN: u32 = WatchFlags::OPEN.bits();
const CLOSE: u32 = WatchFlags::CLOSE_WRITE.bits() | WatchFlags::CLOSE_NOWRITE.bits();

/// The size of `struct inotify_event` without a name; watches of files have none.
const EVENT: usize = 16;

/// Something that hosts did at a modem's port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Visit {
    /// The first host came.
    Came { index: usize },
    /// The last host left.
    Left { index: usize },
}

/// Counts the hosts at every port.
pub(crate) struct Presence {
    events: pipe::Receiver,
    /// The same descriptor, to add watches with.
    inotify: OwnedFd,
    watches: Mutex<HashMap<i32, Watch>>,
}

struct Watch {
    index: usize,
    hosts: usize,
}

impl Presence {
    pub(crate) fn new() -> io::Result<Self> {
        let inotify = inotify::init(CreateFlags::CLOEXEC | CreateFlags::NONBLOCK)?;
        let events = pipe::Receiver::from_file_unchecked(File::from(inotify.try_clone()?))?;
        Ok(Self { events, inotify, watches: Mutex::default() })
    }

    /// Counts the hosts that open a modem's port from here on.
    pub(crate) fn watch(&self, index: usize, port: &Path) -> io::Result<()> {
        let mut watches = lock(&self.watches);
        watches.retain(|_, watch| watch.index != index);
        let flags = WatchFlags::OPEN | WatchFlags::CLOSE_WRITE | WatchFlags::CLOSE_NOWRITE;
        let watch = inotify::add_watch(self.inotify.as_fd(), port, flags)?;
        watches.insert(watch, Watch { index, hosts: 0 });
        Ok(())
    }

    /// Waits until there is something to look at.
    ///
    /// # Cancel safety
    /// Nothing is taken before [`Self::look`].
    pub(crate) async fn stirred(&self) -> io::Result<()> {
        self.events.readable().await
    }

    /// What hosts did since the last look.
    pub(crate) fn look(&self) -> Vec<Visit> {
        let mut visits = Vec::new();
        let mut watches = lock(&self.watches);
        let mut buffer = [0u8; EVENT * 64];
        // Asks the kernel, for the runtime may not have noticed yet; then the runtime, which
        // learns thereby that there is no more.
        while let Ok(count @ 1..) = rustix::io::read(&self.inotify, &mut buffer) {
            note(buffer.get(..count), &mut watches, &mut visits);
        }
        while let Ok(count @ 1..) = self.events.try_read(&mut buffer) {
            note(buffer.get(..count), &mut watches, &mut visits);
        }
        visits
    }

    /// Whether a host has a modem's port open.
    pub(crate) fn attended(&self, index: usize) -> bool {
        lock(&self.watches).values().any(|watch| watch.index == index && watch.hosts > 0)
    }
}

fn note(events: Option<&[u8]>, watches: &mut HashMap<i32, Watch>, visits: &mut Vec<Visit>) {
    let (events, _) = events.unwrap_or_default().as_chunks::<EVENT>();
    // struct inotify_event starts with the watch and the mask of what happened.
    for &[w0, w1, w2, w3, m0, m1, m2, m3, ..] in events {
        let watch = i32::from_ne_bytes([w0, w1, w2, w3]);
        let mask = u32::from_ne_bytes([m0, m1, m2, m3]);
        visits.extend(watches.get_mut(&watch).and_then(|watch| watch.note(mask)));
    }
}

impl Watch {
    fn note(&mut self, mask: u32) -> Option<Visit> {
        let index = self.index;
        if mask & OPEN != 0 {
            self.hosts += 1;
            return (self.hosts == 1).then_some(Visit::Came { index });
        }
        if mask & CLOSE != 0 && self.hosts > 0 {
            self.hosts -= 1;
            return (self.hosts == 0).then_some(Visit::Left { index });
        }
        None
    }
}
