//! `ringpost setup`: from what is plugged in to a configuration, for the first time.

mod file;
mod question;
mod stock;

use std::path::PathBuf;

use super::{Failure, Files, Machine, output, snippet};
use crate::config::{self, Config};
use file::Values;
use question::Asker;
use stock::Found;

/// Looks at what is plugged in, asks a few questions, and writes a configuration.
#[derive(Debug, clap::Args)]
pub(super) struct Setup {
    #[command(flatten)]
    files: Files,
    /// Replace a configuration that is there already; it is kept beside the new one, as .old.
    #[arg(long)]
    force: bool,
    /// Take what is proposed wherever nothing is said, and ask nothing.
    #[arg(long)]
    yes: bool,
    /// A modem on a UART or a serial converter, which is not found by itself; may be repeated.
    #[arg(long, value_name = "PATH")]
    port: Vec<PathBuf>,
    /// Speed of those ports.
    #[arg(long, default_value_t = snippet::BAUD)]
    baud: u32,
    /// Region that national numbers are read against, such as US.
    #[arg(long, value_name = "REGION")]
    home_region: Option<String>,
    /// Regions where messages may go, such as US,CA; * for anywhere.
    #[arg(long, value_name = "REGIONS")]
    regions: Option<String>,
    /// The sender's name in texts.
    #[arg(long)]
    org: Option<String>,
    #[command(flatten)]
    machine: Machine,
}

impl Setup {
    pub(super) fn run(self) -> Result<(), Failure> {
        file::may_write(&self.files.config, self.force)?;
        let found = stock::take(&self.machine.root, &self.port, self.baud)?;
        output::print(&stock::describe(&found))?;
        let asker = Asker::new(self.yes);
        let usable: Vec<&Found> = found.iter().filter(|it| it.locator.is_some()).collect();
        let modems = match usable.len() {
            0 => Vec::new(),
            _ => asker.modems(&usable)?,
        };
        let home = asker.text("home_region", self.home_region, &question::region_of_locale())?;
        let regions = asker.regions(self.regions, &home)?;
        let org = asker.text("org", self.org, "Ringpost")?;
        let text = file::filled(&Values { home, regions, org, modems });
        // The same check as `config check`, before anything is written.
        let checked = Config::parse(&text, &self.files.config, config::environment())?;
        file::write(&self.files.config, &text)?;
        output::print(&next(&self.files, &checked))
    }
}

/// What was done, and how the first message is sent.
fn next(files: &Files, config: &Config) -> String {
    let file = files.config.display();
    let own = files.config != std::path::Path::new(super::DEFAULT_CONFIG);
    let (start, option, user) = if own {
        (format!("ringpost serve --config {file} &"), format!(" --config {file}"), "")
    } else {
        (
            "sudo systemctl enable ringpost && sudo systemctl restart ringpost".to_owned(),
            String::new(),
            "sudo -u ringpost ",
        )
    };
    let warnings: String =
        config.warnings().iter().map(|warning| format!("warning: {warning}\n")).collect();
    format!(
        "\n{file} is written, and sound.\n{warnings}\nThe first message:\n  {start}\n  \
         export RINGPOST_TOKEN=$({user}ringpost token create --name me --scope admin{option})\n  \
         ringpost modems\n  echo 'Hello from my own SIM' | ringpost send YOUR_NUMBER --wait\n\n\
         `ringpost doctor{option}` says what is in the way, if anything is."
    )
}
