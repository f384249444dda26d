//! What the codec benchmarks found, beside the budget.

use std::{
    fs,
    io::{ErrorKind, Write},
    path::Path,
    process::{Command, Stdio},
};

use anyhow::{Context, Result, ensure};

use super::{NUMBER, Sample, ringpost};
use crate::report::{Budget, Line};

/// A TPDU of 160 septets is written or read within this time.
const NANOSECONDS: Budget = Budget::AtMost(500.0);
/// Faster than every codec compared.
const FASTER: Budget = Budget::AtLeast(1.0);

/// The lines of the report, from what `cargo bench --bench codec` left in `criterion`; the program in
/// `go`, where Go is installed, is run now.
pub fn figures(criterion: &Path, go: &Path) -> Result<Vec<Line>> {
    let mut times = read(criterion)?;
    times.extend(run_go(go)?);
    let mut lines = Vec::new();
    for ours in times.iter().filter(|time| time.codec == "ringpost") {
        let one = ours.task.ends_with("160 septets") && !ours.task.contains("line");
        let budget = one.then_some(NANOSECONDS);
        lines.push(Line::new(format!("{}: ringpost", ours.task), ours.nanoseconds, "ns", budget));
        for other in times.iter().filter(|other| other.task == ours.task && !other.is(ours)) {
            let ratio = other.nanoseconds / ours.nanoseconds;
            lines.push(Line::new(
                format!("  times as fast as {}", other.codec),
                ratio,
                "x",
                Some(FASTER),
            ));
        }
    }
    for sample in Sample::all() {
        let count = allocations(&sample);
        let what = format!("allocations, {}, written and read", sample.name);
        lines.push(Line::new(what, count as f64, "", Some(Budget::AtMost(0.0))));
    }
    Ok(lines)
}

/// How often Ringpost's codec asks for memory.
pub fn allocations(sample: &Sample) -> u64 {
    let mut text = String::with_capacity(sample.text.len());
    let lines = sample.lines();
    let counted = allocation_counter::measure(|| {
        ringpost::encode(NUMBER, &sample.text, |tpdu| assert!(!tpdu.is_empty()));
        lines.iter().for_each(|line| ringpost::decode_line(line, &mut text));
    });
    assert_eq!(text, sample.text);
    counted.count_total
}

/// What one codec took for one task.
struct Time {
    task: String,
    codec: String,
    nanoseconds: f64,
}

impl Time {
    fn is(&self, other: &Self) -> bool {
        self.codec == other.codec
    }
}

fn read(criterion: &Path) -> Result<Vec<Time>> {
    let mut times = Vec::new();
    let context = || format!("{}: run the benchmarks first", criterion.display());
    for task in folders(criterion).with_context(context)? {
        for codec in folders(&criterion.join(&task))? {
            let file = criterion.join(&task).join(&codec).join("new/estimates.json");
            let estimates: serde_json::Value = serde_json::from_slice(&fs::read(&file)?)?;
            let nanoseconds = estimates["median"]["point_estimate"].as_f64();
            let nanoseconds =
                nanoseconds.with_context(|| format!("{}: no median", file.display()))?;
            times.push(Time { task: task.clone(), codec, nanoseconds });
        }
    }
    ensure!(!times.is_empty(), "no benchmark was run");
    Ok(times)
}

/// Names of the folders in a folder, the summaries of a group left out, sorted.
fn folders(path: &Path) -> Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(path)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if entry.file_type()?.is_dir() && name != "report" {
            names.push(name);
        }
    }
    names.sort();
    Ok(names)
}

/// Nothing where Go is missing, or cannot fetch its package.
fn run_go(folder: &Path) -> Result<Vec<Time>> {
    let mut go = Command::new("go");
    // The checksums of the package are Go's own affair: it fetches and keeps them.
    go.args(["run", "-mod=mod", "."]).current_dir(folder);
    let mut child = match go.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn() {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            eprintln!("not compared: Go is not installed");
            return Ok(Vec::new());
        }
        child => child?,
    };
    let mut input = child.stdin.take().context("no standard input")?;
    for sample in Sample::all() {
        let received = sample.lines().into_iter().map(|line| format!("\t{}", &line[2..]));
        // A program that ends early has said why.
        let _ = writeln!(input, "{}\t{}{}", sample.name, sample.text, received.collect::<String>());
    }
    drop(input);
    let output = child.wait_with_output()?;
    if !output.status.success() {
        eprintln!("not compared: the Go program did not run");
        return Ok(Vec::new());
    }
    let lines = String::from_utf8(output.stdout)?;
    let times = lines.lines().map(|line| {
        let columns: Vec<_> = line.split('\t').collect();
        let [task, sample, nanoseconds, _] = columns[..] else {
            anyhow::bail!("columns of {line}")
        };
        let nanoseconds = nanoseconds.parse()?;
        Ok(Time {
            task: format!("{task} {sample}"),
            codec: "warthog618/sms (Go)".to_owned(),
            nanoseconds,
        })
    });
    times.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_codec_allocates_nothing() {
        for sample in Sample::all() {
            assert_eq!(allocations(&sample), 0, "{}", sample.name);
        }
    }
}
