//! A disk that is slower than the one that is there: `slow_sync.c`, preloaded.

use std::{path::Path, process::Command, time::Duration};

use anyhow::{Context as _, Result, ensure};

/// Has each sync of what `command` starts take so long at least; the library for it is built in `folder`.
///
/// # Errors
/// There is no C compiler.
pub fn slow_down(command: &mut Command, sync: Duration, folder: &Path) -> Result<()> {
    let library = folder.join("slow_sync.so");
    let mut compiler = Command::new("cc");
    compiler.args(["-O1", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC", "-o"]).arg(&library);
    compiler.arg(concat!(env!("CARGO_MANIFEST_DIR"), "/src/rig/slow_sync.c")).arg("-ldl");
    let built = compiler.status().context("start cc")?;
    ensure!(built.success(), "cc does not build slow_sync.c");
    let microseconds = sync.as_micros().to_string();
    command.env("LD_PRELOAD", library).env("RINGPOST_SYNC_US", microseconds);
    Ok(())
}
