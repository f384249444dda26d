//! Sends a text through a modem with what firmware has: `ringpost-hal`, `embedded-io` and `embedded-hal`.
//!
//! `cargo run --example firmware -- /dev/ttyUSB2 14155552345 "hello"`. All that is specific to a
//! microcontroller is in `firmware/host.rs`, which here is this machine.

#[path = "firmware/driver.rs"]
mod driver;
#[path = "firmware/host.rs"]
mod host;

use std::{env, path::Path, process::ExitCode};

#[expect(clippy::print_stdout, clippy::print_stderr, reason = "an example talks to its user")]
fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().collect();
    let [_, port, digits, text] = arguments.as_slice() else {
        eprintln!("usage: firmware PORT DIGITS TEXT");
        return ExitCode::from(2);
    };
    let sent = host::Uart::open(Path::new(port)).map_err(driver::Error::Port).and_then(|uart| {
        let mut modem = driver::Modem::new(uart, host::Clock);
        let up = modem.bring_up()?;
        println!("{} of family {}", up.facts().model, up.family().name);
        modem.send(digits, text, 1)
    });
    match sent {
        Ok(segments) => {
            println!("sent in {segments} segments");
            ExitCode::SUCCESS
        }
        Err(cause) => {
            eprintln!("failed: {cause:?}");
            ExitCode::FAILURE
        }
    }
}
