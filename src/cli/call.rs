//! `ringpost call`.

use serde_json::json;

use super::{Failure, order::Order, text};

#[derive(Debug, clap::Args)]
pub(super) struct Call {
    /// Reads this code out; without a value it is read from standard input, where other users of this box
    /// cannot see it.
    #[arg(long, num_args = 0..=1, conflicts_with = "text")]
    code: Option<Option<String>>,
    /// Says this text; where neither is given, a text is read from standard input.
    #[arg(long)]
    text: Option<String>,
    /// Says it only after the key 1 was pressed: no voicemail does that.
    #[arg(long)]
    confirm: bool,
    /// Send a text where nobody takes the call; it has half of the time for that.
    #[arg(long)]
    or_text: bool,
    #[command(flatten)]
    order: Order,
}

impl Call {
    pub(super) fn run(self) -> Result<(), Failure> {
        let (said, given) = match self.code {
            Some(code) => ("code", code),
            None => ("text", self.text),
        };
        let text = text::given_or_read(given)?;
        self.order.place([
            ("channel", Some(json!("voice"))),
            (said, Some(json!(text))),
            ("confirm", self.confirm.then_some(json!(true))),
            ("fallback", self.or_text.then_some(json!("sms"))),
        ])
    }
}
