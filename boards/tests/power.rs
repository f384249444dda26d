//! What is done to the lines of each board to begin its modem anew, pulse by pulse, in a time that only the
//! delays move.

use std::{
    cell::RefCell,
    convert::Infallible,
    future::{Future, ready},
    pin::pin,
    rc::Rc,
    task::{Context, Poll, Waker},
};

use embedded_hal::digital::{ErrorType, InputPin, OutputPin};
use embedded_hal_async::delay::DelayNs;
use ringpost_boards::{Board, Catalog, Level, Line};
use ringpost_hal::power::{Power, Switched, Talk, Timing};

/// Everything that happens, with its time, at the pins of the host.
#[derive(Default)]
struct Host {
    now_ms: u32,
    /// When the modem runs, and when it does not.
    runs: Vec<(u32, bool)>,
    said: Vec<String>,
}

#[derive(Clone, Default)]
struct Side(Rc<RefCell<Host>>);

impl Side {
    fn runs(&self) -> bool {
        let host = self.0.borrow();
        let now = host.now_ms;
        host.runs.iter().rev().find(|(at, _)| *at <= now).is_none_or(|(_, runs)| *runs)
    }

    fn turn(&self, after_ms: u32, runs: bool) {
        let mut host = self.0.borrow_mut();
        let at = host.now_ms + after_ms;
        host.runs.push((at, runs));
    }
}

/// A line of the board at its level: the host sees what the board file says.
struct Pin {
    side: Side,
    role: &'static str,
    line: Line,
    since_ms: u32,
}

impl ErrorType for Pin {
    type Error = Infallible;
}

impl Pin {
    fn set(&mut self, active: bool) {
        let level = match (active, self.line.active) {
            (true, Level::High) | (false, Level::Low) => "high",
            (true, Level::Low) | (false, Level::High) => "low",
        };
        let runs = self.side.runs();
        let (now, line) = (self.side.0.borrow().now_ms, self.line.line);
        self.side.0.borrow_mut().said.push(format!("{now} {} = GPIO {line} {level}", self.role));
        let held_ms = now - self.since_ms;
        self.since_ms = now;
        match (self.role, active) {
            ("supply_off", true) => self.side.turn(0, false),
            ("supply_off", false) => self.side.turn(500, true),
            ("reset", false) => {
                self.side.turn(0, false);
                self.side.turn(500, true);
            }
            ("pwrkey", false) if runs && held_ms < 600 => {}
            ("pwrkey", false) => self.side.turn(500, !runs),
            _ => {}
        }
    }
}

impl OutputPin for Pin {
    fn set_low(&mut self) -> Result<(), Infallible> {
        self.set(false);
        Ok(())
    }

    fn set_high(&mut self) -> Result<(), Infallible> {
        self.set(true);
        Ok(())
    }
}

impl InputPin for Pin {
    fn is_high(&mut self) -> Result<bool, Infallible> {
        Ok(self.side.runs())
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

/// A modem that answers, but for the command to power down.
impl Talk for Side {
    fn answers(&mut self) -> impl Future<Output = bool> + Send {
        ready(self.runs())
    }

    fn power_down(&mut self) -> impl Future<Output = bool> + Send {
        ready(false)
    }
}

/// The family's timing of the modem that a board carries.
fn timing(board: &Board) -> Timing {
    let family = board.family.as_deref().and_then(ringpost_hal::family::by_name);
    family.and_then(|family| family.power).unwrap_or(Timing::EC25)
}

/// What is done to begin the modem of a board anew.
fn restart(board: &Board) -> (Option<Switched>, Vec<String>) {
    let side = Side::default();
    let pin = |role, line: &Option<Line>| {
        let side = side.clone();
        line.clone().map(|line| Pin { side, role, line, since_ms: 0 })
    };
    let lines = &board.lines;
    let mut power = Power {
        pwrkey: pin("pwrkey", &lines.pwrkey),
        reset: pin("reset", &lines.reset),
        supply_off: pin("supply_off", &lines.supply_off),
        status: pin("status", &lines.status),
        timing: timing(board),
    };
    let (mut modem, mut delay) = (side.clone(), side.clone());
    let mut future = pin!(power.restart(&mut modem, &mut delay));
    let mut context = Context::from_waker(Waker::noop());
    let done = loop {
        if let Poll::Ready(done) = future.as_mut().poll(&mut context) {
            break done.ok();
        }
    };
    let said = side.0.borrow().said.clone();
    (done, said)
}

#[test]
fn each_board_begins_its_modem_anew_in_its_own_way() {
    use Switched::{ByKey, ByReset, BySupply};
    let table: &[(&str, Option<Switched>, &[&str])] = &[
        ("adafruit-fona", Some(ByReset), &["0 reset = GPIO 27 low", "150 reset = GPIO 27 high"]),
        ("generic-usb", None, &[]),
        ("seeed-lara-r2-hat", Some(ByReset), &["0 reset = GPIO 6 high", "100 reset = GPIO 6 low"]),
        ("simulator", None, &[]),
        (
            "sixfab-base-hat",
            Some(BySupply),
            &["0 supply_off = GPIO 26 high", "3000 supply_off = GPIO 26 low"],
        ),
        (
            "sixfab-cellular-iot-app",
            Some(ByKey),
            &[
                "0 pwrkey = GPIO 11 high",
                "750 pwrkey = GPIO 11 low",
                "2250 pwrkey = GPIO 11 high",
                "2850 pwrkey = GPIO 11 low",
            ],
        ),
        (
            "sixfab-cellular-iot-hat",
            Some(ByKey),
            &[
                "0 pwrkey = GPIO 24 high",
                "750 pwrkey = GPIO 24 low",
                "2250 pwrkey = GPIO 24 high",
                "2850 pwrkey = GPIO 24 low",
            ],
        ),
        (
            "sixfab-gprs-shield",
            Some(ByKey),
            &[
                "0 pwrkey = GPIO 26 high",
                "750 pwrkey = GPIO 26 low",
                "2250 pwrkey = GPIO 26 high",
                "2850 pwrkey = GPIO 26 low",
            ],
        ),
        (
            "waveshare-sim7070-hat",
            Some(ByKey),
            &[
                "0 pwrkey = GPIO 4 high",
                "1300 pwrkey = GPIO 4 low",
                "6300 pwrkey = GPIO 4 high",
                "7300 pwrkey = GPIO 4 low",
            ],
        ),
        (
            "waveshare-sim7600x-hat",
            Some(ByKey),
            &[
                "0 pwrkey = GPIO 6 high",
                "3000 pwrkey = GPIO 6 low",
                "22000 pwrkey = GPIO 6 high",
                "22500 pwrkey = GPIO 6 low",
            ],
        ),
        (
            "waveshare-sim800c-hat",
            Some(ByKey),
            &[
                "0 pwrkey = GPIO 4 high",
                "2000 pwrkey = GPIO 4 low",
                "7000 pwrkey = GPIO 4 high",
                "8200 pwrkey = GPIO 4 low",
            ],
        ),
    ];
    let catalog = Catalog::embedded().unwrap();
    assert!(catalog.iter().map(|board| board.name.as_str()).eq(table.iter().map(|row| row.0)));
    for (name, how, pulses) in table {
        let (done, said) = restart(catalog.get(name).unwrap());
        assert_eq!(
            (done, said.iter().map(String::as_str).collect::<Vec<_>>()),
            (*how, pulses.to_vec()),
            "{name}"
        );
    }
}
