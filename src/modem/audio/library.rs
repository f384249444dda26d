//! The clips that a modem keeps as files: each is put there once, and named by its content.

use std::{
    collections::{BTreeMap, HashSet},
    sync::Arc,
    time::Duration,
};

use ringpost_hal::{
    at::{Answer, Classified},
    family::{Around, Files, Header, Wants},
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    time::Instant,
};
use tracing::{debug, warn};

use crate::{
    domain::{Clip, SAMPLE_RATE},
    modem::link::{Link, Lost, Sound},
};

/// How long listing or deleting files may take: flash is slow, and there may be many.
const FLASH: Duration = Duration::from_secs(15);
/// How long the modem may take to want the bytes of a file.
const BEGIN: Duration = Duration::from_secs(5);
/// How long it may take to have stored them, once they are written. Also told to those that ask for it: so long they
/// wait for bytes.
const STORE: u16 = 20;
/// Bytes written at once, so that each of these writes ends within the time of a write at 9600 baud.
const PIECE: usize = 4096;
/// What a file takes of whose length nothing is known: two seconds.
const UNKNOWN: u32 = 32 * 1024;
/// Bytes before the samples of a WAV file.
const HEADER: u32 = 44;

/// Why a call's clips are not in the modem.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::modem) enum NotKept {
    /// One of them must not be kept.
    Private,
    /// The modem does not take them.
    Refused,
    /// Nobody wants to hear them any more.
    GivenUp,
}

/// What is known of a modem's files.
#[derive(Debug, Default)]
pub(in crate::modem) struct Library {
    /// Ours by name; `None` = the modem was not asked yet.
    files: Option<BTreeMap<String, Kept>>,
    /// Counts up with each use.
    clock: u64,
}

#[derive(Debug, Clone, Copy)]
struct Kept {
    bytes: u32,
    used: u64,
}

/// The name of a clip's file; `None` = it must not be kept.
pub(super) fn name_of(clip: &Clip) -> Option<String> {
    let hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    // Half of a SHA-256's half: enough that no two of some hundred clips are taken for each other, and short
    // enough for any file system.
    let key = clip.key.get(..16.min(clip.key.len()))?;
    let good = clip.keepable && !key.is_empty() && key.bytes().all(hex);
    good.then(|| format!("{OURS}{key}{ENDING}"))
}

const OURS: &str = "rp";
const ENDING: &str = ".wav";
/// There while files are put into the modem: where it is found, that was cut off, and nobody knows in which of them.
const UNFINISHED: &str = "rpunfinished.wav";

impl Library {
    /// Has the modem keep all of `clips`, unless that is `given_up` between two of them; the names of their files.
    pub(in crate::modem) async fn keep<P: AsyncRead + AsyncWrite + Unpin>(
        &mut self,
        link: &mut Link<P>,
        how: &Files,
        clips: &[Arc<Clip>],
        given_up: &impl Fn() -> bool,
    ) -> Result<Result<HashSet<String>, NotKept>, Lost> {
        let mut wanted = BTreeMap::new();
        for clip in clips {
            let Some(name) = name_of(clip) else { return Ok(Err(NotKept::Private)) };
            wanted.insert(name, clip);
        }
        for word in how.folder {
            say(link, word, &Answer::Nothing, FLASH).await?;
        }
        if !self.look(link, how).await? {
            return Ok(Err(NotKept::Refused));
        }
        let names: HashSet<_> = wanted.keys().cloned().collect();
        wanted.retain(|name, _| !self.touch(name));
        if wanted.is_empty() {
            return Ok(Ok(names));
        }
        if !self.put(link, how, &names, UNFINISHED, &wav(&[])).await? {
            return Ok(Err(NotKept::Refused));
        }
        let mut all = true;
        for (name, clip) in wanted {
            if given_up() {
                all = false;
                break;
            }
            let bytes = wav(&clip.samples);
            if !self.put(link, how, &names, &name, &bytes).await? {
                // Whatever is there of it goes with the next look.
                self.files = None;
                return Ok(Err(NotKept::Refused));
            }
            self.clock += 1;
            let kept = Kept { bytes: length_of(&bytes), used: self.clock };
            if let Some(files) = &mut self.files {
                files.insert(name, kept);
            }
        }
        // Whatever is there now is there wholly.
        delete(link, how, UNFINISHED).await?;
        Ok(if all { Ok(names) } else { Err(NotKept::GivenUp) })
    }

    /// Whether a file is there, which is used now.
    fn touch(&mut self, name: &str) -> bool {
        self.clock += 1;
        let used = self.clock;
        let kept = self.files.as_mut().and_then(|files| files.get_mut(name));
        kept.map(|kept| kept.used = used).is_some()
    }

    /// Puts a file into the modem, in the place of others, but of none that is `needed`; says whether it took it.
    async fn put<P: AsyncRead + AsyncWrite + Unpin>(
        &mut self,
        link: &mut Link<P>,
        how: &Files,
        needed: &HashSet<String>,
        name: &str,
        bytes: &[u8],
    ) -> Result<bool, Lost> {
        self.make_room(link, how, needed, length_of(bytes)).await?;
        if !upload(link, how, name, bytes).await? {
            // Its disk may be fuller than is known here.
            self.make_room(link, how, needed, how.room).await?;
            // And what was written of it may be in the way.
            delete(link, how, name).await?;
            if !upload(link, how, name, bytes).await? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Asks once which of our files there are. Where one of them may be there in part only, as after a power cut, none
    /// stays: what was cut off would be played as if it were whole. A list that is itself cut off may not show that: of what
    /// it shows, nothing counts. Says whether all of this could be done.
    async fn look<P: AsyncRead + AsyncWrite + Unpin>(
        &mut self,
        link: &mut Link<P>,
        how: &Files,
    ) -> Result<bool, Lost> {
        if self.files.is_some() {
            return Ok(true);
        }
        let prefix = how.list.split('=').next().unwrap_or_default();
        let heard = say(link, how.list, &Answer::Bare(prefix), FLASH).await?;
        if heard.result.is_none() {
            return Ok(false);
        }
        // Some refuse where there is nothing to list.
        let shown = if heard.is_ok() { heard.lines.as_slice() } else { &[] };
        let mut files = BTreeMap::new();
        for line in shown {
            let words = line.split(|c: char| !c.is_ascii_alphanumeric() && c != '.');
            let ours = |word: &&str| word.starts_with(OURS) && word.ends_with(ENDING);
            for name in words.filter(ours) {
                files.insert(name.to_owned(), Kept { bytes: UNKNOWN, used: 0 });
            }
        }
        if files.remove(UNFINISHED).is_some() {
            for name in std::mem::take(&mut files).into_keys() {
                if !delete(link, how, &name).await? {
                    warn!("a clip that may be cut off could not be deleted in the modem");
                    return Ok(false);
                }
            }
            delete(link, how, UNFINISHED).await?;
        }
        debug!(count = files.len(), "looked at the clips that a modem keeps");
        self.files = Some(files);
        Ok(true)
    }

    /// Deletes what was not used for longest until so many bytes fit, but nothing of what is needed now.
    async fn make_room<P: AsyncRead + AsyncWrite + Unpin>(
        &mut self,
        link: &mut Link<P>,
        how: &Files,
        needed: &HashSet<String>,
        bytes: u32,
    ) -> Result<(), Lost> {
        let Some(files) = &mut self.files else { return Ok(()) };
        loop {
            let taken: u32 = files.values().map(|kept| kept.bytes).fold(0, u32::saturating_add);
            if taken.saturating_add(bytes) <= how.room {
                return Ok(());
            }
            let spare = files.iter().filter(|(name, _)| !needed.contains(*name));
            let oldest = spare.min_by_key(|(_, kept)| kept.used).map(|(name, _)| name.clone());
            let Some(oldest) = oldest else { return Ok(()) };
            files.remove(&oldest);
            if !delete(link, how, &oldest).await? {
                warn!("a clip could not be deleted in the modem");
            }
        }
    }
}

fn length_of(bytes: &[u8]) -> u32 {
    u32::try_from(bytes.len()).unwrap_or(u32::MAX)
}

/// Deletes a file; says whether that was done.
async fn delete<P: AsyncRead + AsyncWrite + Unpin>(
    link: &mut Link<P>,
    how: &Files,
    name: &str,
) -> Result<bool, Lost> {
    let Around(before, after) = how.delete;
    let line = format!("{before}{name}{after}");
    Ok(say(link, &line, &Answer::Nothing, FLASH).await?.is_ok())
}

/// Says a command, and answers what came.
pub(in crate::modem) async fn say<P: AsyncRead + AsyncWrite + Unpin>(
    link: &mut Link<P>,
    line: &str,
    answer: &Answer,
    within: Duration,
) -> Result<crate::modem::link::Outcome, Lost> {
    let bytes = zeroize::Zeroizing::new(format!("AT{line}\r"));
    link.ask(bytes.as_bytes(), answer, within).await
}

/// Writes a file, in as many goes as the modem wants; says whether it took all of it.
async fn upload<P: AsyncRead + AsyncWrite + Unpin>(
    link: &mut Link<P>,
    how: &Files,
    name: &str,
    bytes: &[u8],
) -> Result<bool, Lost> {
    if let Some(Around(before, after)) = how.create {
        // There may be one already, of a write that was cut off: what follows writes it anew.
        say(link, &format!("{before}{name}{after}"), &Answer::Nothing, FLASH).await?;
    }
    let chunk = usize::try_from(how.chunk).unwrap_or(usize::MAX);
    for (place, part) in bytes.chunks(chunk).enumerate() {
        let Around(before, after) = how.write;
        let length = part.len();
        let mode = u8::from(place > 0);
        let numbers = match how.header {
            Header::Length => format!(",{length}"),
            Header::LengthSeconds => format!(",{length},{STORE}"),
            Header::ModeLengthSeconds => format!(",{mode},{length},{STORE}"),
        };
        let line = format!("AT{before}{name}{after}{numbers}\r");
        link.write(line.as_bytes()).await?;
        if !is_wanted(link, how.wants).await? {
            return Ok(false);
        }
        for piece in part.chunks(PIECE) {
            link.write(piece).await?;
        }
        let outcome = link.ask(&[], &Answer::Nothing, Duration::from_secs(STORE.into())).await?;
        if !outcome.is_ok() {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Waits until the modem wants the bytes; `false` = it does not.
async fn is_wanted<P: AsyncRead + AsyncWrite + Unpin>(
    link: &mut Link<P>,
    wants: Wants,
) -> Result<bool, Lost> {
    let deadline = Instant::now() + BEGIN;
    let prompt = wants == Wants::Prompt;
    loop {
        match link.hear(&Answer::Nothing, prompt, false, deadline).await? {
            Sound::Prompt => return Ok(true),
            Sound::Line(Classified::Unknown, line) if !prompt && line.starts_with("CONNECT") => {
                return Ok(true);
            }
            Sound::Line(Classified::Final(_), _) => return Ok(false),
            Sound::Line(..) | Sound::Aside(_) => {}
            Sound::Silence | Sound::Restarted => {
                link.behind = true;
                return Ok(false);
            }
        }
    }
}

/// Samples as a WAV file: PCM, mono, 16 bits ("Multimedia Programming Interface and Data Specifications 1.0").
fn wav(samples: &[i16]) -> Vec<u8> {
    let data = u32::try_from(samples.len()).unwrap_or(u32::MAX).saturating_mul(2);
    let mut bytes = Vec::with_capacity(samples.len() * 2 + 44);
    bytes.extend_from_slice(b"RIFF");
    bytes.extend_from_slice(&data.saturating_add(HEADER - 8).to_le_bytes());
    bytes.extend_from_slice(b"WAVEfmt ");
    bytes.extend_from_slice(&16_u32.to_le_bytes());
    // PCM, one channel.
    bytes.extend_from_slice(&[1, 0, 1, 0]);
    bytes.extend_from_slice(&SAMPLE_RATE.to_le_bytes());
    bytes.extend_from_slice(&(SAMPLE_RATE * 2).to_le_bytes());
    // Bytes of a sample, and its bits.
    bytes.extend_from_slice(&[2, 0, 16, 0]);
    bytes.extend_from_slice(b"data");
    bytes.extend_from_slice(&data.to_le_bytes());
    for sample in samples {
        bytes.extend_from_slice(&sample.to_le_bytes());
    }
    bytes
}

#[cfg(test)]
mod tests {
    use ringpost_hal::family::{EC25, Way};
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    use super::*;

    fn clip(key: &str, keepable: bool) -> Clip {
        Clip { key: key.into(), words: "four".into(), samples: vec![1, -1], keepable }
    }

    #[test]
    fn a_name_is_a_part_of_the_key_and_what_is_private_has_none() {
        let named = name_of(&clip("0123456789abcdef0123456789abcdef", true));
        assert_eq!(named.as_deref(), Some("rp0123456789abcdef.wav"));
        assert_eq!(name_of(&clip("0123456789abcdef", false)), None);
        for key in ["", "x\",\r", "../0123456789ab", "ABCDEF"] {
            assert_eq!(name_of(&clip(key, true)), None, "{key:?}");
        }
    }

    /// What a modem answers to being asked for its files, of which one is wanted; how many files it is given then.
    async fn given(library: &mut Library, list: &'static str) -> usize {
        let how = EC25.sounds.iter().find_map(|sound| match sound.way {
            Way::Files(how) => Some(how),
            Way::SerialPcm | Way::Card | Way::Speech(_) => None,
        });
        let (port, mut modem) = tokio::io::duplex(4096);
        let answers = tokio::spawn(async move {
            let (mut said, mut given) = (Vec::new(), 0);
            let mut octets = [0; 4096];
            while let Ok(count @ 1..) = modem.read(&mut octets).await {
                said.extend_from_slice(&octets[..count]);
                let text = String::from_utf8_lossy(&said).into_owned();
                let answer = match text.strip_suffix('\r') {
                    Some(it) if it.contains("+QFLST") => list,
                    Some(it) if it.contains("+QFUPL") => "\r\nCONNECT\r\n",
                    Some(_) => "\r\nOK\r\n",
                    // A file, whose end is silence.
                    None if text.starts_with("RIFF") => "\r\nOK\r\n",
                    None => continue,
                };
                given +=
                    usize::from(text.contains("rp0123456789abcdef.wav") && text.contains("+QFUPL"));
                said.clear();
                modem.write_all(answer.as_bytes()).await.unwrap();
            }
            given
        });
        let mut link = Link::new(port);
        let clips = [Arc::new(clip("0123456789abcdef0123456789abcdef", true))];
        let kept = library.keep(&mut link, how.unwrap(), &clips, &|| false).await.unwrap();
        assert_eq!(kept.is_ok(), list.contains("OK") || list.contains("ERROR"), "{kept:?}");
        drop(link);
        answers.await.unwrap()
    }

    #[tokio::test(start_paused = true)]
    async fn what_a_list_shows_that_is_itself_cut_off_does_not_count_as_whole() {
        const CLIP: &str = "\r\n+QFLST: \"rp0123456789abcdef.wav\",48\r\n";
        const WHOLE: &str = "\r\n+QFLST: \"rp0123456789abcdef.wav\",48\r\n\r\nOK\r\n";
        const BROKEN: &str = "\r\n+QFLST: \"rp0123456789abcdef.wav\",48\r\n\r\n+CME ERROR: 400\r\n";
        const FOUND: &str = "\r\n+QFLST: \"rp0123456789abcdef.wav\",9\r\n+QFLST: \"rpunfinished.wav\",44\r\n\r\nOK\r\n";
        assert_eq!(given(&mut Library::default(), WHOLE).await, 0, "it is there");
        assert_eq!(given(&mut Library::default(), BROKEN).await, 1);
        let mut library = Library::default();
        assert_eq!(given(&mut library, CLIP).await, 0, "nobody knows");
        assert_eq!(given(&mut library, FOUND).await, 1, "it is asked again");
    }

    #[test]
    fn a_file_says_what_it_holds() {
        let bytes = wav(&[1, -1]);
        assert_eq!(bytes.len(), 48);
        assert_eq!(bytes.get(4..8), Some(&40_u32.to_le_bytes()[..]));
        assert_eq!(bytes.get(24..28), Some(&8000_u32.to_le_bytes()[..]));
        assert_eq!(bytes.get(40..), Some(&[4, 0, 0, 0, 1, 0, 255, 255][..]));
    }
}
