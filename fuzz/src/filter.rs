//! Filters of the System Log, from the texts that people write.

// The grammar knows nothing of the daemon: it is taken alone, so that fuzzing needs no database.
#[path = "../../src/system_log/filter/grammar.rs"]
mod grammar;

use grammar::{Expression, MAX_DEPTH, MAX_LENGTH, MAX_TERMS, Placed, SyntaxError, parse};

/// A text.
pub fn filter(octets: &[u8]) {
    let text = String::from_utf8_lossy(octets);
    match parse(&text) {
        Ok(expression) => {
            let (terms, depth) = check(&text, &expression);
            assert!((1..=MAX_TERMS).contains(&terms) && depth <= MAX_DEPTH * 3);
            // Numbers are written out, which may take more room than they had.
            let again = expression.to_string();
            if again.len() <= MAX_LENGTH {
                assert_eq!(parse(&again).as_ref(), Ok(&expression), "{again}");
            }
        }
        Err(SyntaxError { what, at, length, expected }) => {
            assert!(text.get(at..at + length).is_some(), "the place lies in the text");
            assert!(!what.is_empty() && !expected.is_empty());
        }
    }
}

/// What holds for every expression; answers its terms and how deep it is.
fn check(text: &str, expression: &Expression) -> (usize, usize) {
    match expression {
        Expression::And(list) | Expression::Or(list) => {
            assert!(list.len() > 1);
            list.iter()
                .map(|it| check(text, it))
                .fold((0, 0), |(terms, depth), (more, deep)| (terms + more, depth.max(deep + 1)))
        }
        Expression::Not(it) => {
            let (terms, depth) = check(text, it);
            (terms, depth + 1)
        }
        Expression::Present(attribute) => stands(text, attribute),
        Expression::Test(attribute, operator, value) => {
            let word = text.get(operator.at..operator.at + operator.length);
            assert!(word.is_some_and(|it| it.eq_ignore_ascii_case(operator.it.as_str())));
            assert!(text.get(value.at..value.at + value.length).is_some());
            stands(text, attribute)
        }
    }
}

/// An attribute is a word of the text, and one term.
fn stands(text: &str, attribute: &Placed<String>) -> (usize, usize) {
    let word = text.get(attribute.at..attribute.at + attribute.length);
    assert_eq!(word, Some(&*attribute.it));
    (1, 0)
}
