//! A machine made of files, and what is found out about it.

use std::{fs, os::unix::fs::symlink, path::PathBuf};

use super::{host::Account, *};

/// A machine below a folder.
struct Machine(tempfile::TempDir);

impl Machine {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn with(self, path: &str, text: &str) -> Self {
        let path = self.0.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
        self
    }

    /// A process of that name that has a file open.
    fn running(self, process: &str, name: &str, open: &str) -> Self {
        let machine = self.with(&format!("proc/{process}/comm"), &format!("{name}\n"));
        let files = machine.0.path().join("proc").join(process).join("fd");
        fs::create_dir_all(&files).unwrap();
        symlink(open, files.join("7")).unwrap();
        machine
    }

    fn host(&self) -> Host {
        Host::for_account(self.0.path(), Account::new("ringpost", 990, &[20]))
    }
}

/// A modem on a port, of a board where that is said.
fn modem(port: &str, more: &str) -> config::Modem {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("ringpost.toml");
    fs::write(&file, format!("[[modem]]\nname = \"a\"\nport = {port:?}\n{more}")).unwrap();
    Config::load(&file, std::iter::empty()).unwrap().modems.remove(0)
}

fn says(machine: &Machine, modem: &config::Modem) -> String {
    let host = machine.host();
    to_text(&modem::examine(&host, &host.ports(std::slice::from_ref(modem)), modem))
}

/// A device that anybody may open, and nobody holds in these machines.
const PORT: &str = "/dev/null";

#[test]
fn a_port_that_can_be_used_is_said_to_be_good() {
    let good = "ok       modem a  /dev/null can be used by ringpost; nobody holds it.";
    assert_eq!(says(&Machine::new(), &modem(PORT, "")), good);
    let ours = Machine::new().running("811", "ringpost", PORT);
    assert!(says(&ours, &modem(PORT, "")).ends_with("the daemon holds it."));
}

#[test]
fn what_is_in_the_way_of_a_port_is_named_with_what_to_do() {
    let missing = says(&Machine::new(), &modem("/dev/ringpost-none", ""));
    assert!(missing.starts_with("problem  modem a  The port /dev/ringpost-none does not exist."));
    let file = Machine::new().with("port", "");
    let path = file.0.path().join("port").display().to_string();
    assert!(says(&file, &modem(&path, "")).contains("is no serial port."));
    let taken = Machine::new().running("812", "minicom", PORT);
    let expected = "problem  modem a  The port /dev/null is held by minicom (process 812).\n                  \
                    End that program, or tell it to keep off this port.";
    assert_eq!(says(&taken, &modem(PORT, "")), expected);
    let grabbed = || Machine::new().running("813", "ModemManager", "/dev/tty");
    let says_it = says(&grabbed(), &modem(PORT, ""));
    assert!(says_it.contains("ModemManager runs, and is not kept off /dev/null."), "{says_it}");
    let ignored = grabbed().with("run/udev/data/c1:3", "E:ID_MM_DEVICE_IGNORE=1\n");
    assert!(says(&ignored, &modem(PORT, "")).starts_with("ok "));
    let console = Machine::new().with("proc/cmdline", "quiet console=null,115200 console=tty1");
    let says_it = says(&console, &modem(PORT, ""));
    assert!(says_it.contains("The kernel uses /dev/null as its console."), "{says_it}");
}

#[test]
fn a_program_that_is_not_there_is_a_warning() {
    let here = modem(PORT, "power_command = ['/bin/sh', '-c', 'true']");
    assert!(says(&Machine::new(), &here).ends_with("nobody holds it."));
    let gone = says(&Machine::new(), &modem(PORT, "power_command = ['/nonexistent/uhubctl']"));
    assert!(gone.contains("There is no program /nonexistent/uhubctl."), "{gone}");
}

#[test]
fn a_board_whose_chip_is_not_here_is_a_warning() {
    let here = modem(PORT, "board = \"sixfab-base-hat\"");
    let says_it = says(&Machine::new(), &here);
    // A Raspberry Pi has it.
    if gpio_is_here() {
        return;
    }
    assert!(
        says_it.contains("A line cannot be had: board \"sixfab-base-hat\", supply_off"),
        "{says_it}"
    );
}

fn gpio_is_here() -> bool {
    PathBuf::from("/dev/gpiochip0").exists()
}

#[test]
fn an_account_may_use_what_its_groups_may() {
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
    let machine = Machine::new().with("port", "");
    let path = machine.0.path().join("port");
    let may = |mode: u32, account: &Account| {
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        account.may_use(&fs::metadata(&path).unwrap())
    };
    let group = fs::metadata(&path).unwrap().gid();
    let stranger = Account::new("x", 54_321, &[54_321]);
    let member = Account::new("y", 54_321, &[54_321, group]);
    assert!(!may(0o660, &stranger) && may(0o666, &stranger));
    assert!(may(0o660, &member) && !may(0o640, &member) && !may(0o606, &member));
}

#[test]
fn accounts_and_their_groups_are_read_from_the_machine() {
    let machine = Machine::new()
        .with("etc/passwd", "root:x:0:0::/root:/bin/sh\nringpost:x:990:990::/:/bin/false\n")
        .with("etc/group", "dialout:x:20:pi,ringpost\ngpio:x:986:pi\nringpost:x:990:\n");
    let accounts = host::read_accounts(machine.0.path());
    assert_eq!(accounts.last(), Some(&Account::new("ringpost", 990, &[20, 990])));
}

#[test]
fn the_machine_itself_is_looked_at() {
    let throttled = "sys/devices/platform/soc/soc:firmware/get_throttled";
    let says_it = |machine: Machine| to_text(&machine.host().examine());
    let known = || Machine::new().with("sys/class/rtc/rtc0/hctosys", "1\n");
    assert_eq!(says_it(known()), "ok       clock  The time is known.");
    assert!(says_it(Machine::new()).starts_with("warning  clock  Nobody has set the clock"));
    assert!(says_it(known().with(throttled, "0\n")).starts_with("ok       supply  "));
    let low = says_it(known().with(throttled, "50005\n"));
    assert!(low.starts_with("problem  supply  The Pi's supply voltage is too low."), "{low}");
    let was = says_it(known().with(throttled, "50000\n"));
    assert!(
        was.starts_with("warning  supply  The Pi's supply voltage was too low at times"),
        "{was}"
    );
}

#[test]
fn a_store_is_looked_at_whether_it_is_there_or_not() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("t.db");
    assert!(store::examine(&path).says.ends_with("does not exist; the daemon makes it."));
    let nowhere = store::examine(&dir.path().join("none/t.db"));
    assert_eq!(nowhere.verdict, Verdict::Problem);
    fs::write(&path, "this is no database, and was never one").unwrap();
    assert_eq!(store::examine(&path).verdict, Verdict::Problem);
    fs::remove_file(&path).unwrap();
    drop(crate::store::Store::open(&path).unwrap());
    assert!(store::examine(&path).says.ends_with("is sound; no daemon works on it."));
    assert!(!dir.path().join("t.db-lock").exists(), "it would be root's, and not the daemon's");
    let held = crate::store::Lock::take(&path).unwrap();
    assert!(store::examine(&path).says.ends_with("is sound; a daemon works on it."));
    drop(held);
    assert!(store::examine(&path).says.ends_with("is sound; no daemon works on it."));
}
