//! The harness: a gateway with its modems, its database and a token.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Output, Stdio},
    thread,
    time::{Duration, Instant},
};

use ringpost_sim::{Family, Simulator};
use serde_json::{Value, json};
use tempfile::TempDir;

/// The binary under test.
pub(crate) const RINGPOST: &str = env!("CARGO_BIN_EXE_ringpost");

/// Longer than anything here may take, even on a loaded machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);
/// Between two looks at something that is waited for.
const LOOK: Duration = Duration::from_millis(10);

/// A valid mobile number of the home region that the tests use.
pub(crate) const PHONE: &str = "+14155552345";

/// What a gateway shall be like.
pub(crate) struct Builder {
    modems: usize,
    families: Vec<Family>,
    config: String,
    policy: String,
    modem_config: String,
    modem_configs: BTreeMap<&'static str, String>,
    audible: bool,
    latency: Duration,
    locators: BTreeMap<&'static str, String>,
    extra_ports: Vec<PathBuf>,
    disk: Option<u32>,
    bound_by_modes: bool,
}

/// A running gateway.
pub(crate) struct Gateway {
    /// Its folder: configuration, database, log, and the `/dev` and `/sys` of its machine.
    pub(crate) dir: TempDir,
    /// Its modems and their network.
    pub(crate) sim: Simulator,
    /// The secret of a token with all scopes.
    pub(crate) token: String,
    /// Further variables of the daemon.
    pub(crate) environment: Vec<(&'static str, String)>,
    daemon: Option<Daemon>,
    /// MiB of the disk that the daemon alone sees.
    disk: Option<u32>,
    /// Whether the daemon may not open what the modes of files forbid.
    bound_by_modes: bool,
}

struct Daemon {
    process: Child,
    url: String,
}

/// An answer of the API.
#[derive(Debug)]
pub(crate) struct Answer {
    /// The status code.
    pub(crate) status: u16,
    /// `Content-Type`.
    pub(crate) content_type: String,
    /// All headers.
    pub(crate) headers: ureq::http::HeaderMap,
    /// The body; null where it is no JSON.
    pub(crate) body: Value,
    /// The same as it came.
    pub(crate) text: String,
}

impl Gateway {
    /// A gateway with one modem, if nothing else is said.
    pub(crate) fn builder() -> Builder {
        Builder {
            modems: 1,
            families: Vec::new(),
            config: String::new(),
            policy: String::new(),
            modem_config: String::new(),
            modem_configs: BTreeMap::new(),
            audible: false,
            latency: Duration::ZERO,
            locators: BTreeMap::new(),
            extra_ports: Vec::new(),
            disk: None,
            bound_by_modes: false,
        }
    }

    /// A gateway with one modem.
    pub(crate) async fn start() -> Self {
        Self::builder().start().await
    }

    /// Starts the daemon, without waiting for a modem.
    pub(crate) fn start_daemon(&mut self) {
        let log = std::fs::OpenOptions::new().create(true).append(true).open(self.log_path());
        let mut command = match self.disk {
            None if self.bound_by_modes => bound_by_modes(),
            None => Command::new(RINGPOST),
            Some(size) => self.on_disk(size),
        };
        let mut process = command
            .args(["serve", "--config"])
            .arg(self.config_path())
            .env("RINGPOST_ROOT", self.dir.path())
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log.unwrap())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let url = line.trim().strip_prefix("listening on ");
        let url = url.unwrap_or_else(|| panic!("{line:?}: {}", self.log())).to_owned();
        self.daemon = Some(Daemon { process, url });
    }

    /// The daemon with a small disk of its own below its database, which it fills with what is there.
    fn on_disk(&self, size: u32) -> Command {
        let script = "mount -t tmpfs -o size=$1m,mode=700 none $2/new && cp -a $2/disk/. $2/new \
                      && mount --bind $2/new $2/disk && shift 2 && exec \"$@\"";
        let mut command = Command::new("unshare");
        command.args(["--mount", "--map-root-user", "sh", "-c", script, "sh", &size.to_string()]);
        command.arg(self.dir.path()).arg(RINGPOST);
        command
    }

    /// A file on the disk that the daemon alone sees.
    pub(crate) fn on_its_disk(&self, name: &str) -> PathBuf {
        let seen = format!("/proc/{}/root{}/disk", self.process_id(), self.dir.path().display());
        Path::new(&seen).join(name)
    }

    /// Sends SIGTERM and waits for the end.
    pub(crate) fn stop(&mut self) -> ExitStatus {
        let mut daemon = self.daemon.take().unwrap();
        let id = daemon.process.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
        daemon.process.wait().unwrap()
    }

    /// Sends SIGKILL and waits for the end.
    pub(crate) fn kill(&mut self) {
        let mut daemon = self.daemon.take().unwrap();
        daemon.process.kill().unwrap();
        daemon.process.wait().unwrap();
    }

    /// The process of the daemon.
    pub(crate) fn process_id(&self) -> u32 {
        self.daemon.as_ref().unwrap().process.id()
    }

    /// The address of the API.
    pub(crate) fn url(&self) -> &str {
        &self.daemon.as_ref().unwrap().url
    }

    /// The configuration file.
    pub(crate) fn config_path(&self) -> PathBuf {
        self.dir.path().join("ringpost.toml")
    }

    /// The database file.
    pub(crate) fn database_path(&self) -> PathBuf {
        database_path(self.dir.path(), self.disk)
    }

    fn log_path(&self) -> PathBuf {
        self.dir.path().join("log")
    }

    /// What the daemon has written to its journal so far.
    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.log_path()).unwrap_or_default()
    }

    /// A request with the token of this gateway.
    pub(crate) fn request(&self, method: &str, path: &str, body: Option<&Value>) -> Answer {
        let body = body.map(Value::to_string);
        let content_type = body.is_some().then_some("application/json");
        self.raw(method, path, Some(&format!("Bearer {}", self.token)), content_type, body)
    }

    /// A request as given.
    pub(crate) fn raw(
        &self,
        method: &str,
        path: &str,
        authorization: Option<&str>,
        content_type: Option<&str>,
        body: Option<String>,
    ) -> Answer {
        let headers = [("authorization", authorization), ("content-type", content_type)];
        let headers: Vec<_> =
            headers.into_iter().filter_map(|(name, value)| Some((name, value?))).collect();
        self.with_headers(method, path, &headers, body)
    }

    /// A request with these headers.
    pub(crate) fn with_headers(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<String>,
    ) -> Answer {
        let agent: ureq::Agent =
            ureq::Agent::config_builder().http_status_as_error(false).build().into();
        let mut request =
            ureq::http::Request::builder().method(method).uri(format!("{}{path}", self.url()));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let mut response = agent.run(request.body(body.unwrap_or_default()).unwrap()).unwrap();
        let mut text = String::new();
        response.body_mut().as_reader().read_to_string(&mut text).unwrap();
        let content_type = response.headers().get("content-type");
        Answer {
            status: response.status().as_u16(),
            content_type: content_type.map(|it| it.to_str().unwrap().into()).unwrap_or_default(),
            headers: response.headers().clone(),
            body: serde_json::from_str(&text).unwrap_or(Value::Null),
            text,
        }
    }

    /// The body of a `GET` that succeeds.
    pub(crate) fn get(&self, path: &str) -> Value {
        let answer = self.request("GET", path, None);
        assert_eq!(answer.status, 200, "{path}: {answer:?}");
        answer.body
    }

    /// Sends a text to [`PHONE`] and answers the message's id.
    pub(crate) fn send(&self, text: &str) -> String {
        self.send_json(&json!({"to": PHONE, "channel": "sms", "text": text}))
    }

    /// Sends what `body` says and answers the message's id.
    pub(crate) fn send_json(&self, body: &Value) -> String {
        let answer = self.request("POST", "/api/v1/messages", Some(body));
        assert_eq!(answer.status, 202, "{answer:?}");
        answer.body["id"].as_str().unwrap().to_owned()
    }

    /// The message `id`.
    pub(crate) fn message(&self, id: &str) -> Value {
        self.get(&format!("/api/v1/messages/{id}"))
    }

    /// Waits until the message is in `state`.
    pub(crate) fn wait_for_state(&self, id: &str, state: &str) -> Value {
        let message = wait_for(|| Some(self.message(id)).filter(|it| it["state"] == state));
        message.unwrap_or_else(|| panic!("not {state}: {:#}\n{}", self.message(id), self.log()))
    }

    /// The events of a message, oldest first, as `eventType outcome`.
    pub(crate) fn events(&self, message: &Value) -> Vec<String> {
        let transaction = message["transaction_id"].as_str().unwrap();
        let events = self.system_log(&format!("transaction.id eq \"{transaction}\""));
        let named = events.iter().map(|event| {
            let word = |value: &Value| value.as_str().unwrap().to_owned();
            format!("{} {}", word(&event["eventType"]), word(&event["outcome"]["result"]))
        });
        named.collect()
    }

    /// The events of the System Log that meet a filter, in the order of commits, from all pages.
    pub(crate) fn system_log(&self, filter: &str) -> Vec<Value> {
        let query = form_urlencoded::Serializer::new("limit=1000&after=p0".to_owned())
            .extend_pairs((!filter.is_empty()).then_some(("filter", filter)))
            .finish();
        let (mut events, mut path) = (Vec::new(), format!("/api/v1/logs?{query}"));
        loop {
            let answer = self.request("GET", &path, None);
            assert_eq!(answer.status, 200, "{path}: {answer:?}");
            let next = answer.link("next").unwrap();
            let page = answer.body.as_array().unwrap();
            if page.is_empty() && next == path {
                return events;
            }
            events.extend(page.iter().cloned());
            path = next;
        }
    }

    /// The events of what was sent and what was refused.
    pub(crate) fn sent_events(&self) -> Vec<Value> {
        self.system_log("debugContext.debugData.channel pr")
    }

    /// How the modem is.
    pub(crate) fn modem(&self, name: &str) -> Value {
        self.get(&format!("/api/v1/modems/{name}"))
    }

    /// Waits until the modem is in `state`.
    pub(crate) fn wait_for_modem(&self, name: &str, state: &str) -> Value {
        let modem = wait_for(|| Some(self.modem(name)).filter(|it| it["state"] == state));
        modem.unwrap_or_else(|| panic!("not {state}: {:#}\n{}", self.modem(name), self.log()))
    }

    /// How often the network saw a segment.
    pub(crate) fn submits(&self) -> usize {
        self.sim.network().submits().len()
    }

    /// What the host wrote to a modem, a line each.
    pub(crate) fn written_to(&self, modem: &str) -> Vec<String> {
        let lines = self.sim.modem(modem).transcript().into_iter();
        lines
            .filter(|line| format!("{:?}", line.direction).eq_ignore_ascii_case("tx"))
            .map(|line| line.text)
            .collect()
    }
}

impl Answer {
    /// The path and query of a link.
    pub(crate) fn link(&self, relation: &str) -> Option<String> {
        let links = self.headers.get_all("link").iter().map(|link| link.to_str().unwrap());
        let mut links = links.filter(|it| it.ends_with(&format!("; rel=\"{relation}\"")));
        let (target, _) = links.next()?.strip_prefix("<http://127.0.0.1:")?.split_once('>')?;
        Some(target[target.find("/api/")?..].to_owned())
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        if let Some(daemon) = &mut self.daemon {
            let _ = daemon.process.kill();
            let _ = daemon.process.wait();
        }
    }
}

impl Builder {
    /// With so many modems.
    pub(crate) fn modems(mut self, modems: usize) -> Self {
        self.modems = modems;
        self
    }

    /// With modems of these families, in turns.
    pub(crate) fn family(mut self, family: Family) -> Self {
        self.families.push(family);
        self
    }

    /// With this in the configuration, before the modems.
    pub(crate) fn config(mut self, toml: &str) -> Self {
        self.config = toml.to_owned();
        self
    }

    /// With this behind the keys of its policy.
    pub(crate) fn policy(mut self, toml: &str) -> Self {
        self.policy = toml.to_owned();
        self
    }

    /// With this in the configuration of each modem.
    pub(crate) fn modem_config(mut self, toml: &str) -> Self {
        self.modem_config = toml.to_owned();
        self
    }

    /// With this in the configuration of one modem.
    pub(crate) fn config_of(mut self, modem: &'static str, toml: &str) -> Self {
        self.modem_configs.insert(modem, toml.to_owned());
        self
    }

    /// With modems that are heard through their ports of samples.
    pub(crate) fn audible(mut self) -> Self {
        self.audible = true;
        self
    }

    /// With a network that takes so long.
    pub(crate) fn latency(mut self, latency: Duration) -> Self {
        self.latency = latency;
        self
    }

    /// With a modem that is found by this key and value, in the place of its port; `{imei}` and `{iccid}`
    /// stand for its own.
    pub(crate) fn found_by(mut self, modem: &'static str, toml: &str) -> Self {
        self.locators.insert(modem, toml.to_owned());
        self
    }

    /// With a modem `x1`, `x2`, … on each of these ports, which no simulator made.
    pub(crate) fn port(mut self, port: &Path) -> Self {
        self.extra_ports.push(port.to_owned());
        self
    }

    /// With a disk of so many MiB below the database.
    pub(crate) fn disk(mut self, size: u32) -> Self {
        self.disk = Some(size);
        self
    }

    /// With a daemon that may not open what the modes of files forbid, even where root runs it.
    pub(crate) fn bound_by_modes(mut self) -> Self {
        self.bound_by_modes = true;
        self
    }

    /// Starts the simulator and the daemon, and waits until all simulated modems are ready.
    pub(crate) async fn start(self) -> Gateway {
        let gateway = self.start_without_waiting().await;
        for modem in gateway.sim.modems() {
            gateway.wait_for_modem(&modem.name(), "ready");
        }
        gateway
    }

    /// Starts the simulator and the daemon.
    pub(crate) async fn start_without_waiting(self) -> Gateway {
        let mut gateway = self.prepare().await;
        gateway.start_daemon();
        gateway
    }

    /// Starts the simulator, writes the configuration and makes the token.
    pub(crate) async fn prepare(self) -> Gateway {
        let dir = tempfile::tempdir().unwrap();
        let mut sim = Simulator::builder()
            .dir(dir.path().join("dev"))
            .modems(self.modems)
            .latency(self.latency);
        for family in self.families {
            sim = sim.family(family);
        }
        let sim = sim.start().await.unwrap();
        let mut toml = format!(
            "[http]\nlisten = \"127.0.0.1:0\"\n[store]\npath = {:?}\n{}\n[policy]\n\
             home_region = \"US\"\nregions = [\"*\"]\n{}\n",
            database_path(dir.path(), self.disk),
            self.config,
            self.policy,
        );
        // Many daemons start at one time here: each has as little made ready to be spoken as can be.
        if !self.config.contains("[voice]") {
            toml += "[voice]\nengines = [\"espeak-ng\"]\n";
        }
        let own = sim.modems().into_iter().map(|modem| {
            let locator = self.locators.get(&*modem.name());
            let filled = locator
                .map(|it| it.replace("{imei}", &modem.imei()).replace("{iccid}", &modem.iccid()));
            let mut keys = filled.unwrap_or_else(|| format!("port = {:?}", modem.port()));
            if self.audible {
                let _ = write!(keys, "\naudio_port = {:?}", modem.audio_port());
            }
            (modem.name(), keys)
        });
        let extra = self.extra_ports.into_iter().zip(1..);
        let extra = extra.map(|(port, number)| (format!("x{number}"), format!("port = {port:?}")));
        for (name, locator) in own.chain(extra) {
            let more = self.modem_configs.get(&*name).unwrap_or(&self.modem_config);
            let _ = write!(toml, "[[modem]]\nname = {name:?}\n{locator}\n{more}\n");
        }
        std::fs::write(dir.path().join("ringpost.toml"), toml).unwrap();
        for folder in ["disk", "new"] {
            std::fs::create_dir(dir.path().join(folder)).unwrap();
        }
        let token = create_token(&dir.path().join("ringpost.toml"), "test", &["admin"]);
        let (environment, disk, bound_by_modes) = (Vec::new(), self.disk, self.bound_by_modes);
        Gateway { dir, sim, token, environment, daemon: None, disk, bound_by_modes }
    }
}

/// The daemon without what root may do beyond the modes of files.
fn bound_by_modes() -> Command {
    let is_root = std::fs::metadata("/proc/self").unwrap().uid() == 0;
    if !is_root {
        return Command::new(RINGPOST);
    }
    let mut command = Command::new("setpriv");
    command.args(["--bounding-set", "-dac_override,-dac_read_search", "--", RINGPOST]);
    command
}

fn database_path(dir: &Path, disk: Option<u32>) -> PathBuf {
    if disk.is_some() { dir.join("disk/ringpost.db") } else { dir.join("ringpost.db") }
}

/// Runs a command with `input` as its standard input; it may end without reading all of that.
pub(crate) fn run_with(command: &mut Command, input: &str) -> Output {
    let command = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    child.wait_with_output().unwrap()
}

/// Makes a token with the command line.
pub(crate) fn create_token(config: &Path, name: &str, scopes: &[&str]) -> String {
    let mut command = Command::new(RINGPOST);
    command.args(["token", "create", "--name", name, "--config"]).arg(config);
    for scope in scopes {
        command.args(["--scope", scope]);
    }
    let output = command.output().unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// Looks until there is something to see, or patience ends.
pub(crate) fn wait_for<T>(mut look: impl FnMut() -> Option<T>) -> Option<T> {
    let until = Instant::now() + PATIENCE;
    loop {
        match look() {
            Some(seen) => return Some(seen),
            None if Instant::now() >= until => return None,
            None => tokio::task::block_in_place(|| thread::sleep(LOOK)),
        }
    }
}
