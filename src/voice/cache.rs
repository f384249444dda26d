//! Clips that are kept: a file for each, named by what it holds.
//!
//! A clip that was half written, or spoilt, is made anew. Where there is no folder, or it cannot be written, clips
//! are kept in memory.

use std::{
    collections::BTreeMap,
    fs,
    io::{self, BufReader, BufWriter},
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
    time::{Duration, SystemTime},
};

use super::dsp;
use crate::domain::SAMPLE_RATE;

/// A clip that nobody wanted for so long is removed: it was of another version of an engine, or of another name.
const UNUSED: Duration = Duration::from_secs(30 * 24 * 3600);

/// The kept clips.
#[derive(Debug)]
pub(super) struct Cache {
    folder: Option<PathBuf>,
    memory: Mutex<BTreeMap<String, Vec<i16>>>,
}

impl Cache {
    pub(super) fn new(folder: Option<PathBuf>) -> Self {
        Self { folder, memory: Mutex::default() }
    }

    /// The clip with that key.
    pub(super) fn get(&self, key: &str) -> Option<Vec<i16>> {
        let memory = self.memory.lock().unwrap_or_else(PoisonError::into_inner);
        memory.get(key).cloned().or_else(|| read(&file(self.folder.as_ref()?, key)))
    }

    /// Keeps a clip; in memory, and why, where that cannot be on disk.
    pub(super) fn put(&self, key: &str, samples: &[i16]) -> Result<(), String> {
        let failed = match &self.folder {
            None => None,
            Some(folder) => match write(folder, key, samples) {
                Ok(()) => return Ok(()),
                Err(cause) => Some(format!("{}: {cause}", folder.display())),
            },
        };
        let mut memory = self.memory.lock().unwrap_or_else(PoisonError::into_inner);
        memory.insert(key.to_owned(), samples.to_vec());
        failed.map_or(Ok(()), Err)
    }

    /// Notes that a clip is wanted still, for [`tidy`](Self::tidy).
    pub(super) fn touch(&self, key: &str) {
        let Some(folder) = &self.folder else { return };
        // Where that fails, it is made anew once it is gone.
        let _ = fs::File::options()
            .append(true)
            .open(file(folder, key))
            .and_then(|file| file.set_modified(SystemTime::now()));
    }

    /// Removes what was not wanted for a month, and what a crash left half written.
    pub(super) fn tidy(&self) -> io::Result<()> {
        let Some(folder) = self.folder.as_ref().filter(|folder| folder.is_dir()) else {
            return Ok(());
        };
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            let ours = entry.path().extension().is_some_and(|it| it == "wav" || it == "new");
            let age = entry.metadata()?.modified()?.elapsed().unwrap_or_default();
            if ours && age > UNUSED {
                fs::remove_file(entry.path())?;
            }
        }
        Ok(())
    }
}

fn file(folder: &Path, key: &str) -> PathBuf {
    folder.join(format!("{key}.wav"))
}

/// Under another name first, so that whoever reads finds all of it or nothing.
fn write(folder: &Path, key: &str, samples: &[i16]) -> Result<(), String> {
    fs::create_dir_all(folder).map_err(|cause| cause.to_string())?;
    let mut unique = [0; 8];
    getrandom::fill(&mut unique).map_err(|cause| cause.to_string())?;
    let new = folder.join(format!("{key}-{:016x}.new", u64::from_le_bytes(unique)));
    let written = fs::File::create_new(&new)
        .map_err(|cause| cause.to_string())
        .and_then(|file| dsp::write_wav(BufWriter::new(file), samples))
        .and_then(|()| fs::rename(&new, file(folder, key)).map_err(|cause| cause.to_string()));
    if written.is_err() {
        let _ = fs::remove_file(&new);
    }
    written
}

fn read(file: &Path) -> Option<Vec<i16>> {
    let mut reader = hound::WavReader::new(BufReader::new(fs::File::open(file).ok()?)).ok()?;
    let spec = reader.spec();
    let sound = (spec.channels, spec.sample_rate, spec.bits_per_sample) == (1, SAMPLE_RATE, 16);
    let samples: Vec<i16> = reader.samples::<i16>().collect::<Result<_, _>>().ok()?;
    (sound && !samples.is_empty()).then_some(samples)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kept_clip_comes_back_and_a_spoilt_one_does_not() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::new(Some(folder.path().join("clips")));
        assert_eq!(cache.get("ab"), None);
        cache.put("ab", &[1, -2, 3]).unwrap();
        assert_eq!(cache.get("ab"), Some(vec![1, -2, 3]));
        assert!(cache.memory.lock().unwrap().is_empty());
        let names: Vec<_> = fs::read_dir(folder.path().join("clips")).unwrap().collect();
        assert_eq!(names.len(), 1, "nothing half written is left");

        let file = folder.path().join("clips/ab.wav");
        let whole = fs::read(&file).unwrap();
        for spoilt in [&whole[..whole.len() - 1], &whole[..20], b""] {
            fs::write(&file, spoilt).unwrap();
            assert_eq!(cache.get("ab"), None, "{} octets", spoilt.len());
        }
    }

    #[test]
    fn without_a_folder_clips_are_kept_in_memory() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        fs::write(&file, "").unwrap();
        let cache = Cache::new(Some(file.join("clips")));
        let cause = cache.put("ab", &[1, 2]).unwrap_err();
        assert!(cause.contains("file/clips: "), "{cause}");
        assert_eq!(cache.get("ab"), Some(vec![1, 2]));
    }

    #[test]
    fn what_nobody_wanted_for_long_is_removed() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::new(Some(folder.path().to_owned()));
        for (name, age) in [("old", UNUSED * 2), ("wanted", UNUSED * 2), ("young", UNUSED / 2)] {
            cache.put(name, &[1]).unwrap();
            let file = fs::File::options().append(true).open(file(folder.path(), name)).unwrap();
            file.set_modified(SystemTime::now() - age).unwrap();
        }
        fs::write(folder.path().join("README"), "not ours").unwrap();
        cache.touch("wanted");
        cache.tidy().unwrap();
        assert_eq!(cache.get("old"), None);
        assert!(cache.get("wanted").is_some() && cache.get("young").is_some());
        assert!(folder.path().join("README").exists());
    }
}
