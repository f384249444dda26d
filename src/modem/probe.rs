//! Asks a modem what it is and can do, once, without a daemon.

use std::sync::Arc;

use ringpost_hal::{at::dialogue::Facts, family::Family};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::{
    Hotplug, ModemConfig, ModemState, Place, Problem,
    handle::apart,
    link::Link,
    port::{Opened, Ports},
    runner::Ended,
};

/// What a modem said of itself.
#[derive(Debug)]
pub struct Probed {
    /// As far as it came.
    pub facts: Facts,
    /// Where it is.
    pub place: Option<Place>,
    /// Its family, once its model is known.
    pub family: Option<&'static Family>,
    /// What keeps it from taking messages, and at which step.
    pub problem: Option<(Option<&'static str>, Problem)>,
}

/// Brings the modem of `config` up, and says what came of it. A PIN is entered only where `config` names
/// one.
///
/// # Errors
/// A port that is not there, or cannot be opened.
pub async fn probe(config: ModemConfig, ports: &Hotplug) -> Result<Probed, Problem> {
    let Opened { port, place, claim } = ports.open(&config).await?;
    let mut probed = probe_on(Link::new(port), config, ports, place).await?;
    if let Some(Err(double)) = claim.map(|claim| claim.is(&probed.facts)) {
        probed.problem = Some((None, double));
    }
    Ok(probed)
}

async fn probe_on<P>(
    mut link: Link<P>,
    config: ModemConfig,
    ports: &Hotplug,
    place: Option<Place>,
) -> Result<Probed, Problem>
where
    P: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin,
{
    // Nobody listens: there is no store that anything could be written to, and so no PIN is entered. Nor
    // is anything written to the SIM.
    let (events, _) = mpsc::channel(1);
    let config = ModemConfig { pin_file: None, service_centre: None, ..config };
    let (handle, mut worker) = apart(config, Arc::new(ports.clone()), events);
    worker.found(place);
    let ended = worker.bring_up(&mut link, &CancellationToken::new()).await.err();
    let status = handle.status().borrow().clone();
    let problem = match ended {
        Some(Ended::Trouble(ModemState::Absent, problem)) => return Err(problem),
        Some(Ended::Trouble(_, problem)) => Some((status.step, problem)),
        Some(Ended::Cancelled | Ended::Restarted | Ended::Asked(_)) | None => None,
    };
    Ok(Probed { facts: status.facts, place: status.place, family: status.family, problem })
}

#[cfg(test)]
mod tests {
    use std::path::{Path, PathBuf};

    use ringpost_sim::{Family, Fault, Simulator};

    use super::*;
    use crate::domain::{Detail, Locator};

    #[tokio::test(start_paused = true)]
    async fn a_modem_is_asked_what_it_is_and_its_pin_is_left_alone() {
        for locked in [false, true] {
            let sim = Simulator::builder().in_memory().family(Family::Telit).start().await.unwrap();
            let modem = sim.modem("m1");
            if locked {
                modem.fault(Fault::SimPin);
            }
            let config = ModemConfig {
                pin_file: Some(PathBuf::from("/dev/null")),
                ..ModemConfig::new("probe", Locator::Port(PathBuf::from("/dev/none")), 115_200)
            };
            let ports = Hotplug::new(Path::new("/"), Vec::new());
            let link = Link::new(modem.open().unwrap());
            let probed = probe_on(link, config, &ports, None).await.unwrap();
            assert_eq!(probed.facts.model, "HE910-D");
            assert_eq!(probed.family.map(|it| it.name), Some("telit"));
            let problem = probed.problem.map(|(step, problem)| (step, problem.detail));
            let expected = (Some("PIN retries"), Detail::SimLocked);
            assert_eq!(problem, locked.then_some(expected));
            let lines = modem.transcript();
            assert!(!lines.iter().any(|line| line.text.starts_with("AT+CPIN=")));
        }
    }
}
