//! `ringpost token`.

use std::io::{self, Write as _};

use clap::Subcommand;
use serde_json::json;

use super::{Failure, Files, Output};
use crate::{
    config::{self, Config},
    domain::{Scope, Scopes, Timestamp},
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
}

impl Token {
    pub(super) fn run(self) -> Result<(), Failure> {
        let Self::Create { files, name, scopes, output } = self;
        let config = Config::load(&files.config, config::environment())?;
        if name.trim().is_empty() {
            return Err(Failure::Failed("a token needs a name".into()));
        }
        let made = http::new_token(name.clone(), Scopes::new(scopes))
            .map_err(|cause| Failure::while_doing("make a secret", cause))?;
        let (token, sha256) = (made.token.clone(), made.sha256);
        store_token(&config, move |tx| store::token::insert(tx, &token, &sha256, Timestamp::now()))
            .map_err(|cause| match cause {
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
            "scopes": made.token.scopes.to_string().split(' ').collect::<Vec<_>>(),
            "secret": made.secret.reveal(),
        });
        output.print(&value, |_| made.secret.reveal().to_owned())?;
        if !output.json {
            let _ = writeln!(io::stderr(), "Keep it safe: it is shown only now.");
        }
        Ok(())
    }
}

fn store_token(
    config: &Config,
    job: impl FnOnce(&store::Tx<'_>) -> Result<(), store::Error> + Send + 'static,
) -> Result<(), store::Error> {
    let runtime =
        tokio::runtime::Builder::new_current_thread().build().map_err(|_| store::Error::Closed)?;
    let store = Store::open(&config.store.path)?;
    runtime.block_on(async {
        let stored = store.write(job).await;
        store.close().await;
        stored
    })
}
