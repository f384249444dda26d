//! shim
mod script;
use crate::domain::{Detail, Sound};
pub use script::{Heard, Interrupts, speak};
#[derive(Debug, Clone)]
pub struct Speech;
pub struct PromptRequest<'a> {
    pub locale: &'a str,
    pub said: Said<'a>,
    pub confirm: bool,
    pub keys: bool,
}
pub enum Said<'a> {
    Code(&'a str),
    Text(&'a str),
}
#[derive(Debug, Clone)]
pub struct Prompt {
    pub greeting: Vec<Sound>,
    pub gate: Option<Vec<Sound>>,
    pub message: Vec<Sound>,
    pub offer: Option<Vec<Sound>>,
    pub bye: Vec<Sound>,
}
impl Prompt {
    pub fn sounds(&self) -> impl Iterator<Item = &Sound> {
        self.greeting.iter().chain(&self.message)
    }
}
#[derive(Debug)]
pub struct SpeechError;
impl std::fmt::Display for SpeechError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("x")
    }
}
impl SpeechError {
    pub fn detail(&self) -> Detail {
        Detail::Bug
    }
}
impl Speech {
    pub async fn prompt(&self, _: &PromptRequest<'_>) -> Result<Prompt, SpeechError> {
        Err(SpeechError)
    }
}
