//! Every fault does what its name says, as often as it was told to.

use std::{collections::BTreeSet, time::Instant};

use ringpost_sim::{Family, Fault, FaultSpec, Simulator, SubmitOutcome};
use tempfile::TempDir;

use crate::host::{Host, PATIENCE, PHONE, hello, simulator};

async fn faulty(fault: impl Into<FaultSpec>) -> (Simulator, Host, TempDir) {
    let (sim, directory) = simulator(Family::Sim7600).await;
    let host = Host::ready(&sim.port("m1")).await;
    sim.modem("m1").fault(fault);
    (sim, host, directory)
}

/// Types a message without waiting for the prompt.
async fn type_blindly(host: &Host) {
    let tpdu = hello();
    host.write(&format!("AT+CMGS={}\r00{tpdu}\u{1a}", tpdu.len() / 2)).await;
}

const SENT: &str = "\r\n+CMGS: 0\r\n\r\nOK\r\n";

#[tokio::test]
async fn drop_prompt_still_takes_the_body() {
    let (sim, mut host, _directory) = faulty(Fault::DropPrompt.times(1)).await;
    type_blindly(&host).await;
    assert_eq!(host.until("\r\nOK\r\n").await, SENT, "there was no prompt");
    assert_eq!(sim.network().submits().len(), 1);
    assert!(host.send(&hello()).await.contains("+CMGS: 1"), "once means once");
}

#[tokio::test]
async fn late_prompt_is_late() {
    let (_sim, mut host, _directory) = faulty(Fault::LatePrompt.delay_ms(120)).await;
    let start = Instant::now();
    host.send(&hello()).await;
    assert!(start.elapsed().as_millis() >= 120);
}

#[tokio::test]
async fn drop_final_sends_and_says_nothing() {
    let (sim, mut host, _directory) = faulty(Fault::DropFinal.times(1)).await;
    type_blindly(&host).await;
    host.until("+CDS: ").await;
    assert_eq!(sim.phone(PHONE).wait_for_text(PATIENCE).await.unwrap().text, "hello");
    host.until("\r\n").await;
    host.until("\r\n").await;
    assert_eq!(host.command("AT").await, "\r\nOK\r\n", "the modem goes on");
}

#[tokio::test]
async fn drop_cmgs_line_leaves_a_bare_ok() {
    let (_sim, mut host, _directory) = faulty(Fault::DropCmgsLine).await;
    assert_eq!(host.send(&hello()).await, "\r\nOK\r\n");
}

#[tokio::test]
async fn late_cmgs_comes_after_the_phone_has_it() {
    let (sim, mut host, _directory) = faulty(Fault::LateCmgs.delay_ms(150)).await;
    type_blindly(&host).await;
    sim.phone(PHONE).wait_for_text(PATIENCE).await.unwrap();
    let heard = host.until("+CMGS: 0\r\n\r\nOK\r\n").await;
    assert!(heard.contains("+CDS"), "the report was quicker: {heard}");
}

#[tokio::test]
async fn stray_cmgs_comes_between_other_commands() {
    let (sim, mut host, _directory) = faulty(Fault::NoReport).await;
    sim.modem("m1").fault(Fault::StrayCmgs.delay_ms(100).times(1));
    type_blindly(&host).await;
    host.until("> ").await;
    assert_eq!(host.command("AT").await, "\r\nOK\r\n", "it is not busy");
    host.write("AT+CMGS=18\r").await;
    host.until("\r\n> ").await;
    host.until(SENT).await;
    assert_eq!(host.command(&format!("00{}\u{1a}", hello())).await.trim(), "+CMGS: 1\r\n\r\nOK");
}

#[tokio::test]
async fn errors_have_the_code_and_the_command_they_were_given() {
    let (sim, mut host, _directory) = faulty(Fault::CmsError.code(38).after(1).times(1)).await;
    assert!(host.send(&hello()).await.contains("+CMGS: 0"), "the first passes");
    host.until("+CDS").await;
    host.until("\r\n").await;
    host.until("\r\n").await;
    assert_eq!(host.send(&hello()).await, "\r\n+CMS ERROR: 38\r\n");
    assert_eq!(sim.network().submits().len(), 1);
    sim.modem("m1").fault(Fault::CmeError.code(14).command("+CPIN"));
    assert_eq!(host.command("AT+CSQ").await, "\r\n+CSQ: 21,99\r\n\r\nOK\r\n");
    assert_eq!(host.command("AT+CPIN?").await, "\r\n+CME ERROR: 14\r\n");
}

#[tokio::test]
async fn silence_swallows_commands() {
    let (_sim, mut host, _directory) = faulty(Fault::Silence.times(2)).await;
    host.write("AT\rATE1\r").await;
    assert_eq!(host.command("AT").await, "\r\nOK\r\n", "two were lost, echo is still off");
}

#[tokio::test]
async fn unsolicited_results_come_at_bad_moments() {
    let (sim, mut host, _directory) = faulty(Fault::UrcBeforeBody.text("+CREG: 5")).await;
    type_blindly(&host).await;
    assert_eq!(host.until("OK\r\n").await, format!("\r\n> \r\n+CREG: 5\r\n{SENT}"));
    host.until("+CDS").await;
    host.until("\r\n").await;
    host.until("\r\n").await;
    sim.modem("m1").clear_faults();
    sim.modem("m1").fault(Fault::UrcInResponse);
    let answer = host.command("AT+CSQ").await;
    assert_eq!(answer, "\r\n+CSQ: 21,99\r\n\r\n+CREG: 1\r\n\r\nOK\r\n");
}

#[tokio::test]
async fn duplicate_urc_says_it_twice() {
    let (sim, mut host, _directory) = faulty(Fault::DuplicateUrc).await;
    sim.phone(PHONE).send_to("m1", "hi");
    host.until("\r\n+CMTI: \"SM\",0\r\n\r\n+CMTI: \"SM\",0\r\n").await;
}

#[tokio::test]
async fn split_reads_takes_a_pause_for_every_byte() {
    let (_sim, mut host, _directory) = faulty(Fault::SplitReads.delay_ms(3)).await;
    let start = Instant::now();
    assert_eq!(host.command("AT").await, "\r\nOK\r\n");
    assert!(start.elapsed().as_millis() >= 15);
}

#[tokio::test]
async fn echo_on_defies_ate0() {
    let (sim, mut host, _directory) = faulty(Fault::EchoOn).await;
    assert_eq!(host.command("ATE0").await, "ATE0\r\r\nOK\r\n");
    assert_eq!(host.command("AT").await, "AT\r\r\nOK\r\n");
    sim.modem("m1").clear_fault(Fault::EchoOn);
    assert_eq!(host.command("AT").await, "\r\nOK\r\n");
}

#[tokio::test]
async fn garble_depends_on_the_seed_alone() {
    let mut runs = BTreeSet::new();
    for seed in [3, 3, 4] {
        let directory = tempfile::tempdir().unwrap();
        let builder = Simulator::builder().dir(directory.path()).seed(seed);
        let sim = builder.start().await.unwrap();
        let mut host = Host::ready(&sim.port("m1")).await;
        sim.modem("m1").fault(Fault::Garble.times(1));
        host.write("AT+CSCA?\rAT+CIMI\r").await;
        let heard = host.until("001010000000001\r\n").await;
        assert!(!heard.contains("\r\n+CSCA: \"+14155550100\",145\r\n\r\nOK\r\n"), "{heard:?}");
        runs.insert(heard);
    }
    assert_eq!(runs.len(), 2);
}

#[tokio::test]
async fn reports_overtake_fail_and_vanish() {
    let (sim, mut host, _directory) = faulty(Fault::ReportBeforeAnswer.times(1)).await;
    type_blindly(&host).await;
    let heard = host.until("OK\r\n").await;
    assert!(heard.find("+CDS") < heard.find("+CMGS"), "{heard}");

    sim.modem("m1").fault(Fault::ReportFailure.code(0x41).times(1));
    host.send(&hello()).await;
    host.until("41\r\n").await;
    assert_eq!(sim.phone(PHONE).texts().len(), 1, "the failed one did not arrive");

    sim.modem("m1").fault(Fault::NoReport.times(1));
    host.send(&hello()).await;
    host.send(&hello()).await;
    let heard = host.until("+CDS: 25\r\n").await + &host.until("\r\n").await;
    assert!(heard.contains("0603"), "the next report is of the message after: {heard}");
}

#[tokio::test]
async fn not_registered_is_told_and_stops_messages() {
    let (sim, mut host, _directory) = faulty(Fault::NoReport).await;
    host.command("AT+CREG=1").await;
    sim.modem("m1").fault(Fault::NotRegistered);
    host.until("\r\n+CREG: 2\r\n").await;
    assert!(host.command("AT+CREG?").await.contains("+CREG: 1,2\r\n"));
    assert_eq!(host.send(&hello()).await, "\r\n+CMS ERROR: 331\r\n");
    sim.phone(PHONE).send_to("m1", "hi");
    sim.modem("m1").clear_faults();
    host.until("\r\n+CREG: 1\r\n").await;
    host.until("+CMTI: \"SM\",0").await;
}

#[tokio::test]
async fn lasting_fault_ends_by_itself() {
    let (_sim, mut host, _directory) = faulty(Fault::NoReport).await;
    host.command("AT+CREG=1").await;
    _sim.modem("m1").fault(Fault::NotRegistered.delay_ms(50));
    host.until("\r\n+CREG: 2\r\n").await;
    host.until("\r\n+CREG: 1\r\n").await;
}

#[tokio::test]
async fn sim_is_missing_or_wants_its_pin() {
    let (sim, mut host, _directory) = faulty(Fault::SimMissing).await;
    assert_eq!(host.command("AT+CPIN?").await, "\r\n+CME ERROR: 10\r\n");
    assert_eq!(host.command("AT+CMGS=18").await, "\r\n+CMS ERROR: 310\r\n");
    sim.modem("m1").clear_faults();
    sim.modem("m1").fault(Fault::SimPin);
    assert!(host.command("AT+CPIN?").await.contains("+CPIN: SIM PIN\r\n"));
    assert_eq!(host.command("AT+CIMI").await, "\r\n+CME ERROR: 11\r\n");
    assert_eq!(host.command("AT+CPIN=\"0000\"").await, "\r\n+CME ERROR: 16\r\n");
    assert!(host.command("AT+CPINR").await.contains("+CPINR: SIM PIN,2,3\r\n"));
    host.command("AT+CPIN=\"1234\"").await;
    host.until("\r\n+CPIN: READY\r\n").await;
    assert_eq!(host.command("AT+CIMI").await, "\r\n001010000000001\r\n\r\nOK\r\n");
}

#[tokio::test]
async fn third_wrong_pin_wants_the_puk() {
    let (_sim, mut host, _directory) = faulty(Fault::SimPin).await;
    for answer in ["16", "16", "12", "12"] {
        let heard = host.command("AT+CPIN=\"1111\"").await;
        assert_eq!(heard, format!("\r\n+CME ERROR: {answer}\r\n"));
    }
    assert!(host.command("AT+CPIN?").await.contains("+CPIN: SIM PUK\r\n"));
}

#[tokio::test]
async fn eof_strikes_at_its_command_and_comes_back() {
    let (sim, host, _directory) = faulty(Fault::Eof.command("+CMGS").delay_ms(30)).await;
    host.write("AT+CMGS=18\r").await;
    host.until_gone().await;
    while !sim.port("m1").exists() {
        tokio::task::yield_now().await;
    }
    Host::open(&sim.port("m1")).until("PB DONE").await;
}

#[tokio::test]
async fn reboot_forgets_a_message_in_flight() {
    let (sim, mut host, _directory) = faulty(Fault::NoReport).await;
    sim.network().set_latency(std::time::Duration::from_millis(50));
    type_blindly(&host).await;
    host.until("> ").await;
    sim.modem("m1").fault(Fault::Reboot);
    let start = host.until("PB DONE\r\n").await;
    assert!(start.contains("\r\nRDY\r\n"), "{start}");
    assert!(!start.contains("+CMGS"), "{start}");
    assert_eq!(sim.network().wait_for_submits(1, PATIENCE).await.unwrap().len(), 1);
}

#[tokio::test]
async fn full_store_keeps_messages_in_the_network() {
    let (sim, mut host, _directory) = faulty(Fault::StoreFull).await;
    sim.phone(PHONE).send_to("m1", "hi");
    assert!(host.command("AT+CPMS?").await.contains("+CPMS: \"SM\",50,50"));
    sim.modem("m1").clear_faults();
    host.until("+CMTI: \"SM\",0").await;
}

#[tokio::test]
async fn store_that_is_really_full_takes_more_after_a_deletion() {
    let (sim, mut host, _directory) = faulty(Fault::NoReport).await;
    for _ in 0..51 {
        sim.phone(PHONE).send_to("m1", "hi");
    }
    host.until("+CMTI: \"SM\",49").await;
    host.command("AT+CMGD=7").await;
    host.until("+CMTI: \"SM\",7").await;
}

#[tokio::test]
async fn deletion_fails_and_the_message_stays() {
    let (sim, mut host, _directory) = faulty(Fault::CmgdFail.times(1)).await;
    sim.phone(PHONE).send_to("m1", "hi");
    host.until("+CMTI: \"SM\",0\r\n").await;
    assert_eq!(host.command("AT+CMGD=0").await, "\r\n+CMS ERROR: 320\r\n");
    assert!(host.command("AT+CMGL=4").await.contains("+CMGL: 0,0"));
}

#[tokio::test]
async fn refusal_of_the_network_is_seen_and_told() {
    let (sim, mut host, _directory) = faulty(Fault::NetworkRefuseSubmit.code(42).times(1)).await;
    assert_eq!(host.send(&hello()).await, "\r\n+CMS ERROR: 42\r\n");
    let submits = sim.network().submits();
    assert_eq!(submits[0].outcome, SubmitOutcome::Refused(42));
    assert_eq!(sim.phone(PHONE).texts(), []);
}

#[tokio::test]
async fn wrong_length_is_a_bad_pdu_and_says_why() {
    let (sim, mut host, _directory) = faulty(Fault::NoReport).await;
    host.write("AT+CMGS=19\r").await;
    host.until("> ").await;
    let answer = host.command(&format!("00{}\u{1a}", hello())).await;
    assert_eq!(answer, "\r\n+CMS ERROR: 304\r\n");
    let errors = sim.modem("m1").pdu_errors();
    assert_eq!(errors[0].reason, "length: +CMGS announced another number of octets than came");
    assert_eq!(sim.network().submits(), []);
}
