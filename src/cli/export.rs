//! `ringpost log|messages|inbound export`: everything, a line each.

use std::{
    collections::HashSet,
    fs::{File, OpenOptions},
    io::{self, BufRead, BufReader, Read as _, Seek as _, SeekFrom, Write as _},
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
    /// One that lines of no other kind have.
    pub(super) mark: &'static str,
    /// What a line holds, for people.
    pub(super) what: &'static str,
}

impl Source {
    /// What a line is known by.
    fn id_of(&self, line: &str) -> Option<String> {
        let line: Value = serde_json::from_str(line).ok()?;
        line.get(self.mark)?;
        line.get(self.id)?.as_str().map(str::to_owned)
    }
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

/// A file that has some goes on behind its last whole line; where retention has taken what that one tells of, with
/// the oldest of those that are kept and that it does not have.
fn to_file(server: &Server, source: Source, path: &Path) -> Result<(), Failure> {
    let Source { path: from, what, .. } = source;
    let failed =
        |cause: io::Error| Failure::while_doing(&format!("write {}", path.display()), cause);
    let mut options = OpenOptions::new();
    let mut file =
        options.create(true).truncate(false).read(true).write(true).open(path).map_err(failed)?;
    let (end, last) = whole_lines(&file).map_err(failed)?;
    let (body, written) = match last {
        None => (server.open(from, None)?, HashSet::new()),
        Some(line) => {
            let Some(after) = source.id_of(&line) else {
                let says =
                    format!("{} does not end with {what}; nothing was written", path.display());
                return Err(Failure::Failed(says));
            };
            match server.open_if_there(&format!("{from}?after={after}"))? {
                Some(body) => (body, HashSet::new()),
                None => {
                    let body = server.open(from, None)?;
                    let _ = writeln!(
                        io::stderr(),
                        "ringpost: the last line of {} tells of what is not kept any more: others may be missing behind it",
                        path.display()
                    );
                    (body, ids(&mut file, end, source).map_err(failed)?)
                }
            }
        }
    };
    // What broke off within a line is written anew.
    file.set_len(end).map_err(failed)?;
    file.seek(SeekFrom::Start(end)).map_err(failed)?;
    append(BufReader::new(body.into_reader()), &mut file, source, &written).map_err(|cause| {
        let what = format!("export; {} goes on when it is called again", path.display());
        Failure::while_doing(&what, cause)
    })?;
    file.flush().and_then(|()| file.sync_all()).map_err(failed)
}

/// Writes the lines of `body`, but for those that are `written`.
fn append(
    mut body: impl BufRead,
    file: &mut File,
    source: Source,
    written: &HashSet<String>,
) -> io::Result<()> {
    if written.is_empty() {
        return io::copy(&mut body, file).map(drop);
    }
    for line in body.split(b'\n') {
        let mut line = line?;
        let id = source.id_of(&String::from_utf8_lossy(&line));
        if id.is_none_or(|id| !written.contains(&id)) {
            line.push(b'\n');
            file.write_all(&line)?;
        }
    }
    Ok(())
}

/// The ids of what the first `end` octets of a file tell of.
fn ids(file: &mut File, end: u64, source: Source) -> io::Result<HashSet<String>> {
    file.seek(SeekFrom::Start(0))?;
    let lines = BufReader::new(file.take(end)).split(b'\n');
    let ids = lines.map(|line| Ok(source.id_of(&String::from_utf8_lossy(&line?))));
    ids.filter_map(Result::transpose).collect()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_another_kind_is_not_what_an_export_goes_on_behind() {
        let source = Source { path: "/", id: "id", mark: "purpose", what: "a message" };
        assert_eq!(source.id_of(r#"{"id": "1", "purpose": "otp"}"#).as_deref(), Some("1"));
        assert_eq!(source.id_of(r#"{"id": "1", "received_at": "2026"}"#), None);
        assert_eq!(source.id_of("no line of ours"), None);
    }
}
