//! The daemon under measurement.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::Command,
    sync::atomic::{AtomicUsize, Ordering},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};

use super::{Air, Client, Daemon, Request, Usage, slow_sync, wait_for};

/// Longer than a start takes, even beside other work.
const PATIENCE: Duration = Duration::from_secs(30);

/// Area codes of the United States, each with numbers of its own.
const AREAS: [&str; 12] =
    ["201", "202", "203", "205", "206", "207", "208", "209", "210", "212", "213", "214"];
/// Numbers of an area: 555-1000 to 555-9999.
const NUMBERS: usize = 9000;

/// What the daemon is told, beside its modems.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// Further tables of the configuration.
    pub config: String,
    /// Further keys of each modem.
    pub modem: String,
    /// What an fsync takes at least, where the disk is too fast.
    pub sync: Option<Duration>,
}

/// A daemon with its folder, and a token.
#[derive(Debug)]
pub struct Ringpost {
    program: PathBuf,
    folder: PathBuf,
    token: String,
    sync: Option<Duration>,
    address: SocketAddr,
    daemon: Option<Daemon>,
}

/// A number that can be called in the United States, another for each `index`.
#[must_use]
pub fn number(index: usize) -> String {
    let area = AREAS[index / NUMBERS % AREAS.len()];
    format!("+1{area}555{:04}", 1000 + index % NUMBERS)
}

impl Ringpost {
    /// Starts the release build in `folder`, with the modems of `air`, and waits until all are ready.
    ///
    /// # Errors
    /// It was not built, or does not start.
    pub fn start(program: &Path, folder: &Path, air: &Air, settings: &Settings) -> Result<Self> {
        // Nobody makes prompts ready meanwhile, as none does once they are kept.
        let mut toml = format!(
            "[http]\nlisten = \"127.0.0.1:0\"\n[store]\npath = {:?}\n[policy]\nregions = [\"*\"]\n\
             [log]\nlevel = \"warn\"\n[voice]\nengines = []\n{}\n",
            folder.join("ringpost.db"),
            settings.config
        );
        for (name, port) in air.ports() {
            let _ =
                write!(toml, "[[modem]]\nname = {name:?}\nport = {port:?}\n{}\n", settings.modem);
        }
        fs::write(folder.join("ringpost.toml"), toml)?;
        let mut command = Command::new(program);
        command.args(["token", "create", "--name", "bench", "--scope", "admin", "--config"]);
        let made = command.arg(folder.join("ringpost.toml")).output();
        let made = made.with_context(|| format!("{}: build it first", program.display()))?;
        ensure!(made.status.success(), "no token: {}", String::from_utf8_lossy(&made.stderr));
        let token = String::from_utf8(made.stdout)?.trim().to_owned();
        let mut ringpost = Self {
            program: program.to_owned(),
            folder: folder.to_owned(),
            token,
            sync: settings.sync,
            address: ([127, 0, 0, 1], 0).into(),
            daemon: None,
        };
        ringpost.serve()?;
        ringpost.wait_until_ready(air.modems())?;
        Ok(ringpost)
    }

    /// Starts the daemon, and waits until it listens.
    ///
    /// # Errors
    /// It does not.
    pub fn serve(&mut self) -> Result<()> {
        let log = self.folder.join("log");
        let mut command = Command::new(&self.program);
        command.args(["serve", "--config"]).arg(self.folder.join("ringpost.toml"));
        if let Some(sync) = self.sync {
            slow_sync::slow_down(&mut command, sync, &self.folder)?;
        }
        let mut daemon = Daemon::start(&mut command, &log)?;
        let said = || {
            let said = fs::read_to_string(&log).unwrap_or_default();
            let line = said.lines().find_map(|it| it.strip_prefix("listening on http://"))?;
            line.parse().ok()
        };
        let address = wait_for("a daemon that listens", PATIENCE, said).with_context(|| {
            let state = if daemon.runs() { "it runs" } else { "it has ended" };
            format!("{state}: {}", fs::read_to_string(&log).unwrap_or_default())
        })?;
        self.address = address;
        self.daemon = Some(daemon);
        Ok(())
    }

    /// Waits until so many modems are ready.
    ///
    /// # Errors
    /// They are not in time.
    pub fn wait_until_ready(&self, modems: usize) -> Result<()> {
        let ready = || {
            let list = self.get("/api/v1/modems").ok()?;
            let list = list.get("items").unwrap_or(&list).as_array()?.clone();
            let ready = list.iter().filter(|modem| modem["state"] == "ready").count();
            (ready == modems).then_some(())
        };
        wait_for("all modems", PATIENCE, ready)
    }

    /// From the start of the process until `/readyz` says so.
    ///
    /// # Errors
    /// It is not ready in time.
    pub fn time_to_ready(&mut self) -> Result<Duration> {
        let began = Instant::now();
        self.serve()?;
        let request = self.request("GET", "/readyz", None);
        let mut client = self.client()?;
        wait_for("readiness", PATIENCE, || {
            client.ask(&request).is_ok_and(|answer| answer.status == 200).then_some(())
        })?;
        Ok(began.elapsed())
    }

    /// Ends the daemon as systemd does.
    ///
    /// # Errors
    /// It does not end.
    pub fn stop(&mut self) -> Result<()> {
        self.daemon.take().map_or(Ok(()), |mut daemon| daemon.stop())
    }

    /// Kills it.
    pub fn kill(&mut self) {
        if let Some(mut daemon) = self.daemon.take() {
            daemon.kill();
        }
    }

    /// The process.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.daemon.as_ref().map_or(0, Daemon::id)
    }

    /// What the daemon has cost.
    #[must_use]
    pub fn usage(&self) -> Usage {
        self.daemon.as_ref().map(Daemon::usage).unwrap_or_default()
    }

    /// How often each of its threads was woken.
    #[must_use]
    pub fn sleeps(&self) -> BTreeMap<PathBuf, u64> {
        self.daemon.as_ref().map(Daemon::sleeps).unwrap_or_default()
    }

    /// A new connection.
    ///
    /// # Errors
    /// Nobody listens.
    pub fn client(&self) -> Result<Client> {
        Client::connect(self.address)
    }

    /// A request with the token.
    #[must_use]
    pub fn request(&self, method: &str, path: &str, body: Option<&Value>) -> Request {
        Request::new(method, path, &self.token, body)
    }

    /// A request to send a text.
    #[must_use]
    pub fn message(&self, to: &str, lane: &str, text: &str) -> Request {
        let body = json!({"to": to, "channel": "sms", "purpose": "general", "lane": lane,
            "text": text, "ttl_seconds": 86_400});
        self.request("POST", "/api/v1/messages", Some(&body))
    }

    /// The body of a `GET`.
    ///
    /// # Errors
    /// It does not succeed.
    pub fn get(&self, path: &str) -> Result<Value> {
        let answer = self.client()?.ask(&self.request("GET", path, None))?;
        ensure!(answer.status == 200, "{path}: status {}", answer.status);
        Ok(serde_json::from_slice(&answer.body)?)
    }

    /// Has `requests` accepted by so many clients at once; answers how long each took, in milliseconds.
    ///
    /// # Errors
    /// One is not accepted.
    pub fn accept(&self, requests: &[Request], clients: usize) -> Result<Vec<f64>> {
        let next = AtomicUsize::new(0);
        let client = || -> Result<Vec<f64>> {
            let mut client = self.client()?;
            let mut times = Vec::new();
            while let Some(request) = requests.get(next.fetch_add(1, Ordering::Relaxed)) {
                let began = Instant::now();
                let answer = client.ask(request)?;
                times.push(began.elapsed().as_secs_f64() * 1e3);
                let says = || String::from_utf8_lossy(&answer.body).into_owned();
                ensure!(answer.status == 202, "not accepted: {} {}", answer.status, says());
            }
            Ok(times)
        };
        let times = thread::scope(|scope| {
            let clients: Vec<_> = (0..clients).map(|_| scope.spawn(client)).collect();
            let join = |it: thread::ScopedJoinHandle<'_, Result<Vec<f64>>>| {
                it.join().unwrap_or_else(|_| anyhow::bail!("a client panicked"))
            };
            clients.into_iter().map(join).collect::<Result<Vec<_>>>()
        })?;
        Ok(times.concat())
    }
}
