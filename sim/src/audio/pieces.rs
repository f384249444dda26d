//! Frames as they come and go: 20 ms, 16 bits, little-endian.

use std::time::Duration;

use tokio::time::Instant;

use crate::{
    call::FRAME,
    hub::{Hub, Slot, lock},
};

/// Bytes of a frame.
pub(super) const FRAME_BYTES: usize = FRAME * 2;

/// The time of a frame.
pub(super) const FRAME_TIME: Duration = Duration::from_millis(20);

/// A part of a frame that is not followed by its rest within this is a write that was none of whole frames.
pub(super) const PARTIAL: Duration = Duration::from_millis(15);

/// Bytes that are no whole frame yet.
#[derive(Default)]
pub(super) struct Uplink(Vec<u8>);

impl Uplink {
    /// Adds bytes; returns the frames that are whole.
    pub(super) fn take(&mut self, bytes: &[u8]) -> Vec<Vec<i16>> {
        self.0.extend(bytes);
        let whole = self.0.len() - self.0.len().checked_rem(FRAME_BYTES).unwrap_or(0);
        let frames: Vec<u8> = self.0.drain(..whole).collect();
        frames.chunks(FRAME_BYTES).map(samples).collect()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn clear(&mut self) {
        self.0.clear();
    }
}

fn samples(bytes: &[u8]) -> Vec<i16> {
    let (pairs, _) = bytes.as_chunks::<2>();
    pairs.iter().map(|pair| i16::from_le_bytes(*pair)).collect()
}

impl Slot {
    /// The next frame that the other side says; silence where it says nothing.
    pub(super) fn next_frame(&self) -> Vec<u8> {
        let mut downlink = lock(&self.downlink);
        (0..FRAME).flat_map(|_| downlink.pop_front().unwrap_or(0).to_le_bytes()).collect()
    }
}

impl Hub {
    /// Frames of a host come into a call.
    pub(super) fn hear_frames(&self, call: u64, frames: &[Vec<i16>], at: Instant) {
        self.with_call(call, |call| frames.iter().for_each(|frame| call.hear_frame(frame, at)));
        self.changed();
    }

    /// A frame for the host was lost, for it does not read.
    pub(super) fn lose_frame(&self, call: u64) {
        self.with_call(call, crate::call::Call::note_unread);
        self.changed();
    }

    /// A host wrote a part of a frame into a call.
    pub(super) fn partial_frame(self: &std::sync::Arc<Self>, index: usize, call: u64) {
        self.with_call(call, crate::call::Call::note_partial_write);
        self.with_device(index, crate::modem::Device::heard_partial_frame);
        self.changed();
    }
}
