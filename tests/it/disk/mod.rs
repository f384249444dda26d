//! A disk whose power can fail: what the files of a daemon hold then, found out from a record of all that it
//! did to them (`recorder.c`, preloaded into it).
//!
//! Safe is what was written before the last sync of its file that was done; a name is safe once its folder was
//! synced. Of everything else each sector may be as old or as new as it ever was since, whatever became of the
//! others, and each name too. A file is cut whole, or not.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::Command,
    sync::LazyLock,
};

use tempfile::TempDir;

use crate::chance::Chance;

/// Time that a sync takes, in microseconds: that of a good SD card, and enough for the power to fail in.
const SYNC_US: u32 = 2000;

/// The library of the recorder, built once for all tests.
static RECORDER: LazyLock<(TempDir, PathBuf)> = LazyLock::new(|| {
    let folder = tempfile::tempdir().unwrap();
    let library = folder.path().join("recorder.so");
    let source = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/disk/recorder.c");
    let mut command = Command::new("cc");
    command.args(["-O1", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC", "-o"]);
    let built = command.arg(&library).arg(source).arg("-ldl").output().unwrap();
    assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
    (folder, library)
});

/// What a disk keeps when its power fails.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Habit {
    /// Percent of what was not synced that is there all the same.
    pub(crate) luck: usize,
    /// What is written whole or not at all.
    pub(crate) sector: usize,
    /// Whether what it says is safe is safe. A test that passes on a disk that lies tests nothing.
    pub(crate) honest: bool,
}

impl Habit {
    /// An honest disk, of any other habits.
    pub(crate) fn any(chance: &mut Chance) -> Self {
        let luck = *chance.of(&[0, 0, 10, 50, 90]);
        Self { luck, sector: *chance.of(&[512, 4096]), honest: true }
    }
}

/// How a write-ahead log was cleaned, in octets of the database.
#[derive(Debug)]
pub(crate) struct Cleaning {
    /// Written since the log was cut before.
    pub(crate) moved: usize,
    /// Of these, what the last sync before the cut was to make safe.
    pub(crate) last: usize,
}

/// A disk stands still.
pub(crate) struct Halt(PathBuf);

impl Drop for Halt {
    fn drop(&mut self) {
        fs::remove_file(&self.0).unwrap();
    }
}

/// Files by their names.
type Files = BTreeMap<String, Vec<u8>>;

/// The files of a database, and the record of what is done to them.
pub(crate) struct Disk {
    /// The database.
    path: PathBuf,
    record: PathBuf,
    /// What was there when the record began; it is safe.
    before: Files,
}

impl Disk {
    /// Below the database at `path`, which nobody works on now. What is there is safe.
    pub(crate) fn below(path: &Path) -> Self {
        let record = path.with_extension("record");
        let mut disk = Self { path: path.to_owned(), record, before: Files::new() };
        disk.before = disk.files();
        disk
    }

    /// What has to be in the environment of a process for it to be recorded.
    pub(crate) fn environment(&self) -> Vec<(&'static str, String)> {
        let text = |path: &Path| path.display().to_string();
        vec![
            ("LD_PRELOAD", text(&RECORDER.1)),
            ("RINGPOST_DISK", text(&self.path)),
            ("RINGPOST_RECORD", text(&self.record)),
            ("RINGPOST_SYNC_US", SYNC_US.to_string()),
        ]
    }

    /// No sync is done any more, until what is answered is dropped.
    pub(crate) fn stand_still(&self) -> Halt {
        let halt = Halt(self.record.with_extension("record.halt"));
        fs::write(&halt.0, []).unwrap();
        halt
    }

    /// The power failed, and all processes with it: leaves what is left. Says how many changes since the last
    /// time were not safe.
    pub(crate) fn cut(&mut self, habit: Habit, chance: &mut Chance) -> usize {
        let record = fs::read(&self.record).unwrap_or_default();
        let records = read(&record);
        let mut state = State::new(&self.before);
        let (last, all) =
            records.split_last().map_or((None, &*records), |(last, all)| (Some(last), all));
        all.iter().for_each(|record| state.apply(record, habit.honest));
        let almost = state.present();
        last.into_iter().for_each(|record| state.apply(record, habit.honest));
        compare(&self.files(), &almost, &state.present());
        let (left, at_risk) = state.survivors(habit, chance);
        for name in self.names() {
            fs::remove_file(self.folder().join(name)).unwrap();
        }
        for (name, bytes) in &left {
            let path = self.folder().join(name);
            fs::write(&path, bytes).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        }
        if chance.percent(50) {
            // Nobody promises anything of mapped memory.
            let rubbish: Vec<u8> = (0..32_768).map(|_| chance.next().to_le_bytes()[0]).collect();
            fs::write(self.path.with_extension("db-shm"), rubbish).unwrap();
        }
        fs::write(&self.record, []).unwrap();
        self.before = left;
        at_risk
    }

    /// Each time that anything was moved out of the write-ahead log before it was cut to nothing.
    pub(crate) fn cleanings(&self) -> Vec<Cleaning> {
        let record = fs::read(&self.record).unwrap_or_default();
        let name = self.path.file_name().unwrap().to_str().unwrap();
        let log = format!("{name}-wal");
        let mut names = HashMap::new();
        let (mut moved, mut unsynced, mut last, mut cleanings) = (0, 0, 0, Vec::new());
        for record in read(&record) {
            let is = |inode: &u64, name: &str| names.get(inode) == Some(&name);
            match &record {
                Record::Opened { inode, name, .. } => drop(names.insert(*inode, *name)),
                Record::Written { inode, bytes, .. } if is(inode, name) => unsynced += bytes.len(),
                Record::SyncBegun { inode, .. } if is(inode, name) => {
                    moved += unsynced;
                    last = std::mem::take(&mut unsynced);
                }
                Record::Truncated { inode, size: 0 } if is(inode, &log) && moved > 0 => {
                    cleanings.push(Cleaning { moved: std::mem::take(&mut moved), last });
                }
                Record::Written { .. }
                | Record::Truncated { .. }
                | Record::SyncBegun { .. }
                | Record::SyncDone { .. }
                | Record::Renamed { .. }
                | Record::Unlinked { .. } => {}
            }
        }
        cleanings
    }

    fn folder(&self) -> &Path {
        self.path.parent().unwrap()
    }

    /// All files whose names begin like the database's.
    fn names(&self) -> Vec<String> {
        let stem = self.path.file_name().unwrap().to_str().unwrap();
        let names = fs::read_dir(self.folder()).unwrap().flatten();
        let names = names.map(|entry| entry.file_name().into_string().unwrap());
        names.filter(|name| name.starts_with(stem)).collect()
    }

    /// Those that are recorded, as they are.
    fn files(&self) -> Files {
        let names = self.names().into_iter().filter(|name| !name.ends_with("-shm"));
        names.map(|name| (name.clone(), fs::read(self.folder().join(name)).unwrap())).collect()
    }
}

/// The record must tell everything. The process may have been killed between the last thing that it told and
/// doing it, or in the midst of that.
fn compare(files: &Files, almost: &Files, all: &Files) {
    let names: BTreeSet<_> = files.keys().chain(all.keys()).collect();
    for name in names {
        let nothing = Vec::new();
        let of = |files: &Files| files.get(name).cloned().unwrap_or_else(|| nothing.clone());
        let (is, almost, all) = (of(files), of(almost), of(all));
        let byte = |bytes: &[u8], at: usize| bytes.get(at).copied().unwrap_or_default();
        let fits = is.len() <= almost.len().max(all.len())
            && is.len() >= almost.len().min(all.len())
            && (0..is.len()).all(|at| [byte(&almost, at), byte(&all, at)].contains(&is[at]));
        assert!(fits, "{name} was changed without being recorded");
    }
}

/// What was done.
#[derive(Debug)]
enum Record<'r> {
    Opened { inode: u64, name: &'r str, fresh: bool },
    Written { inode: u64, at: usize, bytes: &'r [u8] },
    Truncated { inode: u64, size: usize },
    SyncBegun { inode: u64, number: u64 },
    SyncDone { number: u64 },
    Renamed { from: &'r str, to: &'r str },
    Unlinked { name: &'r str },
}

/// `struct head` of the recorder.
const HEAD: usize = 24;

fn read(mut record: &[u8]) -> Vec<Record<'_>> {
    let mut records = Vec::new();
    while let Some((head, rest)) = record.split_at_checked(HEAD) {
        let number = |at: usize| u64::from_ne_bytes(head[at..at + 8].try_into().unwrap());
        let name_length = usize::from(u16::from_ne_bytes([head[2], head[3]]));
        let length = u32::from_ne_bytes(head[4..8].try_into().unwrap()) as usize;
        // The last one may have been cut off.
        let Some((body, rest)) = rest.split_at_checked(name_length + length) else { break };
        let (name, bytes) = body.split_at(name_length);
        let name = str::from_utf8(name).unwrap();
        let (inode, number) = (number(8), number(16));
        let size = usize::try_from(number).unwrap();
        records.push(match head[0] {
            b'O' => Record::Opened { inode, name, fresh: head[1] == 1 },
            b'W' => Record::Written { inode, at: size, bytes },
            b'T' => Record::Truncated { inode, size },
            b'S' => Record::SyncBegun { inode, number },
            b'E' => Record::SyncDone { number },
            b'R' => Record::Renamed { from: name, to: str::from_utf8(bytes).unwrap() },
            b'U' => Record::Unlinked { name },
            kind => panic!("a record of kind {kind}"),
        });
        record = rest;
    }
    records
}

/// A change to the bytes of a file.
#[derive(Debug, Clone)]
enum Change {
    Write { at: usize, bytes: Vec<u8> },
    Size(usize),
}

impl Change {
    fn apply(&self, file: &mut Vec<u8>) {
        match self {
            Self::Write { at, bytes } => {
                let end = at + bytes.len();
                if file.len() < end {
                    file.resize(end, 0);
                }
                file[*at..end].copy_from_slice(bytes);
            }
            Self::Size(size) => file.resize(*size, 0),
        }
    }

    /// What it does to the octets from `start` on, of a file as long as can be.
    fn apply_within(&self, start: usize, sector: &mut [u8]) {
        let end = start + sector.len();
        match self {
            Self::Write { at, bytes } => {
                let (from, to) = (start.max(*at), end.min(at + bytes.len()));
                if from < to {
                    sector[from - start..to - start].copy_from_slice(&bytes[from - at..to - at]);
                }
            }
            Self::Size(size) if *size < end => sector[size.max(&start) - start..].fill(0),
            Self::Size(_) => {}
        }
    }
}

/// A change to the names of the folder.
#[derive(Debug, Clone)]
enum Naming {
    Link(String, usize),
    Unlink(String),
    Rename(String, String, usize),
}

impl Naming {
    fn apply(&self, names: &mut BTreeMap<String, usize>) {
        match self {
            Self::Link(name, node) => drop(names.insert(name.clone(), *node)),
            Self::Unlink(name) => drop(names.remove(name)),
            Self::Rename(from, to, node) => {
                names.remove(from);
                names.insert(to.clone(), *node);
            }
        }
    }
}

/// Something of which a part is safe, and the changes that are not yet.
#[derive(Debug, Default)]
struct Kept<S, C> {
    safe: S,
    /// Changes that have become safe.
    done: usize,
    changes: Vec<C>,
}

impl<S, C> Kept<S, C> {
    fn new(safe: S) -> Self {
        Self { safe, done: 0, changes: Vec::new() }
    }

    /// How many changes there were so far.
    fn count(&self) -> usize {
        self.done + self.changes.len()
    }

    /// The first `count` changes are safe.
    fn settle(&mut self, count: usize, apply: impl Fn(&C, &mut S)) {
        let now = count.saturating_sub(self.done);
        for change in self.changes.drain(..now) {
            apply(&change, &mut self.safe);
        }
        self.done = self.done.max(count);
    }
}

type File = Kept<Vec<u8>, Change>;

/// A folder and its files, as a disk has them.
struct State {
    files: Vec<File>,
    names: Kept<BTreeMap<String, usize>, Naming>,
    inodes: HashMap<u64, Option<usize>>,
    /// What each sync that is under way is of, and which changes it covers.
    syncs: HashMap<u64, (Option<usize>, usize)>,
}

impl State {
    fn new(before: &Files) -> Self {
        let names = before.keys().cloned().zip(0..).collect();
        Self {
            files: before.values().cloned().map(File::new).collect(),
            names: Kept::new(names),
            inodes: HashMap::new(),
            syncs: HashMap::new(),
        }
    }

    /// The names as a process sees them.
    fn present_names(&self) -> BTreeMap<String, usize> {
        let mut names = self.names.safe.clone();
        self.names.changes.iter().for_each(|change| change.apply(&mut names));
        names
    }

    /// The files as a process sees them.
    fn present(&self) -> Files {
        let content = |file: &File| {
            let mut bytes = file.safe.clone();
            file.changes.iter().for_each(|change| change.apply(&mut bytes));
            bytes
        };
        self.present_names()
            .into_iter()
            .map(|(name, at)| (name, content(&self.files[at])))
            .collect()
    }

    fn apply(&mut self, record: &Record<'_>, honest: bool) {
        match record {
            Record::Opened { inode, name: "", .. } => drop(self.inodes.insert(*inode, None)),
            Record::Opened { inode, name, fresh: true } => {
                self.files.push(File::new(Vec::new()));
                let at = self.files.len() - 1;
                self.inodes.insert(*inode, Some(at));
                self.names.changes.push(Naming::Link((*name).into(), at));
            }
            Record::Opened { inode, name, fresh: false } => {
                let at = self.present_names().get(*name).copied();
                self.inodes
                    .insert(*inode, Some(at.unwrap_or_else(|| panic!("{name} came from nowhere"))));
            }
            Record::Written { inode, at, bytes } => {
                self.change(*inode, Change::Write { at: *at, bytes: bytes.to_vec() });
            }
            Record::Truncated { inode, size } => self.change(*inode, Change::Size(*size)),
            Record::SyncBegun { inode, number } => {
                let of = self.inodes[inode];
                let covered = of.map_or(self.names.count(), |at| self.files[at].count());
                self.syncs.insert(*number, (of, covered));
            }
            Record::SyncDone { number } => match self.syncs.remove(number) {
                Some((Some(at), covered)) if honest => {
                    self.files[at].settle(covered, Change::apply)
                }
                Some((None, covered)) if honest => self.names.settle(covered, Naming::apply),
                _ => {}
            },
            Record::Renamed { from, to } => {
                let at = self.present_names()[*from];
                self.names.changes.push(Naming::Rename((*from).into(), (*to).into(), at));
            }
            Record::Unlinked { name } => self.names.changes.push(Naming::Unlink((*name).into())),
        }
    }

    fn change(&mut self, inode: u64, change: Change) {
        let at = self.inodes[&inode].unwrap();
        self.files[at].changes.push(change);
    }

    /// What is left when the power fails, and how many changes were not safe.
    fn survivors(self, habit: Habit, chance: &mut Chance) -> (Files, usize) {
        let unsafe_changes = self.files.iter().map(|file| file.changes.len());
        let at_risk = self.names.changes.len() + unsafe_changes.sum::<usize>();
        let mut names = self.names.safe;
        for change in self.names.changes {
            if chance.percent(habit.luck) {
                change.apply(&mut names);
            }
        }
        let left =
            names.into_iter().map(|(name, at)| (name, remains(&self.files[at], habit, chance)));
        (left.collect(), at_risk)
    }
}

/// What is left of a file: its length and each of its sectors as of a moment of their own.
fn remains(file: &File, habit: Habit, chance: &mut Chance) -> Vec<u8> {
    let mut sizes = vec![file.safe.len()];
    let mut touched = BTreeSet::new();
    for change in &file.changes {
        let size = *sizes.last().unwrap();
        let (range, now) = match change {
            Change::Write { at, bytes } => {
                let end = at + bytes.len();
                ((*at, end), size.max(end))
            }
            Change::Size(now) => ((size.min(*now), size.max(*now)), *now),
        };
        touched.extend(range.0 / habit.sector..range.1.div_ceil(habit.sector));
        sizes.push(now);
    }
    let moment = |changes: usize, chance: &mut Chance| {
        if chance.percent(habit.luck) { 1 + chance.below(changes) } else { 0 }
    };
    let count = file.changes.len();
    let size = if count == 0 { 0 } else { moment(count, chance) };
    let is_cut = |at: &usize| sizes[at + 1] < sizes[*at];
    let oldest = (0..size).rev().find(is_cut).map_or(0, |at| at + 1);
    let newest = (size..count).find(is_cut).unwrap_or(count);
    let mut left = file.safe.clone();
    left.resize(sizes.iter().copied().max().unwrap(), 0);
    left.resize(left.len().next_multiple_of(habit.sector), 0);
    for sector in touched {
        let changes = moment(count, chance).clamp(oldest, newest);
        let (start, end) = (sector * habit.sector, (sector + 1) * habit.sector);
        for change in &file.changes[..changes] {
            change.apply_within(start, &mut left[start..end]);
        }
    }
    left.truncate(sizes[size]);
    left
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(at: usize, bytes: &[u8]) -> Record<'_> {
        Record::Written { inode: 7, at, bytes }
    }

    fn left(records: &[Record<'_>], luck: usize, honest: bool) -> Files {
        let before = Files::from([("old".into(), b"old".to_vec())]);
        let mut state = State::new(&before);
        records.iter().for_each(|record| state.apply(record, honest));
        let habit = Habit { luck, sector: 512, honest };
        state.survivors(habit, &mut Chance::new(1)).0
    }

    #[test]
    fn what_was_not_synced_is_gone_and_what_was_is_there() {
        let folder = || Record::Opened { inode: 1, name: "", fresh: false };
        let made = || Record::Opened { inode: 7, name: "new", fresh: true };
        let sync =
            |inode, number| [Record::SyncBegun { inode, number }, Record::SyncDone { number }];
        let old = Files::from([("old".into(), b"old".to_vec())]);
        let mut records = vec![folder(), made(), written(0, b"one")];
        records.extend(sync(7, 1));
        assert_eq!(left(&records, 0, true), old, "its name is not safe");
        records.extend(sync(1, 2));
        let with = |bytes: &[u8]| {
            let mut files = old.clone();
            files.insert("new".into(), bytes.to_vec());
            files
        };
        assert_eq!(left(&records, 0, true), with(b"one"));
        assert_eq!(left(&records, 0, false), old, "the disk lied");
        // A sync covers what was written before it began, and only once it is done.
        records.push(Record::SyncBegun { inode: 7, number: 3 });
        records.push(written(3, b"two"));
        assert_eq!(left(&records, 0, true), with(b"one"));
        records.push(Record::SyncDone { number: 3 });
        assert_eq!(left(&records, 0, true), with(b"one"));
        records.push(Record::Unlinked { name: "old" });
        assert_eq!(left(&records, 0, true), with(b"one"));
        let all = left(&records, 100, true);
        assert_eq!(all.keys().collect::<Vec<_>>(), ["new"]);
        records.push(Record::Renamed { from: "new", to: "newer" });
        assert_eq!(left(&records, 0, true), with(b"one"));
        records.extend(sync(1, 4));
        assert_eq!(left(&records, 0, true), Files::from([("newer".into(), b"one".to_vec())]));
    }

    #[test]
    fn sectors_are_torn_apart_but_each_is_as_it_once_was() {
        let (first, second) = ([1; 2048], [2; 2048]);
        let records = [
            Record::Opened { inode: 7, name: "old", fresh: false },
            written(0, &first),
            written(0, &second),
        ];
        let mut seen = BTreeSet::new();
        for seed in 0..50 {
            let mut state = State::new(&Files::from([("old".into(), vec![0; 2048])]));
            records.iter().for_each(|record| state.apply(record, true));
            let habit = Habit { luck: 60, sector: 512, honest: true };
            let (files, at_risk) = state.survivors(habit, &mut Chance::new(seed));
            assert_eq!(at_risk, 2);
            for sector in files["old"].chunks(512) {
                assert!(sector.iter().all(|byte| *byte == sector[0]));
                seen.insert(sector[0]);
            }
        }
        assert_eq!(seen.into_iter().collect::<Vec<_>>(), [0, 1, 2]);
    }

    #[test]
    fn a_file_is_cut_whole_or_not() {
        let records = [
            Record::Opened { inode: 7, name: "old", fresh: false },
            Record::Truncated { inode: 7, size: 0 },
            written(0, &[2; 512]),
        ];
        let mut seen = BTreeSet::new();
        for seed in 0..50 {
            let mut state = State::new(&Files::from([("old".into(), vec![1; 2048])]));
            records.iter().for_each(|record| state.apply(record, true));
            let habit = Habit { luck: 60, sector: 512, honest: true };
            let (files, _) = state.survivors(habit, &mut Chance::new(seed));
            seen.insert(files["old"].clone());
        }
        let all = [vec![], vec![0; 512], vec![1; 2048], vec![2; 512]];
        assert_eq!(seen, BTreeSet::from(all));
    }

    #[test]
    #[should_panic(expected = "changed without being recorded")]
    fn a_change_that_was_not_recorded_is_found() {
        let files = |text: &str| Files::from([("a".into(), text.as_bytes().to_vec())]);
        compare(&files("aaaa"), &files("aa"), &files("aaaa"));
        compare(&files("aaba"), &files("aaaa"), &files("aaba"));
        compare(&files("abcd"), &files("abce"), &files("abcf"));
    }
}
