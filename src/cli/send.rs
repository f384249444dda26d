//! `ringpost send`.

use serde_json::json;

use super::{Failure, order::Order, text};

#[derive(Debug, clap::Args)]
pub(super) struct Send {
    /// The text; else it is read from standard input, where other users of this box cannot see it.
    #[arg(long)]
    text: Option<String>,
    /// What is read is a code, which a template makes a text of.
    #[arg(long)]
    code: bool,
    /// Id or name of the template for the code.
    #[arg(long, requires = "code")]
    template: Option<String>,
    /// Shown at once and kept nowhere.
    #[arg(long)]
    flash: bool,
    /// Call where the text does not arrive; it has half of the time for that.
    #[arg(long)]
    or_call: bool,
    #[command(flatten)]
    order: Order,
}

impl Send {
    pub(super) fn run(self) -> Result<(), Failure> {
        let said = if self.code { "code" } else { "text" };
        let text = text::given_or_read(self.text)?;
        self.order.place([
            ("channel", Some(json!("sms"))),
            (said, Some(json!(text))),
            ("template", self.template.map(|it| json!(it))),
            ("flash", self.flash.then_some(json!(true))),
            ("fallback", self.or_call.then_some(json!("voice"))),
        ])
    }
}
