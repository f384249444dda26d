//! The daemon: wires the rooms together, runs, and drains.

use std::{
    collections::BTreeSet,
    io::Write as _,
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use anyhow::{Context as _, anyhow};
use ringpost_boards::gpio::Pins;
use ringpost_hal::power;
use rlibphonenumber::Region;
use sd_notify::NotifyState;
use sha2::{Digest as _, Sha256};
use tokio::{
    net::TcpListener,
    runtime,
    signal::unix::{SignalKind, signal},
    sync::mpsc,
    task::JoinSet,
    time::timeout,
};
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

use crate::{
    arrivals, chronicle,
    config::{self, Config},
    domain::{Event, GatewayEvent, Locale, Outcome, Target, Timestamp},
    http::{self, AppState, Callers, Hook, LogAccess, Manner, Metrics, Tokens},
    inbox,
    intake::{Policy, Repeats, Requirement},
    modem::{self, Hotplug, LinePower, ModemConfig, ModemEvent, ModemHandle, Power, PowerCommand},
    outbox::{Boot, Calling, Outbox, Outlet, Preferences, Prices, Rules, Settings, Terms},
    store::{self, Keep, Lock, Store},
    voice::{self, Speech},
};

/// Everything has ended this long after the first signal, or is left to the next start. The unit's
/// `TimeoutStopSec` is longer.
const DRAIN: Duration = Duration::from_secs(15);

/// Requests under way have this long to end.
const HTTP_DRAIN: Duration = Duration::from_secs(3);

/// Received messages and reports that may wait for the store, of all modems together. Beyond it a
/// modem waits, and what it received stays in its own storage.
const WAITING_EVENTS: usize = 256;

/// Runs the gateway until SIGTERM or SIGINT; the machine's `/sys` and `/dev` are below `root`.
///
/// # Errors
/// What keeps it from starting: the store, the address. Modems never do.
pub fn run(config: Config, root: &Path) -> anyhow::Result<()> {
    let runtime = runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .context("start the runtime")?;
    let ended = runtime.block_on(serve(config, root));
    // A blocking read that is still under way must not hold up the end.
    runtime.shutdown_timeout(Duration::from_secs(1));
    ended
}

async fn serve(config: Config, root: &Path) -> anyhow::Result<()> {
    for warning in config.warnings() {
        warn!("{warning}");
    }
    let path = &config.store.path;
    let _lock = Lock::take(path).context("failed to take the store")?;
    let secret = store::secret(path).context("failed to take the secret of the store")?;
    store::check_if_left_open(path).with_context(|| {
        format!("the store at {} cannot be used; move it away or restore a copy", path.display())
    })?;
    let store = Store::open(path)
        .with_context(|| format!("failed to open the store at {}", path.display()))?;
    let listener = TcpListener::bind(config.http.listen)
        .await
        .with_context(|| format!("failed to listen on {}", config.http.listen))?;
    let address = listener.local_addr().context("read the address listened on")?;

    let rules = Rules { resend_after: until_stored(config.outbox.resend_after_seconds) };
    let (events, received) = mpsc::channel(WAITING_EVENTS);
    let (handles, mut modems) = start_modems(&config, root, &events);
    drop(events);
    let outlets = outlets(&config, handles);
    let keep = keep(&config.retention);
    // Before anything is written, so that what comes of it is counted.
    let metrics = Metrics::begin(&store).await.context("failed to read the store")?;
    let speech = Speech::open(speech_settings(&config));
    let pools = config.modems.iter().flat_map(|modem| modem.pools.iter().cloned());
    let names = config.modems.iter().map(|modem| modem.name.to_string());
    let state = AppState {
        senders: names.chain(pools).collect(),
        store: store.clone(),
        policy: Arc::new(policy(&config, speech.spoken())),
        repeats: Arc::new(Repeats::new(secret, keep.idempotency)),
        rules,
        log: Arc::new(LogAccess::new(keep.events, config.http.log_requests_per_minute)),
        currency: config.rates.currency.as_str().into(),
        metrics: Arc::new(metrics),
        closing: CancellationToken::new(),
        hook: hook(&config).await?.map(Arc::new),
        outlets: outlets.clone().into(),
    };
    let mut outbox =
        Outbox::new(store.clone(), settings(&config, rules), calling(&config, &speech), outlets);
    let tidied = store.read(store::boot::tidied).await.context("failed to read the store")?;
    let on_the_air = outbox.recover().await.context("failed to go on from what is stored")?;
    for (lost, age) in on_the_air {
        let may_answer = |modem: &&mut modem::Runner| lost.modem.as_deref() == Some(modem.name());
        if let Some(modem) = modems.iter_mut().find(may_answer) {
            modem.expect_answer(lost.segment, age);
        }
    }
    if let Err(cause) = store.write(loaded(&config)).await {
        warn!(%cause, "the start could not be written into the System Log");
    }
    let mut tasks = Tasks::start(store, (keep, tidied), listener, state, outbox, received, modems);
    announce(address)?;
    if config.calls() {
        tasks.tidying.1.spawn(warm(speech, tasks.tidying.0.clone()));
    }
    tasks.run().await
}

/// The daemon's tasks, each group with the token that ends it.
struct Tasks {
    http: (CancellationToken, JoinSet<()>),
    outbox: (CancellationToken, JoinSet<()>),
    modems: (CancellationToken, JoinSet<()>),
    events: JoinSet<()>,
    tidying: (CancellationToken, JoinSet<()>),
    store: Store,
}

impl Tasks {
    fn start(
        store: Store,
        (keep, tidied): (Keep, Option<Timestamp>),
        listener: TcpListener,
        state: AppState,
        outbox: Outbox,
        received: mpsc::Receiver<ModemEvent>,
        runners: Vec<modem::Runner>,
    ) -> Self {
        let rules = state.rules;
        let modems = state.outlets.iter().map(|outlet| outlet.handle.clone()).collect();
        let metrics = state.metrics.clone();
        let mut http = (state.closing.clone(), JoinSet::new());
        http.1.spawn(http::serve(listener, state, http.0.clone()));
        let mut tasks = Self {
            http,
            outbox: (CancellationToken::new(), JoinSet::new()),
            modems: (CancellationToken::new(), JoinSet::new()),
            events: JoinSet::new(),
            tidying: (CancellationToken::new(), JoinSet::new()),
            store: store.clone(),
        };
        let (token, late) = (tasks.outbox.0.clone(), outbox.late());
        tasks.outbox.1.spawn(async move { outbox.run(token).await });
        for runner in runners {
            tasks.modems.1.spawn(runner.run(tasks.modems.0.clone()));
        }
        tasks.events.spawn(arrivals::take_in(store.clone(), received, late, rules));
        tasks.tidying.1.spawn(chronicle::keep(store.clone(), modems, tasks.tidying.0.clone()));
        let (counted, token) = (store.clone(), tasks.tidying.0.clone());
        tasks.tidying.1.spawn(async move { metrics.follow(&counted, token).await });
        tasks.tidying.1.spawn(inbox::give_up_in_time(store.clone(), tasks.tidying.0.clone()));
        tasks.tidying.1.spawn(store.clone().keep_indexed(tasks.tidying.0.clone()));
        tasks.tidying.1.spawn(store.clone().keep_tidy(keep, tidied, tasks.tidying.0.clone()));
        tasks.tidying.1.spawn(store.keep_clean(tasks.tidying.0.clone()));
        tasks.tidying.1.spawn(feed_watchdog(tasks.tidying.0.clone()));
        tasks
    }

    /// Runs until a signal or until a task that must not end has ended.
    async fn run(mut self) -> anyhow::Result<()> {
        let mut terminate = signal(SignalKind::terminate()).context("listen for SIGTERM")?;
        let mut interrupt = signal(SignalKind::interrupt()).context("listen for SIGINT")?;
        let ended = tokio::select! {
            _ = terminate.recv() => Ok(()),
            _ = interrupt.recv() => Ok(()),
            Some(ended) = self.http.1.join_next() => Err(unexpected("the HTTP server", ended)),
            Some(ended) = self.outbox.1.join_next() => Err(unexpected("the outbox", ended)),
            // Without modems, it ends by itself.
            Some(Err(cause)) = self.events.join_next() => {
                Err(unexpected("what takes in messages and reports", Err(cause)))
            }
        };
        info!("stopping");
        let _ = sd_notify::notify(&[NotifyState::Stopping]);
        if timeout(DRAIN, self.drain()).await.is_err() {
            warn!("not everything ended in time; what is on the air counts as unanswered");
        }
        ended
    }

    /// Nothing comes in and nothing new goes out; the modems end their exchanges; what they received is
    /// stored.
    async fn drain(&mut self) {
        self.http.0.cancel();
        self.outbox.0.cancel();
        // A client that never ends its request must not keep the modems from ending theirs.
        let http = async { while self.http.1.join_next().await.is_some() {} };
        if timeout(HTTP_DRAIN, http).await.is_err() {
            self.http.1.shutdown().await;
        }
        while let Some(ended) = self.outbox.1.join_next().await {
            if let Err(cause) = ended {
                error!(%cause, "the outbox did not end well");
            }
        }
        self.modems.0.cancel();
        while self.modems.1.join_next().await.is_some() {}
        while self.events.join_next().await.is_some() {}
        self.tidying.0.cancel();
        while self.tidying.1.join_next().await.is_some() {}
        self.store.clone().close().await;
        info!("stopped");
    }
}

fn unexpected(what: &str, ended: Result<(), tokio::task::JoinError>) -> anyhow::Error {
    match ended {
        Ok(()) => anyhow!("{what} ended by itself"),
        Err(cause) => anyhow!("{what} panicked: {cause}"),
    }
}

fn start_modems(
    config: &Config,
    root: &Path,
    events: &mpsc::Sender<ModemEvent>,
) -> (Vec<ModemHandle>, Vec<modem::Runner>) {
    let locators = config.modems.iter().map(|settings| settings.locator.clone());
    let ports = Hotplug::new(root, locators.collect());
    let modems = config.modems.iter().map(|settings| {
        let config = ModemConfig {
            name: settings.name.to_string(),
            locator: settings.locator.clone(),
            baud: settings.baud,
            family: settings.family.and_then(ringpost_hal::family::by_name),
            board: settings.board.as_ref().map(|board| board.name.clone()),
            pin_file: settings
                .pin_file
                .clone()
                .or_else(|| credential(&format!("pin-{}", settings.name))),
            roaming: settings.roaming,
            service_centre: settings.smsc.clone(),
            power: None,
            sound: modem::SoundConfig {
                way: settings.sound,
                audio_port: settings.audio_port.clone(),
                alsa_device: settings.alsa_device.clone(),
            },
        };
        let config = ModemConfig { power: power(settings, &config, &ports), ..config };
        modem::modem(config, &ports, events.clone())
    });
    modems.unzip()
}

/// What switches a modem's power: what the site says, or else the lines of its board.
fn power(
    settings: &config::Modem,
    config: &ModemConfig,
    ports: &Hotplug,
) -> Option<Arc<dyn Power>> {
    if let Some(command) = PowerCommand::new(&settings.power_command) {
        return Some(Arc::new(command));
    }
    let board = settings.board.as_ref()?;
    let name = &config.name;
    let lines = &board.lines;
    if lines.pwrkey.is_none() && lines.reset.is_none() && lines.supply_off.is_none() {
        return None;
    }
    let Some((family, timing)) = config.family.and_then(|family| Some((family, family.power?)))
    else {
        warn!(
            modem.name = name,
            "its lines are not used: `family` has to say how long to hold them"
        );
        return None;
    };
    match Pins::take(board) {
        Ok(Pins { pwrkey, reset, supply_off, flight_mode, status }) => {
            let lines = power::Power { pwrkey, reset, supply_off, status, timing };
            let mut power = LinePower::new(lines, family, config.clone(), ports.clone());
            power.keep(flight_mode);
            Some(Arc::new(power))
        }
        Err(cause) => {
            warn!(modem.name = name, %cause, "a modem that hangs cannot be switched off and on");
            None
        }
    }
}

/// The credential that systemd hands over under a name, where it does.
fn credential(name: &str) -> Option<PathBuf> {
    let folder = std::env::var_os("CREDENTIALS_DIRECTORY")?;
    Some(PathBuf::from(folder).join(name)).filter(|file| file.exists())
}

/// How Okta's hook is served; not at all where nothing says who may use it.
async fn hook(config: &Config) -> anyhow::Result<Option<Hook>> {
    let okta = &config.okta;
    let secrets = okta.secret_file.clone().or_else(|| credential("okta-secret"));
    let tokens = okta.jwt.as_ref().map(|jwt| {
        let keys = match &jwt.keys {
            config::KeySource::File(file) => http::KeySource::File(file.clone()),
            config::KeySource::Url(url) => http::KeySource::Url(url.clone()),
        };
        Tokens::new(&jwt.issuer, &jwt.audience, jwt.algorithm, keys)
    });
    let callers = Callers {
        header: okta.header.clone().zip(secrets),
        basic: okta.basic_file.clone().or_else(|| credential("okta-basic")),
        tokens: tokens.transpose().context("failed to prepare for Okta's tokens")?,
    };
    if okta.header.is_some() && callers.header.is_none() {
        warn!("okta.header is set, but neither okta.secret_file nor the credential okta-secret is");
    }
    for problem in callers.problems().await {
        warn!("Okta's hook: {problem}");
    }
    let served = callers.header.is_some() || callers.basic.is_some() || callers.tokens.is_some();
    Ok(served.then(|| Hook {
        callers,
        answer_within: okta.answer_within,
        manner: Manner {
            national_first: okta.bare_numbers == config::BareNumbers::National,
            confirm_calls: okta.confirm_calls,
        },
    }))
}

fn outlets(config: &Config, handles: Vec<ModemHandle>) -> Vec<Outlet> {
    let outlets = handles
        .into_iter()
        .zip(&config.modems)
        .map(|(handle, settings)| Outlet::new(handle, Arc::new(terms(config, settings))));
    outlets.collect()
}

/// What the configuration says of a modem's part in sending.
fn terms(config: &Config, modem: &config::Modem) -> Terms {
    let region = |region: &Region| region.to_string();
    let card = modem.rates.as_ref().and_then(|(name, _)| config.rates.card(name));
    let prices = |list: &config::PriceList| Prices {
        by_region: list.prices.iter().map(|(place, price)| (region(place), *price)).collect(),
        elsewhere: list.elsewhere,
    };
    Terms {
        channels: modem.roles.clone(),
        lanes: modem.lanes.clone(),
        pools: modem.pools.clone(),
        regions: match &modem.regions {
            config::Regions::Anywhere => None,
            config::Regions::Only(regions) => Some(regions.iter().map(region).collect()),
        },
        reports: modem.reports,
        allowance: modem.allowance,
        prices: card.map(|card| prices(&card.segments)).unwrap_or_default(),
        call_prices: card.map(|card| prices(&card.calls)).unwrap_or_default(),
        pace: modem.pace,
        jitter: modem.jitter,
    }
}

fn policy(config: &Config, spoken: BTreeSet<String>) -> Policy {
    let language_fallback = config.voice.language_fallback;
    let (limits, org, config) = (config.limits.clone(), &config.org, &config.policy);
    let regions = match &config.regions {
        config::Regions::Anywhere => None,
        config::Regions::Only(regions) => Some(regions.iter().map(Region::to_string).collect()),
    };
    let rules = || config.rules.iter().map(|rule| (rule.region.to_string(), rule));
    let national_in = rules().flat_map(|(region, rule)| {
        rule.national_tables.iter().map(move |language| (region.clone(), *language))
    });
    let requirements = rules().map(|(region, rule)| Requirement {
        region,
        starts_with: rule.starts_with.clone(),
        contains: rule.contains.clone(),
        ends_with: rule.ends_with.clone(),
    });
    let single_ucs2 = config.rules.iter().filter(|rule| rule.refuse_ucs2_concat);
    Policy {
        home_region: config.home_region,
        regions,
        channels: config.channels.iter().cloned().collect(),
        voip: config.voip,
        spoken,
        language_fallback,
        limits,
        max_segments: config.max_segments,
        template_segments: config.template_segments,
        national: config.national_tables.clone(),
        national_in: national_in.collect(),
        requirements: requirements.collect(),
        org: org.name.clone(),
        locale: org.locale.clone(),
        single_ucs2: single_ucs2.map(|rule| rule.region.to_string()).collect(),
    }
}

fn settings(config: &Config, rules: Rules) -> Settings {
    Settings {
        rules,
        settle: config.outbox.settle_seconds.map(until_stored),
        report_window: config.outbox.report_window_seconds.map(until_stored),
        boot: Boot::of(Path::new("/")),
        preferences: Preferences {
            least_cost: config.outbox.route == config::Routing::LeastCost,
            sticky_sender: config.outbox.sticky_sender,
        },
    }
}

fn calling(config: &Config, speech: &Speech) -> Calling {
    let config::Voice { ring_for, talk_for, .. } = config.voice;
    Calling { speech: speech.clone(), ring_for, talk_for }
}

/// What the configuration says of speech.
pub fn speech_settings(config: &Config) -> voice::Settings {
    let voice = &config.voice;
    let program = |it: &config::VoiceEngine| voice::EngineSettings {
        name: it.name.clone(),
        command: it.command.clone(),
        output: it.raw_rate.map_or(voice::Output::Wav, voice::Output::Raw),
        voices: it.voices.clone(),
    };
    let beside_store = |name| config.store.path.with_file_name(name);
    voice::Settings {
        org: config.org.name.clone(),
        locales: voice.locales.clone(),
        ready: likely_spoken(config),
        engines: voice.engines.clone(),
        programs: voice.programs.iter().map(program).collect(),
        pace: voice.speed_percent,
        reading: voice::Reading {
            times: voice.readings,
            gap: voice.gap,
            slow_gap: voice.slow_gap,
            group_gap: voice.group_gap,
        },
        prompts: voice.prompts.clone(),
        packs: voice.packs.clone().unwrap_or_else(|| beside_store("voices")),
        cache: Some(beside_store("clips")),
    }
}

/// The languages that calls will be made in, as far as that can be told: the site's, those of the regions that
/// messages may go to, and English.
fn likely_spoken(config: &Config) -> BTreeSet<String> {
    if let Some(locales) = &config.voice.locales {
        return locales.iter().map(ToString::to_string).collect();
    }
    let policy = &config.policy;
    let regions = match &policy.regions {
        config::Regions::Anywhere => vec![policy.home_region],
        config::Regions::Only(regions) => regions.clone(),
    };
    let of_regions = regions.iter().filter_map(|it| Locale::of_region(&it.to_string()));
    let all = config.org.locale.clone().into_iter().chain(of_regions);
    all.flat_map(|locale| locale.candidates()).chain(["en".to_owned()]).collect()
}

/// Tells the log with which configuration the daemon starts: by a fingerprint, to see when it changed.
fn loaded(config: &Config) -> impl FnOnce(&store::Tx<'_>) -> Result<(), store::Error> + use<> {
    let fingerprint = Sha256::digest(format!("{config:?}"));
    let id = fingerprint.iter().take(8).map(|octet| format!("{octet:02x}")).collect();
    let (version, modems) = (env!("CARGO_PKG_VERSION"), config.modems.len());
    let note = format!("Ringpost {version}, {modems} modems");
    let event = Event::of_gateway(GatewayEvent::ConfigLoad, Outcome::Success, Timestamp::now());
    let event = event.to(Some(Target { id, ..Target::default() }), Some(note));
    move |tx| store::event::append(tx, &event)
}

fn keep(config: &config::Retention) -> Keep {
    let days = |count: u32| seconds(count) * 86_400;
    Keep {
        messages: days(config.messages_days),
        inbound: days(config.inbound_days),
        events: days(config.events_days),
        // The longest that so many months can be, so that none of them goes early.
        usage: days(config.usage_months * 31),
        idempotency: seconds(config.idempotency_hours) * 3600,
    }
}

fn seconds(count: u32) -> Duration {
    Duration::from_secs(count.into())
}

/// So many seconds, and the time until what a modem told within them is on disk.
fn until_stored(count: u32) -> Duration {
    seconds(count) + arrivals::STORED_WITHIN
}

/// Says where requests are accepted, to whoever started the daemon.
fn announce(address: SocketAddr) -> anyhow::Result<()> {
    let mut out = std::io::stdout();
    writeln!(out, "listening on http://{address}").context("write to standard output")?;
    out.flush().context("write to standard output")?;
    let _ = sd_notify::notify(&[NotifyState::Ready]);
    Ok(())
}

/// Has the clips made that calls will need, and tells systemd how far that is.
async fn warm(speech: Speech, cancel: CancellationToken) {
    let mut warmth = speech.warmth();
    let told = async {
        while warmth.changed().await.is_ok() {
            let voice::Warmth { done, of } = *warmth.borrow_and_update();
            let status = format!("{done} of {of} languages are ready to be spoken");
            let _ = sd_notify::notify(&[NotifyState::Status(&status)]);
        }
    };
    tokio::select! {
        biased;
        () = cancel.cancelled() => {}
        () = speech.warm() => {}
        () = told => {}
    }
}

/// Tells systemd that the daemon's tasks still run, where the unit asks for it.
async fn feed_watchdog(cancel: CancellationToken) {
    let Some(limit) = sd_notify::watchdog_enabled() else { return };
    loop {
        tokio::select! {
            () = cancel.cancelled() => return,
            () = tokio::time::sleep(limit / 2) => {
                let _ = sd_notify::notify(&[NotifyState::Watchdog]);
            }
        }
    }
}
