//! `ringpost inbound`.

use clap::Subcommand;

use super::{
    Failure, Output, Server,
    export::{Export, Source},
    table::{cell, items, table},
};

const INBOUND: Source = Source {
    path: "/api/v1/inbound/export",
    id: "id",
    mark: "received_at",
    what: "a received message",
};

#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(super) struct Inbound {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    list: List,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Write all received messages that are kept, one JSON a line; goes on with a file that broke off.
    Export(Export),
}

#[derive(Debug, clap::Args)]
struct List {
    /// How many of the newest.
    #[arg(long, default_value_t = 20)]
    limit: u32,
    #[command(flatten)]
    server: Server,
    #[command(flatten)]
    output: Output,
}

impl Inbound {
    pub(super) fn run(self) -> Result<(), Failure> {
        match self.command {
            Some(Command::Export(export)) => export.run(INBOUND),
            None => self.list.run(),
        }
    }
}

impl List {
    fn run(&self) -> Result<(), Failure> {
        let path = format!("/api/v1/inbound?limit={}", self.limit);
        let page = self.server.get(&path, self.output)?;
        self.output.print(&page, |page| {
            let rows = items(page).map(|inbound| {
                ["/received_at", "/modem", "/from", "/text"].map(|pointer| cell(inbound, pointer))
            });
            table(["RECEIVED", "MODEM", "FROM", "TEXT"], rows.collect())
        })
    }
}
