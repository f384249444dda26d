//! Bytes on their way to lines.

use ringpost_hal::at::{Frame, Framer, MAX_LINE};

/// When a prompt is expected, then what a modem says.
pub fn frames(octets: &[u8]) {
    let Some((when, bytes)) = octets.split_first() else { return };
    let (mut framer, mut lines) = (Framer::default(), Framer::default());
    let (mut since, mut seen) = (vec![], vec![]);
    for (at, byte) in bytes.iter().enumerate() {
        // Three bits say how long each turn takes.
        let expected = (at >> (when >> 5)) & 1 == usize::from(when & 1);
        since.push(*byte);
        match framer.push(*byte, expected) {
            Some(Frame::Prompt(echo)) => {
                assert!(expected && *byte == b'>');
                if !echo.is_empty() {
                    check(echo);
                }
            }
            Some(Frame::Line(line)) => check(line),
            Some(Frame::Overlong) => assert!(since.len() > MAX_LINE),
            None => continue,
        }
        assert!(*byte == b'>' || *byte == b'\n');
        since.clear();
    }
    for byte in bytes {
        match lines.push(*byte, false) {
            Some(Frame::Line(line)) => seen.push(Some(line.to_owned())),
            Some(Frame::Overlong) => seen.push(None),
            other => assert_eq!(other, None, "no prompt where none is expected"),
        }
    }
    assert_eq!(seen, slowly(bytes));
}

fn check(line: &str) {
    assert!(!line.is_empty() && line.len() <= MAX_LINE && line.is_ascii());
    assert!(!line.contains(['\r', '\n', '\0']));
    assert!(!line.starts_with(' ') && !line.ends_with(' '));
}

/// The lines of bytes among which no prompt is expected; nothing stands for one that is too long.
fn slowly(bytes: &[u8]) -> Vec<Option<String>> {
    let mut lines: Vec<_> = bytes.split(|byte| *byte == b'\n').map(line).collect();
    // What has no end yet is no line.
    lines.pop();
    lines.into_iter().filter(|line| line.as_deref() != Some("")).collect()
}

fn line(bytes: &[u8]) -> Option<String> {
    let kept = bytes.iter().filter(|byte| !matches!(byte, b'\r' | 0));
    let kept = kept.skip_while(|byte| **byte == b' ');
    let line: String =
        kept.map(|byte| if byte.is_ascii() { char::from(*byte) } else { '?' }).collect();
    (line.len() <= MAX_LINE).then(|| line.trim_end().to_owned())
}
