//! Ringpost, as anybody would run it.

use std::path::{Path, PathBuf};

use anyhow::{Result, ensure};

use super::{Gateway, Text};
use crate::rig::{Air, Ringpost, Settings, Usage};

/// Clients that send at once, where there is more than one text.
const CLIENTS: usize = 16;

pub(super) struct Ours {
    program: PathBuf,
    daemon: Option<Ringpost>,
}

impl Ours {
    pub(super) fn new(program: &Path) -> Self {
        Self { program: program.to_owned(), daemon: None }
    }
}

impl Gateway for Ours {
    fn start(&mut self, folder: &Path, air: &Air) -> Result<()> {
        if let Some(daemon) = &mut self.daemon {
            daemon.serve()?;
            return daemon.wait_until_ready(air.modems());
        }
        self.daemon = Some(Ringpost::start(&self.program, folder, air, &Settings::default())?);
        Ok(())
    }

    fn send(&mut self, texts: &[Text]) -> Result<()> {
        ensure!(self.daemon.is_some(), "it does not run");
        let Some(daemon) = &self.daemon else { return Ok(()) };
        let requests: Vec<_> =
            texts.iter().map(|(to, text)| daemon.message(to, "bulk", text)).collect();
        daemon.accept(&requests, CLIENTS.min(texts.len())).map(drop)
    }

    fn usage(&self) -> Usage {
        self.daemon.as_ref().map(Ringpost::usage).unwrap_or_default()
    }

    fn stop(&mut self) {
        // What has not ended by then is killed.
        let _ = self.daemon.take().map(|mut daemon| daemon.stop());
    }

    fn kill(&mut self) {
        if let Some(daemon) = &mut self.daemon {
            daemon.kill();
        }
    }

    fn says(&self, (to, _): &Text) -> String {
        let list = self.daemon.as_ref().and_then(|daemon| daemon.get("/api/v1/messages").ok());
        let list = list.unwrap_or_default();
        let messages = list["items"].as_array().into_iter().flatten();
        let ours = messages.filter(|it| it["to"].as_str() == Some(to));
        let state = |it: &serde_json::Value| {
            let reason = it["reason"]["detail"].as_str().map(|it| format!(", {it}"));
            let segment = it["segments"][0]["state"].as_str().unwrap_or("none");
            let state = it["state"].as_str().unwrap_or_default();
            format!("{state}{} (segment {segment})", reason.unwrap_or_default())
        };
        ours.map(state).collect::<Vec<_>>().join("; ")
    }
}
