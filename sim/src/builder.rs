//! Starting a simulator inside a program.

use std::{io, net::SocketAddr, path::PathBuf, sync::Arc, time::Duration};

use crate::{
    Family, ModemHandle, NetworkHandle, PhoneHandle, control,
    hub::{Hub, Slot},
    modem::Device,
    network::{Network, NetworkSettings},
    rng::Rng,
};

/// How a simulator is to be.
#[derive(Clone, Debug)]
pub struct Builder {
    directory: PathBuf,
    modems: usize,
    families: Vec<Family>,
    seed: u64,
    pace: u32,
    listen: Option<SocketAddr>,
    in_memory: bool,
    network: NetworkSettings,
}

/// A running simulator; it ends when dropped.
pub struct Simulator {
    hub: Arc<Hub>,
    control: Option<SocketAddr>,
}

impl Builder {
    /// Where the ports' links are made; it is created if missing.
    #[must_use]
    pub fn dir(self, directory: impl Into<PathBuf>) -> Self {
        Self { directory: directory.into(), ..self }
    }

    /// How many modems there are, named `m1`, `m2` and so on.
    #[must_use]
    pub fn modems(self, modems: usize) -> Self {
        Self { modems, ..self }
    }

    /// The family of the next modem; families repeat when there are more modems.
    #[must_use]
    pub fn family(mut self, family: Family) -> Self {
        self.families.push(family);
        self
    }

    /// What faults of chance start from.
    #[must_use]
    pub fn seed(self, seed: u64) -> Self {
        Self { seed, ..self }
    }

    /// How long the network takes to answer a message.
    #[must_use]
    pub fn latency(mut self, latency: Duration) -> Self {
        self.network.latency_ms = millis(latency);
        self
    }

    /// How the network behaves in all.
    #[must_use]
    pub fn network(self, network: NetworkSettings) -> Self {
        Self { network, ..self }
    }

    /// Paces the lines at this baud rate; 0 (the default) is as fast as it goes.
    #[must_use]
    pub fn pace(self, pace: u32) -> Self {
        Self { pace, ..self }
    }

    /// Makes no ports but lines in memory, see [`ModemHandle::open`]; waits are those of the runtime's
    /// clock, so that a test which pauses it runs as fast as it can.
    #[must_use]
    pub fn in_memory(self) -> Self {
        Self { in_memory: true, ..self }
    }

    /// Serves the control API at this address; port 0 is any free one.
    #[must_use]
    pub fn listen(self, address: SocketAddr) -> Self {
        Self { listen: Some(address), ..self }
    }

    /// Makes the ports and starts to answer.
    ///
    /// # Errors
    /// When the directory, a pty or the control API's socket cannot be had.
    pub async fn start(self) -> io::Result<Simulator> {
        if !self.in_memory {
            std::fs::create_dir_all(&self.directory)?;
        }
        let slots = (1..=self.modems).map(|place| self.slot(place)).collect();
        let network = Network::new(self.network.clone());
        let hub = Hub::new(self.directory, slots, network, self.in_memory)?;
        let mut simulator = Simulator { hub, control: None };
        for index in 0..self.modems {
            simulator.hub.plug(index)?;
        }
        if let Some(address) = self.listen {
            simulator.control = Some(control::serve(&simulator.hub, address).await?);
        }
        Ok(simulator)
    }

    fn slot(&self, place: usize) -> Slot {
        let family = self
            .families
            .get((place - 1).checked_rem(self.families.len()).unwrap_or(0))
            .copied()
            .unwrap_or_default();
        let rng = Rng::new(self.seed, u64::try_from(place).unwrap_or(0));
        let device = Device::new(place, format!("m{place}"), family.profile(), rng);
        Slot::new(device, self.pace)
    }
}

impl Simulator {
    /// A simulator of one modem in the working directory, to be changed before it starts.
    #[must_use]
    pub fn builder() -> Builder {
        Builder {
            directory: PathBuf::from("."),
            modems: 1,
            families: Vec::new(),
            seed: 0,
            pace: 0,
            listen: None,
            in_memory: false,
            network: NetworkSettings::default(),
        }
    }

    /// The path of a modem's port, as a host opens it.
    ///
    /// # Panics
    /// When there is no modem of that name.
    #[must_use]
    pub fn port(&self, modem: &str) -> PathBuf {
        self.modem(modem).port()
    }

    /// Where the control API listens.
    #[must_use]
    pub fn control_addr(&self) -> Option<SocketAddr> {
        self.control
    }

    /// A modem by its name.
    ///
    /// # Panics
    /// When there is none of that name.
    #[must_use]
    pub fn modem(&self, name: &str) -> ModemHandle {
        match self.hub.index(name) {
            Some(index) => ModemHandle::new(Arc::clone(&self.hub), index),
            None => panic!("no modem is named {name:?}"),
        }
    }

    /// All modems, in order.
    #[must_use]
    pub fn modems(&self) -> Vec<ModemHandle> {
        let handle = |index| ModemHandle::new(Arc::clone(&self.hub), index);
        (0..self.hub.slots.len()).map(handle).collect()
    }

    /// A phone by its number; it comes into being when first spoken of.
    #[must_use]
    pub fn phone(&self, number: &str) -> PhoneHandle {
        PhoneHandle::new(Arc::clone(&self.hub), number)
    }

    /// The network.
    #[must_use]
    pub fn network(&self) -> NetworkHandle {
        NetworkHandle::new(Arc::clone(&self.hub))
    }
}

impl Drop for Simulator {
    fn drop(&mut self) {
        for index in 0..self.hub.slots.len() {
            self.hub.unplug(index);
        }
        self.hub.cancel.cancel();
    }
}

pub(crate) fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
