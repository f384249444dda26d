//! A board's lines as `embedded-hal` pins on Linux.
//!
//! `high` means active here, whatever the level on the wire: the board knows at which level its line
//! is active, so that nobody else has to. A line is the host's again when its pin is dropped, and
//! the kernel may then leave it at its last level.

use embedded_hal::digital::{self, ErrorKind, ErrorType, InputPin, OutputPin};
use gpiocdev::{
    Request,
    chip::{Chip, chips},
    line::Value,
};

use crate::{Board, Level, Line};

/// Who holds the lines, as `gpioinfo` shows it.
const CONSUMER: &str = "ringpost";

/// Why a line cannot be had, or why it does not answer.
#[derive(Debug, thiserror::Error)]
pub enum GpioError {
    /// This host has none of the board's chips.
    #[error("no GPIO chip of this host is labelled {}", .0.join(" or "))]
    NoChip(Vec<String>),
    /// The kernel refuses.
    #[error("GPIO line {line}: {source}")]
    Refused {
        /// Offset of the line.
        line: u32,
        /// Why.
        source: gpiocdev::Error,
    },
}

impl digital::Error for GpioError {
    fn kind(&self) -> ErrorKind {
        ErrorKind::Other
    }
}

/// The lines of a board, taken.
#[derive(Debug)]
pub struct Pins {
    /// Pressed like a button.
    pub pwrkey: Option<OutputLine>,
    /// Resets the modem.
    pub reset: Option<OutputLine>,
    /// Takes the supply away.
    pub supply_off: Option<OutputLine>,
    /// Keeps the modem off the air.
    pub flight_mode: Option<OutputLine>,
    /// Tells that the modem runs.
    pub status: Option<InputLine>,
}

/// A line of a board that cannot be had.
#[derive(Debug, thiserror::Error)]
#[error("board {board:?}, {role}: {source}")]
pub struct PinError {
    /// The board.
    pub board: String,
    /// What the line does there.
    pub role: &'static str,
    /// Why.
    pub source: GpioError,
}

impl Pins {
    /// Takes all lines of `board`; those that the host drives are left inactive.
    ///
    /// # Errors
    /// If one of them cannot be had.
    pub fn take(board: &Board) -> Result<Self, PinError> {
        let lines = &board.lines;
        let failed = |role| move |source| PinError { board: board.name.clone(), role, source };
        let output = |role, line: &Option<Line>| {
            line.as_ref().map(OutputLine::take).transpose().map_err(failed(role))
        };
        Ok(Self {
            pwrkey: output("pwrkey", &lines.pwrkey)?,
            reset: output("reset", &lines.reset)?,
            supply_off: output("supply_off", &lines.supply_off)?,
            flight_mode: output("flight_mode", &lines.flight_mode)?,
            status: lines
                .status
                .as_ref()
                .map(InputLine::take)
                .transpose()
                .map_err(failed("status"))?,
        })
    }
}

/// The first line of `board` that this host cannot have, because it lacks the chip. Takes none.
pub fn missing(board: &Board) -> Option<PinError> {
    board.lines.iter().find_map(|(role, line)| {
        let source = chip(&line.chips).err()?;
        Some(PinError { board: board.name.clone(), role, source })
    })
}

/// A line that the host drives.
#[derive(Debug)]
pub struct OutputLine {
    request: Request,
    line: u32,
}

impl OutputLine {
    /// Takes `line` and leaves it inactive.
    ///
    /// # Errors
    /// If no chip has the label, or the kernel does not give the line.
    pub fn take(line: &Line) -> Result<Self, GpioError> {
        let request = request(line, |builder| {
            builder.as_output(Value::Inactive);
        })?;
        Ok(Self { request, line: line.line })
    }

    fn set(&self, value: Value) -> Result<(), GpioError> {
        let refused = |source| GpioError::Refused { line: self.line, source };
        self.request.set_lone_value(value).map(drop).map_err(refused)
    }
}

impl ErrorType for OutputLine {
    type Error = GpioError;
}

impl OutputPin for OutputLine {
    fn set_low(&mut self) -> Result<(), GpioError> {
        self.set(Value::Inactive)
    }

    fn set_high(&mut self) -> Result<(), GpioError> {
        self.set(Value::Active)
    }
}

/// A line that the host reads.
#[derive(Debug)]
pub struct InputLine {
    request: Request,
    line: u32,
}

impl InputLine {
    /// Takes `line`.
    ///
    /// # Errors
    /// If no chip has the label, or the kernel does not give the line.
    pub fn take(line: &Line) -> Result<Self, GpioError> {
        let request = request(line, |builder| {
            builder.as_input();
        })?;
        Ok(Self { request, line: line.line })
    }
}

impl ErrorType for InputLine {
    type Error = GpioError;
}

impl InputPin for InputLine {
    fn is_high(&mut self) -> Result<bool, GpioError> {
        let refused = |source| GpioError::Refused { line: self.line, source };
        self.request.lone_value().map(|value| value == Value::Active).map_err(refused)
    }

    fn is_low(&mut self) -> Result<bool, GpioError> {
        self.is_high().map(|high| !high)
    }
}

fn request(
    line: &Line,
    direction: impl FnOnce(&mut gpiocdev::request::Builder),
) -> Result<Request, GpioError> {
    let chip = chip(&line.chips)?;
    let mut builder = Request::builder();
    builder.on_chip(chip.path()).with_consumer(CONSUMER).with_line(line.line);
    match line.active {
        Level::Low => builder.as_active_low(),
        Level::High => builder.as_active_high(),
    };
    direction(&mut builder);
    builder.request().map_err(|source| GpioError::Refused { line: line.line, source })
}

/// The first chip of this host that has one of `labels`; those that may not be opened are not ours.
fn chip(labels: &[String]) -> Result<Chip, GpioError> {
    let has_label = |chip: &Chip| chip.info().is_ok_and(|info| labels.contains(&info.label));
    chips()
        .unwrap_or_default()
        .iter()
        .filter_map(|path| Chip::from_path(path).ok())
        .find(has_label)
        .ok_or_else(|| GpioError::NoChip(labels.to_vec()))
}

#[cfg(test)]
mod tests {
    use super::{InputLine, OutputLine, Pins};
    use crate::{Catalog, Level, Line};

    #[test]
    fn a_line_that_cannot_be_had_is_named_with_its_board() {
        // No chip is labelled so, here or anywhere else.
        let mut board = Catalog::embedded().unwrap().get("sixfab-gprs-shield").unwrap().clone();
        let nowhere = |line: &mut Option<Line>| {
            line.as_mut().unwrap().chips = vec!["no-such-chip".to_owned()];
        };
        nowhere(&mut board.lines.status);
        board.lines.pwrkey = None;
        assert_eq!(
            Pins::take(&board).unwrap_err().to_string(),
            "board \"sixfab-gprs-shield\", status: no GPIO chip of this host is labelled no-such-chip"
        );
        assert_eq!(super::missing(&board).unwrap().role, "status");
        board.lines = crate::Lines::default();
        assert!(super::missing(&board).is_none());
        let pins = Pins::take(&board).unwrap();
        assert!(pins.pwrkey.is_none() && pins.status.is_none());
    }

    #[test]
    fn a_chip_that_is_not_here_is_named() {
        let chips = vec!["no-such-chip".to_owned(), "nor-this".to_owned()];
        let line = Line { chips, line: 4, active: Level::Low };
        let expected = "no GPIO chip of this host is labelled no-such-chip or nor-this";
        assert_eq!(OutputLine::take(&line).unwrap_err().to_string(), expected);
        assert_eq!(InputLine::take(&line).unwrap_err().to_string(), expected);
    }
}
