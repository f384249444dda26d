//! Sound through serial ports: frames, their times, and what becomes of a host that is careless.

use std::{
    fs::{File, OpenOptions},
    io::{Read as _, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::Path,
    time::{Duration, Instant},
};

use ringpost_sim::{Family, Fault, OnCall, Simulator};
use rustix::fs::OFlags;

use crate::host::{Host, PATIENCE, PHONE, simulator};

const FRAME: Duration = Duration::from_millis(20);

fn open(port: &Path) -> File {
    let flags = i32::try_from((OFlags::NOCTTY | OFlags::NONBLOCK).bits()).unwrap();
    OpenOptions::new().read(true).write(true).custom_flags(flags).open(port).unwrap()
}

/// A frame whose samples are all this.
fn frame(sample: i16) -> Vec<u8> {
    sample.to_le_bytes().repeat(160)
}

/// Writes frames, one every 20 ms by an absolute clock; reads whatever comes meanwhile.
fn converse(mut port: File, frames: impl IntoIterator<Item = i16>) -> Vec<i16> {
    let start = Instant::now();
    let mut heard = Vec::new();
    let mut buffer = [0u8; 4096];
    for (place, sample) in (0u32..).zip(frames) {
        std::thread::sleep((start + FRAME * place).saturating_duration_since(Instant::now()));
        port.write_all(&frame(sample)).unwrap();
        if let Ok(count) = port.read(&mut buffer) {
            heard.extend(buffer.get(..count).unwrap());
        }
    }
    let (pairs, _) = heard.as_chunks::<2>();
    pairs.iter().map(|pair| i16::from_le_bytes(*pair)).collect()
}

/// A call that is answered at once, with its sound opened by a command.
async fn talking(sim: &Simulator, host: &mut Host, opens: &str) {
    host.command(&format!("ATD{PHONE};")).await;
    let answered = |calls: &[ringpost_sim::CallRecord]| {
        calls.last().is_some_and(|call| call.answered_ms.is_some())
    };
    sim.network().wait_for_calls(PATIENCE, answered).await.unwrap();
    assert!(host.command(opens).await.ends_with("OK\r\n"), "{opens}");
}

/// Has a Quectel modem show a sound card, from its next start on.
const SHOW_CARD: &str = "AT+QCFG=\"USBCFG\",0x2C7C,0x0125,1,1,1,1,1,0,1";

async fn become_card(host: &mut Host) {
    host.command(SHOW_CARD).await;
    restart(host).await;
}

async fn restart(host: &mut Host) {
    host.write("AT+CFUN=1,1\r").await;
    host.until("PB DONE").await;
    host.command("ATE0").await;
}

#[tokio::test]
async fn frames_that_a_host_writes_are_heard_as_they_were_written() {
    for (family, opens) in [
        (Family::Sim7600, "AT+CPCMREG=1"),
        (Family::Ec25, "AT+QPCMV=1,0"),
        (Family::Huawei, "AT^DDSETEX=2"),
    ] {
        let (sim, directory) = simulator(family).await;
        let mut host = Host::ready(&sim.port("m1")).await;
        let port = open(&directory.path().join("m1-audio"));
        talking(&sim, &mut host, opens).await;
        let said = tokio::task::spawn_blocking(move || converse(port, 1..=25)).await.unwrap();
        assert!(said.len() >= 160 * 15, "the other side's silence comes at the same pace");
        assert!(said.iter().all(|sample| *sample == 0));
        sim.network()
            .wait_for_calls(PATIENCE, |calls| calls[0].frames.arrived == 25)
            .await
            .unwrap();
        host.command("AT+CHUP").await;
        let call = sim.phone(PHONE).wait_for_call(PATIENCE).await.unwrap();
        let heard = sim.network().heard(call.id);
        let firsts: Vec<_> = heard.chunks(160).map(|frame| (frame[0], frame[159])).collect();
        assert_eq!(firsts, (1..=25).map(|sample| (sample, sample)).collect::<Vec<_>>());
        assert_eq!((call.frames.missing, call.frames.partial_writes), (0, 0), "{:?}", call.frames);
        let wav = hound::WavReader::open(call.wav.unwrap()).unwrap();
        assert_eq!((wav.spec().sample_rate, wav.duration()), (8000, 25 * 160));
    }
}

#[tokio::test]
async fn sound_is_opened_only_in_a_call_that_was_answered() {
    let (sim, _directory) = simulator(Family::Sim7600).await;
    let mut host = Host::ready(&sim.port("m1")).await;
    assert_eq!(host.command("AT+CPCMREG=?").await, "\r\n+CPCMREG: (0-1)\r\n\r\nOK\r\n");
    assert_eq!(host.command("AT+CPCMREG=1").await, "\r\nERROR\r\n");
    sim.modem("m1").fault(Fault::AudioRefused.times(2));
    host.command(&format!("ATD{PHONE};")).await;
    assert_eq!(host.command("AT+CPCMREG=1").await, "\r\nERROR\r\n", "it still rings");
    host.until("BEGIN\r\n").await;
    for answer in ["ERROR", "ERROR", "OK"] {
        assert_eq!(host.command("AT+CPCMREG=1").await.trim(), answer);
    }
    assert!(host.command("AT+CPCMREG?").await.contains("+CPCMREG: 1"));
    assert_eq!(host.command("AT+CPCMREG=0,1").await, "\r\nOK\r\n");
}

#[tokio::test]
async fn the_command_that_opens_sound_fails_the_first_time_in_each_family_that_has_one() {
    for (family, opens) in [
        (Family::Sim7600, "AT+CPCMREG=1"),
        (Family::Ec25, "AT+QPCMV=1,0"),
        (Family::Ec25, "AT+QPCMV=1,2"),
        (Family::Huawei, "AT^DDSETEX=2"),
    ] {
        let (sim, _directory) = simulator(family).await;
        let mut host = Host::ready(&sim.port("m1")).await;
        host.command(&format!("ATD{PHONE};")).await;
        let answered = |calls: &[ringpost_sim::CallRecord]| calls[0].answered_ms.is_some();
        sim.network().wait_for_calls(PATIENCE, answered).await.unwrap();
        sim.modem("m1").fault(Fault::AudioRefused.times(1));
        assert!(host.command(opens).await.ends_with("ERROR\r\n"), "{family:?} {opens}");
        assert!(host.command(opens).await.ends_with("OK\r\n"), "{family:?} {opens}");
    }
}

#[tokio::test]
async fn keys_are_tones_in_what_the_host_hears() {
    let (sim, _directory) = simulator(Family::Sim7600).await;
    let mut host = Host::ready(&sim.port("m1")).await;
    let port = open(&sim.modem("m1").audio_port());
    talking(&sim, &mut host, "AT+CPCMREG=1").await;
    assert!(sim.phone(PHONE).press('1'));
    let said = tokio::task::spawn_blocking(move || converse(port, [0; 15])).await.unwrap();
    // 697 Hz and 1209 Hz, and nothing of 941 Hz.
    let power = |frequency: f64| {
        let turn = std::f64::consts::TAU * frequency / 8000.0;
        let (mut sine, mut cosine) = (0.0, 0.0);
        for (place, sample) in (0u32..).zip(&said) {
            sine += f64::from(*sample) * (turn * f64::from(place)).sin();
            cosine += f64::from(*sample) * (turn * f64::from(place)).cos();
        }
        sine.hypot(cosine)
    };
    assert!(power(697.0) > 20.0 * power(941.0) && power(1209.0) > 20.0 * power(1477.0));
}

#[tokio::test]
async fn a_part_of_a_frame_wedges_the_port_until_a_restart() {
    let (sim, _directory) = simulator(Family::Sim7600).await;
    let mut host = Host::ready(&sim.port("m1")).await;
    let mut port = open(&sim.modem("m1").audio_port());
    talking(&sim, &mut host, "AT+CPCMREG=1").await;
    port.write_all(&frame(7)[..200]).unwrap();
    let partial = |calls: &[ringpost_sim::CallRecord]| calls[0].frames.partial_writes == 1;
    sim.network().wait_for_calls(PATIENCE, partial).await.unwrap();
    let mut blocked = false;
    for _ in 0..1000 {
        blocked |= port.write(&frame(7)).is_err();
    }
    assert!(blocked, "nobody reads any longer");
    assert_eq!(sim.network().calls()[0].frames.arrived, 0);
    host.command("AT+CRESET").await;
    host.until("PB DONE").await;
    host.command("ATE0").await;
    talking(&sim, &mut host, "AT+CPCMREG=1").await;
    port.write_all(&frame(7)).unwrap();
    sim.network().wait_for_calls(PATIENCE, |calls| calls[1].frames.arrived > 0).await.unwrap();
}

#[tokio::test]
async fn a_wedged_port_takes_nothing() {
    for (family, opens) in [
        (Family::Sim7600, "AT+CPCMREG=1"),
        (Family::Ec25, "AT+QPCMV=1,0"),
        (Family::Huawei, "AT^DDSETEX=2"),
    ] {
        let (sim, _directory) = simulator(family).await;
        let mut host = Host::ready(&sim.port("m1")).await;
        let mut port = open(&sim.modem("m1").audio_port());
        sim.modem("m1").fault(Fault::AudioWedged);
        talking(&sim, &mut host, opens).await;
        let blocked = (0..1000).any(|_| port.write(&frame(7)).is_err());
        assert!(blocked, "{family:?}");
        host.command("AT").await;
        assert_eq!(sim.network().calls()[0].frames.arrived, 0, "{family:?}");
    }
}

#[tokio::test]
async fn a_wedged_sound_card_takes_nothing_until_a_restart() {
    use std::os::unix::net::UnixStream;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let (sim, _directory) = simulator(Family::Ec25).await;
    let mut host = Host::ready(&sim.port("m1")).await;
    become_card(&mut host).await;
    let plug_in = async || {
        let card = sim.modem("m1").sound_card();
        let mut card = tokio::net::UnixStream::connect(card).await.unwrap();
        card.write_all(b"P").await.unwrap();
        assert_eq!(card.read_u8().await.unwrap(), b'Y');
        card
    };
    let mut card = plug_in().await;
    talking(&sim, &mut host, "AT+QPCMV=1,2").await;
    card.write_all(&frame(7)).await.unwrap();
    sim.network().wait_for_calls(PATIENCE, |calls| calls[0].frames.arrived == 1).await.unwrap();
    sim.modem("m1").fault(Fault::AudioWedged);
    let mut card: UnixStream = card.into_std().unwrap();
    let blocked = (0..10_000).any(|_| card.write(&frame(7)).is_err());
    host.command("AT").await;
    assert!(blocked && sim.network().calls()[0].frames.arrived == 1);
    restart(&mut host).await;
    talking(&sim, &mut host, "AT+QPCMV=1,2").await;
    plug_in().await.write_all(&frame(8)).await.unwrap();
    sim.network().wait_for_calls(PATIENCE, |calls| calls[1].frames.arrived > 0).await.unwrap();
}

#[tokio::test]
async fn a_host_that_does_not_read_is_noticed() {
    let (sim, _directory) = simulator(Family::Sim7600).await;
    let mut host = Host::ready(&sim.port("m1")).await;
    let _port = open(&sim.modem("m1").audio_port());
    talking(&sim, &mut host, "AT+CPCMREG=1").await;
    sim.network().wait_for_calls(PATIENCE, |calls| calls[0].frames.unread > 3).await.unwrap();
}

#[tokio::test]
async fn sound_that_is_never_closed_dies_after_a_few_calls() {
    let (sim, _directory) = simulator(Family::Sim7600).await;
    let mut host = Host::ready(&sim.port("m1")).await;
    let mut port = open(&sim.modem("m1").audio_port());
    for _ in 0..3 {
        talking(&sim, &mut host, "AT+CPCMREG=1").await;
        host.command("AT+CHUP").await;
    }
    talking(&sim, &mut host, "AT+CPCMREG=1").await;
    port.write_all(&frame(7)).unwrap();
    // Nothing tells that it was taken off the port; what is left there is heard once the sound is open again.
    tokio::time::sleep(25 * FRAME).await;
    host.command("AT+CPCMREG=0").await;
    host.command("AT+CPCMREG=1").await;
    port.write_all(&frame(8)).unwrap();
    sim.network().wait_for_calls(PATIENCE, |calls| calls[3].frames.arrived == 1).await.unwrap();
    assert_eq!(sim.network().heard(4)[0], 8, "the one before was heard by nobody");
}

#[tokio::test]
async fn somebody_presses_a_key_once_the_voice_has_paused() {
    let (sim, _directory) = simulator(Family::Sim7600).await;
    let mut host = Host::ready(&sim.port("m1")).await;
    host.command("AT+DDET=1").await;
    let (heard, silence) = (Duration::from_millis(200), Duration::from_millis(100));
    sim.phone(PHONE)
        .on_call(OnCall::answer_after(Duration::ZERO).press_when_silent('1', heard, silence));
    let port = open(&sim.modem("m1").audio_port());
    talking(&sim, &mut host, "AT+CPCMREG=1").await;
    let frames = [[0; 10], [9000; 10], [9000; 10], [0; 10], [0; 10]].concat();
    tokio::task::spawn_blocking(move || converse(port, frames)).await.unwrap();
    host.until("+RXDTMF: 1").await;
    assert_eq!(sim.phone(PHONE).calls()[0].keys, "1");
}

#[tokio::test]
async fn a_sound_card_is_played_to_and_captured_from_by_programs() {
    use std::{
        ffi::OsStr,
        os::unix::fs::symlink,
        process::{Command, Stdio},
    };
    let (sim, directory) = simulator(Family::Ec25).await;
    let mut host = Host::ready(&sim.port("m1")).await;
    let program = |name: &str, device: &OsStr| {
        let path = directory.path().join(name);
        let mut command = Command::new(path);
        command.args(["-q", "-t", "raw", "-f", "S16_LE", "-r", "8000", "-c", "1"]);
        command.args(["--period-time=20000", "--buffer-time=100000", "-D"]).arg(device);
        command.env("RINGPOST_SIM_DIR", directory.path()).stdin(Stdio::piped());
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    };
    for name in ["aplay", "arecord"] {
        symlink(env!("CARGO_BIN_EXE_ringpost-sim-aplay"), directory.path().join(name)).unwrap();
    }
    let device = sim.modem("m1").sound_card();
    let refused = async || {
        let mut program = program("aplay", device.as_os_str());
        let ended = tokio::task::spawn_blocking(move || program.output().unwrap()).await.unwrap();
        String::from_utf8_lossy(&ended.stderr).contains("No such device")
    };
    assert!(refused().await);
    host.command(SHOW_CARD).await;
    assert!(refused().await, "it has not restarted yet");
    restart(&mut host).await;
    assert!(host.command("AT+QCFG=\"USBCFG\"").await.contains("0,1\r\n"), "it is kept");
    talking(&sim, &mut host, "AT+QPCMV=1,2").await;
    let mut captures = program("arecord", OsStr::new("plughw:CARD=m1,DEV=0")).spawn().unwrap();
    let mut plays = program("aplay", device.as_os_str()).spawn().unwrap();
    let mut input = plays.stdin.take().unwrap();
    (1..=20).for_each(|sample| input.write_all(&frame(sample)).unwrap());
    drop(input);
    let played = tokio::task::spawn_blocking(move || plays.wait_with_output().unwrap());
    let played = played.await.unwrap();
    assert!(played.status.success() && played.stderr.is_empty(), "{played:?}");
    sim.network().wait_for_calls(PATIENCE, |calls| calls[0].frames.arrived == 20).await.unwrap();
    let heard = sim.network().heard(1);
    assert_eq!(heard.chunks(160).map(|it| it[0]).collect::<Vec<_>>(), (1..=20).collect::<Vec<_>>());
    let mut output = captures.stdout.take().unwrap();
    sim.phone(PHONE).press('5');
    let tone = tokio::task::spawn_blocking(move || {
        let mut frame = [0u8; 320];
        while frame.iter().all(|byte| *byte == 0) {
            output.read_exact(&mut frame).unwrap();
        }
    });
    tokio::time::timeout(PATIENCE, tone).await.unwrap().unwrap();
    restart(&mut host).await;
    let ended = tokio::task::spawn_blocking(move || captures.wait().unwrap());
    assert!(!tokio::time::timeout(PATIENCE, ended).await.unwrap().unwrap().success());
}

#[tokio::test(start_paused = true)]
async fn in_memory_sound_takes_no_time_at_all() {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let sim = Simulator::builder().in_memory().start().await.unwrap();
    let modem = sim.modem("m1");
    let (mut line, mut audio) = (modem.open().unwrap(), modem.open_audio().unwrap());
    let mut heard = Vec::new();
    line.write_all(format!("ATE0\rATD{PHONE};\r").as_bytes()).await.unwrap();
    while !String::from_utf8_lossy(&heard).contains("BEGIN") {
        line.read_buf(&mut heard).await.unwrap();
    }
    line.write_all(b"AT+CPCMREG=1\r").await.unwrap();
    heard.clear();
    while !String::from_utf8_lossy(&heard).contains("OK") {
        line.read_buf(&mut heard).await.unwrap();
    }
    let mut ticks = tokio::time::interval(FRAME);
    for sample in 1..=50 {
        ticks.tick().await;
        audio.write_all(&frame(sample)).await.unwrap();
        audio.read_exact(&mut [0u8; 320]).await.unwrap();
    }
    sim.network().wait_for_calls(PATIENCE, |calls| calls[0].frames.arrived == 50).await.unwrap();
    let frames = sim.network().calls()[0].frames;
    assert_eq!((frames.arrived, frames.late, frames.missing, frames.unread), (50, 0, 0, 0));
}
