//! From the text of a board file to a board, or to what is wrong with it and where.

use std::path::Path;

use toml::de::DeTable;

use crate::{Board, BoardError};

/// The board that `text`, the content of `file`, describes.
pub(crate) fn board(file: &Path, text: &str) -> Result<Board, BoardError> {
    let stem = file.file_stem().map(|stem| stem.to_string_lossy().into_owned());
    let name = stem.unwrap_or_default();
    let refused = |at: usize, what: String| BoardError::Refused {
        file: file.to_owned(),
        line: text.bytes().take(at).filter(|byte| *byte == b'\n').count() + 1,
        board: name.clone(),
        what,
    };
    let board: Board = toml::from_str(text).map_err(|error| {
        refused(error.span().map_or(0, |span| span.start), error.message().to_owned())
    })?;
    match fault(&board, &name) {
        Some((path, what)) => Err(refused(place(text, &path), what)),
        None => Ok(board),
    }
}

/// What is wrong with a board whose file is named `name`, and the path of the key to blame.
fn fault(board: &Board, name: &str) -> Option<(Vec<&'static str>, String)> {
    if board.name != name {
        let what = format!("the name is {:?}, but the file is named {name}.toml", board.name);
        return Some((vec!["name"], what));
    }
    let mut seen: Vec<(&str, &crate::Line)> = Vec::new();
    for (role, line) in board.lines.iter() {
        if line.chips.is_empty() {
            return Some((
                vec!["lines", role],
                format!("{role} names no chip; give the label of one in chips"),
            ));
        }
        if let Some((other, _)) = seen.iter().find(|(_, other)| other.is_same_pin(line)) {
            let pin = line.line;
            return Some((
                vec!["lines", role],
                format!("{role} uses line {pin}, which {other} uses already"),
            ));
        }
        seen.push((role, line));
    }
    None
}

/// Where the key of `path` is written in `text`.
fn place(text: &str, path: &[&str]) -> usize {
    let Ok(root) = DeTable::parse(text) else { return 0 };
    let mut at = 0;
    let mut table = Some(root.get_ref());
    for step in path {
        let found = table.and_then(|table| table.iter().find(|(key, _)| key.get_ref() == step));
        let Some((key, value)) = found else { break };
        at = key.span().start;
        table = value.get_ref().as_table();
    }
    at
}
