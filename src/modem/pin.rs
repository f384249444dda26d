//! The PIN of a SIM, from a file of its own: it is read when it is needed, so that it can be corrected while
//! the daemon runs, and is kept nowhere.

use std::{fs, path::Path};

use ringpost_hal::at::Pin;
use zeroize::Zeroizing;

use super::Problem;
use crate::domain::Detail;

/// Reads a PIN.
pub(super) fn read(file: &Path) -> Result<Pin, Problem> {
    let problem = |message: String, hint: &str| Problem {
        detail: Detail::SimLocked,
        message,
        hint: hint.to_owned(),
    };
    let shown = file.display();
    let text = fs::read_to_string(file).map(Zeroizing::new).map_err(|cause| {
        problem(
            format!("The SIM wants its PIN, and {shown} cannot be read: {cause}."),
            "Write the PIN into that file, and let Ringpost's user alone read it.",
        )
    })?;
    Pin::parse(text.trim()).ok_or_else(|| {
        problem(
            format!("The SIM wants its PIN, and {shown} holds none."),
            "The file holds the PIN, 4 to 8 digits, and nothing else.",
        )
    })
}
