//! The voices of Asterisk's core sounds, as Debian packages them: recorded for telephones by professionals.

use std::{
    fs,
    path::{Path, PathBuf},
};

use super::{CHARACTERS, Manifest, Pack, Recording};

/// A voice: its folder in `/usr/share/asterisk/sounds`, and what the package's copyright file says of it.
struct Voice {
    folder: &'static str,
    name: &'static str,
    locales: &'static [&'static str],
    voice: &'static str,
    licence: &'static str,
    credit: &'static str,
}

const VOICES: [Voice; 5] = [
    Voice {
        folder: "en_US_f_Allison",
        name: "asterisk-en",
        locales: &["en"],
        voice: "Allison Smith",
        licence: "CC-BY-SA-3.0",
        credit: "Recorded by Allison Smith (theivrvoice.com); Digium, Inc.",
    },
    Voice {
        folder: "es_MX_f_Allison",
        name: "asterisk-es",
        locales: &["es-419", "es"],
        voice: "Allison Smith",
        licence: "CC-BY-SA-3.0",
        credit: "Recorded by Allison Smith (theivrvoice.com); Digium, Inc.",
    },
    Voice {
        folder: "fr_CA_f_June",
        name: "asterisk-fr",
        locales: &["fr"],
        voice: "June Wallack",
        licence: "CC-BY-SA-3.0",
        credit: "Recorded by June Wallack (junewallack.com); Digium, Inc., Unlimitel, BGM Informatique",
    },
    Voice {
        folder: "it_IT_m_Carlo",
        name: "asterisk-it",
        locales: &["it"],
        voice: "Carlo Flora",
        licence: "CC-BY-3.0",
        credit: "Recorded by Carlo Flora (carloflora.com)",
    },
    Voice {
        folder: "ru_RU_f_IvrvoiceRU",
        name: "asterisk-ru",
        locales: &["ru"],
        voice: "ivrvoice.ru",
        licence: "CC-BY-3.0",
        credit: "Provided by Maxim Topal (ivrvoice.ru)",
    },
];

/// The packs that a folder of one voice, or of several, makes.
pub(super) fn packs(folder: &Path) -> Vec<Pack> {
    VOICES.iter().filter_map(|voice| pack(folder, voice)).collect()
}

fn pack(folder: &Path, voice: &Voice) -> Option<Pack> {
    let itself = folder.file_name().is_some_and(|name| name == voice.folder);
    let folder = if itself { folder.to_owned() } else { folder.join(voice.folder) };
    if !folder.join("digits").is_dir() {
        return None;
    }
    let recording = |character: char| {
        let file = file_of(character);
        let says = character.to_string();
        folder.join(&file).is_file().then_some((says.clone(), Recording { file, says }))
    };
    let manifest = Manifest {
        voice: voice.voice.to_owned(),
        licence: voice.licence.to_owned(),
        credit: voice.credit.to_owned(),
        locales: voice.locales.iter().map(|tag| (*tag).to_owned()).collect(),
        clips: CHARACTERS.chars().filter_map(recording).collect(),
    };
    // A link, as Debian has them for languages, leads to the folder of the voice.
    let folder = fs::canonicalize(folder).ok()?;
    Some(Pack { name: voice.name.to_owned(), manifest, folder })
}

fn file_of(character: char) -> PathBuf {
    let folder = if character.is_ascii_digit() { "digits" } else { "letters" };
    PathBuf::from(folder).join(format!("{}.wav", character.to_ascii_lowercase()))
}
