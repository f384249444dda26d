//! Modems that are pulled out and plugged in elsewhere: found again whatever their port is called.

use std::{
    fs,
    os::unix::fs::{PermissionsExt as _, symlink},
};

use ringpost_sim::{Family, Fault, Machine, ModemHandle, Simulator};
use serde_json::{Value, json};

use crate::gateway::{Builder, Gateway, PHONE, wait_for};

/// A gateway, and the machine that its modems are plugged into.
struct Site {
    gateway: Gateway,
    machine: Machine,
}

/// Something on USB: its socket, what it is, the interface of a port and the port's name.
struct Plug {
    path: &'static str,
    id: &'static str,
    interface: u8,
    port: &'static str,
}

const SIM7600: Plug = Plug { path: "1-1.2", id: "1e0e:9001", interface: 2, port: "ttyUSB2" };

impl Site {
    /// The daemon does not run yet, and nothing is plugged in.
    async fn prepare(builder: Builder) -> Self {
        let gateway = builder.prepare().await;
        let machine = Machine::at(gateway.dir.path()).unwrap();
        gateway.sim.modems().iter().for_each(ModemHandle::unplug);
        Self { gateway, machine }
    }

    fn plug(&self, modem: &str, plug: &Plug) {
        let device = self.machine.plug(plug.path, plug.id).unwrap();
        device.port(plug.interface, plug.port).unwrap();
        self.gateway.sim.modem(modem).replug_as(plug.port).unwrap();
    }

    fn pull(&self, modem: &str, path: &str) {
        self.gateway.sim.modem(modem).unplug();
        self.machine.unplug(path).unwrap();
    }

    /// Waits until a modem is ready at a port.
    fn at(&self, modem: &str, port: &str) -> Value {
        let shown = wait_for(|| {
            let shown = self.gateway.modem(modem);
            let there = shown["port"].as_str().unwrap_or_default().ends_with(port);
            (there && shown["state"] == "ready").then_some(shown)
        });
        shown.unwrap_or_else(|| {
            panic!("not at {port}: {:#}\n{}", self.gateway.modem(modem), self.gateway.log())
        })
    }

    /// What is wrong with a modem that is absent, once it says these words.
    fn absent(&self, modem: &str, words: &str) -> Value {
        let shown = wait_for(|| {
            let shown = self.gateway.modem(modem);
            let says = shown["problem"]["message"].as_str().unwrap_or_default().contains(words);
            (says && shown["state"] == "absent").then_some(shown)
        });
        shown.unwrap_or_else(|| panic!("{:#}", self.gateway.modem(modem)))
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_modem_that_vanishes_in_a_message_is_picked_up_under_another_name() {
    let builder = Gateway::builder().modems(2).found_by("m1", "usb = \"1-1.2\"");
    let mut site = Site::prepare(builder.found_by("m2", "usb = \"1-1.3\"")).await;
    site.plug("m1", &SIM7600);
    site.gateway.start_daemon();
    let shown = site.at("m1", "/dev/ttyUSB2");
    assert_eq!((&shown["found_by"], &shown["locator"]), (&json!("usb"), &json!("1-1.2")));
    assert_eq!(shown["usb_path"], "1-1.2");
    let nothing = site.absent("m2", "Nothing is plugged in at the USB path 1-1.3.");
    assert_eq!(nothing["port"], Value::Null);
    site.plug("m2", &Plug { path: "1-1.3", port: "ttyUSB7", ..SIM7600 });
    site.at("m2", "/dev/ttyUSB7");

    for modem in ["m1", "m2"] {
        site.gateway.sim.modem(modem).fault(Fault::Eof.command("+CMGS").times(1));
    }
    let id = site.gateway.send_json(&json!({
        "to": PHONE, "channel": "sms", "purpose": "mfa_verify", "text": "123456", "sender": "m1",
    }));
    let gone = site.absent("m1", "is gone");
    assert!(gone["since"].as_str().unwrap() >= shown["since"].as_str().unwrap());
    site.machine.unplug("1-1.2").unwrap();
    site.absent("m1", "Nothing is plugged in");
    // The other one goes on meanwhile.
    site.gateway.sim.modem("m2").clear_faults();
    let other = site.gateway.send("by the other");
    site.gateway.wait_for_state(&other, "delivered");
    site.gateway.sim.modem("m1").clear_faults();
    site.plug("m1", &Plug { port: "ttyUSB5", ..SIM7600 });
    site.gateway.wait_for_state(&id, "delivered");
    site.at("m1", "/dev/ttyUSB5");
    let texts = site.gateway.sim.phone(PHONE).texts();
    assert_eq!(texts.iter().filter(|it| it.text == "123456").count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn modems_that_swap_names_are_told_apart_by_imei_and_iccid() {
    let builder = Gateway::builder().modems(3).found_by("m1", "imei = \"{imei}\"");
    let builder = builder.found_by("m2", "imei = \"{imei}\"").found_by("m3", "iccid = \"{iccid}\"");
    let mut site = Site::prepare(builder).await;
    let sockets = [("1-1", "ttyUSB0"), ("1-2", "ttyUSB1"), ("1-3", "ttyUSB2")];
    let plugs = sockets.map(|(path, port)| Plug { path, port, ..SIM7600 });
    for (modem, plug) in ["m1", "m2", "m3"].into_iter().zip(&plugs) {
        site.plug(modem, plug);
    }
    site.gateway.start_daemon();
    for (modem, (_, port)) in ["m1", "m2", "m3"].into_iter().zip(sockets) {
        site.at(modem, port);
    }
    for (modem, (path, _)) in ["m1", "m2", "m3"].into_iter().zip(sockets) {
        site.pull(modem, path);
    }
    site.absent("m1", "No modem that is plugged in says that its IMEI is");
    site.absent("m3", "has the SIM");
    for (modem, plug) in ["m3", "m1", "m2"].into_iter().zip(&plugs) {
        site.plug(modem, plug);
    }
    for (modem, (_, port)) in ["m3", "m1", "m2"].into_iter().zip(sockets) {
        let shown = site.at(modem, port);
        assert_eq!(shown["imei"], site.gateway.sim.modem(modem).imei().as_str());
        let body = json!({"to": PHONE, "channel": "sms", "text": modem, "sender": modem});
        let id = site.gateway.send_json(&body);
        site.gateway.wait_for_state(&id, "delivered");
    }
    for submit in site.gateway.sim.network().submits() {
        let text = site.gateway.sim.phone(PHONE).texts();
        assert!(text.iter().any(|it| it.text == submit.modem), "{submit:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_port_that_another_program_holds_is_named_with_that_program() {
    let builder = Gateway::builder().modems(2).found_by("m1", "imei = \"{imei}\"");
    let mut site = Site::prepare(builder.found_by("m2", "usb = \"1e0e:9011\"")).await;
    site.plug("m1", &SIM7600);
    site.plug("m2", &Plug { path: "1-4", id: "1e0e:9011", interface: 4, port: "ttyUSB9" });
    let held = ["ttyUSB2", "ttyUSB9"].map(|port| {
        let path = site.machine.root().join("dev").join(port);
        let builder = tokio_serial::new(path.to_str().unwrap(), 115_200);
        tokio_serial::SerialPortBuilderExt::open_native_async(builder).unwrap()
    });
    site.gateway.start_daemon();
    let process = format!("(process {})", std::process::id());
    for modem in ["m1", "m2"] {
        assert_eq!(site.absent(modem, &process)["problem"]["detail"], "port_unavailable");
    }
    drop(held);
    site.at("m1", "ttyUSB2");
    site.at("m2", "ttyUSB9");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_port_that_may_not_be_opened_is_told_and_picked_up_once_it_may() {
    let mut gateway = Gateway::builder().bound_by_modes().prepare().await;
    let device = fs::canonicalize(gateway.sim.modem("m1").port()).unwrap();
    let allow = |mode| fs::set_permissions(&device, fs::Permissions::from_mode(mode)).unwrap();
    allow(0o000);
    gateway.start_daemon();
    let problem = gateway.wait_for_modem("m1", "absent")["problem"].clone();
    assert_eq!(problem["detail"], "port_unavailable");
    let says = problem["message"].as_str().unwrap();
    assert!(says.ends_with("m1-at may not be opened by this user."), "{says}");
    assert_eq!(problem["hint"], "Add the user to the group of the port, mostly `dialout`.");
    allow(0o600);
    gateway.wait_for_modem("m1", "ready");
}

#[tokio::test(flavor = "multi_thread")]
async fn ports_where_nobody_answers_hold_no_modem_up() {
    // Asked one after the other, they would take longer than anybody waits here.
    const SILENT: usize = 5;
    const PORTS: [&str; SILENT + 1] =
        ["ttyUSB0", "ttyUSB1", "ttyUSB2", "ttyUSB3", "ttyUSB4", "ttyUSB5"];
    const PATHS: [&str; SILENT + 1] = ["1-1", "1-2", "1-3", "1-4", "1-5", "1-6"];
    let mut builder = Gateway::builder().modems(SILENT + 1);
    for name in ["m1", "m2", "m3", "m4", "m5", "m6"] {
        builder = builder.found_by(name, "imei = \"{imei}\"");
    }
    let mut site = Site::prepare(builder).await;
    for (at, (path, port)) in PATHS.into_iter().zip(PORTS).enumerate() {
        let modem = format!("m{}", at + 1);
        if at < SILENT {
            site.gateway.sim.modem(&modem).fault(Fault::Hang);
        }
        site.plug(&modem, &Plug { path, port, ..SIM7600 });
    }
    site.gateway.start_daemon();
    site.at("m6", "ttyUSB5");
    let silent = site.absent("m1", "and nobody answers at");
    let says = silent["problem"]["message"].as_str().unwrap();
    assert!(PORTS[..SILENT].iter().all(|port| says.contains(port)), "{says}");
    // It was asked in vain just now, and is found as soon as it answers.
    site.pull("m1", PATHS[0]);
    site.gateway.sim.modem("m1").clear_faults();
    site.plug("m1", &Plug { path: PATHS[0], port: "ttyUSB7", ..SIM7600 });
    site.at("m1", "ttyUSB7");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stick_that_comes_as_a_disk_is_waited_for() {
    let builder = Gateway::builder().family(Family::Huawei).found_by("m1", "usb = \"1-1.2\"");
    let mut site = Site::prepare(builder).await;
    site.machine.plug("1-1.2", "12d1:1f01").unwrap().disk(0).unwrap();
    site.gateway.start_daemon();
    let disk = site.absent("m1", "(12d1:1f01) shows itself as a disk");
    assert!(disk["problem"]["hint"].as_str().unwrap().contains("usb-modeswitch"), "{disk:#}");
    site.machine.unplug("1-1.2").unwrap();
    site.plug("m1", &Plug { path: "1-1.2", id: "12d1:1506", interface: 3, port: "ttyUSB0" });
    assert_eq!(site.at("m1", "ttyUSB0")["family"], "huawei");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_modems_with_the_imei_that_is_looked_for_neither_is_guessed_at() {
    let twins = Simulator::builder().dir(tempfile::tempdir().unwrap().keep()).modems(1);
    let twins = twins.start().await.unwrap();
    let mut site = Site::prepare(Gateway::builder().found_by("m1", "imei = \"{imei}\"")).await;
    site.plug("m1", &Plug { path: "1-1", port: "ttyUSB0", ..SIM7600 });
    let device = site.machine.plug("1-2", SIM7600.id).unwrap();
    device.port(SIM7600.interface, "ttyUSB1").unwrap();
    symlink(twins.port("m1"), site.gateway.dir.path().join("dev/ttyUSB1")).unwrap();
    site.gateway.start_daemon();
    let shown = site.absent("m1", "Two modems say that");
    assert_eq!(shown["problem"]["detail"], "duplicate_modem");
    let says = shown["problem"]["message"].as_str().unwrap();
    assert!(says.contains("ttyUSB0") && says.contains("ttyUSB1"), "{says}");
    site.machine.unplug("1-2").unwrap();
    site.at("m1", "ttyUSB0");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_modem_with_the_same_imei_is_said_and_not_used() {
    let twins = Simulator::builder().dir(tempfile::tempdir().unwrap().keep()).modems(1);
    let twins = twins.start().await.unwrap();
    let mut gateway = Gateway::builder().port(&twins.port("m1")).prepare().await;
    twins.modem("m1").unplug();
    gateway.start_daemon();
    gateway.wait_for_modem("m1", "ready");
    twins.modem("m1").replug().unwrap();
    let second = wait_for(|| {
        let shown = gateway.modem("x1");
        (shown["problem"]["detail"] == "duplicate_modem").then_some(shown)
    });
    let second = second.unwrap_or_else(|| panic!("{:#}", gateway.modem("x1")));
    assert_eq!(second["state"], "absent");
    let says = second["problem"]["message"].as_str().unwrap();
    assert!(
        says.contains(&twins.modem("m1").imei()) && says.contains("as modem m1 does"),
        "{says}"
    );
    let written = twins.modem("m1").transcript();
    let asked = |what: &str| written.iter().any(|line| line.text.starts_with(what));
    assert!(asked("AT+CGSN") && !asked("AT+CPIN"), "it is left alone: {written:#?}");
    let down = wait_for(|| {
        gateway.system_log("").into_iter().find(|event| {
            event["eventType"] == "system.ringpost.modem.down"
                && event.to_string().contains(says.split(':').next().unwrap())
        })
    });
    assert!(down.is_some(), "{:#?}", gateway.system_log(""));
    // It is free to be used once the first is gone.
    gateway.sim.modem("m1").unplug();
    gateway.wait_for_modem("x1", "ready");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stick_that_no_command_restarts_is_taken_off_its_bus() {
    let builder = Gateway::builder().family(Family::Huawei).found_by("m1", "imei = \"{imei}\"");
    let mut site = Site::prepare(builder).await;
    let stick = Plug { path: "1-1.2", id: "12d1:1506", interface: 3, port: "ttyUSB0" };
    site.plug("m1", &stick);
    site.gateway.start_daemon();
    site.at("m1", "ttyUSB0");
    let file = site.machine.root().join("sys/bus/usb/devices/1-1.2/authorized");
    let authorized = |what: &str| fs::read_to_string(&file).unwrap_or_default().trim() == what;
    site.gateway.request("POST", "/api/v1/modems/m1/reset", Some(&json!({})));
    assert!(wait_for(|| authorized("0").then_some(())).is_some(), "{}", site.gateway.log());
    site.gateway.sim.modem("m1").unplug();
    assert!(wait_for(|| authorized("1").then_some(())).is_some(), "{}", site.gateway.log());
    site.plug("m1", &Plug { port: "ttyUSB3", ..stick });
    let shown = site.at("m1", "ttyUSB3");
    assert_eq!(shown["counts"]["hard_reset"], 1, "{shown:#}");
    let id = site.gateway.send("hello");
    site.gateway.wait_for_state(&id, "delivered");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sites_own_command_switches_the_power() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("switched");
    let command = format!("power_command = [\"/usr/bin/touch\", {out:?}]");
    let builder = Gateway::builder().family(Family::Huawei).modem_config(&command);
    let gateway = builder.start().await;
    gateway.request("POST", "/api/v1/modems/m1/reset", Some(&json!({})));
    assert!(wait_for(|| out.exists().then_some(())).is_some(), "{}", gateway.log());
    gateway.wait_for_modem("m1", "ready");
}

#[test]
fn the_udev_rules_know_what_the_families_know() {
    let rules = include_str!("../../systemd/78-ringpost.rules");
    let named = |line: &str, key: &str, value: &str| {
        let found =
            line.split_once(&format!("{key}==\"")).and_then(|(_, rest)| rest.split_once('"'));
        found.is_some_and(|(values, _)| values.split('|').any(|it| it == value))
    };
    for family in ringpost_hal::family::ALL {
        for usb in family.usb {
            let (vendor, product) = (format!("{:04x}", usb.vendor), format!("{:04x}", usb.product));
            let of_it = |line: &&str, attribute: &str| {
                named(line, &format!("{attribute}{{idVendor}}"), &vendor)
                    && named(line, &format!("{attribute}{{idProduct}}"), &product)
            };
            let ignored = |line: &str| line.contains("ENV{ID_MM_DEVICE_IGNORE}=\"1\"");
            let name = family.name;
            assert!(
                rules.lines().any(|it| of_it(&it, "ATTR") && ignored(it)),
                "ModemManager takes {name} {vendor}:{product}"
            );
            let Some(at) = usb.at else { continue };
            let is_at = |line: &str| {
                named(line, "ENV{RINGPOST_INTERFACE}", &format!("{at:02}"))
                    && line.contains("=\"at\"")
            };
            assert!(
                rules.lines().any(|it| of_it(&it, "ATTRS") && is_at(it)),
                "no port of {name} {vendor}:{product} is linked as its AT port"
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_modem_is_on_usb_tells_its_family_where_its_name_does_not() {
    let builder = Gateway::builder().modems(2).family(Family::Generic);
    let builder = builder.found_by("m1", "usb = \"1-1\"").found_by("m2", "usb = \"1-2\"");
    let mut site = Site::prepare(builder).await;
    site.plug("m1", &Plug { path: "1-1", id: "1546:1102", interface: 0, port: "ttyACM0" });
    site.plug("m2", &Plug { path: "1-2", id: "10c4:ea60", interface: 0, port: "ttyUSB0" });
    site.gateway.start_daemon();
    assert_eq!(site.at("m1", "ttyACM0")["family"], "ublox");
    assert_eq!(site.at("m2", "ttyUSB0")["family"], "generic");
}
