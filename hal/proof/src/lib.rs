//! Proof that `ringpost-hal`, and the example of how firmware uses it, need neither std nor alloc: this
//! library holds both, has a panic handler of its own and no global allocator. If they, or anything they
//! depend on, pull in alloc, the build fails for want of an allocator; if std, for having two panic
//! handlers.
//!
//! Run it with `make hal-proof`.
#![no_std]

use core::{convert::Infallible, panic::PanicInfo};

#[path = "../../examples/firmware/driver.rs"]
pub mod driver;

/// A port and a clock that do nothing: what drives a modem is built for them, whole.
pub struct Nothing;

impl embedded_io::ErrorType for Nothing {
    type Error = Infallible;
}

impl embedded_io::ReadReady for Nothing {
    fn read_ready(&mut self) -> Result<bool, Infallible> {
        Ok(false)
    }
}

impl embedded_io::Read for Nothing {
    fn read(&mut self, _: &mut [u8]) -> Result<usize, Infallible> {
        Ok(0)
    }
}

impl embedded_io::Write for Nothing {
    fn write(&mut self, bytes: &[u8]) -> Result<usize, Infallible> {
        Ok(bytes.len())
    }

    fn flush(&mut self) -> Result<(), Infallible> {
        Ok(())
    }
}

impl embedded_hal::delay::DelayNs for Nothing {
    fn delay_ns(&mut self, _: u32) {}
}

/// Brings a modem up and sends a text through it.
pub fn send(text: &str) -> bool {
    let mut modem = driver::Modem::new(Nothing, Nothing);
    modem.bring_up().is_ok() && modem.send("14155552345", text, 1).is_ok()
}

#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    loop {
        core::hint::spin_loop();
    }
}
