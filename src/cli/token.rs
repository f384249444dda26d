//! `ringpost token`.

use std::{
    env,
    io::{self, Write as _},
};

use clap::Subcommand;
use serde_json::json;

use super::{Failure, Files, Output, table::table};
use crate::{
    config::{self, Config},
    domain::{Actor, Event, GatewayEvent, Outcome, Scope, Scopes, Target, Timestamp},
    http,
    store::{self, Store},
};

#[derive(Debug, Subcommand)]
pub(super) enum Token {
    /// Make a token; prints its secret once, alone on standard output.
    Create {
        #[command(flatten)]
        files: Files,
        /// Name of the token: the actor of its events.
        #[arg(long)]
        name: String,
        /// What it may do; may be given several times, or separated by commas.
        #[arg(long = "scope", required = true, value_delimiter = ',', num_args = 1..)]
        scopes: Vec<Scope>,
        #[command(flatten)]
        output: Output,
    },
    /// Take a token back: from now on it opens nothing.
    Revoke {
        /// Its name.
        #[arg(long)]
        name: String,
        #[command(flatten)]
        files: Files,
    },
    /// See the tokens and what they may do.
    List {
        #[command(flatten)]
        files: Files,
        #[command(flatten)]
        output: Output,
    },
}

impl Token {
    pub(super) fn run(self) -> Result<(), Failure> {
        match self {
            Self::Create { files, name, scopes, output } => create(&files, &name, scopes, output),
            Self::Revoke { name, files } => revoke(&files, &name),
            Self::List { files, output } => list(&files, output),
        }
    }
}

fn create(files: &Files, name: &str, scopes: Vec<Scope>, output: Output) -> Result<(), Failure> {
    let config = Config::load(&files.config, config::environment())?;
    if name.trim().is_empty() {
        return Err(Failure::Failed("a token needs a name".into()));
    }
    let made = http::new_token(name.to_owned(), Scopes::new(scopes))
        .map_err(|cause| Failure::while_doing("make a secret", cause))?;
    let (token, sha256) = (made.token.clone(), made.sha256);
    let stored = with_store(&config, move |tx| {
        store::token::insert(tx, &token, &sha256, Timestamp::now())?;
        tell(tx, GatewayEvent::TokenCreate, &token)
    });
    stored.map_err(|cause| match cause {
        cause if cause.is_conflict() => {
            Failure::Failed(format!("there is a token named {name:?} already"))
        }
        cause => {
            let what = format!("store the token in {}", config.store.path.display());
            Failure::while_doing(&what, cause)
        }
    })?;
    let value = json!({
        "id": made.token.id,
        "name": made.token.name,
        "scopes": scopes_of(&made.token),
        "secret": made.secret.reveal(),
    });
    output.print(&value, |_| made.secret.reveal().to_owned())?;
    if !output.json {
        let _ = writeln!(io::stderr(), "Keep it safe: it is shown only now.");
    }
    Ok(())
}

fn revoke(files: &Files, name: &str) -> Result<(), Failure> {
    let config = Config::load(&files.config, config::environment())?;
    let wanted = name.to_owned();
    let revoked = with_store(&config, move |tx| {
        let token = store::token::revoke(tx, &wanted)?;
        token.iter().try_for_each(|token| tell(tx, GatewayEvent::TokenRevoke, token))?;
        Ok(token)
    });
    match revoked.map_err(|cause| Failure::while_doing("take the token back", cause))? {
        Some(_) => Ok(()),
        None => Err(Failure::Failed(format!("there is no token named {name:?}"))),
    }
}

fn list(files: &Files, output: Output) -> Result<(), Failure> {
    let config = Config::load(&files.config, config::environment())?;
    let tokens = with_store(&config, |tx| store::token::list(tx))
        .map_err(|cause| Failure::while_doing("read the tokens", cause))?;
    let value = tokens
        .iter()
        .map(|token| json!({"id": token.id, "name": token.name, "scopes": scopes_of(token)}));
    output.print(&value.collect(), |_| {
        let rows = tokens.iter().map(|it| [it.name.clone(), it.scopes.to_string()]);
        table(["NAME", "SCOPES"], rows.collect())
    })
}

fn scopes_of(token: &store::token::Token) -> Vec<String> {
    token.scopes.to_string().split(' ').map(str::to_owned).collect()
}

/// Writes into the System Log what was done to a token, and by whom.
fn tell(
    tx: &store::Tx<'_>,
    kind: GatewayEvent,
    token: &store::token::Token,
) -> Result<(), store::Error> {
    // Whoever became root for it is meant.
    let who = ["SUDO_USER", "USER", "LOGNAME"].into_iter().find_map(|name| env::var(name).ok());
    let actor = Actor::shell(who.unwrap_or_else(|| "unknown".into()));
    let target = Target { id: token.id.clone(), name: Some(token.name.clone()), before: None };
    // Not before what is stored: the clock of this box may not have been set yet.
    let at = store::boot::latest(tx)?.map_or(Timestamp::now(), |at| at.max(Timestamp::now()));
    let event = Event::by(actor, kind, Outcome::Success, at);
    store::event::append(tx, &event.to(Some(target), Some(token.scopes.to_string())))
}

fn with_store<T: Send + 'static>(
    config: &Config,
    job: impl FnOnce(&store::Tx<'_>) -> Result<T, store::Error> + Send + 'static,
) -> Result<T, store::Error> {
    let runtime =
        tokio::runtime::Builder::new_current_thread().build().map_err(|_| store::Error::Closed)?;
    let path = &config.store.path;
    // Whoever closes a store last removes its log, which would have told the daemon to check it.
    if !store::Lock::is_held(path).unwrap_or(true) {
        store::check_if_left_open(path)?;
    }
    let store = Store::open(path)?;
    runtime.block_on(async {
        let stored = store.write(job).await;
        store.close().await;
        stored
    })
}
