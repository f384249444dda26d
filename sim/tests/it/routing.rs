//! Where what arrives goes, and what phones make of it.

use std::time::Duration;

use ringpost_sim::{Family, Fault, Simulator};
use tokio::{task::yield_now, time::timeout};

use crate::host::{Host, PATIENCE, PHONE, hello, simulator};

/// Lets everything happen that waits for nothing.
async fn settle() {
    for _ in 0..20 {
        yield_now().await;
    }
}

#[tokio::test]
async fn ping_is_reported_and_never_shown() {
    let (sim, _directory) = simulator(Family::Sim7600).await;
    let mut host = Host::ready(&sim.port("m1")).await;
    // TP-PID 0x40.
    host.send("21000C91947110325476400005E8329BFD06").await;
    host.until("00\r\n").await;
    assert_eq!(sim.phone(PHONE).texts(), []);
}

#[tokio::test]
async fn replacing_text_takes_the_place_of_its_own_type_only() {
    let (sim, _directory) = simulator(Family::Sim7600).await;
    let mut host = Host::ready(&sim.port("m1")).await;
    // TP-PID 0x41, 0x42, 0x41; UCS-2 texts 1, 2, 3.
    for (pid, text) in [("41", "31"), ("42", "32"), ("41", "33")] {
        host.send(&format!("01000C91947110325476{pid}080200{text}")).await;
    }
    settle().await;
    let texts: Vec<_> = sim.phone(PHONE).texts().into_iter().map(|text| text.text).collect();
    assert_eq!(texts, ["2", "3"]);
}

#[tokio::test]
async fn indications_wait_while_the_host_types_a_message() {
    let (sim, _directory) = simulator(Family::Sim7600).await;
    let mut host = Host::ready(&sim.port("m1")).await;
    host.write("AT+CMGS=18\r").await;
    host.until("> ").await;
    sim.phone(PHONE).send_to("m1", "hi");
    settle().await;
    host.write("\u{1b}").await;
    assert_eq!(host.until("+CMTI").await, "\r\nOK\r\n\r\n+CMTI");
}

#[tokio::test]
async fn indications_wait_as_long_as_cnmi_mode_is_0() {
    let (sim, _directory) = simulator(Family::Sim7600).await;
    let mut host = Host::ready(&sim.port("m1")).await;
    host.command("AT+CNMI=0,1,0,0,0").await;
    sim.phone(PHONE).send_to("m1", "hi");
    settle().await;
    assert_eq!(host.command("AT").await, "\r\nOK\r\n");
    let answer = host.command("AT+CNMI=2,1,0,0,0").await;
    assert_eq!(answer, "\r\n+CMTI: \"SM\",0\r\n\r\nOK\r\n");
}

/// How many messages are in the selected memory.
async fn stored(host: &mut Host) -> usize {
    let listed = host.command("AT+CMGL=4").await;
    listed.lines().filter(|line| line.starts_with("+CMGL: ")).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_held_arrives_once_however_often_a_modem_comes_into_reach() {
    const HELD: usize = 40;
    let (sim, _directory) = simulator(Family::Sim7600).await;
    let mut host = Host::ready(&sim.port("m1")).await;
    let modem = sim.modem("m1");
    for _ in 0..30 {
        modem.fault(Fault::NotRegistered);
        for _ in 0..HELD {
            sim.phone(PHONE).send_to("m1", "hi");
        }
        // Each has a network to tell of, and brings what is held.
        for _ in 0..8 {
            modem.clear_faults();
        }
        let all_are_here = async { while stored(&mut host).await < HELD {} };
        timeout(PATIENCE, all_are_here).await.unwrap();
        // One that comes twice comes right behind.
        tokio::time::sleep(Duration::from_millis(10)).await;
        assert_eq!(stored(&mut host).await, HELD);
        host.command("AT+CMGD=1,4").await;
    }
}

#[tokio::test]
async fn class_2_message_goes_to_the_sim_whatever_cnmi_says() {
    let directory = tempfile::tempdir().unwrap();
    let sim = Simulator::builder().dir(directory.path()).modems(2).start().await.unwrap();
    let mut first = Host::ready(&sim.port("m1")).await;
    let mut second = Host::ready(&sim.port("m2")).await;
    second.command("AT+CPMS=\"ME\",\"ME\",\"ME\"").await;
    second.command("AT+CNMI=2,2,0,0,0").await;
    // TP-DCS 0xF2.
    first.send("01000B914151550501F200F205E8329BFD06").await;
    assert_eq!(second.until("0\r\n").await, "\r\n+CMTI: \"SM\",0\r\n");
}

#[tokio::test]
async fn service_centre_has_a_clock_of_its_own_zone() {
    let (sim, _directory) = simulator(Family::Sim7600).await;
    sim.network().change(|network| network.utc_offset_minutes = -150);
    let mut host = Host::ready(&sim.port("m1")).await;
    sim.phone(PHONE).send_to("m1", "hello");
    host.until("+CMTI: \"SM\",0\r\n").await;
    // Ten quarter-hours, swapped, with the sign in bit 3; then TP-UDL.
    assert!(host.command("AT+CMGR=0").await.contains("0905E8329BFD06"));
}

#[tokio::test]
async fn deletion_spares_what_its_flag_spares() {
    let (sim, _directory) = simulator(Family::Sim7600).await;
    let mut host = Host::ready(&sim.port("m1")).await;
    for slot in 0..3 {
        sim.phone(PHONE).send_to("m1", "hi");
        host.until(&format!("+CMTI: \"SM\",{slot}\r\n")).await;
    }
    host.command("AT+CMGR=1").await;
    host.command("AT+CMGD=0,1").await;
    assert!(host.command("AT+CPMS?").await.contains("\"SM\",2,50"), "the read one is gone");
    assert_eq!(host.command("AT+CMGR=1").await, "\r\nOK\r\n");
    host.command("AT+CMGD=0,4").await;
    assert!(host.command("AT+CPMS?").await.contains("\"SM\",0,50"));
}

#[tokio::test]
async fn report_waits_for_a_modem_that_is_away() {
    let (sim, _directory) = simulator(Family::Sim7600).await;
    sim.network().set_delivery(Duration::from_millis(30));
    let mut host = Host::ready(&sim.port("m1")).await;
    host.send(&hello()).await;
    sim.modem("m1").unplug();
    sim.phone(PHONE).wait_for_text(PATIENCE).await.unwrap();
    sim.modem("m1").replug().unwrap();
    let mut host = Host::open(&sim.port("m1"));
    let start = host.until("+CDS: 25").await;
    assert!(start.contains("SMS DONE"), "{start}");
}

#[tokio::test]
async fn sim_takes_what_is_its_own_into_another_modem() {
    let directory = tempfile::tempdir().unwrap();
    let sim = Simulator::builder().dir(directory.path()).modems(2).start().await.unwrap();
    sim.network().set_delivery(Duration::from_millis(30));
    let (one, other) = (sim.modem("m1"), sim.modem("m2"));
    let (number, iccid) = (one.number(), one.iccid());
    // It saves where reports go.
    drop(Host::ready(&other.port()).await);
    let mut host = Host::ready(&one.port()).await;
    sim.phone(PHONE).send_to("m1", "stored");
    host.until("+CMTI: \"SM\",0\r\n").await;
    assert!(host.send(&hello()).await.contains("+CMGS: 0"));
    one.swap_sims(&other).unwrap();
    sim.phone(PHONE).wait_for_text(PATIENCE).await.unwrap();
    let mut host = Host::open(&other.port());
    host.until("+CDS: 25").await;
    assert_eq!((other.number(), other.iccid()), (number.clone(), iccid.clone()));
    assert!(host.command("AT+CMGR=0").await.contains("+CMGR: "));
    assert!(host.send(&hello()).await.contains("+CMGS: 1"), "its references go on");
    assert_eq!(sim.network().submits().last().map(|it| it.iccid.clone()), Some(iccid));
    assert_eq!(sim.phone(PHONE).wait_for_text(PATIENCE).await.map(|it| it.from), Some(number));
}

#[tokio::test]
async fn separators_inside_quotes_separate_nothing() {
    let (sim, _directory) = simulator(Family::Sim7600).await;
    let mut host = Host::ready(&sim.port("m1")).await;
    host.command("AT+CSCA=\"+1;2,3\",145;+CMEE=2").await;
    assert!(host.command("AT+CSCA?;+CMEE?").await.contains("\"+1;2,3\",145\r\n\r\n+CMEE: 2"));
    assert_eq!(host.command("AT+CMGD=99").await, "\r\n+CMS ERROR: Invalid memory index\r\n");
    assert_eq!(host.command("AT+CPIN=1").await, "\r\n+CME ERROR: operation not allowed\r\n");
}

#[tokio::test]
async fn modem_that_starts_takes_no_messages_yet() {
    let (sim, _directory) = simulator(Family::Sim7600).await;
    sim.modem("m1").unplug();
    sim.modem("m1").replug().unwrap();
    let mut host = Host::open(&sim.port("m1"));
    host.until("\r\nRDY\r\n").await;
    sim.phone(PHONE).send_to("m1", "hi");
    let refused = host.command("AT+CMEE=1;+CMGS=18").await;
    assert!(refused.ends_with("\r\n+CMS ERROR: 302\r\n"), "{refused}");
    let start = host.until("+CMTI").await;
    assert!(start.contains("\r\nSMS DONE\r\n"), "{start}");
}

#[tokio::test]
async fn what_is_typed_during_a_submission_is_done_after_it() {
    let (sim, _directory) = simulator(Family::Sim7600).await;
    sim.network().set_latency(Duration::from_millis(50));
    sim.network().set_reports(false);
    let mut host = Host::ready(&sim.port("m1")).await;
    host.write(&format!("AT+CMGS=18\r00{}\u{1a}AT+CSQ\r", hello())).await;
    let heard = host.until("+CSQ: 21,99\r\n\r\nOK\r\n").await;
    assert!(heard.contains("+CMGS: 0\r\n\r\nOK\r\n\r\n+CSQ"), "{heard}");
}

#[tokio::test]
async fn sender_is_told_once_that_its_message_waits() {
    let directory = tempfile::tempdir().unwrap();
    let sim = Simulator::builder().dir(directory.path()).start().await.unwrap();
    let phone = sim.phone(PHONE);
    phone.set_reachable(false);
    let mut host = Host::ready(&sim.port("m1")).await;
    host.send(&hello()).await;
    host.until("22\r\n").await;
    // Out of reach again: still held, still told.
    phone.set_reachable(false);
    phone.set_reachable(true);
    let next = host.until("+CDS: 25\r\n").await + &host.until("\r\n").await;
    assert!(next.ends_with("00\r\n"), "{next}");
}
