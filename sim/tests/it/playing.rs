//! Files that a host puts into a modem's flash and plays into a call, and texts that a modem reads out.

use std::{io::Cursor, time::Duration};

use ringpost_sim::{CallRecord, Does, Family, Fault, OnCall, Simulator};

use crate::host::{Host, PATIENCE, PHONE, simulator};

/// A WAV file of so many samples, all of them this.
fn wav(sample: i16, samples: u32) -> Vec<u8> {
    let (channels, sample_rate, bits_per_sample) = (1, 8000, 16);
    let sample_format = hound::SampleFormat::Int;
    let spec = hound::WavSpec { channels, sample_rate, bits_per_sample, sample_format };
    let mut file = Cursor::new(Vec::new());
    let mut writer = hound::WavWriter::new(&mut file, spec).unwrap();
    (0..samples).for_each(|_| writer.write_sample(sample).unwrap());
    writer.finalize().unwrap();
    file.into_inner()
}

async fn host(family: Family) -> (Simulator, Host, tempfile::TempDir) {
    let (sim, directory) = simulator(family).await;
    let mut host = Host::awake(&sim.port("m1")).await;
    // Both +CPIN? at the start may be refused.
    host.command("AT+CMEE=1").await;
    (sim, host, directory)
}

async fn talk(sim: &Simulator, host: &mut Host) {
    let dial = format!("ATD{PHONE};");
    assert!(host.command(&dial).await.contains("OK\r\n"));
    let answered = |calls: &[CallRecord]| calls.last().is_some_and(|it| it.answered_ms.is_some());
    sim.network().wait_for_calls(PATIENCE, answered).await.unwrap();
}

/// The command that announces octets, the octets, and the answer.
async fn put(host: &mut Host, command: &str, prompt: &str, bytes: &[u8]) -> String {
    host.write(&format!("{command}\r")).await;
    host.until(prompt).await;
    host.write_bytes(bytes).await;
    host.until("OK\r\n").await
}

/// What a call sounded like: runs of one sample, in order, without silence.
fn runs(sim: &Simulator) -> Vec<(i16, usize)> {
    let heard = sim.network().heard(1);
    let runs = heard.chunk_by(|one, other| one == other);
    runs.map(|run| (*run.first().unwrap(), run.len())).filter(|(sample, _)| *sample != 0).collect()
}

#[tokio::test]
async fn sim800_keeps_files_and_plays_them_one_after_the_other() {
    let (sim, mut host, _directory) = host(Family::Sim800).await;
    for (name, sample) in [("one", 100), ("two", 200)] {
        let (path, file) = (format!("C:\\User\\{name}.wav"), wav(sample, 800));
        let write = |mode, size| format!("AT+FSWRITE={path},{mode},{size},10");
        assert_eq!(host.command(&write(0, 10)).await, "\r\nERROR\r\n", "it does not exist yet");
        assert_eq!(host.command(&format!("AT+FSCREATE={path}")).await, "\r\nOK\r\n");
        assert_eq!(host.command(&format!("AT+FSCREATE={path}")).await, "\r\nERROR\r\n");
        assert_eq!(host.command(&write(0, 10_241)).await, "\r\nERROR\r\n");
        put(&mut host, &write(0, 1000), "\r\n>", &file[..1000]).await;
        put(&mut host, &write(1, file.len() - 1000), "\r\n>", &file[1000..]).await;
        assert_eq!(sim.modem("m1").file(&path).unwrap(), file);
    }
    let list = host.command("AT+FSLS=C:\\User\\").await;
    assert_eq!(list, "\r\none.wav\r\ntwo.wav\r\n\r\nOK\r\n");
    assert!(host.command("AT+FSFLSIZE=C:\\User\\one.wav").await.contains("+FSFLSIZE: 1644"));
    sim.phone(PHONE).on_call(OnCall::new(Does::Never));
    host.command(&format!("ATD{PHONE};")).await;
    let play = |name| format!("AT+CREC=4,\"C:\\User\\{name}.wav\",0,90");
    assert_eq!(host.command(&play("one")).await, "\r\nERROR\r\n", "while it rings");
    sim.network().wait_for_calls(PATIENCE, |calls| calls[0].rang_ms.is_some()).await.unwrap();
    sim.phone(PHONE).answer();
    assert_eq!(host.command(&play("one")).await, "\r\nOK\r\n");
    host.until("\r\n+CREC: 0\r\n").await;
    assert_eq!(runs(&sim), [], "heard here alone");
    host.command("AT+DTAM=1").await;
    for name in ["one", "two"] {
        assert_eq!(host.command(&play(name)).await, "\r\nOK\r\n");
        assert_eq!(host.command(&play("one")).await, "\r\nERROR\r\n", "it plays already");
        host.until("\r\n+CREC: 0\r\n").await;
    }
    assert_eq!(runs(&sim), [(100, 800), (200, 800)]);
    assert_eq!(sim.network().calls()[0].played, ["C:\\User\\one.wav", "C:\\User\\two.wav"]);
    host.command("AT+CHUP").await;
    assert_eq!(host.command("AT+FSDEL=C:\\User\\one.wav").await, "\r\nOK\r\n");
    assert_eq!(host.command("AT+FSDEL=C:\\User\\one.wav").await, "\r\nERROR\r\n");
}

#[tokio::test]
async fn amr_is_as_long_as_its_frames() {
    let (sim, mut host, _directory) = host(Family::Sim800).await;
    // Ten frames of 12.2 kbit/s: type 7, 31 octets behind the first.
    let mut file = b"#!AMR\n".to_vec();
    (0..10).for_each(|_| file.extend([&[0x3C][..], &[0; 31]].concat()));
    host.command("AT+FSCREATE=C:\\User\\a.amr").await;
    let write = format!("AT+FSWRITE=C:\\User\\a.amr,0,{},10", file.len());
    put(&mut host, &write, "\r\n>", &file).await;
    talk(&sim, &mut host).await;
    host.command("AT+DTAM=1").await;
    host.command("AT+CREC=4,\"C:\\User\\a.amr\",0,90").await;
    host.until("+CREC: 0").await;
    let heard = sim.network().heard(1);
    let first = heard.iter().position(|sample| *sample != 0).unwrap();
    assert_eq!(heard.len() - first, 1599, "200 ms, of which the first sample is 0");
}

#[tokio::test]
async fn simcom_lte_takes_files_whole_and_tells_when_they_were_played() {
    for (family, play, begins, ends) in [
        (
            Family::Sim7600,
            "AT+CCMXPLAYWAV=\"c:/o.wav\",1",
            "+WAVSTATE: wav play\r\n",
            "+WAVSTATE: wav play stop\r\n",
        ),
        (
            Family::A76xx,
            "AT+CCMXPLAY=\"c:/o.wav\",1,0",
            "+AUDIOSTATE: audio play\r\n",
            "+AUDIOSTATE: audio play stop\r\n",
        ),
    ] {
        let (sim, mut host, _directory) = host(family).await;
        let file = wav(300, 1600);
        let put_file = format!("AT+CFTRANRX=\"c:/o.wav\",{}", file.len());
        put(&mut host, &put_file, "\r\n>", &file).await;
        assert!(host.command("AT+FSLS").await.contains("+FSLS: FILES:\r\no.wav\r\n"));
        assert!(host.command("AT+FSATTRI=o.wav").await.contains("+FSATTRI: 3244,"));
        assert_eq!(host.command(play).await, "\r\nERROR\r\n", "not to nobody");
        talk(&sim, &mut host).await;
        assert!(host.command(play).await.ends_with("OK\r\n"));
        host.until(begins).await;
        host.until(ends).await;
        assert_eq!(runs(&sim), [(300, 1600)]);
        assert_eq!(host.command("AT+FSDEL=o.wav").await, "\r\nOK\r\n");
        assert_eq!(sim.modem("m1").files(), []);
    }
}

#[tokio::test]
async fn quectel_checks_what_it_was_sent_and_plays_it() {
    let (sim, mut host, _directory) = host(Family::Ec25).await;
    let file = wav(400, 1600);
    let sum = file.chunks(2).fold(0, |sum, pair| sum ^ u16::from_be_bytes([pair[0], pair[1]]));
    let upload = format!("AT+QFUPL=\"RAM:o.wav\",{},5", file.len());
    let answer = put(&mut host, &upload, "\r\nCONNECT\r\n", &file).await;
    assert_eq!(answer, format!("\r\n+QFUPL: 3244,{sum:X}\r\n\r\nOK\r\n"));
    assert_eq!(host.command(&upload).await, "\r\n+CME ERROR: 407\r\n");
    assert!(host.command("AT+QFLST=\"*\"").await.contains("+QFLST: \"RAM:o.wav\",3244\r\n"));
    let play = "AT+QPSND=1,\"RAM:o.wav\",0,1,1";
    assert_eq!(host.command(play).await, "\r\n+CME ERROR: 903\r\n");
    talk(&sim, &mut host).await;
    assert_eq!(host.command(play).await, "\r\nOK\r\n");
    assert_eq!(host.command(play).await, "\r\n+CME ERROR: 904\r\n");
    host.until("\r\n+QPSND: 0\r\n").await;
    assert_eq!(runs(&sim), [(400, 1600)]);
    assert_eq!(host.command("AT+QFDEL=\"x\"").await, "\r\n+CME ERROR: 405\r\n");
    sim.modem("m1").fault(Fault::Reboot);
    host.until("PB DONE").await;
    assert_eq!(sim.modem("m1").files(), [], "memory forgets");
}

#[tokio::test]
async fn quectel_acknowledges_and_waits_no_longer_than_it_was_told() {
    let (_sim, mut host, _directory) = host(Family::Ec25).await;
    host.write("AT+QFUPL=\"o\",3000,1,1\r").await;
    host.until("CONNECT\r\n").await;
    host.write_bytes(&[7; 1024]).await;
    host.until("A").await;
    host.write_bytes(&[7; 1024]).await;
    host.until("A").await;
    host.until("\r\n+CME ERROR: 421\r\n").await;
    assert_eq!(host.command("AT").await, "\r\nOK\r\n");
}

#[tokio::test]
async fn what_plays_when_the_phone_hangs_up_was_heard_in_part() {
    let (sim, mut host, _directory) = host(Family::Ec25).await;
    let file = wav(400, 80_000);
    let upload = format!("AT+QFUPL=\"o.wav\",{},5", file.len());
    put(&mut host, &upload, "CONNECT\r\n", &file).await;
    let talk_for = Duration::from_millis(300);
    sim.phone(PHONE).on_call(OnCall::answer_after(Duration::ZERO).hang_up_after(talk_for));
    talk(&sim, &mut host).await;
    host.command("AT+QPSND=1,\"o.wav\",0,1,1").await;
    host.until("+QPSND: 4111\r\n").await;
    host.until("NO CARRIER\r\n").await;
    let heard = runs(&sim);
    assert!(heard.len() == 1 && (400..=2400).contains(&heard[0].1), "{heard:?}");
}

#[tokio::test]
async fn playing_can_be_stopped_and_can_fail() {
    let (sim, mut host, _directory) = host(Family::A76xx).await;
    let file = wav(400, 80_000);
    let put_file = format!("AT+CFTRANRX=\"c:/o.wav\",{}", file.len());
    put(&mut host, &put_file, ">", &file).await;
    talk(&sim, &mut host).await;
    let play = "AT+CCMXPLAY=\"c:/o.wav\",1,0";
    host.command(play).await;
    host.command("AT+CCMXSTOP").await;
    sim.modem("m1").fault(Fault::PlayFails.times(1));
    host.command(play).await;
    host.until("+AUDIOSTATE: audio play error\r\n").await;
}

#[tokio::test]
async fn texts_are_read_out_in_a_call() {
    for (family, to, command, ends) in [
        (Family::Sim800, "AT+DTAM=1", "AT+CTTS=2,\"4, 7\"", "\r\n+CTTS: 0\r\n"),
        (Family::Sim7600, "AT+CDTAM=1", "AT+CTTS=1,\"0034002C00200037\"", "\r\n+CTTS:0\r\n"),
        (Family::A76xx, "AT+CDTAM=1", "AT+CTTS=2,\"4, 7\"", "\r\n+CTTS:0\r\n"),
        (Family::Ec25, "AT", "AT+QWTTS=1,0,2,\"4, 7\"", "\r\n+QWTTS: 0\r\n"),
    ] {
        let (sim, mut host, _directory) = host(family).await;
        sim.phone(PHONE).on_call(OnCall::new(Does::Never));
        host.command(&format!("ATD{PHONE};")).await;
        sim.network().wait_for_calls(PATIENCE, |calls| calls[0].rang_ms.is_some()).await.unwrap();
        host.command(to).await;
        assert!(!host.command(command).await.contains("OK"), "{family:?}: while it rings");
        sim.phone(PHONE).answer();
        assert!(host.command(command).await.ends_with("OK\r\n"), "{family:?}");
        host.until(ends).await;
        assert_eq!(sim.network().calls()[0].spoken, ["4, 7"], "{family:?}");
        assert!(sim.network().heard(1).len() >= 8 * 360, "{family:?}");
    }
}

#[tokio::test]
async fn what_a_family_can_do_is_found_out_by_asking() {
    let asked = [
        "+CPCMREG=?",
        "+QPCMV=?",
        "^CVOICE?",
        "+CTTS=?",
        "+CREC=?",
        "+CCMXPLAY=?",
        "+CCMXPLAYWAV=?",
        "+QPSND=?",
        "+QWTTS=?",
        "+DDET=?",
        "+QTONEDET=?",
        "^DDTMFCFG=?",
        "^DDSETEX=?",
    ];
    for (family, known) in [
        (
            Family::Sim7600,
            &["+CPCMREG=?", "+CTTS=?", "+CCMXPLAY=?", "+CCMXPLAYWAV=?", "+DDET=?"] as &[_],
        ),
        (Family::Sim800, &["+CTTS=?", "+CREC=?", "+DDET=?"]),
        (Family::A76xx, &["+CTTS=?", "+CCMXPLAY=?"]),
        (Family::Ec25, &["+QPCMV=?", "+QPSND=?", "+QWTTS=?", "+QTONEDET=?"]),
        (Family::M95, &["+QTONEDET=?"]),
        (Family::Huawei, &["^CVOICE?", "^DDTMFCFG=?", "^DDSETEX=?"]),
        (Family::Sim7000, &[]),
        (Family::Bg96, &[]),
        (Family::Generic, &[]),
    ] {
        let (_sim, mut host, _directory) = host(family).await;
        let mut found = Vec::new();
        for command in asked {
            if host.command(&format!("AT{command}")).await.ends_with("\r\nOK\r\n") {
                found.push(command);
            }
        }
        assert_eq!(found, known, "{family:?}");
    }
}
