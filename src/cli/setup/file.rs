//! The configuration that is written: the example file, with what was answered filled in.

use std::{
    fs::{self, OpenOptions},
    io::{self, Write as _},
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};

use super::{Failure, snippet::modem_table, stock::Found};

/// The file that is installed, with every key and its default as a comment.
const EXAMPLE: &str = include_str!("../../../systemd/ringpost.toml");

/// Root writes it, and the daemon's account reads it, as it reads the example that is installed. Whatever is secret
/// lies in files of its own.
const MODE: u32 = 0o644;

/// What was answered.
pub(super) struct Values<'f> {
    pub(super) home: String,
    pub(super) regions: Vec<String>,
    pub(super) org: String,
    pub(super) modems: Vec<&'f Found>,
}

/// The text of the configuration.
pub(super) fn filled(values: &Values<'_>) -> String {
    let answers = [
        ("#home_region = \"US\"", format!("home_region = {:?}", values.home)),
        ("#regions = [\"US\"]", format!("regions = {:?}", values.regions)),
        ("#name = \"Ringpost\"", format!("name = {:?}", values.org)),
    ];
    // The first of each: the keys of a modem come last in the file.
    let mut text = answers
        .iter()
        .fold(EXAMPLE.to_owned(), |text, (example, line)| text.replacen(example, line, 1));
    for (place, found) in values.modems.iter().enumerate() {
        let Some(locator) = &found.locator else { continue };
        text.push('\n');
        text += &modem_table(&name(place), locator, found.baud, &found.what);
    }
    text
}

/// `a` for the first, `m27` behind `z`.
fn name(place: usize) -> String {
    let letter = u8::try_from(place).ok().and_then(|place| place.checked_add(b'a'));
    letter
        .filter(u8::is_ascii_lowercase)
        .map_or_else(|| format!("m{}", place + 1), |it| char::from(it).to_string())
}

/// Refuses to replace a configuration that somebody wrote; the example as it was installed is none.
pub(super) fn may_write(file: &Path, force: bool) -> Result<(), Failure> {
    match fs::read_to_string(file) {
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => Ok(()),
        Ok(text) if force || text == EXAMPLE => Ok(()),
        Ok(_) => Err(Failure::Failed(format!(
            "{} is there already; --force replaces it, and keeps it as {}",
            file.display(),
            old(file).display()
        ))),
        Err(cause) => Err(Failure::while_doing(&format!("read {}", file.display()), cause)),
    }
}

/// Writes it whole or not at all; what was there is kept beside it.
pub(super) fn write(file: &Path, text: &str) -> Result<(), Failure> {
    let failed = |cause| Failure::while_doing(&format!("write {}", file.display()), cause);
    let fresh = beside(file, "new");
    let written = OpenOptions::new().write(true).create(true).truncate(true).open(&fresh).and_then(
        |mut out| {
            // Not by the mode at opening: root's umask would take from that.
            out.set_permissions(fs::Permissions::from_mode(MODE))?;
            out.write_all(text.as_bytes())?;
            out.sync_all()
        },
    );
    written.map_err(failed)?;
    if fs::read_to_string(file).is_ok_and(|text| text != EXAMPLE) {
        fs::copy(file, old(file)).map_err(failed)?;
    }
    fs::rename(&fresh, file).map_err(failed)
}

fn old(file: &Path) -> PathBuf {
    beside(file, "old")
}

fn beside(file: &Path, ending: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(".");
    name.push(ending);
    PathBuf::from(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modems_are_named_by_letters() {
        assert_eq!([0, 25, 26, 400].map(name), ["a", "z", "m27", "m401"]);
    }
}
