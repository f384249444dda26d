//! Switching a modem on, off and over by its lines: PWRKEY, RESET, STATUS, its supply.
//!
//! PWRKEY toggles, like the button of a phone: pressed while the modem runs, it switches it off. So
//! whether it runs is found out first, by its STATUS line or else by `AT`, and a modem that runs is asked to
//! power down before its key is pressed. Pins are logical here: high means that the line does what its
//! name says, whatever the level on the wire.

mod timing;

use core::future::Future;

use embedded_hal::digital::{InputPin, OutputPin};
use embedded_hal_async::delay::DelayNs;

pub use timing::Timing;

/// Between two looks at STATUS.
const LOOK_MS: u32 = 100;
/// Between off and on: the supply of the module has to fall first. A second, as vendors' notes ask for.
const GAP_MS: u32 = 1000;
/// How long a supply is taken away: until the capacitors of a board that feed bursts of 2 A are empty.
const CUT_MS: u32 = 3000;

/// What the sequences ask of a modem over its AT port.
pub trait Talk {
    /// Whether it answers `AT`, within a few seconds.
    fn answers(&mut self) -> impl Future<Output = bool> + Send;

    /// Asks it to power down, as its family does; whether it said that it will.
    fn power_down(&mut self) -> impl Future<Output = bool> + Send;
}

/// What became of a sequence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Switched {
    /// It was so already.
    Already,
    /// The modem did it when it was asked.
    ByCommand,
    /// Its key was pressed.
    ByKey,
    /// Its reset line was pulled.
    ByReset,
    /// Its supply was taken away for a while.
    BySupply,
}

/// Why a sequence did not get there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PowerError<E> {
    /// The board has no line for it.
    #[error("the board has no line that switches the modem")]
    NoLine,
    /// A pin failed.
    #[error("a line of the board failed")]
    Pin(E),
    /// The modem gives no sign that it runs.
    #[error("the modem gives no sign that it runs")]
    StaysOff,
    /// The modem still runs.
    #[error("the modem cannot be switched off")]
    StaysOn,
}

/// The lines of a modem on its board, and how long its module wants them held.
#[derive(Debug)]
pub struct Power<O, I> {
    /// Pressed like a button.
    pub pwrkey: Option<O>,
    /// Resets the modem while it is active.
    pub reset: Option<O>,
    /// Takes the supply away while it is active.
    pub supply_off: Option<O>,
    /// Active while the modem runs.
    pub status: Option<I>,
    /// How long.
    pub timing: Timing,
}

impl<O, I, E> Power<O, I>
where
    O: OutputPin<Error = E>,
    I: InputPin<Error = E>,
{
    /// Switches the modem on, unless it runs.
    ///
    /// Without STATUS, a modem that hangs looks as if it were off, and the key switches it off indeed;
    /// then it is pressed once more.
    ///
    /// # Errors
    /// [`PowerError::StaysOff`] where nothing helps; no line for it; a pin that fails.
    ///
    /// # Cancel safety
    /// A key that is pressed when this is dropped stays pressed, until the pin is dropped too.
    pub async fn switch_on(
        &mut self,
        modem: &mut impl Talk,
        delay: &mut impl DelayNs,
    ) -> Result<Switched, PowerError<E>> {
        if self.runs(modem).await? {
            return Ok(Switched::Already);
        }
        let presses = if self.status.is_some() { 1 } else { 2 };
        for _ in 0..presses {
            self.press(self.timing.on_ms, delay).await?;
            self.wait_until(true, self.timing.ready_ms, delay).await?;
            if self.runs(modem).await? {
                return Ok(Switched::ByKey);
            }
        }
        Err(PowerError::StaysOff)
    }

    /// Switches the modem off, unless it is: by its own command if it still listens, else by its key.
    ///
    /// # Errors
    /// [`PowerError::StaysOn`] where nothing helps; no line for it; a pin that fails.
    ///
    /// # Cancel safety
    /// As for [`switch_on`](Self::switch_on).
    pub async fn switch_off(
        &mut self,
        modem: &mut impl Talk,
        delay: &mut impl DelayNs,
    ) -> Result<Switched, PowerError<E>> {
        if !self.runs(modem).await? {
            return Ok(Switched::Already);
        }
        if modem.power_down().await {
            self.wait_until(false, self.timing.down_ms, delay).await?;
            if !self.runs(modem).await? {
                return Ok(Switched::ByCommand);
            }
        }
        self.press(self.timing.off_ms, delay).await?;
        self.wait_until(false, self.timing.down_ms, delay).await?;
        if self.runs(modem).await? { Err(PowerError::StaysOn) } else { Ok(Switched::ByKey) }
    }

    /// Begins the modem anew, by the gentlest line that there is and that helps: reset, the key, the supply.
    ///
    /// # Errors
    /// What the last of them answered; no line for it; a pin that fails.
    ///
    /// # Cancel safety
    /// As for [`switch_on`](Self::switch_on).
    pub async fn restart(
        &mut self,
        modem: &mut impl Talk,
        delay: &mut impl DelayNs,
    ) -> Result<Switched, PowerError<E>> {
        let mut done = Err(PowerError::NoLine);
        if let Some(reset) = &mut self.reset {
            hold(reset, self.timing.reset_ms, delay).await?;
            done = self.has_come_up(Switched::ByReset, modem, delay).await;
        }
        // Reset does nothing to a modem that is off.
        if done.is_err() && self.pwrkey.is_some() {
            done = match self.switch_off(modem, delay).await {
                Ok(_) => {
                    delay.delay_ms(GAP_MS).await;
                    self.switch_on(modem, delay).await
                }
                Err(cause) => Err(cause),
            };
        }
        let failed = !matches!(done, Ok(_) | Err(PowerError::Pin(_)));
        if failed && let Some(supply_off) = &mut self.supply_off {
            hold(supply_off, CUT_MS, delay).await?;
            done = if self.pwrkey.is_some() {
                self.switch_on(modem, delay).await.map(|_| Switched::BySupply)
            } else {
                self.has_come_up(Switched::BySupply, modem, delay).await
            };
        }
        done
    }

    /// Waits until the modem runs.
    async fn has_come_up(
        &mut self,
        how: Switched,
        modem: &mut impl Talk,
        delay: &mut impl DelayNs,
    ) -> Result<Switched, PowerError<E>> {
        self.wait_until(true, self.timing.ready_ms, delay).await?;
        if self.runs(modem).await? { Ok(how) } else { Err(PowerError::StaysOff) }
    }

    /// Whether the modem runs: STATUS knows; without it, whoever answers runs.
    async fn runs(&mut self, modem: &mut impl Talk) -> Result<bool, PowerError<E>> {
        match &mut self.status {
            Some(status) => status.is_high().map_err(PowerError::Pin),
            None => Ok(modem.answers().await),
        }
    }

    async fn press(
        &mut self,
        length_ms: u32,
        delay: &mut impl DelayNs,
    ) -> Result<(), PowerError<E>> {
        let key = self.pwrkey.as_mut().ok_or(PowerError::NoLine)?;
        hold(key, length_ms, delay).await
    }

    /// Waits until STATUS says so, `longest_ms` at most; the whole time where there is none.
    async fn wait_until(
        &mut self,
        running: bool,
        longest_ms: u32,
        delay: &mut impl DelayNs,
    ) -> Result<(), PowerError<E>> {
        let Some(status) = &mut self.status else {
            delay.delay_ms(longest_ms).await;
            return Ok(());
        };
        for _ in 0..longest_ms.div_ceil(LOOK_MS) {
            if status.is_high().map_err(PowerError::Pin)? == running {
                return Ok(());
            }
            delay.delay_ms(LOOK_MS).await;
        }
        Ok(())
    }
}

/// Holds a line active for so long.
async fn hold<O: OutputPin>(
    line: &mut O,
    length_ms: u32,
    delay: &mut impl DelayNs,
) -> Result<(), PowerError<O::Error>> {
    line.set_high().map_err(PowerError::Pin)?;
    delay.delay_ms(length_ms).await;
    line.set_low().map_err(PowerError::Pin)
}

#[cfg(test)]
mod tests;
