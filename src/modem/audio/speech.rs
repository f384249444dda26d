//! A modem's own voice: the last resort. It speaks English and Chinese (`Sink::speaks`), and is given one clip's words at a time:
//! never a whole code in one command.

use std::fmt::Write as _;

use ringpost_hal::family::{Around, Speech};
use zeroize::Zeroizing;

use super::{AudioSink, Line, by_modem::ByModem};

/// A sink of a modem's own voice.
pub(in crate::modem) fn speech(how: &'static Speech) -> Box<dyn AudioSink> {
    let stop = Line(Zeroizing::new(how.stop.to_owned()));
    let commands = |clip: &crate::domain::Clip| Some(lines(&clip.words, how));
    Box::new(ByModem::new(Box::new(commands), stop, false))
}

/// The commands that speak a text, of as many words as each takes.
fn lines(words: &str, how: &Speech) -> Vec<Line> {
    let longest = usize::from(how.longest);
    let mut lines = Vec::new();
    let mut piece = Zeroizing::new(String::new());
    for word in words.split_whitespace() {
        if !piece.is_empty() && piece.chars().count() + 1 + word.chars().count() > longest {
            lines.push(line(&piece, how));
            piece.clear();
        }
        if !piece.is_empty() {
            piece.push(' ');
        }
        piece.extend(word.chars().take(longest));
    }
    if !piece.is_empty() {
        lines.push(line(&piece, how));
    }
    lines
}

/// A text as hexadecimal digits of UCS2: nothing in it can end the command.
fn line(text: &str, how: &Speech) -> Line {
    let Around(before, after) = how.say;
    let mut line = Zeroizing::new(before.to_owned());
    for unit in text.encode_utf16() {
        // Writing to a text does not fail.
        let _ = write!(line, "{unit:04X}");
    }
    line.push_str(after);
    Line(line)
}

#[cfg(test)]
mod tests {
    use ringpost_hal::family::{SIM800, Way};

    use super::*;

    fn how() -> &'static Speech {
        let ways = SIM800.sounds.iter().map(|sound| sound.way);
        let mut speech = ways.filter_map(|way| match way {
            Way::Speech(speech) => Some(speech),
            Way::SerialPcm | Way::Card | Way::Files(_) => None,
        });
        speech.next().unwrap()
    }

    #[test]
    fn words_are_said_as_digits_that_no_text_can_leave() {
        let said = |words| lines(words, how()).into_iter().map(|it| it.0.to_string()).collect();
        let said: Vec<String> = said("a\";\r 4");
        assert_eq!(said, ["+CTTS=1,\"00610022003B00200034\""]);
        let long = "word ".repeat(40);
        let pieces = lines(&long, how());
        let digits: Vec<_> = pieces.iter().map(|it| it.0.len() - "+CTTS=1,\"\"".len()).collect();
        assert!(pieces.len() == 2 && digits.iter().all(|it| *it <= 4 * 120), "{digits:?}");
        assert_eq!(format!("{:?}", pieces[0]), "+CTTS", "words are shown nowhere");
    }
}
