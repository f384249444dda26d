//! Prints what the benchmarks found beside what was promised, and keeps it as JSON: `make bench`.

use std::{fs, path::Path};

use anyhow::Context;
use ringpost_bench::codec;

fn main() -> anyhow::Result<()> {
    let target = std::env::args().nth(1).context("usage: ringpost-bench TARGET-DIRECTORY")?;
    let target = Path::new(&target);
    let lines = codec::figures(&target.join("criterion"), Path::new("bench/go"))?;
    for line in &lines {
        println!("{line}");
    }
    let file = target.join("report.json");
    fs::write(&file, serde_json::to_vec_pretty(&lines)?)?;
    println!("kept in {}", file.display());
    Ok(())
}
