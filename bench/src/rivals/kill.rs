//! What becomes of a message when its gateway is killed in the middle of it.

use std::{path::Path, thread, time::Duration};

use anyhow::Result;
use ringpost_sim::Direction;

use super::Which;
use crate::rig::{Air, number, wait_for};

/// After the restart: longer than a gateway needs to send again what it thinks was not sent.
const LOOKED_AT: Duration = Duration::from_secs(25);
const PATIENCE: Duration = Duration::from_secs(60);

/// When it is killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Moment {
    /// Half of the body is on the line.
    InTheBody,
    /// The network has the message, and the answer is on its way.
    BeforeTheAnswer,
}

/// What became of the message.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Killed {
    /// Which.
    pub gateway: Which,
    /// When.
    pub moment: Moment,
    /// How often the network took it.
    pub copies: usize,
    /// What the gateway says of it.
    pub says: String,
}

impl Moment {
    /// Both.
    pub const ALL: [Self; 2] = [Self::InTheBody, Self::BeforeTheAnswer];

    /// As tables name it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::InTheBody => "in the body",
            Self::BeforeTheAnswer => "before the answer",
        }
    }
}

/// Kills a gateway at a moment, starts it again, and looks.
///
/// # Errors
/// It does not work at all.
pub fn kill(which: Which, moment: Moment, program: &Path, folder: &Path) -> Result<Killed> {
    let folder = tempfile::Builder::new().prefix("rival").tempdir_in(folder)?;
    // A body that takes more than two seconds, or an answer that does.
    let (baud, latency) = match moment {
        Moment::InTheBody => (0, Duration::ZERO),
        Moment::BeforeTheAnswer => (0, Duration::from_secs(3)),
    };
    let air = Air::start(folder.path(), 1, latency, baud)?;
    let mut gateway = which.make(program);
    gateway.start(folder.path(), &air)?;
    if moment == Moment::InTheBody {
        air.set_pace(1200);
    }
    let text = (number(0), "The quick brown fox jumps over the lazy dog. ".repeat(3));
    gateway.send(std::slice::from_ref(&text))?;
    let said = |end: &str| {
        let lines = air.transcript(1);
        let mut host = lines.iter().filter(|line| line.direction == Direction::Tx);
        host.any(|line| line.text.contains(end)).then_some(())
    };
    match moment {
        Moment::InTheBody => {
            wait_for("AT+CMGS", PATIENCE, || said("AT+CMGS="))?;
            thread::sleep(Duration::from_secs(1));
        }
        Moment::BeforeTheAnswer => {
            wait_for("the body", PATIENCE, || said("\\u{1a}"))?;
            thread::sleep(Duration::from_millis(500));
        }
    }
    gateway.kill();
    air.set_pace(0);
    thread::sleep(Duration::from_secs(4));
    air.set_latency(Duration::ZERO);
    gateway.start(folder.path(), &air)?;
    thread::sleep(LOOKED_AT);
    let copies = air.submits().iter().filter(|submit| submit.recipient == text.0).count();
    let says = gateway.says(&text);
    gateway.kill();
    Ok(Killed { gateway: which, moment, copies, says })
}
