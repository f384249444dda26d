//! `ringpost log|messages|inbound export`: everything, a line each.

use std::{
    fs::{File, OpenOptions},
    io::{self, BufRead as _, BufReader, Seek as _, SeekFrom, Write as _},
    path::{Path, PathBuf},
};

use serde_json::Value;

use super::{Failure, Server};

/// What is exported.
#[derive(Debug, Clone, Copy)]
pub(super) struct Source {
    /// Where the daemon has it.
    pub(super) path: &'static str,
    /// The member that each line is known by.
    pub(super) id: &'static str,
    /// What a line holds, for people.
    pub(super) what: &'static str,
}

/// Where it is written to.
#[derive(Debug, clap::Args)]
pub(super) struct Export {
    /// The file; else standard output.
    #[arg(long, value_name = "FILE")]
    to: Option<PathBuf>,
    #[command(flatten)]
    server: Server,
}

impl Export {
    pub(super) fn run(&self, source: Source) -> Result<(), Failure> {
        match &self.to {
            Some(path) => to_file(&self.server, source, path),
            None => to_stdout(&self.server, source),
        }
    }
}

fn to_stdout(server: &Server, source: Source) -> Result<(), Failure> {
    let mut body = server.open(source.path, None)?.into_reader();
    match io::copy(&mut body, &mut io::stdout().lock()) {
        Err(cause) if cause.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        copied => copied.map_err(|cause| Failure::while_doing("export", cause)).map(drop),
    }
}

/// A file that has some goes on behind its last whole line.
fn to_file(server: &Server, source: Source, path: &Path) -> Result<(), Failure> {
    let Source { path: from, id, what } = source;
    let failed =
        |cause: io::Error| Failure::while_doing(&format!("write {}", path.display()), cause);
    let mut options = OpenOptions::new();
    let mut file =
        options.create(true).truncate(false).read(true).write(true).open(path).map_err(failed)?;
    let (end, last) = whole_lines(&file).map_err(failed)?;
    let mut query = String::new();
    if let Some(line) = last {
        let last: Option<Value> = serde_json::from_str(&line).ok();
        let after = last.as_ref().and_then(|line| line.get(id)).and_then(Value::as_str);
        let Some(after) = after else {
            let says = format!("{} does not end with {what}; nothing was written", path.display());
            return Err(Failure::Failed(says));
        };
        query = format!("?after={after}");
    }
    let mut body = server.open(&format!("{from}{query}"), None)?.into_reader();
    // What broke off within a line is written anew.
    file.set_len(end).map_err(failed)?;
    file.seek(SeekFrom::Start(end)).map_err(failed)?;
    io::copy(&mut body, &mut file).map_err(|cause| {
        let what = format!("export; {} goes on when it is called again", path.display());
        Failure::while_doing(&what, cause)
    })?;
    file.flush().and_then(|()| file.sync_all()).map_err(failed)
}

/// Octets of the whole lines of a file, and the last of those.
fn whole_lines(file: &File) -> io::Result<(u64, Option<String>)> {
    let mut reader = BufReader::new(file);
    let (mut end, mut last, mut line) = (0, None, Vec::new());
    loop {
        line.clear();
        let octets = reader.read_until(b'\n', &mut line)?;
        if octets == 0 || line.last() != Some(&b'\n') {
            return Ok((end, last));
        }
        end += u64::try_from(octets).unwrap_or(u64::MAX);
        last = Some(String::from_utf8_lossy(&line).into_owned());
    }
}
