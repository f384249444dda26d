//! Sequences, pulse by pulse, in a time that only the delays move.

use std::{cell::RefCell, convert::Infallible, format, rc::Rc, string::String, vec::Vec};

use core::{
    future::{Future, ready},
    pin::pin,
    task::{Context, Poll, Waker},
};

use embedded_hal::digital::ErrorType;
use embedded_hal_mock::eh1::{
    MockError,
    digital::{Mock, State, Transaction},
};

use super::*;

/// A modem with a key, a status line and a mind of its own.
#[derive(Debug)]
struct World {
    now_ms: u32,
    /// When the key was pressed, if it is.
    pressed_at: Option<u32>,
    on: bool,
    /// Listens to `AT`, if it is on.
    listens: bool,
    /// It has a key; without one it starts with its supply.
    has_key: bool,
    /// It heeds nothing until its supply is gone.
    stuck: bool,
    /// It becomes so at this time.
    turns: Option<(u32, bool)>,
    said: Vec<String>,
}

const TIMING: Timing =
    Timing { on_ms: 500, off_ms: 3000, ready_ms: 2000, down_ms: 1500, reset_ms: 200 };

impl World {
    fn new(on: bool, listens: bool) -> Rc<RefCell<Self>> {
        let said = Vec::new();
        Rc::new(RefCell::new(Self {
            now_ms: 0,
            pressed_at: None,
            on,
            listens,
            has_key: true,
            stuck: false,
            turns: None,
            said,
        }))
    }

    fn note(&mut self, what: &str) {
        self.said.push(format!("{} {what}", self.now_ms));
    }

    fn is_on(&mut self) -> bool {
        if let Some((at, on)) = self.turns
            && at <= self.now_ms
        {
            (self.on, self.turns) = (on, None);
            // A modem that begins anew listens again.
            self.listens |= on;
        }
        self.on
    }

    fn press(&mut self, pressed: bool) {
        self.note(if pressed { "key down" } else { "key up" });
        if pressed {
            self.pressed_at = Some(self.now_ms);
            return;
        }
        let length = self.pressed_at.take().map_or(0, |since| self.now_ms - since);
        let on = self.is_on();
        let long_enough = !self.stuck && length >= if on { 2500 } else { 500 };
        if long_enough {
            self.turns = Some((self.now_ms + 700, !on));
        }
    }

    fn cut(&mut self, active: bool) {
        self.note(if active { "supply off" } else { "supply on" });
        self.is_on();
        (self.on, self.stuck) = (false, false);
        self.turns = (!active && !self.has_key).then_some((self.now_ms + 800, true));
    }

    fn reset(&mut self, active: bool) {
        self.note(if active { "reset down" } else { "reset up" });
        if !active && self.is_on() {
            self.on = false;
            self.turns = Some((self.now_ms + 900, true));
        }
    }
}

/// The host's side of the board.
#[derive(Clone)]
struct Side(Rc<RefCell<World>>);

/// A line that the host drives.
enum Output {
    Key(Side),
    Reset(Side),
    Supply(Side),
}

impl Output {
    fn set(&mut self, active: bool) {
        match self {
            Self::Key(side) => side.0.borrow_mut().press(active),
            Self::Reset(side) => side.0.borrow_mut().reset(active),
            Self::Supply(side) => side.0.borrow_mut().cut(active),
        }
    }
}

impl ErrorType for Output {
    type Error = Infallible;
}

impl OutputPin for Output {
    fn set_low(&mut self) -> Result<(), Infallible> {
        self.set(false);
        Ok(())
    }

    fn set_high(&mut self) -> Result<(), Infallible> {
        self.set(true);
        Ok(())
    }
}

/// The line that the host reads.
struct Status(Side);

impl ErrorType for Status {
    type Error = Infallible;
}

impl InputPin for Status {
    fn is_high(&mut self) -> Result<bool, Infallible> {
        Ok(self.0.0.borrow_mut().is_on())
    }

    fn is_low(&mut self) -> Result<bool, Infallible> {
        self.is_high().map(|high| !high)
    }
}

impl DelayNs for Side {
    async fn delay_ns(&mut self, ns: u32) {
        self.0.borrow_mut().now_ms += ns / 1_000_000;
    }

    async fn delay_ms(&mut self, ms: u32) {
        self.0.borrow_mut().now_ms += ms;
    }
}

impl Talk for Side {
    fn answers(&mut self) -> impl Future<Output = bool> + Send {
        let mut world = self.0.borrow_mut();
        let answers = world.is_on() && world.listens;
        world.note(if answers { "AT: OK" } else { "AT: silence" });
        ready(answers)
    }

    fn power_down(&mut self) -> impl Future<Output = bool> + Send {
        let mut world = self.0.borrow_mut();
        let hears = world.is_on() && world.listens && !world.stuck;
        world.note(if hears { "power down: OK" } else { "power down: silence" });
        if hears {
            world.turns = Some((world.now_ms + 400, false));
        }
        ready(hears)
    }
}

/// What a sequence needs never waits for anything else than the delays.
fn finish<T>(future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(done) = future.as_mut().poll(&mut context) {
            return done;
        }
    }
}

/// Which lines a board has besides the key.
#[derive(Clone, Copy)]
enum Board {
    KeyOnly,
    WithStatus,
    WithReset,
    SupplyOnly,
    KeyAndSupply,
}

type Done = Result<Switched, PowerError<Infallible>>;

/// Runs one sequence, and tells what was done when.
fn play(
    world: &Rc<RefCell<World>>,
    board: Board,
    sequence: impl AsyncFnOnce(&mut Power<Output, Status>, &mut Side, &mut Side) -> Done,
) -> (Done, String) {
    let mut side = Side(world.clone());
    let mut power = Power {
        pwrkey: (!matches!(board, Board::SupplyOnly)).then(|| Output::Key(side.clone())),
        reset: matches!(board, Board::WithReset).then(|| Output::Reset(side.clone())),
        supply_off: matches!(board, Board::SupplyOnly | Board::KeyAndSupply)
            .then(|| Output::Supply(side.clone())),
        status: matches!(board, Board::WithStatus).then(|| Status(side.clone())),
        timing: TIMING,
    };
    let done = finish(sequence(&mut power, &mut side.clone(), &mut side));
    (done, world.borrow().said.join(", "))
}

fn on(world: &Rc<RefCell<World>>, board: Board) -> (Done, String) {
    play(world, board, async |power, modem, delay| power.switch_on(modem, delay).await)
}

fn off(world: &Rc<RefCell<World>>, board: Board) -> (Done, String) {
    play(world, board, async |power, modem, delay| power.switch_off(modem, delay).await)
}

fn restart(world: &Rc<RefCell<World>>, board: Board) -> (Done, String) {
    play(world, board, async |power, modem, delay| power.restart(modem, delay).await)
}

#[test]
fn a_modem_that_runs_is_not_switched_off_by_switching_it_on() {
    let (done, said) = on(&World::new(true, true), Board::WithStatus);
    assert_eq!((done, said.as_str()), (Ok(Switched::Already), ""));
    let (done, said) = on(&World::new(true, true), Board::KeyOnly);
    assert_eq!((done, said.as_str()), (Ok(Switched::Already), "0 AT: OK"));
}

#[test]
fn status_is_believed_and_not_the_silence_of_a_modem_that_hangs() {
    let (done, said) = on(&World::new(true, false), Board::WithStatus);
    assert_eq!((done, said.as_str()), (Ok(Switched::Already), ""));
}

#[test]
fn a_modem_that_is_off_is_switched_on_by_one_pulse() {
    let world = World::new(false, true);
    let (done, said) = on(&world, Board::WithStatus);
    assert_eq!((done, said.as_str()), (Ok(Switched::ByKey), "0 key down, 500 key up"));
    assert_eq!(world.borrow().now_ms, 1200, "as soon as STATUS says so");
    let (done, said) = on(&World::new(false, true), Board::KeyOnly);
    assert_eq!(done, Ok(Switched::ByKey));
    assert_eq!(said, "0 AT: silence, 0 key down, 500 key up, 2500 AT: OK");
}

#[test]
fn a_modem_that_hung_and_was_switched_off_for_it_is_switched_on_again() {
    let world = World::new(true, false);
    let mut side = Side(world.clone());
    let mut power = Power {
        pwrkey: Some(Output::Key(side.clone())),
        reset: None,
        supply_off: None,
        status: None::<Status>,
        timing: Timing { on_ms: 2500, ..TIMING },
    };
    let done = finish(power.switch_on(&mut side.clone(), &mut side));
    assert_eq!(done, Ok(Switched::ByKey));
    assert_eq!(
        world.borrow().said.join(", "),
        "0 AT: silence, 0 key down, 2500 key up, 4500 AT: silence, \
         4500 key down, 7000 key up, 9000 AT: OK"
    );
}

#[test]
fn a_modem_is_asked_to_power_down_before_its_key_is_pressed() {
    let (done, said) = off(&World::new(true, true), Board::WithStatus);
    assert_eq!((done, said.as_str()), (Ok(Switched::ByCommand), "0 power down: OK"));
    let (done, said) = off(&World::new(true, false), Board::WithStatus);
    assert_eq!(done, Ok(Switched::ByKey));
    assert_eq!(said, "0 power down: silence, 0 key down, 3000 key up");
    let (done, said) = off(&World::new(false, true), Board::WithStatus);
    assert_eq!((done, said.as_str()), (Ok(Switched::Already), ""));
}

#[test]
fn restarting_uses_the_reset_line_and_else_the_key() {
    let (done, said) = restart(&World::new(true, false), Board::WithReset);
    assert_eq!(done, Ok(Switched::ByReset));
    assert_eq!(said, "0 reset down, 200 reset up, 2200 AT: OK");
    let (done, said) = restart(&World::new(true, false), Board::WithStatus);
    assert_eq!(done, Ok(Switched::ByKey));
    assert_eq!(said, "0 power down: silence, 0 key down, 3000 key up, 4700 key down, 5200 key up");
    let (done, said) = restart(&World::new(false, true), Board::WithReset);
    assert_eq!(done, Ok(Switched::ByKey), "reset does nothing to a modem that is off: {said}");
}

#[test]
fn the_supply_is_taken_away_where_nothing_gentler_helps() {
    let world = World::new(true, false);
    world.borrow_mut().has_key = false;
    let (done, said) = restart(&world, Board::SupplyOnly);
    assert_eq!(done, Ok(Switched::BySupply));
    assert_eq!(said, "0 supply off, 3000 supply on, 5000 AT: OK");
    let world = World::new(true, true);
    world.borrow_mut().stuck = true;
    let (done, said) = restart(&world, Board::KeyAndSupply);
    assert_eq!(done, Ok(Switched::BySupply));
    let pulses: Vec<_> = said.split(", ").filter(|it| !it.contains("AT")).collect();
    assert_eq!(
        pulses,
        [
            "0 power down: silence",
            "0 key down",
            "3000 key up",
            "4500 supply off",
            "7500 supply on",
            "7500 key down",
            "8000 key up"
        ]
    );
}

#[test]
fn a_modem_that_gives_no_sign_is_said_to_give_none() {
    // Nobody is at the other end of the key.
    let key = Mock::new(&[Transaction::set(State::High), Transaction::set(State::Low)]);
    let status = Mock::new(&std::vec![Transaction::get(State::Low); 22]);
    let mut power = Power {
        pwrkey: Some(key.clone()),
        reset: None,
        supply_off: None,
        status: Some(status.clone()),
        timing: TIMING,
    };
    let side = Side(World::new(false, false));
    let done = finish(power.switch_on(&mut side.clone(), &mut side.clone()));
    assert_eq!(done, Err(PowerError::StaysOff));
    assert_eq!(side.0.borrow().now_ms, 2500);
    for mut pin in [key, status] {
        pin.done();
    }
}

#[test]
fn a_line_that_fails_or_is_missing_is_said() {
    let broken = MockError::Io(std::io::ErrorKind::NotConnected);
    let key = Mock::new(&[Transaction::set(State::High).with_error(broken.clone())]);
    let status = Mock::new(&[Transaction::get(State::Low)]);
    let mut power = Power {
        pwrkey: Some(key.clone()),
        reset: None,
        supply_off: None,
        status: Some(status.clone()),
        timing: TIMING,
    };
    let mut side = Side(World::new(false, false));
    let done = finish(power.switch_on(&mut side.clone(), &mut side.clone()));
    assert_eq!(done, Err(PowerError::Pin(broken)));
    for mut pin in [key, status] {
        pin.done();
    }
    let mut none = Power {
        pwrkey: None::<Output>,
        reset: None,
        supply_off: None,
        status: None::<Status>,
        timing: TIMING,
    };
    let done = finish(none.switch_on(&mut side.clone(), &mut side));
    assert_eq!(done, Err(PowerError::NoLine));
}
