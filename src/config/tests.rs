//! What is taken, and the exact words of every refusal.

use std::{net::SocketAddr, path::Path};

use rlibphonenumber::Region;

use super::{Config, ConfigError, Regions};
use crate::domain::Lane;

#[test]
fn dump() {
    for text in [
        "[http]\nlisten=1\n[[modem]]\nport=\"/d\"\nname='a'\n\n[[modem]]\nname='a'\nfoo=1\n[outbox]\nresend_after_secs=3\n[policy]\nregions=[\n'US',\n'uk', 3]\nhome_region='de'\n[x]\n",
        "a = \n b c\n",
    ] {
        println!(
            "{}\n",
            refusal(
                text,
                &[
                    ("RINGPOST_HTTP__LISTN", "1"),
                    ("RINGPOST_A__B__C", "1"),
                    ("RINGPOST_X__Y", "1"),
                    ("RINGPOST_MODEM__2__PORT", "x"),
                    ("RINGPOST_LOG__LEVEL", "inf"),
                    ("RINGPOST_POLICY__MAX_SEGMENTS", "11"),
                    ("RINGPOST_URL", "x")
                ]
            )
        );
    }
}

fn load(text: &str, env: &[(&str, &str)]) -> Result<Config, ConfigError> {
    let env = env.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Config::parse(text, Path::new("ringpost.toml"), env)
}

fn refusal(text: &str, env: &[(&str, &str)]) -> String {
    load(text, env).unwrap_err().to_string()
}
