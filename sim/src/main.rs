//! Command line of the simulator.

use std::{
    fmt::Write as _,
    io::{self, Write as _},
    net::SocketAddr,
    path::PathBuf,
    time::Duration,
};

use anyhow::Context as _;
use clap::Parser;
use ringpost_sim::{Family, Fault, FaultSpec, Simulator};
use tokio::signal::unix::{SignalKind, signal};

/// Plays GSM modems, a mobile network and its phones, so that you can try Ringpost (or gammu, or
/// smstools) before you own a modem.
///
/// Each modem is a serial port DIR/m1-at, DIR/m2-at and so on. Open one with anything that speaks
/// AT commands. Its sound in calls goes through DIR/m1-audio (sim7600, ec25, huawei), or through
/// ringpost-sim-aplay in the place of aplay (ec25 as a sound card).
///
/// Texts that are sent arrive at phones, and calls ring there; what was heard in one is in
/// DIR/calls/1.wav and so on. Look at texts and calls, say what phones do, pull modems out and
/// switch faults on over the control API.
#[derive(Debug, Parser)]
#[command(version)]
struct Arguments {
    /// Where the modems' ports are made, and what was heard in calls is written
    #[arg(long, value_name = "DIR", default_value = "/tmp/ringpost-sim")]
    dir: PathBuf,
    /// Where the control API listens; port 0 is any free one
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8490")]
    listen: SocketAddr,
    /// How many modems there are
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=256))]
    modems: u16,
    /// Family of the modems; given several times, the modems take turns [sim7600, sim800, sim7000, a76xx, ec25, m95, bg96, huawei, zte, ublox, telit, cinterion, generic]
    #[arg(long, value_name = "NAME", default_value = "sim7600")]
    family: Vec<Family>,
    /// What faults of chance start from; the same seed makes the same run
    #[arg(long, value_name = "S", default_value_t = 0)]
    seed: u64,
    /// How long the network takes to answer a message, in milliseconds
    #[arg(long, value_name = "MS", default_value_t = 0)]
    latency: u64,
    /// Paces the serial lines at this baud rate; 0 is as fast as it goes
    #[arg(long, value_name = "BAUD", default_value_t = 0)]
    pace: u32,
    /// Switches a fault on in every modem, as NAME or NAME:TIMES; `--fault help` lists them
    #[arg(long, value_name = "NAME")]
    fault: Vec<String>,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    tracing_subscriber::fmt()
        .with_env_filter(tracing_subscriber::EnvFilter::from_default_env())
        .with_writer(io::stderr)
        .init();
    let arguments = Arguments::parse();
    if arguments.fault.iter().any(|name| name == "help") {
        return Ok(io::stdout().write_all(fault_list().as_bytes())?);
    }
    let faults = arguments.fault.iter().map(|text| fault(text)).collect::<Result<Vec<_>, _>>();
    let faults = faults.map_err(anyhow::Error::msg)?;
    // Before the banner: whoever reads it may end the simulator at once.
    let mut terminated = signal(SignalKind::terminate())?;
    let simulator = start(&arguments).await?;
    for modem in simulator.modems() {
        faults.iter().for_each(|fault| modem.fault(fault.clone()));
    }
    io::stdout().write_all(banner(&simulator).as_bytes())?;
    tokio::select! {
        interrupted = tokio::signal::ctrl_c() => interrupted.context("failed to wait for Ctrl-C"),
        _ = terminated.recv() => Ok(()),
    }
}

async fn start(arguments: &Arguments) -> anyhow::Result<Simulator> {
    let mut builder = Simulator::builder()
        .dir(&arguments.dir)
        .modems(usize::from(arguments.modems))
        .seed(arguments.seed)
        .latency(Duration::from_millis(arguments.latency))
        .pace(arguments.pace)
        .listen(arguments.listen);
    for family in &arguments.family {
        builder = builder.family(*family);
    }
    builder.start().await.with_context(|| {
        format!("failed to start in {} on {}", arguments.dir.display(), arguments.listen)
    })
}

/// `NAME` or `NAME:TIMES`.
fn fault(text: &str) -> Result<FaultSpec, String> {
    match text.split_once(':') {
        None => Ok(Fault::by_name(text)?.into()),
        Some((name, times)) => {
            let times = times.parse().map_err(|_| format!("{times:?} is not a number of times"))?;
            Ok(Fault::by_name(name)?.times(times))
        }
    }
}

fn fault_list() -> String {
    Fault::ALL.iter().fold(String::new(), |mut list, fault| {
        let _ = writeln!(list, "{:<22} {}", fault.name(), fault.describe());
        list
    })
}

fn banner(simulator: &Simulator) -> String {
    let mut text =
        String::from("Ringpost simulator: modems, a network and phones. Ctrl-C ends it.\n\n");
    for modem in simulator.modems() {
        let (name, number) = (modem.name(), modem.number());
        let _ = write!(text, "  {name:<5} {number:<14} {}", modem.port().display());
        if modem.audio_port().exists() {
            let _ = write!(text, "  sound: {}", modem.audio_port().display());
        }
        text.push('\n');
    }
    let Some(address) = simulator.control_addr() else {
        return text;
    };
    let _ = write!(
        text,
        "\nAt a glance:            curl http://{address}/\n\
         What a phone received:  curl http://{address}/phones/+14155550123\n\
         Let a phone decline:    curl -X PUT http://{address}/phones/+14155550123 --json '{{\"on_call\": {{\"does\": \"decline\"}}}}'\n\
         What a call sounded as: curl -o heard.wav http://{address}/calls/1/audio\n\
         Let a phone send:       curl http://{address}/phones/+14155550123/send --json '{{\"to\": \"m1\", \"text\": \"hello\"}}'\n\
         Switch a phone off:     curl -X PUT http://{address}/phones/+14155550123 --json '{{\"reachable\": false}}'\n\
         Lose an answer:         curl http://{address}/modems/m1/faults --json '{{\"fault\": \"drop_final\", \"times\": 1}}'\n\
         All faults:             curl http://{address}/modems/m1/faults\n\
         What was said:          curl http://{address}/modems/m1/transcript\n\
         Pull a modem out:       curl -X POST http://{address}/modems/m1/unplug\n\
         \nlistening on http://{address}\n"
    );
    text
}
