//! Why there is no such board.

use std::{fmt, io, path::PathBuf};

/// Why a board cannot be used.
#[derive(Debug)]
pub enum BoardError {
    /// A file or folder cannot be read.
    Unreadable {
        /// Which one.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A board file says what no board can be.
    Refused {
        /// The file.
        file: PathBuf,
        /// The line, counted from 1.
        line: usize,
        /// The board.
        board: String,
        /// What is wrong, and what would be right.
        what: String,
    },
}

impl fmt::Display for BoardError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable { path, source } => {
                write!(f, "{}: cannot be read: {source}", path.display())
            }
            Self::Refused { file, line, board, what } => {
                write!(f, "{}:{line}: board {board:?}: {what}", file.display())
            }
        }
    }
}

impl std::error::Error for BoardError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Unreadable { source, .. } => Some(source),
            Self::Refused { .. } => None,
        }
    }
}
