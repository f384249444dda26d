//! Measures, prints what was found beside what was promised, and keeps it as JSON: `make bench` and
//! `make bench-rivals`.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, bail};
use ringpost_bench::{
    codec,
    gateway::{self, Bench},
    report::Report,
    rig::Machine,
    rivals,
};

const USAGE: &str = "usage: ringpost-bench gateway|rivals TARGET-DIRECTORY RINGPOST [ONLY]";

fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let what = arguments.next().context(USAGE)?;
    let target = PathBuf::from(arguments.next().context(USAGE)?);
    let program = PathBuf::from(arguments.next().context(USAGE)?);
    let only = arguments.next().filter(|only| !only.is_empty());
    fs::create_dir_all(&target)?;
    match what.as_str() {
        "gateway" => all(&target, program, only.as_deref()),
        "rivals" => {
            let found = rivals::figures(&program, &target, only.as_deref())?;
            print!("{found}");
            keep(&target.join("rivals.json"), &found)
        }
        _ => bail!(USAGE),
    }
}

/// The codec and the gateway; only a part of the gateway where one is named.
fn all(target: &Path, program: PathBuf, only: Option<&str>) -> Result<()> {
    let machine = Machine::now();
    let mut bench = Bench { program, folder: target.to_owned(), notes: Vec::new() };
    let mut lines = match only {
        None => codec::figures(&target.join("criterion"), Path::new("bench/go"))?,
        Some(_) => Vec::new(),
    };
    lines.extend(gateway::figures(&mut bench, only)?);
    let report = Report { machine, lines, notes: bench.notes };
    print!("{report}");
    // A part alone is no report.
    if only.is_some() { Ok(()) } else { keep(&target.join("report.json"), &report) }
}

fn keep(file: &Path, found: &impl serde::Serialize) -> Result<()> {
    fs::write(file, serde_json::to_vec_pretty(found)?)?;
    println!("\nkept in {}", file.display());
    Ok(())
}
