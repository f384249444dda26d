//! Smart encoding of any text.

use ringpost_hal::pdu::{Alphabet, Scope, Segmentation, Smart, gsm7::Code};

use crate::input::Input;

/// A text.
pub fn smart(octets: &[u8]) {
    let text = Input::new(octets).text();
    let [typography, letters] =
        [Scope::Typography, Scope::Letters].map(|scope| rewrite(&text, scope));
    // Who gives up accents gives up quotes too.
    assert_eq!(Smart::new(&typography, Scope::Letters).to_string(), letters);
}

fn rewrite(text: &str, scope: Scope) -> String {
    let smart = Smart::new(text, scope);
    let mut foreign = smart.foreign().peekable();
    let mut expected = String::new();
    for (position, c) in text.chars().enumerate() {
        match foreign.next_if(|foreign| foreign.position == position) {
            None => {
                assert!(Code::of(c).is_some());
                expected.push(c);
            }
            Some(foreign) => {
                assert!(foreign.character == c && Code::of(c).is_none());
                let suggestion = foreign.suggestion;
                assert!(suggestion.is_none_or(|it| it.chars().all(|c| Code::of(c).is_some())));
                match suggestion {
                    Some(suggestion) => expected.push_str(suggestion),
                    None => expected.push(c),
                }
            }
        }
    }
    assert!(foreign.next().is_none(), "they are told in order");
    let written = smart.to_string();
    assert_eq!(written, expected);
    assert_eq!(Smart::new(&written, scope).to_string(), written, "once is enough");
    let gsm7 = Segmentation::of(&written).alphabet() == Alphabet::Gsm7;
    assert_eq!(smart.is_gsm7(), gsm7);
    let blank = "x".repeat(text.chars().count());
    let shown = format!("{smart:?} {:?}", smart.foreign().collect::<Vec<_>>());
    assert!(shown.starts_with(&format!("{:?} ", Smart::new(&blank, scope))));
    assert!(shown.is_ascii(), "no foreign character shows");
    written
}
