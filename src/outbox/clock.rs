//! What the machine knows of the time: whether it was set, and whether it can be believed at all.

use std::{
    fs,
    path::{Path, PathBuf},
};

use crate::{domain::clock, store::boot::Run};

/// A difference that is nobody's doing: clocks are slewed, and threads wait.
const SLACK_MS: i64 = 1000;

/// How this run of the machine began.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Boot {
    /// Names the run: what was stored in another one was stored before the machine was off.
    pub id: String,
    /// Whether the time of day is right: a small board has no clock of its own, and begins with the
    /// time at which it was switched off, or in 1970.
    pub clock_known: bool,
    /// systemd-timesyncd makes this file once it has the time.
    pub synchronized: PathBuf,
}

impl Boot {
    /// Of the machine whose files are below `root`: `/`, but for tests.
    pub fn of(root: &Path) -> Self {
        let read = |path: &str| fs::read_to_string(root.join(path)).unwrap_or_default();
        let synchronized = root.join("run/systemd/timesync/synchronized");
        // The kernel tells which clock chip it took the time from, if there is one.
        let clock_chip = read("sys/class/rtc/rtc0/hctosys").trim() == "1";
        let id = read("proc/sys/kernel/random/boot_id").trim().to_owned();
        Self { id, clock_known: clock_chip || synchronized.exists(), synchronized }
    }

    /// Whether the time of day is believed though it is behind what is stored: who has the time from elsewhere is right,
    /// and one that was followed in this run of the machine has been set back since. A chip may have lost it.
    pub(super) fn is_followed_back(&self, before: Option<&Run>) -> bool {
        let same = |before: &Run| before.follows && !self.id.is_empty() && before.id == self.id;
        self.synchronized.exists() || before.is_some_and(same)
    }

    /// Whether nobody can tell how old that is which was stored before: in another run of the machine, and its clock
    /// is not known now, or `behind` what is stored. A chip whose battery is empty has lost the time.
    pub(super) fn tells_no_age(&self, before: Option<&str>, behind: bool) -> bool {
        let is_other = |before: &str| self.id.is_empty() || before != self.id;
        before.is_some_and(is_other) && (behind || !self.clock_known)
    }
}

/// Watches for the time of day being set.
#[derive(Debug)]
pub(super) struct Watch {
    /// How far the time of day was ahead of ours when we last agreed on that.
    agreed: i64,
    /// With this file, there is nothing to agree on.
    synchronized: PathBuf,
}

impl Watch {
    /// From now on. A time of day that is `believed` is followed at once.
    pub(super) fn new(boot: &Boot, believed: bool) -> Self {
        let agreed = if believed { 0 } else { clock::drift() };
        Self { agreed, synchronized: boot.synchronized.clone() }
    }

    /// By how many milliseconds our clock has to be moved, because the time of day was set, or is known by now.
    pub(super) fn jump(&mut self) -> Option<i64> {
        let drift = clock::drift();
        if self.agreed.abs() >= SLACK_MS && self.synchronized.exists() {
            self.agreed = 0;
        }
        (drift.saturating_sub(self.agreed).abs() >= SLACK_MS).then_some(drift)
    }

    /// Our clock was moved to the time of day.
    pub(super) fn agree(&mut self) {
        self.agreed = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_age_of_what_another_run_stored_is_told_by_a_clock_that_is_known_and_not_behind() {
        let synchronized = PathBuf::from("/none");
        let boot = |clock_known| Boot {
            id: "b8c2".into(),
            clock_known,
            synchronized: synchronized.clone(),
        };
        let table = [
            (None, true, true, false),
            (Some("b8c2"), false, true, false),
            (Some("0a1f"), true, false, false),
            (Some("0a1f"), false, false, true),
            (Some("0a1f"), true, true, true),
        ];
        for (before, known, behind, no_age) in table {
            assert_eq!(boot(known).tells_no_age(before, behind), no_age, "{before:?}");
        }
    }

    #[test]
    fn a_clock_is_believed_where_something_set_it() {
        let root = tempfile::tempdir().unwrap();
        let write = |path: &str, text: &str| {
            let path = root.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        write("proc/sys/kernel/random/boot_id", "b8c2\n");
        let synchronized = root.path().join("run/systemd/timesync/synchronized");
        let boot = |clock_known| Boot {
            id: "b8c2".into(),
            clock_known,
            synchronized: synchronized.clone(),
        };
        assert_eq!(Boot::of(root.path()), boot(false));
        write("sys/class/rtc/rtc0/hctosys", "0\n");
        assert_eq!(Boot::of(root.path()), boot(false));
        write("sys/class/rtc/rtc0/hctosys", "1\n");
        assert_eq!(Boot::of(root.path()), boot(true));
        fs::remove_dir_all(root.path().join("sys")).unwrap();
        write("run/systemd/timesync/synchronized", "");
        assert_eq!(Boot::of(root.path()), boot(true));
    }

    #[test]
    fn a_clock_behind_what_is_stored_is_followed_where_it_is_known_or_was_followed_before() {
        let root = tempfile::tempdir().unwrap();
        let mut boot = Boot::of(root.path());
        boot.id = "b8c2".into();
        let run = |id: &str, follows| Run { id: id.into(), follows };
        assert!(!boot.is_followed_back(None));
        assert!(!boot.is_followed_back(Some(&run("0a1f", true))), "the machine was off");
        assert!(!boot.is_followed_back(Some(&run("b8c2", false))), "it was not known then");
        assert!(boot.is_followed_back(Some(&run("b8c2", true))), "somebody has set it");
        fs::create_dir_all(boot.synchronized.parent().unwrap()).unwrap();
        fs::write(&boot.synchronized, "").unwrap();
        assert!(boot.is_followed_back(Some(&run("0a1f", true))));
    }

    #[test]
    fn a_time_of_day_that_is_known_later_is_followed_then() {
        let root = tempfile::tempdir().unwrap();
        let boot = Boot::of(root.path());
        let mut watch = Watch { agreed: 5000, ..Watch::new(&boot, false) };
        assert!(watch.jump().is_some(), "it is not what was agreed on");
        fs::create_dir_all(boot.synchronized.parent().unwrap()).unwrap();
        fs::write(&boot.synchronized, "").unwrap();
        assert_eq!(watch.jump(), None, "it is what it has to be");
    }

    /// A unit may say `ProcSubset=pid`: below it, `/proc/sys` is hidden, and every run has the same name, none.
    #[test]
    fn a_run_that_has_no_name_is_not_taken_for_the_one_before() {
        let root = tempfile::tempdir().unwrap();
        let boot = Boot::of(root.path());
        assert!(!boot.clock_known);
        assert!(boot.tells_no_age(Some(&boot.id), false));
    }
}
