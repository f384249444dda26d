//! `ringpost inbound`.

use super::{
    Failure, Output, Server,
    table::{cell, items, table},
};

#[derive(Debug, clap::Args)]
pub(super) struct Inbound {
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
