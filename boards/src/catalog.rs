//! The boards there are.

use std::{collections::BTreeMap, fs, io, path::Path};

use crate::{Board, BoardError, parse};

/// Files of the boards that come with Ringpost.
const EMBEDDED: &[(&str, &str)] = &[
    ("adafruit-fona.toml", include_str!("../data/adafruit-fona.toml")),
    ("generic-usb.toml", include_str!("../data/generic-usb.toml")),
    ("seeed-lara-r2-hat.toml", include_str!("../data/seeed-lara-r2-hat.toml")),
    ("simulator.toml", include_str!("../data/simulator.toml")),
    ("sixfab-base-hat.toml", include_str!("../data/sixfab-base-hat.toml")),
    ("sixfab-cellular-iot-app.toml", include_str!("../data/sixfab-cellular-iot-app.toml")),
    ("sixfab-cellular-iot-hat.toml", include_str!("../data/sixfab-cellular-iot-hat.toml")),
    ("sixfab-gprs-shield.toml", include_str!("../data/sixfab-gprs-shield.toml")),
    ("waveshare-sim7070-hat.toml", include_str!("../data/waveshare-sim7070-hat.toml")),
    ("waveshare-sim7600x-hat.toml", include_str!("../data/waveshare-sim7600x-hat.toml")),
    ("waveshare-sim800c-hat.toml", include_str!("../data/waveshare-sim800c-hat.toml")),
];

/// The boards that come with Ringpost, and those of the site.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Catalog {
    boards: BTreeMap<String, Board>,
}

impl Catalog {
    /// The boards that come with Ringpost.
    ///
    /// # Errors
    /// If one of them cannot be used; the tests of this crate see to it that all can.
    pub fn embedded() -> Result<Self, BoardError> {
        let mut boards = BTreeMap::new();
        for (file, text) in EMBEDDED.iter().copied() {
            let board = parse::board(Path::new(file), text)?;
            boards.insert(board.name.clone(), board);
        }
        Ok(Self { boards })
    }

    /// Adds the boards of a folder's `*.toml` files. A board replaces the one of the same name that
    /// was there; a folder that does not exist adds nothing.
    ///
    /// # Errors
    /// If a file cannot be read or used; the catalog is as it was then.
    pub fn extend_from(&mut self, folder: &Path) -> Result<(), BoardError> {
        let unreadable = |path: &Path, source| BoardError::Unreadable { path: path.into(), source };
        let entries = match fs::read_dir(folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(unreadable(folder, error)),
        };
        let mut added = BTreeMap::new();
        for entry in entries {
            let path = entry.map_err(|error| unreadable(folder, error))?.path();
            if path.extension().is_some_and(|extension| extension == "toml") {
                let text = fs::read_to_string(&path).map_err(|error| unreadable(&path, error))?;
                let board = parse::board(&path, &text)?;
                added.insert(board.name.clone(), board);
            }
        }
        self.boards.append(&mut added);
        Ok(())
    }

    /// The board of a name.
    pub fn get(&self, name: &str) -> Option<&Board> {
        self.boards.get(name)
    }

    /// All boards, by name.
    pub fn iter(&self) -> impl Iterator<Item = &Board> {
        self.boards.values()
    }
}
