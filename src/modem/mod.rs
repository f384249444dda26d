//! One task for each modem owns its port: bring-up, exchanges, what comes in by itself, coming back
//! after it was gone. The only room that names `tokio_serial`.
//!
//! [`modem`] splits into a [`ModemHandle`], which everybody may hold, and a [`Runner`], which is run once.
//! What the handle asks for is done in order, one exchange at a time, each to its end. Which port is whose,
//! [`Hotplug`] knows.

mod audio;
mod call;
mod elsewhere;
mod exchange;
mod handle;
mod hold;
mod hotplug;
mod identity;
mod ledger;
mod lines;
mod link;
mod pin;
mod port;
mod power;
mod probe;
mod runner;
mod serve;
mod status;
mod stored;
mod unanswered;
mod usb;

pub use call::{CallCause, CallEnd, CallEvent, CallHandle, Dial};
pub use handle::{
    Action, Follower, ModemConfig, ModemEvent, ModemHandle, Power, Prepared, SoundConfig, Submit,
    modem,
};
pub use hotplug::{Hotplug, Place, UsbPlace};
pub use lines::LinePower;
pub use port::{Holder, holders};
pub use power::PowerCommand;
pub use probe::{Probed, probe};
pub use ringpost_hal::at::dialogue::{NotSent, StoreUse, SubmitOutcome, Voice};
pub use ringpost_hal::family::{Sink, SoundWay};
pub use ringpost_hal::supervision::Rung;
pub use runner::Runner;
pub use status::{Counts, Exchanges, ModemState, ModemStatus, Problem};
pub use usb::{UsbDevice, UsbPort, usb_devices};

#[cfg(test)]
pub(crate) use {call::CallLine, handle::StandIn};

#[cfg(test)]
mod script;
#[cfg(test)]
mod simulated;
#[cfg(test)]
mod tests;
