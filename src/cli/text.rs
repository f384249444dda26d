//! Texts from the command line or from standard input.

use std::io::Read as _;

use super::Failure;

/// The text that was given, or what standard input holds but for its last line feed. Other users of a box
/// see arguments, and do not see standard input.
pub(super) fn given_or_read(given: Option<String>) -> Result<String, Failure> {
    if let Some(text) = given {
        return Ok(text);
    }
    let mut text = String::new();
    std::io::stdin()
        .read_to_string(&mut text)
        .map_err(|cause| Failure::while_doing("read the text", cause))?;
    Ok(text.strip_suffix('\n').unwrap_or(&text).to_owned())
}
