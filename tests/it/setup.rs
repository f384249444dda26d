//! `ringpost setup`, `probe` and `doctor` on a machine with modems plugged into USB: what a person reads.

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use ringpost_sim::{Family, Fault, Machine, Simulator};
use tempfile::TempDir;

use crate::gateway::{RINGPOST, run_with};

/// A machine with modems plugged in, and nothing set up yet.
struct Site {
    dir: TempDir,
    sim: Simulator,
    machine: Machine,
}

impl Site {
    /// A SIM7600 and an EC25, a stick that shows itself as a disk, and a SIM800 behind a serial converter.
    async fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let machine = Machine::at(dir.path()).unwrap();
        let families = Simulator::builder().dir(dir.path().join("dev")).modems(3);
        let families = families.family(Family::Sim7600).family(Family::Ec25).family(Family::Sim800);
        let sim = families.start().await.unwrap();
        for (modem, path, id, interface, port) in [
            ("m1", "1-1.2", "1e0e:9001", 2, "ttyUSB2"),
            ("m2", "1-1.3", "2c7c:0125", 2, "ttyUSB6"),
            ("m3", "1-1.5", "10c4:ea60", 0, "ttyUSB9"),
        ] {
            machine.plug(path, id).unwrap().port(interface, port).unwrap();
            sim.modem(modem).unplug();
            sim.modem(modem).replug_as(port).unwrap();
        }
        machine.plug("1-1.4", "12d1:1f01").unwrap().disk(0).unwrap();
        Self { dir, sim, machine }
    }

    fn config(&self) -> PathBuf {
        self.dir.path().join("ringpost.toml")
    }

    fn port(&self, name: &str) -> String {
        self.dir.path().join("dev").join(name).display().to_string()
    }

    fn run(&self, arguments: &[&str], input: &str) -> Output {
        let mut command = Command::new(RINGPOST);
        command.args(arguments).env("RINGPOST_ROOT", self.machine.root());
        command.env("RINGPOST_CONFIG", self.config()).env("LC_ALL", "de_DE.UTF-8");
        run_with(&mut command, input)
    }

    /// What was printed, with the folder of this machine taken out.
    fn printed(&self, bytes: &[u8]) -> String {
        let text = String::from_utf8(bytes.to_vec()).unwrap();
        text.replace(&self.dir.path().display().to_string(), "")
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_daemons_account_can_read_what_root_set_up_whatever_its_umask() {
    let site = Site::new().await;
    let mut command = Command::new("sh");
    command.args(["-c", "umask 077; exec \"$0\" setup --yes", RINGPOST]);
    command.env("RINGPOST_ROOT", site.machine.root()).env("RINGPOST_CONFIG", site.config());
    let done = run_with(&mut command, "");
    assert!(done.status.success(), "{done:?}");
    assert_eq!(fs::metadata(site.config()).unwrap().permissions().mode() & 0o777, 0o644);
}

/// The lines of a configuration that are no comments.
fn keys(file: &Path) -> String {
    let text = fs::read_to_string(file).unwrap();
    let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines.map(|line| format!("{line}\n")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_first_configuration_is_written_checked_and_kept() {
    let site = Site::new().await;
    let done = site.run(&["setup", "--yes", "--org", "Example"], "");
    assert!(done.status.success(), "{done:?}");
    insta::assert_snapshot!(site.printed(&done.stdout));
    insta::assert_snapshot!(keys(&site.config()));
    let checked = site.run(&["config", "check"], "");
    assert!(checked.status.success(), "{checked:?}");
    let text = fs::read_to_string(site.config()).unwrap();
    assert!(text.contains("# Which channels a purpose may use"), "it is commented");
    // It is not replaced without being told, nor lost.
    let again = site.run(&["setup", "--yes"], "");
    assert_eq!(again.status.code(), Some(1));
    assert!(site.printed(&again.stderr).contains("is there already; --force"), "{again:?}");
    assert!(site.run(&["setup", "--yes", "--force"], "").status.success());
    let old = fs::read_to_string(site.dir.path().join("ringpost.toml.old")).unwrap();
    assert_eq!(old, text);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_answers_is_asked_again_for_what_cannot_be_used() {
    let site = Site::new().await;
    let done = site.run(&["setup"], "7\n2\nXX\nAT\nAT, CH\n\n");
    assert!(done.status.success(), "{done:?}");
    insta::assert_snapshot!(site.printed(&done.stdout));
    let keys = keys(&site.config());
    assert!(keys.contains("home_region = \"AT\"\nregions = [\"AT\", \"CH\"]"), "{keys}");
    assert!(keys.contains(&site.sim.modem("m2").imei()), "{keys}");
    assert!(!keys.contains(&site.sim.modem("m1").imei()), "{keys}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_modem_behind_a_converter_is_asked_only_where_it_is_named() {
    let site = Site::new().await;
    assert!(site.run(&["setup", "--yes"], "").status.success());
    assert!(!site.sim.modem("m3").attended() && site.sim.modem("m3").transcript().is_empty());
    let port = site.port("ttyUSB9");
    let named = site.run(&["setup", "--force", "--port", &port], "3\n\n\n\n");
    // The third of the list is the disk, which cannot be used.
    assert!(
        site.printed(&named.stdout).contains("\"3\" is none of the numbers above"),
        "{named:?}"
    );
    let named = site.run(&["setup", "--force", "--port", &port, "--baud", "9600"], "4\n\n\n\n");
    assert!(named.status.success(), "{named:?}");
    let keys = keys(&site.config());
    assert!(keys.ends_with("[[modem]]\nname = \"a\"\nusb = \"1-1.5\"\nbaud = 9600\n"), "{keys}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_machine_without_modems_is_set_up_and_told_what_is_missing() {
    let dir = tempfile::tempdir().unwrap();
    let config = dir.path().join("ringpost.toml");
    let done = Command::new(RINGPOST)
        .args(["setup", "--yes", "--config", config.to_str().unwrap()])
        .env("RINGPOST_ROOT", dir.path())
        .output()
        .unwrap();
    assert!(done.status.success(), "{done:?}");
    let says = String::from_utf8(done.stdout).unwrap();
    assert!(says.contains("No modem is plugged in") && says.contains("no [[modem]] is"), "{says}");
    let refused = Command::new(RINGPOST)
        .args(["setup", "--yes", "--home-region", "XX", "--config", "/tmp/ringpost-none.toml"])
        .env("RINGPOST_ROOT", dir.path())
        .output()
        .unwrap();
    assert_eq!(refused.status.code(), Some(1), "{refused:?}");
    assert!(!Path::new("/tmp/ringpost-none.toml").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_probe_prints_what_a_person_can_read_and_paste() {
    let site = Site::new().await;
    let known = site.run(&["probe", &site.port("ttyUSB6")], "");
    assert!(known.status.success(), "{known:?}");
    insta::assert_snapshot!(site.printed(&known.stdout));
    site.sim.modem("m1").fault(Fault::SimMissing);
    let missing = site.run(&["probe", &site.port("ttyUSB2")], "");
    assert_eq!(missing.status.code(), Some(1));
    insta::assert_snapshot!(site.printed(&missing.stderr));
    // What is pasted is a configuration.
    let pasted = site.printed(&known.stdout);
    let table = pasted.split_once("[[modem]]").unwrap().1;
    fs::write(site.config(), format!("[[modem]]{table}")).unwrap();
    assert!(site.run(&["config", "check"], "").status.success());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_doctor_can_be_read() {
    let site = Site::new().await;
    let store = site.dir.path().join("ringpost.db");
    let toml = format!(
        "store.path = {store:?}\nvoice.engines = []\n\
         [[modem]]\nname = \"a\"\nusb = \"1-1.2\"\n\
         [[modem]]\nname = \"b\"\nimei = \"861234567890123\"\n\
         [[modem]]\nname = \"stick\"\nusb = \"1-1.4\"\n\
         [[modem]]\nname = \"far\"\nusb = \"2-1\"\n\
         [[modem]]\nname = \"uart\"\nport = \"/dev/ringpost-none\"\n"
    );
    fs::write(site.config(), toml).unwrap();
    let done = site.run(&["doctor"], "");
    assert_eq!(done.status.code(), Some(1));
    insta::assert_snapshot!(site.printed(&done.stdout));
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_modems_with_one_imei_the_second_is_said_and_left_out() {
    let site = Site::new().await;
    let dir = tempfile::tempdir().unwrap();
    let twins = Simulator::builder().dir(dir.path().to_owned()).modems(1).start().await.unwrap();
    let twin = twins.modem("m1");
    assert_eq!(twin.imei(), site.sim.modem("m1").imei());
    let device = site.machine.plug("1-1.6", "1e0e:9001").unwrap();
    device.port(2, "ttyUSB11").unwrap();
    std::os::unix::fs::symlink(twin.port(), site.dir.path().join("dev/ttyUSB11")).unwrap();
    let done = site.run(&["setup", "--yes"], "");
    let says = site.printed(&done.stdout);
    assert!(done.status.success(), "{says}\n{done:?}");
    // Either of them may be the first to answer.
    let said = format!("says that its IMEI is {}, as modem 1-1.", twin.imei());
    assert!(says.contains(&said), "{says}");
    let keys = keys(&site.config());
    assert_eq!(keys.matches(&twin.imei()).count(), 1, "{keys}");
}
