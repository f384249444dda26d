//! The lines of a modem's board as what switches its power.

use std::{fmt, future::Future, pin::Pin, time::Duration};

use embedded_hal::digital::{InputPin, OutputPin};
use embedded_hal_async::delay::DelayNs;
use ringpost_hal::{
    at::{Command, Urc},
    family::Family,
    power::{self, PowerError, Talk},
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    sync::Mutex,
    time::sleep,
};
use tracing::info;

use super::{
    Hotplug, ModemConfig, Power,
    ledger::Claim,
    link::{Link, Unsolicited},
    port::{Opened, Port, Ports},
};

/// How often `AT` is said until a modem counts as one that does not run.
const CALLS: u8 = 3;

/// The lines of a modem.
pub struct LinePower<O, I> {
    lines: Mutex<power::Power<O, I>>,
    voice: Voice,
    /// A line that is held as it is for as long as the daemon runs.
    kept: Option<O>,
}

/// How the modem is spoken to while nobody has its port open.
struct Voice {
    family: &'static Family,
    config: ModemConfig,
    ports: Hotplug,
}

impl<O, I> LinePower<O, I> {
    /// The lines of the modem of `config`, which is of `family`.
    pub fn new(
        lines: power::Power<O, I>,
        family: &'static Family,
        config: ModemConfig,
        ports: Hotplug,
    ) -> Self {
        let voice = Voice { family, config, ports };
        Self { lines: Mutex::new(lines), voice, kept: None }
    }

    /// Holds one more line as it is: flight mode, which the host would let go.
    pub fn keep(&mut self, line: Option<O>) {
        self.kept = line;
    }
}

impl<O, I> fmt::Debug for LinePower<O, I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LinePower({})", self.voice.config.name)
    }
}

impl<O, I, E> Power for LinePower<O, I>
where
    O: OutputPin<Error = E> + Send + Sync,
    I: InputPin<Error = E> + Send + Sync,
    E: fmt::Debug + Send,
{
    fn cycle(&self) -> Pin<Box<dyn Future<Output = Result<(), String>> + Send + '_>> {
        Box::pin(async {
            // One modem has one task: nobody waits here.
            let mut lines = self.lines.lock().await;
            let switched = lines.restart(&mut &self.voice, &mut Clock).await;
            let how = switched.map_err(|cause| match cause {
                PowerError::Pin(ref pin) => format!("{cause}: {pin:?}"),
                PowerError::NoLine | PowerError::StaysOff | PowerError::StaysOn => {
                    cause.to_string()
                }
            })?;
            info!(modem.name = self.voice.config.name, how = ?how, "a modem was switched by its lines");
            Ok(())
        })
    }
}

impl Voice {
    /// Opens the port, if there is a modem that answers; it is open until what comes back is dropped.
    async fn link(&self) -> Option<(Link<Box<dyn Port>>, Option<Claim>)> {
        let Opened { port, claim, .. } = self.ports.open(&self.config).await.ok()?;
        let mut link = Link::new(port);
        for _ in 0..CALLS {
            if link.execute(&Command::attention()).await.ok()?.is_ok() {
                return Some((link, claim));
            }
        }
        None
    }
}

impl Talk for &Voice {
    async fn answers(&mut self) -> bool {
        self.link().await.is_some()
    }

    async fn power_down(&mut self) -> bool {
        let Some(word) = self.family.power_down else { return false };
        let Some((mut link, _claim)) = self.link().await else { return false };
        goes_down(&mut link, word).await
    }
}

/// Tells a modem to power down; whether it does. Some say so in the place of `OK`, some are gone at once.
async fn goes_down<P>(link: &mut Link<P>, word: &'static str) -> bool
where
    P: AsyncRead + AsyncWrite + Unpin,
{
    let outcome = link.execute(&Command::power_down(word)).await;
    let says_so = |it: &Unsolicited| matches!(it, Unsolicited::Urc(Urc::PowerDown));
    let told = link.unsolicited.iter().any(says_so);
    told || outcome.map_or(true, |outcome| outcome.is_ok())
}

/// Delays by the clock of the runtime.
struct Clock;

impl DelayNs for Clock {
    async fn delay_ns(&mut self, ns: u32) {
        sleep(Duration::from_nanos(ns.into())).await;
    }

    async fn delay_ms(&mut self, ms: u32) {
        sleep(Duration::from_millis(ms.into())).await;
    }
}

#[cfg(test)]
mod tests {
    use std::{
        convert::Infallible,
        path::Path,
        sync::{
            Arc,
            atomic::{AtomicU32, Ordering},
        },
    };

    use embedded_hal::digital::ErrorType;
    use ringpost_hal::{family::SIM7600, power::Timing};
    use ringpost_sim::{Family, ModemHandle, Simulator};
    use tokio::io::{AsyncWriteExt as _, duplex};

    use super::*;
    use crate::domain::Locator;

    /// PWRKEY of a simulated modem: each press switches it off or on, and is counted.
    struct Key(ModemHandle, Arc<AtomicU32>);

    impl ErrorType for Key {
        type Error = Infallible;
    }

    impl OutputPin for Key {
        fn set_high(&mut self) -> Result<(), Infallible> {
            Ok(())
        }

        fn set_low(&mut self) -> Result<(), Infallible> {
            self.1.fetch_add(1, Ordering::Relaxed);
            if self.0.plugged() {
                self.0.unplug();
            } else {
                let _ = self.0.replug();
            }
            Ok(())
        }
    }

    /// STATUS of a simulated modem.
    struct Status(ModemHandle);

    impl ErrorType for Status {
        type Error = Infallible;
    }

    impl InputPin for Status {
        fn is_high(&mut self) -> Result<bool, Infallible> {
            Ok(self.0.plugged())
        }

        fn is_low(&mut self) -> Result<bool, Infallible> {
            Ok(!self.0.plugged())
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_modem_that_powers_down_says_so_in_its_own_way() {
        for (says, expected) in [
            ("\r\nOK\r\n", true),
            ("\r\nNORMAL POWER DOWN\r\n", true),
            ("\r\nERROR\r\n", false),
            ("", false),
        ] {
            let (near, mut far) = duplex(64);
            far.write_all(says.as_bytes()).await.unwrap();
            assert_eq!(goes_down(&mut Link::new(near), "+CPOWD=1").await, expected, "{says:?}");
        }
        let (near, far) = duplex(64);
        drop(far);
        assert!(goes_down(&mut Link::new(near), "+CPOWD=1").await, "it is gone");
    }

    #[tokio::test]
    async fn a_modem_is_asked_to_power_down_and_switched_over_by_its_key() {
        let dir = tempfile::tempdir().unwrap();
        let builder = Simulator::builder().dir(dir.path()).family(Family::Sim7600);
        let sim = builder.start().await.unwrap();
        let modem = sim.modem("m1");
        let config = ModemConfig {
            family: Some(&SIM7600),
            ..ModemConfig::new("a", Locator::Port(modem.port()), 115_200)
        };
        let presses = Arc::new(AtomicU32::new(0));
        let lines = power::Power {
            pwrkey: Some(Key(modem.clone(), presses.clone())),
            reset: None,
            supply_off: None,
            status: Some(Status(modem.clone())),
            timing: Timing { on_ms: 1, off_ms: 1, ready_ms: 1, down_ms: 1, reset_ms: 1 },
        };
        let ports = Hotplug::new(Path::new("/"), Vec::new());
        let power = LinePower::new(lines, &SIM7600, config, ports);
        assert_eq!(power.cycle().await, Ok(()));
        assert!(modem.plugged());
        assert_eq!(presses.load(Ordering::Relaxed), 2, "off, and on");
        let said = modem.transcript();
        assert!(said.iter().any(|line| line.text.starts_with("AT+CPOF")), "{said:#?}");
        // A key that does nothing.
        modem.unplug();
        let mut lines = power.lines.into_inner();
        lines.pwrkey = None;
        let config = power.voice.config;
        let power = LinePower::new(lines, &SIM7600, config, power.voice.ports);
        let cause = power.cycle().await.unwrap_err();
        assert_eq!(cause, "the board has no line that switches the modem");
    }
}
