//! `ringpost log export`: everything, a line for each event.

use std::{
    fs::{File, OpenOptions},
    io::{self, BufRead as _, BufReader, Seek as _, SeekFrom, Write as _},
    path::Path,
};

use serde_json::Value;

use super::{Failure, Server};

/// Writes all events to a file or to standard output. A file that has some goes on behind its last whole
/// line.
pub(super) fn run(server: &Server, to: Option<&Path>) -> Result<(), Failure> {
    let Some(path) = to else {
        let mut body = server.open("/api/v1/logs/export", None)?.into_reader();
        return match io::copy(&mut body, &mut io::stdout().lock()) {
            Err(cause) if cause.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            copied => {
                copied.map_err(|cause| Failure::while_doing("export the log", cause)).map(drop)
            }
        };
    };
    let failed =
        |cause: io::Error| Failure::while_doing(&format!("write {}", path.display()), cause);
    let mut options = OpenOptions::new();
    let mut file =
        options.create(true).truncate(false).read(true).write(true).open(path).map_err(failed)?;
    let (end, last) = whole_lines(&file).map_err(failed)?;
    let mut query = String::new();
    if let Some(line) = last {
        let event: Option<Value> = serde_json::from_str(&line).ok();
        let uuid = event.as_ref().and_then(|event| event.get("uuid")).and_then(Value::as_str);
        let Some(uuid) = uuid else {
            let says =
                format!("{} does not end with an event; nothing was written", path.display());
            return Err(Failure::Failed(says));
        };
        query = format!("?after={uuid}");
    }
    let mut body = server.open(&format!("/api/v1/logs/export{query}"), None)?.into_reader();
    // What broke off within a line is written anew.
    file.set_len(end).map_err(failed)?;
    file.seek(SeekFrom::Start(end)).map_err(failed)?;
    io::copy(&mut body, &mut file).map_err(|cause| {
        let what = format!("export the log; {} goes on when it is called again", path.display());
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
