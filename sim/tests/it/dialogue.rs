//! Dialogues with the modems, as a gateway holds them.

use std::time::Duration;

use ringpost_sim::{Direction, Family, Fault, Simulator, TranscriptLine};
use tokio::task::yield_now;

use crate::host::{Host, PATIENCE, PHONE, hello, segment, simulator};

#[tokio::test]
async fn bring_up_as_a_gateway_does_it() {
    let (sim, _directory) = simulator(Family::Sim7600).await;
    let mut host = Host::open(&sim.port("m1"));
    assert_eq!(host.command("AT").await, "AT\r\r\nOK\r\n", "echo is on at first");
    assert_eq!(host.command("ATE0").await, "ATE0\r\r\nOK\r\n");
    for (command, answer) in [
        ("ATV1", "\r\nOK\r\n"),
        ("AT+CMEE=1", "\r\nOK\r\n"),
        ("AT+CGMI", "\r\nSIMCOM INCORPORATED\r\n\r\nOK\r\n"),
        ("AT+CPIN?", "\r\n+CPIN: READY\r\n\r\nOK\r\n"),
        ("AT+CREG=2;+CEREG=2", "\r\nOK\r\n"),
        ("AT+CREG?", "\r\n+CREG: 2,1,\"1A2B\",\"01C3D4E5\",7\r\n\r\nOK\r\n"),
        ("AT+CSMS=1", "\r\n+CSMS: 1,1,1\r\n\r\nOK\r\n"),
        ("AT+CMGF=0", "\r\nOK\r\n"),
        ("AT+CSCA?", "\r\n+CSCA: \"+14155550100\",145\r\n\r\nOK\r\n"),
        ("AT+CPMS=\"ME\",\"ME\",\"ME\"", "\r\n+CPMS: 0,23,0,23,0,23\r\n\r\nOK\r\n"),
        ("AT+CNMI=2,1,0,1,0", "\r\n+CMS ERROR: 303\r\n"),
        ("AT+CNMI=1,1,0,1,0", "\r\nOK\r\n"),
        ("AT+CNMI?", "\r\n+CNMI: 1,1,0,1,0\r\n\r\nOK\r\n"),
        ("AT+CMGL=4", "\r\nOK\r\n"),
        ("AT+CMMS=?", "\r\n+CMMS: (0-2)\r\n\r\nOK\r\n"),
        ("AT+NONSENSE", "\r\nERROR\r\n"),
    ] {
        assert_eq!(host.command(command).await, answer, "{command}");
    }
}

#[tokio::test]
async fn families_introduce_themselves_in_their_own_way() {
    for (family, identity, revision) in [
        (
            Family::Sim7600,
            "Manufacturer: SIMCOM INCORPORATED\r\nModel: SIMCOM_SIM7600E-H\r\n\
             Revision: LE20B04SIM7600M22\r\nIMEI: 861475030000014\r\n+GCAP: +CGSM",
            "+CGMR: LE20B04SIM7600M22",
        ),
        (Family::Ec25, "Quectel\r\nEC25\r\nRevision: EC25EFAR06A06M4G", "EC25EFAR06A06M4G"),
    ] {
        let (sim, _directory) = simulator(family).await;
        let mut host = Host::ready(&sim.port("m1")).await;
        assert_eq!(host.command("ATI").await, format!("\r\n{identity}\r\n\r\nOK\r\n"));
        assert_eq!(host.command("AT+CGMR").await, format!("\r\n{revision}\r\n\r\nOK\r\n"));
    }
}

#[tokio::test]
async fn iccid_is_asked_for_by_family() {
    for (family, command, answer) in [
        (Family::Sim7600, "AT+CICCID", "\r\n+ICCID: 8901260000000000014\r\n\r\nOK\r\n"),
        (Family::Sim7600, "AT+QCCID", "\r\nERROR\r\n"),
        (Family::Ec25, "AT+QCCID", "\r\n+QCCID: 8901260000000000014F\r\n\r\nOK\r\n"),
        (Family::Ec25, "AT+CICCID", "\r\nERROR\r\n"),
    ] {
        let (sim, _directory) = simulator(family).await;
        assert_eq!(Host::ready(&sim.port("m1")).await.command(command).await, answer);
    }
}

#[tokio::test]
async fn long_text_reaches_the_phone_and_every_segment_is_reported() {
    let (sim, _directory) = simulator(Family::Sim7600).await;
    let mut host = Host::ready(&sim.port("m1")).await;
    for sequence in 1..=2u8 {
        let answer = host.send(&segment(7, 2, sequence, "half ")).await;
        assert_eq!(answer, format!("\r\n+CMGS: {}\r\n\r\nOK\r\n", sequence - 1));
        let report = host.until("+CDS: 25\r\n").await + &host.until("\r\n").await;
        let mr = sequence - 1;
        assert!(report.contains(&format!("07914151550501F006{mr:02X}0C91947110325476")));
        assert!(report.ends_with("00\r\n"), "delivered: {report}");
    }
    let text = sim.phone(PHONE).wait_for_text(PATIENCE).await.unwrap();
    assert_eq!((text.text.as_str(), text.segments), ("half half ", 2));
    assert_eq!(text.from, sim.modem("m1").number());
    let submits = sim.network().submits();
    assert_eq!(submits.iter().map(|submit| submit.mr).collect::<Vec<_>>(), [0, 1]);
    assert_eq!(submits[1].recipient, PHONE);
    assert_eq!(submits[1].concat.unwrap().sequence, 2);
}

#[tokio::test]
async fn segments_of_two_texts_are_kept_apart() {
    let (sim, _directory) = simulator(Family::Sim7600).await;
    let mut host = Host::ready(&sim.port("m1")).await;
    for (reference, sequence, text) in [(1, 2, "a2"), (2, 1, "b1"), (2, 2, "b2"), (1, 1, "a1")] {
        host.send(&segment(reference, 2, sequence, text)).await;
    }
    let phone = sim.phone(PHONE);
    assert_eq!(phone.wait_for_text(PATIENCE).await.unwrap().text, "b1b2");
    assert_eq!(phone.wait_for_text(PATIENCE).await.unwrap().text, "a1a2");
}

#[tokio::test]
async fn phone_writes_to_a_modem_that_lists_and_deletes_it() {
    for (family, empty) in
        [(Family::Sim7600, "\r\nOK\r\n"), (Family::Ec25, "\r\n+CMS ERROR: 321\r\n")]
    {
        let (sim, _directory) = simulator(family).await;
        let mut host = Host::ready(&sim.port("m1")).await;
        host.command("AT+CPMS=\"SM\",\"SM\",\"SM\"").await;
        sim.phone(PHONE).send_to("m1", "hello");
        host.until("\r\n+CMTI: \"SM\",0\r\n").await;
        let read = host.command("AT+CMGR=0").await;
        assert!(read.starts_with("\r\n+CMGR: 0,\"\",24\r\n07914151550501F0"), "{read}");
        assert!(read.contains("05E8329BFD06\r\n"), "{read}");
        assert!(host.command("AT+CMGL=4").await.contains("+CMGL: 0,1,\"\",24\r\n"));
        assert_eq!(host.command("AT+CMGD=0").await, "\r\nOK\r\n");
        assert_eq!(host.command("AT+CMGL=4").await, "\r\nOK\r\n");
        assert_eq!(host.command("AT+CMGR=0").await, empty);
    }
}

#[tokio::test]
async fn long_text_of_a_phone_comes_in_segments() {
    let (sim, _directory) = simulator(Family::Sim7600).await;
    let mut host = Host::ready(&sim.port("m1")).await;
    sim.phone(PHONE).send_to("m1", &"я".repeat(71));
    host.until("+CMTI: \"SM\",0").await;
    host.until("+CMTI: \"SM\",1").await;
    let list = host.command("AT+CMGL=4").await;
    assert!(list.contains("050003010201044F"), "first of two: {list}");
    assert!(list.contains("050003010202044F044F044F044F\r\n"), "the four that are left: {list}");
}

#[tokio::test]
async fn message_to_another_modem_arrives_there() {
    let directory = tempfile::tempdir().unwrap();
    let sim = Simulator::builder().dir(directory.path()).modems(2).start().await.unwrap();
    let mut first = Host::ready(&sim.port("m1")).await;
    let mut second = Host::ready(&sim.port("m2")).await;
    // To +14155550102.
    first.send("21000B914151550501F2000005E8329BFD06").await;
    second.until("+CMTI: \"SM\",0").await;
    assert!(first.until("+CDS: ").await.contains("+CDS"), "the report comes once it is stored");
}

#[tokio::test]
async fn direct_message_wants_one_acknowledgement() {
    let (sim, _directory) = simulator(Family::Ec25).await;
    let mut host = Host::ready(&sim.port("m1")).await;
    host.command("AT+CSMS=1").await;
    host.command("AT+CNMI=2,2,0,1,0").await;
    sim.phone(PHONE).send_to("m1", "hello");
    host.until("+CMT: ,24\r\n07914151550501F0").await;
    host.until("\r\n").await;
    assert_eq!(host.command("AT+CNMA").await, "\r\nOK\r\n");
    assert_eq!(host.command("AT+CNMA").await, "\r\n+CMS ERROR: 340\r\n");
}

#[tokio::test]
async fn stored_report_is_announced_in_the_wrong_slot_by_quectel() {
    for (family, line) in [(Family::Sim7600, "+CDSI: \"SR\",0"), (Family::Ec25, "+CDSI: \"SM\",0")]
    {
        let (sim, _directory) = simulator(family).await;
        let mut host = Host::ready(&sim.port("m1")).await;
        host.command("AT+CNMI=2,1,0,2,0").await;
        host.send(&hello()).await;
        host.until(line).await;
        host.command("AT+CPMS=\"SR\"").await;
        assert!(host.command("AT+CMGR=0").await.contains("07914151550501F00600"));
    }
}

#[tokio::test]
async fn quectel_needs_a_rest_after_reading_cmms_and_tells_a_full_memory() {
    let (sim, _directory) = simulator(Family::Ec25).await;
    let mut host = Host::ready(&sim.port("m1")).await;
    assert_eq!(host.command("AT+CMMS=1").await, "\r\nOK\r\n");
    assert!(host.command("AT+CMMS?").await.contains("+CMMS: 1"));
    assert_eq!(host.command("AT+CMMS=0").await, "\r\n+CMS ERROR: 500\r\n");
    host.command("AT+QINDCFG=\"smsfull\",1").await;
    sim.modem("m1").fault(Fault::StoreFull);
    sim.phone(PHONE).send_to("m1", "hello");
    host.until("\r\n+QIND: \"smsfull\",\"ME\"\r\n").await;
}

#[tokio::test]
async fn port_can_come_back_under_another_name() {
    let (sim, directory) = simulator(Family::Sim7600).await;
    let modem = sim.modem("m1");
    modem.unplug();
    modem.replug_as("ttyUSB7").unwrap();
    assert_eq!(sim.port("m1"), directory.path().join("ttyUSB7"));
    Host::open(&sim.port("m1")).until("PB DONE").await;
    modem.unplug();
    assert!(modem.replug_as("../x").is_err());
}

#[tokio::test]
async fn escape_leaves_the_prompt_and_nothing_is_sent() {
    let (sim, _directory) = simulator(Family::Sim7600).await;
    let mut host = Host::ready(&sim.port("m1")).await;
    host.write("AT+CMGS=20\r").await;
    host.until("\r\n> ").await;
    host.write("0021\u{1b}").await;
    host.until("\r\nOK\r\n").await;
    assert_eq!(host.command("AT").await, "\r\nOK\r\n");
    assert_eq!(sim.network().submits(), []);
}

#[tokio::test]
async fn modem_stays_at_the_prompt_when_its_host_dies() {
    let (sim, _directory) = simulator(Family::Sim7600).await;
    let mut host = Host::ready(&sim.port("m1")).await;
    host.write("AT+CMGS=20\r").await;
    host.until("\r\n> ").await;
    drop(host);
    let mut host = Host::open(&sim.port("m1"));
    host.write("AT\r\u{1b}").await;
    host.until("\r\nOK\r\n").await;
    let last = sim.modem("m1").transcript();
    let typed = last.iter().rfind(|line| line.direction == Direction::Tx).unwrap();
    assert_eq!(typed.text, "AT\\u{d}\\u{1b}", "it was a body, not a command");
}

#[tokio::test]
async fn what_nobody_reads_is_lost() {
    let (sim, _directory) = simulator(Family::Sim7600).await;
    let host = Host::ready(&sim.port("m1")).await;
    host.write("AT+CGMI\r").await;
    let answered = |line: &TranscriptLine| line.text == "SIMCOM INCORPORATED";
    while !sim.modem("m1").transcript().iter().any(answered) {
        yield_now().await;
    }
    assert!(sim.modem("m1").attended());
    drop(host);
    assert!(!sim.modem("m1").attended());
    sim.phone(PHONE).send_to("m1", "hello");
    let mut host = Host::open(&sim.port("m1"));
    let answer = host.command("AT").await;
    assert!(!answer.contains("INCORPORATED"), "{answer}");
    assert!(host.command("AT+CMGL=4").await.contains("E8329BFD06"), "the message is kept");
}

#[tokio::test]
async fn unplugged_port_ends_and_comes_back_with_a_start_up() {
    for (family, ready) in [(Family::Sim7600, "PB DONE"), (Family::Ec25, "+QIND: PB DONE")] {
        let (sim, _directory) = simulator(family).await;
        let modem = sim.modem("m1");
        let host = Host::ready(&sim.port("m1")).await;
        modem.unplug();
        host.until_gone().await;
        assert!(!sim.port("m1").exists());
        sim.phone(PHONE).send_to("m1", "meanwhile");
        modem.replug().unwrap();
        let mut host = Host::open(&sim.port("m1"));
        let start = host.until(ready).await;
        assert!(start.contains("\r\nRDY\r\n"), "{start}");
        assert!(start.contains("+CMTI"), "what waited comes when messages are ready: {start}");
    }
}

#[tokio::test]
async fn restart_keeps_routing_and_forgets_the_rest() {
    let (sim, _directory) = simulator(Family::Sim7600).await;
    let mut host = Host::ready(&sim.port("m1")).await;
    host.command("AT+CFUN=1,1").await;
    host.until("SMS DONE\r\n").await;
    host.until("PB DONE\r\n").await;
    assert_eq!(host.command("AT").await, "AT\r\r\nOK\r\n", "echo is on again");
    host.command("ATE0").await;
    assert_eq!(host.command("AT+CNMI?").await, "\r\n+CNMI: 1,1,0,1,0\r\n\r\nOK\r\n");
}

#[tokio::test]
async fn silent_phone_gets_its_text_when_it_is_on_again() {
    let (sim, _directory) = simulator(Family::Sim7600).await;
    let mut host = Host::ready(&sim.port("m1")).await;
    let phone = sim.phone(PHONE);
    phone.set_reachable(false);
    host.send(&hello()).await;
    host.until("22\r\n").await;
    assert_eq!(phone.texts(), []);
    phone.set_reachable(true);
    host.until("00\r\n").await;
    assert_eq!(phone.wait_for_text(PATIENCE).await.unwrap().text, "hello");
}

#[tokio::test]
async fn message_expires_when_the_phone_stays_silent() {
    let (sim, _directory) = simulator(Family::Sim7600).await;
    sim.network().change(|network| {
        network.temporary_reports = false;
        network.validity_limit_ms = Some(50);
    });
    let mut host = Host::ready(&sim.port("m1")).await;
    sim.phone(PHONE).set_reachable(false);
    host.send(&hello()).await;
    host.until("46\r\n").await;
    sim.phone(PHONE).set_reachable(true);
    assert_eq!(sim.phone(PHONE).texts(), []);
}

#[tokio::test]
async fn message_to_a_modem_expires_while_it_is_unplugged() {
    let directory = tempfile::tempdir().unwrap();
    let sim = Simulator::builder().dir(directory.path()).modems(2).start().await.unwrap();
    sim.network().change(|network| network.validity_limit_ms = Some(50));
    sim.modem("m2").unplug();
    let mut host = Host::ready(&sim.port("m1")).await;
    host.send("21000B914151550501F2000005E8329BFD06").await;
    host.until("46\r\n").await;
}

#[tokio::test]
async fn duplicate_that_is_still_held_is_rejected_when_asked_to() {
    let (sim, _directory) = simulator(Family::Sim7600).await;
    sim.modem("m1").keep_mr(true);
    sim.phone(PHONE).set_reachable(false);
    let mut host = Host::ready(&sim.port("m1")).await;
    let first = hello().replacen("2100", "0107", 1);
    let again = hello().replacen("2100", "0507", 1);
    assert_eq!(host.send(&first).await, "\r\n+CMGS: 7\r\n\r\nOK\r\n");
    assert_eq!(host.send(&again).await, "\r\n+CMS ERROR: 197\r\n");
    sim.modem("m1").keep_mr(false);
    assert_eq!(host.send(&again).await, "\r\n+CMGS: 0\r\n\r\nOK\r\n");
}

#[tokio::test]
async fn paced_line_takes_the_time_of_its_bits() {
    let (sim, _directory) = simulator(Family::Sim7600).await;
    let mut host = Host::ready(&sim.port("m1")).await;
    sim.modem("m1").set_pace(9600);
    let start = std::time::Instant::now();
    let answer = host.command("AT+CPMS=?").await;
    // Ten bits a byte, there and back.
    let bits = (u64::try_from("AT+CPMS=?\r".len() + answer.len()).unwrap()) * 10;
    assert!(start.elapsed() >= Duration::from_micros(bits * 1_000_000 / 9600));
}

#[tokio::test]
async fn without_a_service_centre_nothing_is_sent_until_one_is_set() {
    let (sim, _directory) = simulator(Family::Sim7600).await;
    let mut host = Host::ready(&sim.port("m1")).await;
    sim.modem("m1").set_service_centre("");
    assert_eq!(host.command("AT+CSCA?").await, "\r\n+CSCA: \"\",129\r\n\r\nOK\r\n");
    assert_eq!(host.send(&hello()).await, "\r\n+CMS ERROR: 330\r\n");
    assert_eq!(host.command("AT+CSCA=\"+14155550100\",145").await, "\r\nOK\r\n");
    assert_eq!(host.send(&hello()).await, "\r\n+CMGS: 0\r\n\r\nOK\r\n");
}
