//! Samples, frame by frame: what is sent while something is played, and while nothing is.

use std::{
    collections::VecDeque,
    io::{ErrorKind, Read as _, Write},
    sync::mpsc::{Receiver, Sender, TryRecvError, channel},
    thread,
    time::{Duration, Instant},
};

use ringpost_hal::tone::Detector;
use thread_priority::{
    RealtimeThreadSchedulePolicy, ThreadPriority, ThreadSchedulePolicy,
    set_thread_priority_and_policy, thread_native_id,
};
use tokio::sync::mpsc;
use tracing::debug;

use super::{AudioSink, Broken, Cue, Next, Wires};
use crate::domain::{SAMPLE_RATE, Sound};

/// Bytes of a frame: 20 ms of 16 bits, 8000 times a second. A modem's endpoint takes whole ones; after a part of
/// one, some take nothing more until they restart.
pub(in crate::modem) const FRAME: usize = 320;
/// How long a frame lasts.
pub(in crate::modem) const FRAME_TIME: Duration = Duration::from_millis(20);
/// Frames in a row that are not taken until the endpoint counts as wedged: two seconds.
const WEDGED: u32 = 100;
/// Who is further behind than this goes on from now, instead of sending what is missing in one go: a modem holds
/// some frames and drops the rest.
const BEHIND: Duration = Duration::from_millis(100);
/// Bytes that are read at once: what piles up while a thread is not run for half a second.
const READ: usize = 8192;
/// How often that is done in a frame's time at most: an endpoint that never runs dry must not keep the next frame, nor a
/// machine of one core, on which nothing else runs meanwhile.
const READS: usize = 4;

/// Has this thread run as soon as it has something to do (`SCHED_FIFO` at its lowest priority, `sched(7)`).
fn go_first() -> Result<(), thread_priority::Error> {
    let policy = ThreadSchedulePolicy::Realtime(RealtimeThreadSchedulePolicy::Fifo);
    set_thread_priority_and_policy(thread_native_id(), ThreadPriority::Min, policy)
}

/// What a pump is told.
enum Order {
    Play(u32, Vec<Sound>),
    Open,
}

/// What is to be done in a frame's time.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::large_enum_variant, reason = "one at a time, each moved once")]
pub(in crate::modem) enum Turn {
    /// This is to be sent.
    Send([u8; FRAME]),
    /// Nothing is to be sent yet.
    Wait,
    /// The call is over.
    End,
}

/// Makes frames of what is played. Whoever runs it takes one [`turn`](Self::turn) in each frame's time.
pub(in crate::modem) struct Pump {
    orders: Receiver<Order>,
    cues: mpsc::UnboundedSender<Cue>,
    open: bool,
    /// What is played, and under which number.
    queue: VecDeque<Sound>,
    number: Option<u32>,
    /// Samples of the first in the queue that were sent already.
    sent: usize,
    /// What came to its end with a frame that is not taken yet.
    over: Option<u32>,
    /// Frames in a row that were not taken.
    refused: u32,
    /// Hears keys, where the modem does not tell of them.
    ear: Option<Detector>,
    /// The first byte of a sample whose second one is to come.
    half: Option<u8>,
}

/// A sink whose samples a pump sends.
pub(in crate::modem) struct PcmSink {
    orders: Sender<Order>,
    cues: mpsc::UnboundedReceiver<Cue>,
}

/// A sink, and the pump that somebody has to run for it; where it `hears_keys`, they are told.
pub(in crate::modem) fn pcm(hears_keys: bool) -> (PcmSink, Pump) {
    let (orders, asked) = channel();
    let (tell, cues) = mpsc::unbounded_channel();
    let pump = Pump {
        orders: asked,
        cues: tell,
        open: false,
        queue: VecDeque::new(),
        number: None,
        sent: 0,
        over: None,
        refused: 0,
        ear: hears_keys.then(Detector::new),
        half: None,
    };
    (PcmSink { orders, cues }, pump)
}

impl AudioSink for PcmSink {
    fn play(&mut self, number: u32, sounds: Vec<Sound>) {
        // A pump that has ended has told why.
        let _ = self.orders.send(Order::Play(number, sounds));
    }

    fn open(&mut self) {
        let _ = self.orders.send(Order::Open);
    }

    fn next(&mut self) -> Next<'_> {
        Box::pin(async { self.cues.recv().await.unwrap_or(Cue::Broken(Broken::Gone)) })
    }

    fn answered(&mut self, _: bool) {}

    fn played(&mut self, _: bool) {}
}

impl Pump {
    /// What is to be done in the next frame's time.
    pub(in crate::modem) fn turn(&mut self) -> Turn {
        loop {
            match self.orders.try_recv() {
                Ok(Order::Open) => self.open = true,
                Ok(Order::Play(number, sounds)) => {
                    self.queue = sounds.into();
                    (self.number, self.sent) = (Some(number), 0);
                }
                Err(TryRecvError::Empty) => break,
                Err(TryRecvError::Disconnected) => return Turn::End,
            }
        }
        if !self.open {
            return Turn::Wait;
        }
        let mut frame = [0; FRAME];
        for place in frame.chunks_exact_mut(2) {
            let Some(sample) = self.sample() else { break };
            place.copy_from_slice(&sample.to_le_bytes());
        }
        Turn::Send(frame)
    }

    /// The next sample of what is played; `None` = it is over, as is the frame.
    fn sample(&mut self) -> Option<i16> {
        loop {
            let Some(first) = self.queue.front() else {
                self.over = self.number.take().or(self.over);
                return None;
            };
            let sample = match first {
                Sound::Clip(clip) => clip.samples.get(self.sent).copied(),
                Sound::Silence(length) => (self.sent < samples_in(*length)).then_some(0),
            };
            if let Some(sample) = sample {
                self.sent += 1;
                return Some(sample);
            }
            self.queue.pop_front();
            self.sent = 0;
        }
    }

    /// Notes whether a frame was taken. What is played is over with the last one that was.
    pub(in crate::modem) fn taken(&mut self, taken: bool) {
        self.refused = if taken { 0 } else { self.refused + 1 };
        if let Some(number) = self.over.take_if(|_| taken) {
            self.tell(Cue::Played(number));
        }
        if self.refused == WEDGED {
            self.tell(Cue::Broken(Broken::Wedged));
        }
    }

    /// Takes what was heard, however it was cut.
    pub(in crate::modem) fn heard(&mut self, bytes: &[u8]) {
        for byte in bytes {
            let Some(low) = self.half.take() else {
                self.half = Some(*byte);
                continue;
            };
            let sample = i16::from_le_bytes([low, *byte]);
            if let Some(key) = self.ear.as_mut().and_then(|ear| ear.hear(sample)) {
                self.tell(Cue::Key(key));
            }
        }
    }

    fn tell(&self, cue: Cue) {
        // The driver of the call may have ended already.
        let _ = self.cues.send(cue);
    }

    /// Runs it on a thread of its own, because the runtime's have other things to do when a frame is due; and before
    /// whatever else this machine does, where that is allowed: little is done in a frame's time.
    ///
    /// # Errors
    /// There can be no more threads.
    pub(in crate::modem) fn run_on(self, wires: Wires) -> std::io::Result<()> {
        let name = "call audio".to_owned();
        thread::Builder::new().name(name).spawn(move || {
            if let Err(error) = go_first() {
                debug!(%error, "frames wait for their turn among other programs");
            }
            self.pace(wires);
        })?;
        Ok(())
    }

    /// A frame each 20 ms, by a clock that no late frame moves.
    fn pace(mut self, mut wires: Wires) {
        let mut clock = Clock(Instant::now());
        let mut outlet = Outlet::default();
        let mut bytes = [0; READ];
        loop {
            if wires.programs.ended() {
                return self.tell(Cue::Broken(Broken::Gone));
            }
            match self.turn() {
                Turn::End => return,
                Turn::Wait => {}
                Turn::Send(frame) => match outlet.send(&mut wires.out, &frame) {
                    Ok(taken) => self.taken(taken),
                    Err(Gone) => return self.tell(Cue::Broken(Broken::Gone)),
                },
            }
            // Whatever nobody reads fills the modem, which then takes nothing either.
            for _ in 0..READS {
                match wires.back.read(&mut bytes) {
                    Ok(0) => break,
                    Ok(count) => self.heard(bytes.get(..count).unwrap_or_default()),
                    Err(_) => break,
                }
            }
            thread::sleep(clock.until_next(Instant::now()));
        }
    }
}

/// When frames are due, as if none had ever been late.
struct Clock(Instant);

impl Clock {
    /// How long it is until the next one.
    fn until_next(&mut self, now: Instant) -> Duration {
        self.0 += FRAME_TIME;
        if now > self.0 + BEHIND {
            self.0 = now;
        }
        self.0.saturating_duration_since(now)
    }
}

struct Gone;

/// Writes frames, whole ones only.
#[derive(Debug, Default)]
struct Outlet {
    /// The rest of a frame of which a part was taken: it goes first, or everything behind it is shifted.
    rest: Vec<u8>,
}

impl Outlet {
    /// Whether the frame was taken; one that is not is lost, as its time is.
    fn send(&mut self, out: &mut impl Write, frame: &[u8]) -> Result<bool, Gone> {
        if !self.rest.is_empty() {
            let rest = std::mem::take(&mut self.rest);
            let count = write(out, &rest)?;
            self.rest = rest.get(count..).unwrap_or_default().to_vec();
            if !self.rest.is_empty() {
                return Ok(false);
            }
        }
        let count = write(out, frame)?;
        if count > 0 {
            self.rest = frame.get(count..).unwrap_or_default().to_vec();
        }
        Ok(count > 0)
    }
}

/// How many bytes were taken.
fn write(out: &mut impl Write, bytes: &[u8]) -> Result<usize, Gone> {
    match out.write(bytes) {
        Ok(count) => Ok(count),
        Err(cause) if matches!(cause.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => {
            Ok(0)
        }
        Err(_) => Err(Gone),
    }
}

fn samples_in(length: Duration) -> usize {
    let samples = length.as_micros() * u128::from(SAMPLE_RATE) / 1_000_000;
    usize::try_from(samples).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use std::{fs::File, io, process::Command, sync::Arc};

    use thread_priority::thread_schedule_policy;

    use super::*;
    use crate::domain::Clip;

    fn clip(samples: Vec<i16>) -> Sound {
        Sound::Clip(Arc::new(Clip { key: "a".into(), words: "a".into(), samples, keepable: true }))
    }

    fn samples(turn: &Turn) -> Vec<i16> {
        let Turn::Send(frame) = turn else { panic!("{turn:?}") };
        frame.chunks(2).map(|pair| i16::from_le_bytes([pair[0], pair[1]])).collect()
    }

    #[test]
    fn sounds_follow_each_other_without_a_gap_and_silence_follows_them() {
        let (mut sink, mut pump) = pcm(true);
        sink.play(1, vec![clip(vec![7; 100]), Sound::Silence(Duration::from_millis(5))]);
        assert_eq!(pump.turn(), Turn::Wait);
        sink.play(
            2,
            vec![clip(vec![1; 200]), Sound::Silence(Duration::from_millis(5)), clip(vec![2; 90])],
        );
        sink.open();
        let heard: Vec<i16> = (0..3).flat_map(|_| samples(&pump.turn())).collect();
        assert!(sink.cues.try_recv().is_err(), "nobody has taken its last frame yet");
        pump.taken(false);
        assert!(sink.cues.try_recv().is_err(), "nor is it taken");
        pump.taken(true);
        let wanted = [vec![1; 200], vec![0; 40], vec![2; 90], vec![0; 150]].concat();
        assert_eq!(heard, wanted);
        assert_eq!(sink.cues.try_recv(), Ok(Cue::Played(2)));
        assert!(sink.cues.try_recv().is_err(), "what was replaced is never told as played");
        assert_eq!(samples(&pump.turn()), [0; 160]);
        drop(sink);
        assert_eq!(pump.turn(), Turn::End);
    }

    #[test]
    fn what_is_played_gives_way_to_what_is_to_be_played_at_once() {
        let (mut sink, mut pump) = pcm(true);
        sink.open();
        sink.play(1, vec![clip(vec![1; 8000])]);
        assert_eq!(samples(&pump.turn()), [1; 160]);
        sink.play(2, vec![clip(vec![2; 160])]);
        assert_eq!(samples(&pump.turn()), [2; 160]);
        pump.turn();
        pump.taken(true);
        assert_eq!(sink.cues.try_recv(), Ok(Cue::Played(2)));
    }

    #[test]
    fn a_late_frame_moves_none_that_follows_it_and_a_long_stall_is_not_caught_up_with() {
        let start = Instant::now();
        let at = |milliseconds| start + Duration::from_millis(milliseconds);
        let mut clock = Clock(start);
        let table = [
            (1, 19),
            // Late by 15 ms, and by 60: those behind come when they are due.
            (35, 5),
            (41, 19),
            (140, 0),
            (141, 0),
            (142, 0),
            (143, 0),
            (144, 16),
            // Late by more than what a modem holds: the clock begins anew.
            (500, 0),
            (501, 19),
        ];
        for (now, pause) in table {
            assert_eq!(clock.until_next(at(now)), Duration::from_millis(pause), "at {now} ms");
        }
    }

    #[test]
    fn an_endpoint_that_takes_nothing_for_two_seconds_is_wedged() {
        let (mut sink, mut pump) = pcm(true);
        for _ in 0..WEDGED - 1 {
            pump.taken(false);
        }
        pump.taken(true);
        for _ in 0..WEDGED {
            assert!(sink.cues.try_recv().is_err());
            pump.taken(false);
        }
        assert_eq!(sink.cues.try_recv(), Ok(Cue::Broken(Broken::Wedged)));
    }

    /// A port that takes a part of what is written.
    #[derive(Default)]
    struct Narrow(Vec<u8>);

    impl Write for Narrow {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let taken = &bytes[..bytes.len().min(120)];
            self.0.extend_from_slice(taken);
            Ok(taken.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_frame_that_finds_the_rest_of_another_one_in_its_way_is_lost_and_shifts_nothing() {
        let (mut port, mut outlet) = (Narrow::default(), Outlet::default());
        let taken = [1, 2, 3, 4].map(|value| outlet.send(&mut port, &[value; FRAME]).ok());
        assert_eq!(taken, [true, false, true, false].map(Some));
        assert_eq!(port.0, [vec![1; FRAME], vec![3; 240]].concat());
    }

    #[test]
    fn what_never_stops_talking_does_not_keep_the_next_frame() {
        let dir = tempfile::tempdir().unwrap();
        let taken = dir.path().join("taken");
        let back = File::open("/dev/zero").unwrap();
        let (mut sink, pump) = pcm(false);
        sink.open();
        pump.run_on(Wires::of(File::create(&taken).unwrap(), back)).unwrap();
        let began = Instant::now();
        while taken.metadata().unwrap().len() < 4 * FRAME as u64 {
            assert!(began.elapsed() < Duration::from_secs(10), "no frame is sent any more");
            thread::sleep(FRAME_TIME);
        }
    }

    #[test]
    fn the_thread_of_a_pump_goes_first_where_it_may() {
        let went_first = thread::spawn(|| (go_first().is_ok(), thread_schedule_policy().unwrap()));
        let (went, policy) = went_first.join().unwrap();
        // Whether it may, another program tells.
        let other = Command::new("chrt").args(["--fifo", "1", "true"]).output();
        let may = other.map_or(went, |other| other.status.success());
        let first = ThreadSchedulePolicy::Realtime(RealtimeThreadSchedulePolicy::Fifo);
        assert_eq!((went, policy == first), (may, may), "{policy:?}");
    }

    #[test]
    fn keys_are_heard_however_their_samples_are_cut() {
        let (mut sink, mut pump) = pcm(true);
        let bytes: Vec<u8> = ringpost_hal::tone::Tone::of('5', 8000)
            .unwrap()
            .take(800)
            .flat_map(i16::to_le_bytes)
            .collect();
        for piece in bytes.chunks(33) {
            pump.heard(piece);
        }
        assert_eq!(sink.cues.try_recv(), Ok(Cue::Key('5')));
        let (mut deaf, mut pump) = pcm(false);
        pump.heard(&bytes);
        assert!(deaf.cues.try_recv().is_err(), "the modem tells of keys itself");
    }
}
