//! Programs that know nothing of Ringpost: gammu and smstools send and receive through it.

use std::{
    fs,
    path::Path,
    process::{Child, Command, Output},
    time::Duration,
};

use ringpost_sim::{Family, ReceivedText, Simulator};
use tokio::{
    task::spawn_blocking,
    time::{sleep, timeout},
};

use crate::host::{PHONE, simulator};

/// Both programs sleep a good deal.
const PATIENCE: Duration = Duration::from_secs(90);

/// Needs two segments, and characters of the extension table that stand away from the cut.
fn long_text() -> String {
    format!("{{start}} {} [end]", "ten chars ".repeat(18))
}

#[expect(clippy::print_stdout, reason = "a skipped test says why")]
fn missing(program: &str) -> bool {
    let missing = Command::new("which").arg(program).output().is_ok_and(|o| !o.status.success());
    if missing {
        println!("skipped: {program} is not installed");
    }
    missing
}

fn check(sim: &Simulator, text: &ReceivedText) {
    assert_eq!(text.text, long_text());
    assert_eq!((text.from.clone(), text.segments), (sim.modem("m1").number(), 2));
    assert_eq!(sim.modem("m1").pdu_errors(), []);
}

#[tokio::test]
async fn gammu_sends_and_receives() {
    if missing("gammu") {
        return;
    }
    for family in [Family::Sim7600, Family::Ec25] {
        let (sim, directory) = simulator(family).await;
        let identity = gammu(&sim, directory.path(), &["identify"]).await;
        assert!(identity.contains(&sim.modem("m1").imei()), "{identity}");

        let text = long_text();
        let send = ["sendsms", "TEXT", PHONE, "-autolen", "400", "-text", &text];
        gammu(&sim, directory.path(), &send).await;
        check(&sim, &sim.phone(PHONE).wait_for_text(PATIENCE).await.unwrap());

        sim.phone(PHONE).send_to("m1", "Grüße, привет");
        let received = gammu(&sim, directory.path(), &["getallsms"]).await;
        assert!(received.contains("Grüße, привет") && received.contains(PHONE), "{received}");
    }
}

async fn gammu(sim: &Simulator, directory: &Path, arguments: &[&str]) -> String {
    let config = directory.join("gammurc");
    let port = sim.port("m1");
    let settings = format!("[gammu]\ndevice = {}\nconnection = at115200\n", port.display());
    fs::write(&config, settings).unwrap();
    let mut command = Command::new("timeout");
    command.args(["90", "gammu", "-c"]).arg(config).args(arguments);
    command.env("LC_ALL", "C.UTF-8");
    let Output { status, stdout, stderr } =
        spawn_blocking(move || command.output().unwrap()).await.unwrap();
    let output = String::from_utf8_lossy(&stdout).into_owned() + &String::from_utf8_lossy(&stderr);
    assert!(status.success(), "gammu {arguments:?}: {output}");
    output
}

#[tokio::test]
async fn smstools_sends_and_receives() {
    if missing("/usr/sbin/smsd") {
        return;
    }
    for family in [Family::Sim7600, Family::Ec25] {
        let (sim, directory) = simulator(family).await;
        let _daemon = Smsd::start(&sim, directory.path());

        let message = format!("To: {}\nReport: yes\n\n{}", &PHONE[1..], long_text());
        fs::write(directory.path().join("message"), message).unwrap();
        let outgoing = directory.path().join("outgoing/message");
        fs::rename(directory.path().join("message"), outgoing).unwrap();
        check(&sim, &sim.phone(PHONE).wait_for_text(PATIENCE).await.unwrap());
        assert!(sim.network().submits().iter().all(|submit| submit.srr));

        sim.phone(PHONE).send_to("m1", "hello smsd");
        let incoming = directory.path().join("incoming");
        let received = timeout(PATIENCE, first_file(&incoming)).await.unwrap();
        assert!(received.ends_with("\n\nhello smsd"), "{received}");
        assert!(received.contains(&format!("From: {}\n", &PHONE[1..])), "{received}");
    }
}

async fn first_file(directory: &Path) -> String {
    loop {
        if let Some(file) = fs::read_dir(directory).unwrap().next() {
            return fs::read_to_string(file.unwrap().path()).unwrap();
        }
        sleep(Duration::from_millis(50)).await;
    }
}

/// A daemon that ends with its test.
struct Smsd(Child);

impl Smsd {
    fn start(sim: &Simulator, directory: &Path) -> Self {
        for spool in ["outgoing", "checked", "failed", "incoming", "sent"] {
            fs::create_dir(directory.join(spool)).unwrap();
        }
        let here = directory.display();
        let port = sim.port("m1");
        let settings = format!(
            "devices = GSM1\nlogfile = {here}/log\nloglevel = 7\noutgoing = {here}/outgoing\n\
             checked = {here}/checked\nfailed = {here}/failed\nincoming = {here}/incoming\n\
             sent = {here}/sent\ninfofile = {here}/working\npidfile = {here}/pid\n\
             delaytime = 1\nerrorsleeptime = 1\nautosplit = 3\n\
             [GSM1]\ndevice = {}\nincoming = yes\nreport = yes\nbaudrate = 115200\n\
             memory_start = 0\nloglevel = 7\n",
            port.display()
        );
        let config = directory.join("smsd.conf");
        fs::write(&config, settings).unwrap();
        // -t keeps it in the foreground.
        let mut command = Command::new("/usr/sbin/smsd");
        Self(command.arg(format!("-c{}", config.display())).arg("-t").spawn().unwrap())
    }
}

impl Drop for Smsd {
    fn drop(&mut self) {
        // It passes SIGTERM on to its modem processes; SIGKILL would leave them behind.
        let pid = self.0.id().to_string();
        let _ = Command::new("kill").arg(pid).status();
        let _ = self.0.wait();
    }
}
