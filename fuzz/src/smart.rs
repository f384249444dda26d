//! Smart encoding of any text.

use ringpost_hal::pdu::{Alphabet, Cost, Scope, Segmentation, Smart, gsm7::Code};

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
    let mut costly = smart.costly().peekable();
    let mut expected = String::new();
    for (position, c) in text.chars().enumerate() {
        let found = costly.next_if(|it| it.position == position);
        assert!(found.is_none_or(|it| it.character == c));
        let suggestion = found.and_then(|it| it.suggestion);
        let cost = found.map(|it| it.cost);
        match Code::of(c) {
            Some(Code::Plain(_)) => assert_eq!(cost, None),
            Some(Code::Escaped(_)) => assert_eq!((cost, suggestion), (Some(Cost::Escape), None)),
            None => assert_eq!(cost, Some(Cost::Alphabet)),
        }
        match suggestion {
            Some(suggestion) => {
                assert!(suggestion.chars().all(|c| Code::of(c).is_some()));
                expected.push_str(suggestion);
            }
            None => expected.push(c),
        }
    }
    assert!(costly.next().is_none(), "they are told in order");
    let written = smart.to_string();
    assert_eq!(written, expected);
    assert_eq!(Smart::new(&written, scope).to_string(), written, "once is enough");
    let gsm7 = Segmentation::of(&written).alphabet() == Alphabet::Gsm7;
    assert_eq!(smart.is_gsm7(), gsm7);
    let blank = "x".repeat(text.chars().count());
    let shown = format!("{smart:?} {:?}", smart.costly().collect::<Vec<_>>());
    assert!(shown.starts_with(&format!("{:?} ", Smart::new(&blank, scope))));
    assert!(shown.is_ascii(), "no character shows");
    written
}
