//! `ringpost blocklist` and `ringpost allowlist`.

use clap::Subcommand;
use serde_json::{Map, Value, json};

use super::{
    Failure, Output, Server,
    table::{cell, items, table},
};

/// Which list.
#[derive(Debug, Clone, Copy)]
pub(super) enum Which {
    Block,
    Allow,
}

impl Which {
    const fn path(self) -> &'static str {
        match self {
            Self::Block => "/api/v1/blocklist",
            Self::Allow => "/api/v1/allowlist",
        }
    }
}

#[derive(Debug, Subcommand)]
pub(super) enum Lists {
    /// See who is on it, newest first.
    List {
        /// How many of the newest.
        #[arg(long, default_value_t = 100)]
        limit: u32,
        #[command(flatten)]
        server: Server,
        #[command(flatten)]
        output: Output,
    },
    /// Put a number, a prefix or a region on it.
    Add {
        #[command(flatten)]
        whom: Whom,
        /// Why.
        #[arg(long)]
        reason: Option<String>,
        /// Until when, such as 2026-12-24T18:00:00Z; else for good.
        #[arg(long, value_name = "TIME")]
        expires_at: Option<String>,
        #[command(flatten)]
        server: Server,
        #[command(flatten)]
        output: Output,
    },
    /// Take an entry off it.
    Remove {
        /// The entry's id.
        id: String,
        #[command(flatten)]
        server: Server,
        #[command(flatten)]
        output: Output,
    },
}

#[derive(Debug, clap::Args)]
#[group(required = true, multiple = false)]
pub(super) struct Whom {
    /// E.164, or a national number of the home region.
    #[arg(long)]
    number: Option<String>,
    /// How numbers begin: a plus and digits.
    #[arg(long)]
    prefix: Option<String>,
    /// Two letters.
    #[arg(long)]
    region: Option<String>,
}

impl Lists {
    pub(super) fn run(self, which: Which) -> Result<(), Failure> {
        let path = which.path();
        match self {
            Self::List { limit, server, output } => {
                let page = server.get(&format!("{path}?limit={limit}"), output)?;
                output.print(&page, |page| {
                    let rows = items(page).map(row).collect();
                    table(["ID", "WHOM", "BY", "UNTIL", "REASON"], rows)
                })
            }
            Self::Add { whom, reason, expires_at, server, output } => {
                let members = [
                    ("number", whom.number),
                    ("prefix", whom.prefix),
                    ("region", whom.region),
                    ("reason", reason),
                    ("expires_at", expires_at),
                ];
                let given = members.into_iter().filter_map(|(name, it)| Some((name, json!(it?))));
                let body: Map<_, _> = given.map(|(name, it)| (name.to_owned(), it)).collect();
                let entry = server.post(path, &Value::Object(body), None, output)?;
                output.print(&entry, |entry| row(entry).join("  "))
            }
            Self::Remove { id, server, output } => server.delete(&format!("{path}/{id}"), output),
        }
    }
}

fn row(entry: &Value) -> [String; 5] {
    let whom = ["/number", "/prefix", "/region"].map(|pointer| cell(entry, pointer)).concat();
    let [id, by, until, reason] =
        ["/id", "/listed_by", "/expires_at", "/reason"].map(|pointer| cell(entry, pointer));
    [id, whom, by, until, reason]
}
