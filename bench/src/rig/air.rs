//! The simulated modems and their network, in threads of this process that can be told from the rest.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::Result;
use ringpost_sim::{Simulator, SubmitSeen, TranscriptLine};
use tokio::runtime::{Builder, Runtime};

use super::process::cpu_of_threads;

/// What the threads of the simulator are named.
const THREADS: &str = "air";

/// Modems and a network.
pub struct Air {
    sim: Option<Simulator>,
    runtime: Runtime,
    modems: usize,
    folder: PathBuf,
}

impl Air {
    /// Puts so many modems into `folder`: lines of `baud` (0 is as fast as it goes), and a network that
    /// answers after `latency`.
    ///
    /// # Errors
    /// No port can be had.
    pub fn start(folder: &Path, modems: usize, latency: Duration, baud: u32) -> Result<Self> {
        let runtime = Builder::new_multi_thread()
            .worker_threads(2)
            .thread_name(THREADS)
            .enable_all()
            .build()?;
        let folder = folder.join("ports");
        let sim = Simulator::builder().dir(&folder).modems(modems).latency(latency).pace(baud);
        let sim = Some(runtime.block_on(sim.start())?);
        Ok(Self { sim, runtime, modems, folder })
    }

    /// How many modems there are.
    #[must_use]
    pub fn modems(&self) -> usize {
        self.modems
    }

    /// Names and ports of the modems.
    #[must_use]
    pub fn ports(&self) -> Vec<(String, PathBuf)> {
        (1..=self.modems)
            .map(|number| (format!("m{number}"), self.folder.join(format!("m{number}-at"))))
            .collect()
    }

    /// What went over the line of modem `number`, counted from 1.
    #[must_use]
    pub fn transcript(&self, number: usize) -> Vec<TranscriptLine> {
        self.sim().modem(&format!("m{number}")).transcript()
    }

    /// What the network has taken, in order.
    #[must_use]
    pub fn submits(&self) -> Vec<SubmitSeen> {
        self.sim().network().submits()
    }

    /// Waits until the network has taken so much in all; says whether it has.
    #[must_use]
    pub fn wait_for_submits(&self, count: usize, patience: Duration) -> bool {
        let network = self.sim().network();
        self.runtime.block_on(network.wait_for_submits(count, patience)).is_some()
    }

    /// Waits until the phone has got one text more; says whether it has.
    #[must_use]
    pub fn wait_for_text(&self, phone: &str, patience: Duration) -> bool {
        let phone = self.sim().phone(phone);
        self.runtime.block_on(phone.wait_for_text(patience)).is_some()
    }

    /// Changes how long the network takes.
    pub fn set_latency(&self, latency: Duration) {
        self.sim().network().set_latency(latency);
    }

    /// Changes the speed of all lines; 0 is as fast as it goes.
    pub fn set_pace(&self, baud: u32) {
        self.sim().modems().iter().for_each(|modem| modem.set_pace(baud));
    }

    /// Seconds that all of it took on a processor so far.
    #[must_use]
    pub fn cpu(&self) -> f64 {
        cpu_of_threads(THREADS)
    }

    fn sim(&self) -> &Simulator {
        self.sim.as_ref().expect("a simulator")
    }
}

impl Drop for Air {
    /// Before its runtime.
    fn drop(&mut self) {
        let _inside = self.runtime.enter();
        self.sim = None;
    }
}
