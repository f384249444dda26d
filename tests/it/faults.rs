//! Everything that a modem and a network can do wrong, at random, on eight modems while all kinds of messages go
//! through them to a few phones, and their SIMs change places: nothing is lost, nothing is sent twice without the log
//! saying so, no report is taken for that of another message, and codes go first.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use ringpost::{domain::Timestamp, inbox, store::Store};
use ringpost_sim::{Family, Fault, FaultSpec, PhoneHandle, Simulator};

use crate::{
    chance::{Chance, number},
    gateway::Gateway,
    ordeal::{self, Client, LineNoise, Mix, QUICK, Verdict, all_segments_are_here, judge, missing},
};

/// Messages where nothing is said; `make fault-test N=2000` says more.
const MESSAGES: usize = 300;
/// Messages to each fault, at least.
const EACH: usize = 4;
/// Of a hundred faults, how many are that a person swaps the SIMs of two modems.
const SWAPS: usize = 10;
/// Who writes to the modems.
const WRITERS: [&str; 3] = ["+14155552391", "+14155552392", "+14155552393"];
/// Of a hundred of their texts, how many come twice.
const TWICE: usize = 20;
/// How much later: what comes again in the second of its time stamp is what a service centre sends anew because it missed
/// that it was received, and may be kept once.
const LATER: Duration = Duration::from_secs(1);
/// How long a message may take from the service centre to its phone, in milliseconds: reports come at once or late, and
/// overtake each other.
const DELIVERY: [u64; 6] = [0, 0, 20, 200, 800, 2500];
/// Longer than a message may live, settle and wait for its reports.
const PATIENCE: Duration = Duration::from_secs(90);
/// How long they may wait, in seconds: the end of a test comes not much later.
const TTL: u32 = 30;

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_or_doubled_in_silence_whatever_modems_do() {
    let messages = number("RINGPOST_MESSAGES").map_or(MESSAGES, |it| usize::try_from(it).unwrap());
    let mut chance = Chance::seeded();
    let mut gateway = Gateway::builder()
        .modems(8)
        .family(Family::Sim7600)
        .family(Family::Ec25)
        .config(QUICK)
        .latency(Duration::from_millis(60))
        .start()
        .await;
    let mix = Mix {
        count: messages,
        first: 0,
        pause: Duration::from_millis(8),
        ttl_seconds: TTL,
        urgent: 15,
        scheduled: 5,
        cancelled: 5,
    };
    let client = Client::begin(&gateway, mix, chance.split());
    let trouble = Trouble::begin(&gateway.sim, client.count.clone(), chance.split());
    let accepted = tokio::task::block_in_place(|| client.finish());
    let (thrown, written) = trouble.end();
    let Verdict { mut findings, ends, twice, mistaken, longest_wait } =
        judge(&gateway, &accepted, PATIENCE);
    // What a modem could not tell of is found when it is brought up.
    gateway.stop();
    gateway.start_daemon();
    if !all_segments_are_here(&gateway, &written) {
        findings.push("segments that phones sent are not here".into());
    }
    a_day_later(&mut gateway).await;
    findings.extend(missing(&gateway, &written, LineNoise::Some));
    println!(
        "{} faults: {thrown:?}\n{ends:?}, {twice} segments sent twice and said so, {mistaken} \
         reports that could be of two, a code waited {longest_wait} ms at the most, {} received",
        thrown.values().sum::<usize>(),
        written.len(),
    );
    assert!(findings.is_empty(), "{}\n{}", findings.join("\n"), gateway.log());
    assert_eq!(ends.values().sum::<usize>(), messages);
    let delivered = ends.get("delivered").copied().unwrap_or_default();
    assert!(delivered > messages / 2, "a gateway that gives up keeps every promise: {ends:?}");
}

/// What the daemon does once the rest of a text has not come in a day: where SIMs changed places, its parts may have come
/// to two of them.
async fn a_day_later(gateway: &mut Gateway) {
    gateway.stop();
    let store = Store::open(&gateway.database_path()).unwrap();
    let later = Timestamp::now().after(Duration::from_secs(25 * 3600));
    inbox::give_up(&store, move || later).await.unwrap();
    store.close().await;
    gateway.start_daemon();
}

/// Somebody who breaks modems, one after the other, while phones write to them.
struct Trouble {
    stop: Arc<AtomicBool>,
    thread: thread::JoinHandle<Done>,
}

/// What was broken, and how often, and what was written.
type Done = (BTreeMap<&'static str, usize>, Vec<String>);

impl Trouble {
    fn begin(sim: &Simulator, sent: Arc<AtomicUsize>, mut chance: Chance) -> Self {
        let (modems, network) = (sim.modems(), sim.network());
        let writers = WRITERS.map(|number| sim.phone(number));
        let stop = Arc::new(AtomicBool::new(false));
        let ends = stop.clone();
        // A modem that is plugged in again is served by the simulator's own tasks.
        let runtime = tokio::runtime::Handle::current();
        let thread = thread::spawn(move || {
            let _runtime = runtime.enter();
            let (mut thrown, mut written) = (BTreeMap::new(), Vec::new());
            let mut again = VecDeque::new();
            let faults: Vec<_> =
                Fault::ALL.iter().copied().filter(|fault| !fault.is_of_calls()).collect();
            while !ends.load(Ordering::Relaxed) {
                thread::sleep(Duration::from_millis(20 + chance.next() % 200));
                network.set_delivery(Duration::from_millis(*chance.of(&DELIVERY)));
                let text = ordeal::written(written.len(), &mut chance);
                let modem = modems[chance.below(modems.len())].name();
                let writer = chance.of(&writers);
                let mut write = |writer: &PhoneHandle, modem: &str, text: String| {
                    writer.send_to(modem, &text);
                    written.push(text);
                };
                write(writer, &modem, text.clone());
                if chance.percent(TWICE) {
                    again.push_back((Instant::now(), writer, modem, text));
                }
                while again.front().is_some_and(|(written, ..)| written.elapsed() > LATER) {
                    let Some((_, writer, modem, text)) = again.pop_front() else { break };
                    write(writer, &modem, text);
                }
                // A slow machine sends less in a second, and shall have no more trouble with it.
                if thrown.values().sum::<usize>() * EACH > sent.load(Ordering::Relaxed) {
                    continue;
                }
                let modem = &modems[chance.below(modems.len())];
                if chance.percent(SWAPS) {
                    let other = &modems[chance.below(modems.len())];
                    if modem.plugged() && other.plugged() && modem.name() != other.name() {
                        modem.swap_sims(other).unwrap();
                        *thrown.entry("swap_sims").or_default() += 1;
                    }
                    continue;
                }
                // A person pulls the plug of a modem that has been in trouble for long.
                if !modem.faults().is_empty() && chance.percent(50) {
                    modem.unplug();
                    modem.clear_faults();
                    modem.replug().unwrap();
                } else if modem.plugged() {
                    let fault = *chance.of(&faults);
                    modem.fault(exactly(fault, &mut chance));
                    *thrown.entry(fault.name()).or_default() += 1;
                }
            }
            for modem in &modems {
                modem.clear_faults();
                if !modem.plugged() {
                    // It may just be coming back by itself.
                    let _ = modem.replug();
                }
            }
            (thrown, written)
        });
        Self { stop, thread }
    }

    /// All is well from now on.
    fn end(self) -> Done {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.join().unwrap()
    }
}

/// A fault as it could be seen in the field: once or for some seconds.
fn exactly(fault: Fault, chance: &mut Chance) -> FaultSpec {
    let moment = 200 + chance.next() % 3000;
    let refusals = [8, 21, 28, 38, 41, 42, 47, 96, 302, 310, 314, 331, 332, 500, 512];
    match fault {
        Fault::LatePrompt | Fault::LateCmgs | Fault::StrayCmgs => fault.times(1).delay_ms(moment),
        Fault::CmsError => fault.times(1).code(*chance.of(&refusals)),
        Fault::NetworkRefuseSubmit => fault.times(2).code(*chance.of(&[38, 42, 47])),
        Fault::CmeError => fault.times(1).code(*chance.of(&[3, 14, 30, 100])).command("+CMGS"),
        Fault::ReportFailure => fault.times(1).code(*chance.of(&[0x41, 0x46, 0x60])),
        Fault::PinAttempts => fault.times(1).code(3),
        Fault::EchoOn
        | Fault::EchoGarble
        | Fault::Hang
        | Fault::WrongBaud
        | Fault::RegistrationFlaps
        | Fault::NotRegistered
        | Fault::SimMissing
        | Fault::SimPin
        | Fault::StoreFull => FaultSpec::from(fault).delay_ms(moment),
        Fault::Eof => FaultSpec::from(fault).delay_ms(moment),
        Fault::Reboot => FaultSpec { after: 0, ..fault.times(1) },
        Fault::SplitReads => fault.times(200),
        Fault::Silence => fault.times(3),
        Fault::DropPrompt
        | Fault::DropFinal
        | Fault::DropCmgsLine
        | Fault::DropOk
        | Fault::SimBusy
        | Fault::UnderVoltage
        | Fault::UrcBeforeBody
        | Fault::UrcInResponse
        | Fault::DuplicateUrc
        | Fault::Garble
        | Fault::ReportBeforeAnswer
        | Fault::NoReport
        | Fault::SettingsLost
        | Fault::CmgdFail => fault.times(1),
        // In calls alone.
        Fault::DialRefused
        | Fault::LateDialAnswer
        | Fault::LostCallUrc
        | Fault::EarlyCallBegin
        | Fault::PacketBearer
        | Fault::NoCause
        | Fault::AudioRefused
        | Fault::AudioWedged
        | Fault::PlayFails
        | Fault::RebootInCall => fault.times(1),
    }
}
