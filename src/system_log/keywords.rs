//! The `q` of the System Log: words that an event must hold, anywhere.

use serde_json::Value;

/// Words at most.
pub const MAX_KEYWORDS: usize = 10;
/// Characters of a word at most.
pub const MAX_KEYWORD: usize = 40;

/// Words that all must be found in an event, in large or small letters.
#[derive(Debug, Clone, Default)]
pub struct Keywords(Vec<String>);

/// More words than may be asked for, or longer ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooManyKeywords;

impl Keywords {
    /// Reads words with spaces between them.
    ///
    /// # Errors
    /// More than ten, or one of more than 40 characters.
    pub fn parse(text: &str) -> Result<Self, TooManyKeywords> {
        let words: Vec<_> = text.split_whitespace().map(str::to_lowercase).collect();
        let long = text.split_whitespace().any(|word| word.chars().count() > MAX_KEYWORD);
        if words.len() > MAX_KEYWORDS || long { Err(TooManyKeywords) } else { Ok(Self(words)) }
    }

    /// Whether nothing is asked for.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether each word is a value of the event, a word of one, or a part of one between hyphens.
    pub fn match_event(&self, event: &Value) -> bool {
        self.0.iter().all(|word| holds(event, word))
    }
}

fn holds(value: &Value, word: &str) -> bool {
    match value {
        Value::Array(elements) => elements.iter().any(|element| holds(element, word)),
        Value::Object(members) => members.values().any(|member| holds(member, word)),
        Value::String(text) => text_holds(text, word),
        Value::Number(number) => number.to_string() == word,
        Value::Null | Value::Bool(_) => false,
    }
}

fn text_holds(text: &str, word: &str) -> bool {
    let text = text.to_lowercase();
    let mut words = text.split(|it: char| it.is_whitespace() || ",;()\"'".contains(it));
    text == word
        || words.any(|it| {
            let it = it.trim_end_matches(['.', ':', '!', '?']);
            it == word || (it.contains('-') && it.split('-').any(|part| part == word))
        })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn each_word_is_found_somewhere() {
        let event = json!({
            "displayMessage": "Send self-service unlock SMS message",
            "target": [{"id": "Alice Miller"}],
            "debugContext": {"debugData": {"phoneNumber": "+14155552345", "segments": 2}},
            "outcome": {"reason": "The phone could not be reached."},
        });
        let holds = |q: &str| Keywords::parse(q).unwrap().match_event(&event);
        for found in
            ["", "unlock", "SELF service", "self-service", "+14155552345 alice", "2", "reached"]
        {
            assert!(holds(found), "{found}");
        }
        for missing in ["unloc", "unlock bob", "1415", "elf"] {
            assert!(!holds(missing), "{missing}");
        }
        assert!(Keywords::parse(&"x ".repeat(11)).is_err());
        assert!(
            Keywords::parse(&"é".repeat(41)).is_err() && Keywords::parse(&"é".repeat(40)).is_ok()
        );
    }
}
