//! What a call says: from a code and a language to sounds, by engines, recordings and clips that are kept; and
//! when it says what.
//!
//! [`Speech`] is the way in. `wording` holds what is said in each language, `plan` puts it in order, `engine`
//! makes a voice say it, `pack` has people say it, `dsp` fits it to a telephone, `cache` keeps what may be kept: phrases that are the same
//! for everybody, and single characters. A code never reaches an engine. `script` plays a prompt into a call.

mod cache;
mod dsp;
mod engine;
mod pack;
mod plan;
mod prompt;
mod script;
mod settings;
mod speech;
mod wording;

pub use engine::EngineError;
pub use pack::{Pack, import};
pub use plan::Reading;
pub use prompt::{Prompt, PromptRequest, Said, SpeechError};
pub use script::{Heard, Interrupts, speak};
pub use settings::{EngineSettings, Output, Settings};
pub use speech::{Speech, Spoken, Warmth};
