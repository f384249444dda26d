//! Files in a modem's flash: how they get there, and how they are played into a call.

mod flash;
mod play;
mod sound;
mod upload;

pub(crate) use flash::Flash;
pub(crate) use play::Play;
pub(in crate::modem) use play::Playing;
pub(crate) use sound::{read_aloud, sound};
pub(in crate::modem) use upload::Incoming;
pub(crate) use upload::{Receipt, Upload};
