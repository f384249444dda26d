//! `ringpost log`.

use super::{
    Failure, Output, Server,
    table::{cell, items, table},
};

#[derive(Debug, clap::Args)]
pub(super) struct Log {
    /// How many of the newest.
    #[arg(long, default_value_t = 20)]
    limit: u32,
    #[command(flatten)]
    server: Server,
    #[command(flatten)]
    output: Output,
}

impl Log {
    pub(super) fn run(self) -> Result<(), Failure> {
        let events = self.server.get(&format!("/api/v1/logs?limit={}", self.limit), self.output)?;
        self.output.print(&events, |events| {
            let rows = items(events).map(|event| {
                [
                    "/published",
                    "/eventType",
                    "/outcome/result",
                    "/debugContext/debugData/phoneNumber",
                    "/debugContext/debugData/reasonDetail",
                ]
                .map(|pointer| cell(event, pointer))
            });
            table(["PUBLISHED", "EVENT", "OUTCOME", "NUMBER", "REASON"], rows.collect())
        })
    }
}
