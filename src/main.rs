//! Ringpost's command line. See `cli` for the commands.

use std::process::ExitCode;

fn main() -> ExitCode {
    ringpost::cli::main()
}
