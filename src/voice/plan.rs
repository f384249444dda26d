//! In which order a prompt says what, and where it pauses.

use std::time::Duration;

use super::{
    prompt::{Said, SpeechError},
    wording::Phrase,
};

/// After the last word, so that nothing is cut off.
const LEAD_OUT: Duration = Duration::from_millis(500);
/// Between phrases.
const BREATH: Duration = Duration::from_millis(500);
/// Longest text that is read aloud: about two minutes.
pub(super) const LONGEST_TEXT: usize = 1000;
/// Longest code that is read aloud.
const LONGEST_CODE: usize = 32;

/// How a code is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reading {
    /// How often it is read.
    pub times: u8,
    /// The pause after a character, when it is read first.
    pub gap: Duration,
    /// The pause after a character, when it is read again.
    pub slow_gap: Duration,
    /// The pause after a group of characters.
    pub group_gap: Duration,
}

#[cfg(test)]
impl Reading {
    /// Twice, the second time slower.
    pub(super) const fn usual() -> Self {
        Self {
            times: 2,
            gap: Duration::from_millis(400),
            slow_gap: Duration::from_millis(600),
            group_gap: Duration::from_millis(900),
        }
    }
}

/// One thing after the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Piece {
    Phrase(Phrase),
    Character(char),
    /// The text that the call is about.
    Text,
    Pause(Duration),
}

/// The sections of a prompt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Plan {
    pub(super) greeting: Vec<Piece>,
    pub(super) gate: Option<Vec<Piece>>,
    pub(super) message: Vec<Piece>,
    pub(super) offer: Option<Vec<Piece>>,
    pub(super) bye: Vec<Piece>,
}

/// The plan for what a call shall say.
///
/// # Errors
/// If it cannot be said in any language.
pub(super) fn plan(
    said: Said<'_>,
    confirm: bool,
    keys: bool,
    reading: &Reading,
) -> Result<Plan, SpeechError> {
    let (gate, offer, message, bye) = match said {
        Said::Code(code) => (
            Phrase::Confirm,
            Phrase::Offer,
            code_message(&groups(code)?, reading),
            vec![Piece::Phrase(Phrase::Secret), Piece::Pause(BREATH), Piece::Phrase(Phrase::Bye)],
        ),
        Said::Text(text) => (
            Phrase::ConfirmMessage,
            Phrase::OfferMessage,
            text_message(text, reading)?,
            vec![Piece::Phrase(Phrase::Bye)],
        ),
    };
    let breath = Piece::Pause(BREATH);
    Ok(Plan {
        greeting: vec![Piece::Phrase(Phrase::Hello), breath],
        gate: confirm.then(|| vec![Piece::Phrase(gate), breath]),
        message,
        offer: keys.then(|| vec![Piece::Phrase(offer), breath]),
        bye: bye.into_iter().chain([Piece::Pause(LEAD_OUT)]).collect(),
    })
}

fn code_message(groups: &[Vec<char>], reading: &Reading) -> Vec<Piece> {
    let mut pieces = Vec::new();
    for time in 0..reading.times {
        let (phrase, gap) =
            if time == 0 { (Phrase::Code, reading.gap) } else { (Phrase::Again, reading.slow_gap) };
        pieces.extend([Piece::Phrase(phrase), Piece::Pause(BREATH)]);
        for group in groups {
            for (at, character) in group.iter().enumerate() {
                let last = at + 1 == group.len();
                let gap = if last { reading.group_gap.max(gap) } else { gap };
                pieces.extend([Piece::Character(*character), Piece::Pause(gap)]);
            }
        }
    }
    pieces
}

fn text_message(text: &str, reading: &Reading) -> Result<Vec<Piece>, SpeechError> {
    if text.trim().is_empty() || text.chars().count() > LONGEST_TEXT {
        return Err(SpeechError::Length(LONGEST_TEXT));
    }
    let once = [Piece::Text, Piece::Pause(reading.group_gap)];
    let again = [Piece::Phrase(Phrase::Repeat), Piece::Pause(BREATH)];
    let more = (1..reading.times).flat_map(|_| again.into_iter().chain(once));
    Ok(once.into_iter().chain(more).collect())
}

/// The characters of a code, in the groups that it is read in: its own, where hyphens or spaces show them.
fn groups(code: &str) -> Result<Vec<Vec<char>>, SpeechError> {
    let written: Vec<Vec<char>> = code
        .split([' ', '-'])
        .filter(|group| !group.is_empty())
        .map(|group| group.chars().map(|it| it.to_ascii_uppercase()).collect())
        .collect();
    let characters = || written.iter().flatten();
    let known = characters().all(char::is_ascii_alphanumeric);
    if !known || written.is_empty() || characters().count() > LONGEST_CODE {
        return Err(SpeechError::NotACode);
    }
    if written.len() > 1 {
        return Ok(written);
    }
    let mut rest: &[char] = written.first().map_or(&[], Vec::as_slice);
    let mut groups = Vec::new();
    for size in sizes(rest.len()) {
        let (group, after) = rest.split_at(size.min(rest.len()));
        groups.push(group.to_vec());
        rest = after;
    }
    Ok(groups)
}

/// How people group so many characters: in fours where that comes out even, else in threes and twos.
fn sizes(length: usize) -> Vec<usize> {
    if length > 4 && length.is_multiple_of(4) && !length.is_multiple_of(3) {
        return vec![4; length / 4];
    }
    let (threes, twos) = match length % 3 {
        0 => (length / 3, 0),
        1 if length > 1 => (length / 3 - 1, 2),
        1 => return vec![1],
        _ => (length / 3, 1),
    };
    [vec![3; threes], vec![2; twos]].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spelled(code: &str) -> String {
        let groups = groups(code).unwrap();
        let groups: Vec<String> = groups.iter().map(|group| group.iter().collect()).collect();
        groups.join(" ")
    }

    #[test]
    fn codes_are_read_in_groups_that_people_keep_in_mind() {
        for (code, groups) in [
            ("7", "7"),
            ("42", "42"),
            ("123", "123"),
            ("4071", "40 71"),
            ("12345", "123 45"),
            ("481592", "481 592"),
            ("1234567", "123 45 67"),
            ("12345678", "1234 5678"),
            ("123456789", "123 456 789"),
            ("1234567890", "123 456 78 90"),
            ("ab3xk9", "AB3 XK9"),
            ("AB-12 cde-9", "AB 12 CDE 9"),
        ] {
            assert_eq!(spelled(code), groups, "{code}");
        }
        for bad in ["", " - ", "12.4", "é1", "1\n2", "１２", &"1".repeat(33)] {
            assert_eq!(groups(bad), Err(SpeechError::NotACode), "{bad:?}");
        }
    }

    #[test]
    fn a_code_is_read_again_and_slower_then_offered_then_said_goodbye() {
        let reading = Reading::usual();
        let plan = plan(Said::Code("481592"), true, true, &reading).unwrap();
        let shown = |pieces: &[Piece]| -> String {
            let pieces = pieces.iter().map(|piece| match piece {
                Piece::Phrase(phrase) => format!("<{}>", phrase.as_str()),
                Piece::Character(character) => character.to_string(),
                Piece::Text => "text".to_owned(),
                Piece::Pause(pause) => pause.as_millis().to_string(),
            });
            pieces.collect::<Vec<_>>().join(" ")
        };
        assert_eq!(shown(&plan.greeting), "<hello> 500");
        assert_eq!(shown(&plan.gate.unwrap()), "<confirm> 500");
        assert_eq!(
            shown(&plan.message),
            "<code> 500 4 400 8 400 1 900 5 400 9 400 2 900 \
             <again> 500 4 600 8 600 1 900 5 600 9 600 2 900"
        );
        assert_eq!(shown(&plan.offer.unwrap()), "<offer> 500");
        assert_eq!(shown(&plan.bye), "<secret> 500 <bye> 500");
    }

    #[test]
    fn nothing_is_offered_where_no_key_is_heard_and_a_text_is_no_secret() {
        let plan = plan(Said::Text("Door open"), false, false, &Reading::usual()).unwrap();
        assert_eq!((plan.gate, plan.offer), (None, None));
        let texts = plan.message.iter().filter(|it| **it == Piece::Text).count();
        assert_eq!(texts, 2);
        assert!(plan.message.contains(&Piece::Phrase(Phrase::Repeat)));
        assert!(!plan.bye.contains(&Piece::Phrase(Phrase::Secret)));
        for bad in ["", " \n", &"x".repeat(LONGEST_TEXT + 1)] {
            let said = super::plan(Said::Text(bad), false, false, &Reading::usual());
            assert_eq!(said, Err(SpeechError::Length(LONGEST_TEXT)));
        }
    }
}
