//! The engines that Ringpost knows by itself.

use super::program::Program;
use crate::voice::settings::{EngineSettings, Output};

/// What an engine is and says, but for the voices of eSpeak NG: those stand with the wording.
struct Known {
    name: &'static str,
    command: &'static [&'static str],
    output: Output,
    voices: &'static [(&'static str, &'static str)],
}

/// `docs/voice.md` has the measurements behind which voice is whose.
const KNOWN: [Known; 2] = [
    Known {
        name: "flite",
        // It goes back to the head of what it wrote, which a pipe cannot.
        command: &[
            "flite",
            "-voice",
            "{voice}",
            "--setf",
            "duration_stretch={stretch}",
            "-o",
            "{out}",
        ],
        output: Output::Wav,
        voices: &[("en", "rms")],
    },
    Known {
        name: ESPEAK,
        command: &["espeak-ng", "--stdin", "--stdout", "-v", "{voice}", "-s", "{wpm}"],
        output: Output::Wav,
        voices: &[],
    },
];

/// The engine whose voices stand with the wording.
pub(in crate::voice) const ESPEAK: &str = "espeak-ng";

/// The engine of that name; `wording` are the languages that there are words in, with eSpeak NG's voice for them.
pub(in crate::voice) fn known(name: &str, wording: &[(String, String)]) -> Option<Program> {
    let known = KNOWN.iter().find(|known| known.name == name)?;
    let owned = |(tag, voice): &(&str, &str)| ((*tag).to_owned(), (*voice).to_owned());
    let voices = known.voices.iter().map(owned);
    let voices = if name == ESPEAK { wording.to_vec() } else { voices.collect() };
    Some(Program::new(&EngineSettings {
        name: name.to_owned(),
        command: known.command.iter().map(|word| (*word).to_owned()).collect(),
        output: known.output,
        voices,
    }))
}
