//! Packs: recordings of people, in a folder with a manifest, `pack.toml`.
//!
//! A pack says digits, letters, phrases, or some of them. Of its digits it has all ten or none: a code that is read by
//! two voices in turn is hard to follow.

mod asterisk;

use std::{
    collections::BTreeMap,
    fs, io,
    os::unix::fs::PermissionsExt as _,
    path::{Component, Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use super::{dsp, wording::Phrase};
use crate::domain::Locale;

/// The file that describes a pack.
const MANIFEST: &str = "pack.toml";
/// What a code is made of.
pub(super) const CHARACTERS: &str = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";

/// A folder of recordings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pack {
    /// The name of its folder.
    pub name: String,
    /// What its manifest says.
    pub manifest: Manifest,
    folder: PathBuf,
}

/// What a `pack.toml` holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// Who speaks.
    pub voice: String,
    /// Under which licence, by its SPDX identifier where it has one.
    pub licence: String,
    /// Who has to be named.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub credit: String,
    /// The languages that are spoken: tags of prompts.
    pub locales: Vec<String>,
    /// The recordings: of characters, `0` to `9` and `A` to `Z`, and of phrases by their names in `prompts.toml`.
    pub clips: BTreeMap<String, Recording>,
}

/// One recording.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recording {
    /// Its WAV, below the folder of the pack.
    pub file: PathBuf,
    /// What it says.
    pub says: String,
}

impl Pack {
    /// The packs in the folders of `folder`, by their names, and what is wrong with others.
    pub(super) fn all(folder: &Path) -> (Vec<Self>, Vec<String>) {
        let folders = fs::read_dir(folder).into_iter().flatten().flatten().map(|it| it.path());
        let mut folders: Vec<PathBuf> =
            folders.filter(|path| path.join(MANIFEST).is_file()).collect();
        folders.sort();
        let (mut packs, mut problems) = (Vec::new(), Vec::new());
        for folder in folders {
            match Self::read(&folder) {
                Ok(pack) => packs.push(pack),
                Err(cause) => problems.push(cause),
            }
        }
        (packs, problems)
    }

    /// Reads the manifest of a pack.
    ///
    /// # Errors
    /// What is wrong with it.
    fn read(folder: &Path) -> Result<Self, String> {
        let file = folder.join(MANIFEST);
        let failed = |cause: String| format!("{}: {cause}", file.display());
        let text = fs::read_to_string(&file).map_err(|cause| failed(cause.to_string()))?;
        let manifest: Manifest =
            toml::from_str(&text).map_err(|cause| failed(cause.to_string()))?;
        let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let pack = Self { name, manifest, folder: folder.to_owned() };
        pack.check().map_err(failed)?;
        Ok(pack)
    }

    fn check(&self) -> Result<(), String> {
        let Manifest { locales, clips, .. } = &self.manifest;
        if let Some(bad) = locales.iter().find(|tag| Locale::parse(tag).is_none()) {
            return Err(format!("{bad:?} is no language tag"));
        }
        for (name, Recording { file, .. }) in clips {
            if !is_character(name) && !Phrase::ALL.iter().any(|it| it.as_str() == name) {
                return Err(format!("{name:?} is neither a character of a code nor a phrase"));
            }
            let within = file.components().all(|part| matches!(part, Component::Normal(_)));
            if !within || !self.folder.join(file).is_file() {
                return Err(format!("{name}: there is no file {:?} in this pack", file.display()));
            }
        }
        let missing: String =
            ('0'..='9').filter(|digit| !clips.contains_key(&digit.to_string())).collect();
        if (1..10).contains(&missing.len()) {
            return Err(format!("it lacks the digits {missing}; it must have all ten, or none"));
        }
        Ok(())
    }

    /// The recording of that name in a language: its WAV, and what it says.
    pub(super) fn recording(&self, locale: &str, name: &str) -> Option<(PathBuf, &str)> {
        let speaks = self.manifest.locales.iter().any(|tag| tag == locale);
        let Recording { file, says } = self.manifest.clips.get(name).filter(|_| speaks)?;
        Some((self.folder.join(file), says))
    }
}

fn is_character(name: &str) -> bool {
    name.len() == 1 && CHARACTERS.contains(name)
}

/// Brings packs into the folder of packs: one with a manifest, a folder of Asterisk's sounds, or all voices in one.
/// A pack of the same name is replaced.
///
/// # Errors
/// What is wrong with the packs, or keeps them from being copied.
pub fn import(from: &Path, packs: &Path) -> Result<Vec<Pack>, String> {
    let mut found = Vec::new();
    if from.join(MANIFEST).is_file() {
        found.push(Pack::read(&from.canonicalize().map_err(|cause| cause.to_string())?)?);
    } else {
        found.extend(asterisk::packs(from));
    }
    if found.is_empty() {
        return Err(format!(
            "{}: there is no {MANIFEST} in it, and none of Asterisk's voices, which Debian's packages \
             asterisk-core-sounds-en-wav, -es-wav, -fr-wav, -it-wav and -ru-wav bring",
            from.display()
        ));
    }
    found.into_iter().map(|pack| bring(pack, packs)).collect()
}

/// Copies a pack, once all of it was found to be sound.
fn bring(pack: Pack, packs: &Path) -> Result<Pack, String> {
    let Pack { name, mut manifest, folder } = pack;
    let failed = |path: &Path, cause: String| format!("{}: {cause}", path.display());
    let mut wavs = Vec::new();
    for (called, recording) in &mut manifest.clips {
        let path = folder.join(&recording.file);
        let wav = fs::read(&path).map_err(|cause| failed(&path, cause.to_string()))?;
        let wave = dsp::read_wav(wav.as_slice()).map_err(|cause| failed(&path, cause))?;
        dsp::clip_of(&wave).map_err(|cause| failed(&path, cause))?;
        recording.file = PathBuf::from(format!("{called}.wav"));
        wavs.push((recording.file.clone(), wav));
    }
    let text = toml::to_string(&manifest).map_err(|cause| cause.to_string())?;
    let new = packs.join(format!(".{name}.new"));
    let write = || {
        if new.exists() {
            fs::remove_dir_all(&new)?;
        }
        fs::create_dir_all(&new)?;
        for (file, wav) in &wavs {
            fs::write(new.join(file), wav)?;
        }
        fs::write(new.join(MANIFEST), &text)?;
        readable(&new)?;
        let place = packs.join(&name);
        if place.exists() {
            fs::remove_dir_all(&place)?;
        }
        fs::rename(&new, &place)
    };
    write().map_err(|cause| failed(packs, cause.to_string()))?;
    Pack::read(&packs.join(&name))
}

/// Lets the daemon read what somebody else has brought in, whatever that one's umask.
fn readable(folder: &Path) -> io::Result<()> {
    let allow = |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode));
    for entry in fs::read_dir(folder)? {
        allow(&entry?.path(), 0o644)?;
    }
    allow(folder, 0o755)?;
    // The folder of all packs may have been made just before.
    folder.parent().map_or(Ok(()), |packs| allow(packs, 0o755))
}

#[cfg(test)]
mod tests;
