//! Calls, as a host follows them: what each family says, and what the phone saw.

use std::time::Duration;

use ringpost_sim::{Does, Family, Fault, OnCall, Side, Simulator};

use crate::host::{Host, PATIENCE, PHONE, hello, simulator};

const NOW: Duration = Duration::ZERO;

/// A modem of a family with its host, after these commands.
async fn ready(family: Family, commands: &[&str]) -> (Simulator, Host, tempfile::TempDir) {
    let (sim, directory) = simulator(family).await;
    let mut host = Host::awake(&sim.port("m1")).await;
    for command in ["AT+CMEE=1"].iter().chain(commands) {
        let answer = host.command(command).await;
        assert!(answer.ends_with("OK\r\n"), "{command}: {answer}");
    }
    (sim, host, directory)
}

/// All that is said from dialling until the phone, which answers, hangs up.
async fn followed(family: Family, commands: &[&str]) -> String {
    let (sim, mut host, _directory) = ready(family, commands).await;
    sim.phone(PHONE).on_call(OnCall::answer_after(NOW).hang_up_after(NOW));
    host.write(&format!("ATD{PHONE};\r")).await;
    host.until("NO CARRIER\r\n").await.replace("\r\n", "|").replace("||", "|")
}

#[tokio::test]
async fn every_family_tells_of_a_call_in_its_own_words() {
    let n = "\"+491701234567\",145";
    for (family, commands, said) in [
        (
            Family::Sim7600,
            &[] as &[&str],
            "OK|VOICE CALL: BEGIN|VOICE CALL: END: 000000|".to_owned(),
        ),
        (Family::A76xx, &[], "OK|VOICE CALL: BEGIN|VOICE CALL: END: 000000|".to_owned()),
        (
            Family::Sim7600,
            &["AT+CLCC=1"],
            format!(
                "OK|+CLCC: 1,0,2,0,0,{n}|+CLCC: 1,0,3,0,0,{n}|VOICE CALL: BEGIN|+CLCC: 1,0,0,0,0,{n}|\
                 VOICE CALL: END: 000000|+CLCC: 1,0,6,0,0,{n}|"
            ),
        ),
        (Family::Sim800, &["AT+MORING=1"], "OK|MO RING|MO CONNECTED|".to_owned()),
        (
            Family::Ec25,
            &["AT+QINDCFG=\"ccinfo\",1,0"],
            format!(
                "OK|+QIND: \"ccinfo\",1,0,2,0,0,{n}|+QIND: \"ccinfo\",1,0,3,0,0,{n}|\
                 +QIND: \"ccinfo\",1,0,0,0,0,{n}|+QIND: \"ccinfo\",1,0,-1,0,0,{n}|"
            ),
        ),
        (
            Family::M95,
            &["AT^DSCI=1"],
            "OK|^DSCI: 1,0,2,0,+491701234567,145|^DSCI: 1,0,7,0,+491701234567,145|\
             ^DSCI: 1,0,3,0,+491701234567,145|^DSCI: 1,0,6,0,+491701234567,145|"
                .to_owned(),
        ),
        (Family::Ublox, &["AT+UCALLSTAT=1"], {
            "OK|+UCALLSTAT: 1,2|+UCALLSTAT: 1,3|+UCALLSTAT: 1,7|+UCALLSTAT: 1,6|".to_owned()
        }),
        (
            Family::Telit,
            &["AT#ECAM=1"],
            format!("OK|#ECAM: 0,1,1,,,{n}|#ECAM: 0,2,1,,,|#ECAM: 0,3,1,,,|#ECAM: 0,0,1,,,|"),
        ),
        (
            Family::Cinterion,
            &["AT^SLCC=1"],
            format!(
                "OK|^SLCC: 1,0,2,0,0,0,{n}|^SLCC:|^SLCC: 1,0,3,0,0,0,{n}|^SLCC:|\
                 ^SLCC: 1,0,0,0,0,1,{n}|^SLCC:|^SLCC:|"
            ),
        ),
        (Family::Generic, &[], "OK|".to_owned()),
    ] {
        let heard = followed(family, commands).await;
        assert_eq!(heard, format!("|{said}NO CARRIER|"), "{family:?}");
    }
    let huawei = followed(Family::Huawei, &[]).await.replace("^RSSI: 18|", "");
    assert!(huawei.contains("|^ORIG:1,0|^CONF:1|^CONN:1,0|^CEND:1,0,104,16|"), "{huawei}");
}

#[tokio::test]
async fn a_call_ends_with_its_result_and_its_cause_in_words_of_the_family() {
    let on_call = |does| OnCall { after_ms: 0, ..OnCall::new(does) };
    for (family, does, result, cause) in [
        (Family::Sim7600, Does::Busy, "BUSY", "User busy"),
        (Family::Sim7600, Does::Unassigned, "NO CARRIER", "Unassigned (unallocated) number"),
        (Family::Sim800, Does::Decline, "NO CARRIER", "1,21"),
        (Family::A76xx, Does::Busy, "BUSY", "\"17 User busy\""),
        (Family::Ec25, Does::Unreachable, "NO CARRIER", "1,27"),
        (Family::Huawei, Does::Busy, "BUSY", "User busy"),
        (Family::Ublox, Does::Busy, "BUSY", "\"CC setup error\",17,\"User busy\""),
        (Family::Cinterion, Does::Decline, "NO CARRIER", "8,21,0"),
    ] {
        let (sim, mut host, _directory) = ready(family, &[]).await;
        sim.phone(PHONE).on_call(on_call(does));
        host.write(&format!("ATD{PHONE};\r")).await;
        host.until(&format!("\r\n{result}\r\n")).await;
        let told = host.command("AT+CEER").await;
        assert!(told.contains(&format!("+CEER: {cause}\r\n")), "{family:?}: {told}");
    }
}

#[tokio::test]
async fn a_phone_that_rings_too_long_is_not_answered() {
    let (sim, mut host, _directory) = ready(Family::Sim7600, &[]).await;
    sim.network().change(|network| network.ring_limit_ms = 50);
    sim.phone(PHONE).on_call(OnCall::new(Does::Never));
    host.write(&format!("ATD{PHONE};\r")).await;
    host.until("\r\nNO ANSWER\r\n").await;
    let call = sim.phone(PHONE).wait_for_call(PATIENCE).await.unwrap();
    assert_eq!(
        (call.ended_by, call.cause, call.answered_ms),
        (Some(Side::Network), Some(19), None)
    );
    assert!(call.rang_ms.is_some());
}

#[tokio::test]
async fn the_list_of_calls_and_the_activity_follow_the_call() {
    let (sim, mut host, _directory) = ready(Family::Sim7600, &[]).await;
    assert_eq!(host.command("AT+CLCC").await, "\r\nOK\r\n");
    assert!(host.command("AT+CPAS").await.contains("+CPAS: 0"));
    sim.phone(PHONE).on_call(OnCall::new(Does::Never));
    assert_eq!(host.command(&format!("ATD{PHONE};")).await, "\r\nOK\r\n");
    sim.network().wait_for_calls(PATIENCE, |calls| calls[0].rang_ms.is_some()).await.unwrap();
    let listed = |stat| format!("\r\n+CLCC: 1,0,{stat},0,0,\"{PHONE}\",145\r\n\r\nOK\r\n");
    assert_eq!(host.command("AT+CLCC").await, listed(3));
    assert!(host.command("AT+CPAS").await.contains("+CPAS: 4"));
    assert!(sim.phone(PHONE).answer());
    host.until("VOICE CALL: BEGIN\r\n").await;
    assert_eq!(host.command("AT+CLCC").await, listed(0));
    assert!(sim.phone(PHONE).hang_up());
    host.until("NO CARRIER\r\n").await;
    assert_eq!(host.command("AT+CLCC").await, "\r\nOK\r\n");
}

#[tokio::test]
async fn hanging_up_is_by_chup_where_ath_is_only_answered() {
    for (family, ath) in [(Family::Sim7600, false), (Family::Ec25, true), (Family::Sim800, true)] {
        let (sim, mut host, _directory) = ready(family, &[]).await;
        host.command(&format!("ATD{PHONE};")).await;
        sim.network()
            .wait_for_calls(PATIENCE, |calls| calls[0].answered_ms.is_some())
            .await
            .unwrap();
        assert!(host.command("ATH").await.ends_with("OK\r\n"));
        assert_eq!(sim.phone(PHONE).calls()[0].ended_ms.is_some(), ath, "{family:?}");
        if !ath {
            host.command("AT+CVHU=0").await;
            host.command("ATH").await;
        }
        let call = sim.phone(PHONE).wait_for_call(PATIENCE).await.unwrap();
        assert_eq!((call.ended_by, call.cause), (Some(Side::Modem), Some(16)));
    }
    let (sim, mut host, _directory) = ready(Family::Sim7600, &[]).await;
    host.command(&format!("ATD{PHONE};")).await;
    host.until("VOICE CALL: BEGIN\r\n").await;
    assert_eq!(host.command("AT+CHUP").await.trim(), "VOICE CALL: END: 000000\r\n\r\nOK");
    assert_eq!(sim.phone(PHONE).wait_for_call(PATIENCE).await.unwrap().cause, Some(16));
}

#[tokio::test]
async fn a_dial_that_waits_for_the_connected_line_ends_with_the_call() {
    let (sim, mut host, _directory) = ready(Family::Ec25, &["AT+COLP=1"]).await;
    sim.phone(PHONE).next_calls([OnCall::new(Does::Busy)]);
    assert_eq!(host.command(&format!("ATD{PHONE};")).await, "\r\nBUSY\r\n");
    assert_eq!(host.command(&format!("ATD{PHONE};")).await, "\r\nOK\r\n");
    assert!(sim.phone(PHONE).calls()[1].answered_ms.is_some());
}

#[tokio::test]
async fn keys_are_told_where_they_were_asked_for_and_sent_keys_arrive() {
    for (family, on, line) in [
        (Family::Sim7600, "AT+DDET=1", "\r\n+RXDTMF: 5\r\r\n"),
        (Family::Sim800, "AT+DDET=1", "\r\n+DTMF: 5\r\n"),
        (Family::Ec25, "AT+QTONEDET=1", "\r\n+QTONEDET: 53\r\n"),
        (Family::Huawei, "AT^DDTMFCFG=0,1", "\r\n^DDTMF: 5\r\n"),
        (Family::Ublox, "AT+UDTMFD=1,2", "\r\n+UUDTMFD: 5\r\n"),
        (Family::Telit, "AT#DTMF=1", "\r\n#DTMFEV: 5\r\n"),
    ] {
        let (sim, mut host, _directory) = ready(family, &[on]).await;
        sim.phone(PHONE).on_call(OnCall::answer_after(NOW).key('5', Duration::from_millis(20)));
        host.command(&format!("ATD{PHONE};")).await;
        host.until(line).await;
        assert!(host.command("AT+VTS=\"1,#\"").await.ends_with("OK\r\n"));
        let call = &sim.phone(PHONE).calls()[0];
        assert_eq!((call.keys.as_str(), call.sent_keys.as_str()), ("5", "1#"), "{family:?}");
    }
    let (_sim, mut host, _directory) = ready(Family::Sim7600, &[]).await;
    assert_eq!(host.command("AT+VTS=1").await, "\r\n+CME ERROR: 3\r\n");
}

#[tokio::test]
async fn what_cannot_be_dialled_is_refused() {
    let (sim, mut host, _directory) = ready(Family::Sim7600, &[]).await;
    assert_eq!(host.command(&format!("ATD{PHONE}")).await, "\r\nNO CARRIER\r\n", "a data call");
    assert_eq!(host.command("ATD+49x;").await, "\r\nNO CARRIER\r\n");
    sim.modem("m1").fault(Fault::NotRegistered);
    assert_eq!(host.command(&format!("ATD{PHONE};")).await, "\r\nNO DIALTONE\r\n");
    assert_eq!(sim.network().calls(), []);
    for family in [Family::Sim7000, Family::Bg96, Family::Zte] {
        let (_sim, mut host, _directory) = ready(family, &[]).await;
        assert_eq!(
            host.command(&format!("ATD{PHONE};")).await.lines().last(),
            Some("NO CARRIER"),
            "{family:?}"
        );
    }
}

#[tokio::test]
async fn a_withheld_number_is_withheld() {
    let (sim, mut host, _directory) = ready(Family::Sim7600, &[]).await;
    host.command(&format!("ATD{PHONE}I;")).await;
    let calls = sim.network().calls();
    assert_eq!((calls[0].to.as_str(), calls[0].withheld), (PHONE, true));
}

#[tokio::test]
async fn messages_during_a_call_conflict_on_simcom_and_not_on_quectel() {
    for (family, answer) in [(Family::Sim800, "+CMS ERROR: 302"), (Family::Ec25, "+CMGS: 0")] {
        let (_sim, mut host, _directory) = ready(family, &[]).await;
        tokio::time::timeout(PATIENCE, async {
            while !host.command(&format!("ATD{PHONE};")).await.contains("OK") {}
        })
        .await
        .unwrap();
        host.write("AT+CMGS=18\r").await;
        if family == Family::Ec25 {
            host.until("> ").await;
            host.write(&format!("00{}\u{1a}", hello())).await;
        }
        host.until(answer).await;
    }
}

#[tokio::test]
async fn a_phone_that_is_off_or_in_a_call_is_not_rung() {
    let directory = tempfile::tempdir().unwrap();
    let sim = Simulator::builder().dir(directory.path()).modems(2).start().await.unwrap();
    let mut first = Host::ready(&sim.port("m1")).await;
    let mut second = Host::ready(&sim.port("m2")).await;
    sim.phone(PHONE).set_reachable(false);
    first.command(&format!("ATD{PHONE};")).await;
    first.until("\r\nNO CARRIER\r\n").await;
    assert_eq!(sim.phone(PHONE).calls()[0].cause, Some(27));
    sim.phone(PHONE).set_reachable(true);
    first.command(&format!("ATD{PHONE};")).await;
    first.until("BEGIN").await;
    second.command(&format!("ATD{PHONE};")).await;
    second.until("\r\nBUSY\r\n").await;
}

#[tokio::test]
async fn lost_results_leave_only_the_list() {
    let (sim, mut host, _directory) = ready(Family::Sim7600, &[]).await;
    sim.modem("m1").fault(Fault::LostCallUrc);
    sim.phone(PHONE).on_call(OnCall::answer_after(NOW));
    host.command(&format!("ATD{PHONE};")).await;
    sim.network().wait_for_calls(PATIENCE, |calls| calls[0].answered_ms.is_some()).await.unwrap();
    assert!(host.command("AT+CLCC").await.starts_with("\r\n+CLCC: 1,0,0,"), "nothing before it");
    sim.phone(PHONE).hang_up();
    assert_eq!(host.command("AT+CLCC").await, "\r\nOK\r\n");
}

#[tokio::test]
async fn packet_bearer_is_listed_before_the_call() {
    let (sim, mut host, _directory) = ready(Family::Ec25, &[]).await;
    sim.modem("m1").fault(Fault::PacketBearer);
    assert_eq!(host.command("AT+CLCC").await, "\r\n+CLCC: 1,0,0,1,0,\"\",128\r\n\r\nOK\r\n");
    host.command(&format!("ATD{PHONE};")).await;
    assert!(host.command("AT+CLCC").await.contains("\r\n+CLCC: 2,0,"));
}

#[tokio::test]
async fn early_begin_comes_when_it_is_dialled() {
    let (sim, mut host, _directory) = ready(Family::Sim7600, &[]).await;
    sim.modem("m1").fault(Fault::EarlyCallBegin);
    sim.phone(PHONE).on_call(OnCall::new(Does::Never));
    host.command(&format!("ATD{PHONE};")).await;
    host.until("VOICE CALL: BEGIN\r\n").await;
    assert_eq!(sim.phone(PHONE).calls()[0].answered_ms, None);
}

#[tokio::test]
async fn dialling_is_refused_or_answered_late() {
    let (sim, mut host, _directory) = ready(Family::Sim7600, &[]).await;
    let modem = sim.modem("m1");
    modem.fault(Fault::DialRefused.times(1));
    modem.fault(Fault::DialRefused.times(1).text("NO DIALTONE"));
    let dial = format!("ATD{PHONE};");
    assert_eq!(host.command(&dial).await, "\r\nERROR\r\n");
    assert_eq!(host.command(&dial).await, "\r\nNO DIALTONE\r\n");
    modem.fault(Fault::LateDialAnswer.delay_ms(100).times(1));
    sim.phone(PHONE).on_call(OnCall::answer_after(NOW));
    let answer = host.command(&dial).await;
    assert!(answer.contains("VOICE CALL: BEGIN"), "the call was quicker: {answer}");
}

#[tokio::test]
async fn without_a_cause_there_is_only_no_carrier() {
    let (sim, mut host, _directory) = ready(Family::Sim7600, &[]).await;
    sim.modem("m1").fault(Fault::NoCause);
    sim.phone(PHONE).on_call(OnCall::new(Does::Busy));
    host.command(&format!("ATD{PHONE};")).await;
    host.until("\r\nNO CARRIER\r\n").await;
    assert_eq!(host.command("AT+CEER").await, "\r\nOK\r\n");
}

#[tokio::test]
async fn a_modem_that_restarts_in_a_call_is_gone_from_it() {
    let (sim, mut host, _directory) = ready(Family::Sim7600, &[]).await;
    sim.modem("m1").fault(Fault::RebootInCall.delay_ms(20).times(1));
    host.command(&format!("ATD{PHONE};")).await;
    host.until("\r\nRDY\r\n").await;
    let call = sim.phone(PHONE).wait_for_call(PATIENCE).await.unwrap();
    assert_eq!((call.ended_by, call.cause), (Some(Side::Modem), Some(41)));
    assert!(host.command("AT+CLCC").await.ends_with("OK\r\n"));
}

#[tokio::test(start_paused = true)]
async fn a_voicemail_greets_beeps_and_records() {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let sim = Simulator::builder().in_memory().start().await.unwrap();
    let modem = sim.modem("m1");
    let (mut line, mut audio) = (modem.open().unwrap(), modem.open_audio().unwrap());
    let (ringing, greeting) = (Duration::from_secs(20), Duration::from_secs(2));
    let voicemail = OnCall::voicemail_after(ringing, greeting).key('1', NOW);
    sim.phone(PHONE).on_call(voicemail);
    line.write_all(format!("ATD{PHONE};\r").as_bytes()).await.unwrap();
    let answered = |calls: &[ringpost_sim::CallRecord]| {
        calls.first().is_some_and(|call| call.answered_ms.is_some())
    };
    let calls = sim.network().wait_for_calls(Duration::from_secs(60), answered).await.unwrap();
    assert!(calls[0].voicemail);
    assert_eq!(calls[0].answered_ms.unwrap() - calls[0].rang_ms.unwrap(), 20_000);
    line.write_all(b"AT+CPCMREG=1\r").await.unwrap();
    let mut loud = Vec::new();
    for _ in 0..200 {
        let mut frame = [0u8; 320];
        audio.read_exact(&mut frame).await.unwrap();
        loud.push(frame.iter().any(|byte| *byte != 0));
    }
    // 2 s of greeting and 300 ms of beep, in frames of 20 ms.
    let (sounds, silence) = loud.split_at(115);
    assert!(sounds.iter().all(|loud| *loud) && silence.iter().all(|loud| !*loud));
    audio.write_all(&[1; 320]).await.unwrap();
    let recorded = |calls: &[ringpost_sim::CallRecord]| calls[0].samples == 160;
    let calls = sim.network().wait_for_calls(PATIENCE, recorded).await.unwrap();
    assert_eq!(calls[0].keys, "", "it presses nothing, whatever was planned");
}

#[tokio::test]
async fn somebody_declines_by_hand() {
    let (sim, mut host, _directory) = ready(Family::Sim800, &["AT+MORING=1"]).await;
    sim.phone(PHONE).on_call(OnCall::new(Does::Never));
    assert!(!sim.phone(PHONE).hang_up(), "there is nothing to decline");
    host.command(&format!("ATD{PHONE};")).await;
    host.until("MO RING\r\n").await;
    assert!(sim.phone(PHONE).hang_up() && !sim.phone(PHONE).answer());
    host.until("\r\nNO CARRIER\r\n").await;
    let call = sim.phone(PHONE).wait_for_call(PATIENCE).await.unwrap();
    assert_eq!((call.ended_by, call.cause), (Some(Side::Phone), Some(21)));
}

#[tokio::test]
async fn the_network_may_have_another_cause() {
    let (sim, mut host, _directory) = ready(Family::Ec25, &[]).await;
    sim.phone(PHONE).next_calls([OnCall::new(Does::Unreachable).cause(34)]);
    host.command(&format!("ATD{PHONE};")).await;
    host.until("\r\nNO CARRIER\r\n").await;
    assert!(host.command("AT+CEER").await.contains("+CEER: 1,34\r\n"));
    host.command(&format!("ATD{PHONE};")).await;
    host.command("AT+CHUP").await;
    assert!(host.command("AT+CEER").await.contains("+CEER: 0,29\r\n"), "this side hung up");
}
