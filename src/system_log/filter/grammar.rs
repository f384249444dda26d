//! The grammar of filters (RFC 7644 3.4.2.2, as Okta's System Log takes it): from a text to an
//! expression, or to what is wrong and where.
//!
//! ```text
//! or      = and *( "or" and )
//! and     = factor *( "and" factor )
//! factor  = "not" factor / "(" or ")" / test
//! test    = attribute "pr" / attribute operator value
//! value   = a string, a number, true or false, as in JSON
//! ```
//!
//! Operators are known in large and small letters, attributes only as they are written. Whatever the
//! text, this ends, and in time and room that its length bounds.

use std::fmt;

/// Longest filter, in octets: some dozens of terms.
pub(super) const MAX_LENGTH: usize = 8192;
/// Terms of a filter at most: each is looked at for each event.
pub(super) const MAX_TERMS: usize = 128;
/// Parentheses and negations within each other at most.
pub(super) const MAX_DEPTH: usize = 32;

const OPERATORS: [(&str, Operator); 9] = [
    ("eq", Operator::Eq),
    ("ne", Operator::Ne),
    ("co", Operator::Co),
    ("sw", Operator::Sw),
    ("ew", Operator::Ew),
    ("gt", Operator::Gt),
    ("ge", Operator::Ge),
    ("lt", Operator::Lt),
    ("le", Operator::Le),
];
const EXPECTED_OPERATORS: &str = "eq,ne,co,sw,ew,pr,gt,ge,lt,le";

/// Something that was read, and where it stands; equal where it says the same.
#[derive(Debug, Clone)]
pub(super) struct Placed<T> {
    /// What was read.
    pub(super) it: T,
    /// Octets before it.
    pub(super) at: usize,
    /// Octets of it.
    pub(super) length: usize,
}

impl<T: PartialEq> PartialEq for Placed<T> {
    fn eq(&self, other: &Self) -> bool {
        self.it == other.it
    }
}

/// A filter as it is written.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Expression {
    /// All of them, two or more.
    And(Vec<Expression>),
    /// One of them at least, two or more.
    Or(Vec<Expression>),
    /// Not that.
    Not(Box<Expression>),
    /// The attribute has a value.
    Present(Placed<String>),
    /// The attribute compares so to the value.
    Test(Placed<String>, Placed<Operator>, Placed<Literal>),
}

/// A word between an attribute and a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operator {
    /// Equal.
    Eq,
    /// Not equal.
    Ne,
    /// Contains.
    Co,
    /// Begins with.
    Sw,
    /// Ends with.
    Ew,
    /// Greater.
    Gt,
    /// Greater or equal.
    Ge,
    /// Less.
    Lt,
    /// Less or equal.
    Le,
}

/// A value.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Literal {
    /// A string.
    Text(String),
    /// A number.
    Number(f64),
    /// `true` or `false`.
    Flag(bool),
}

/// What is wrong with the text of a filter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SyntaxError {
    /// What, as the beginning of a sentence.
    pub(super) what: String,
    /// Octets before the place.
    pub(super) at: usize,
    /// Octets of the place; 0 at the end.
    pub(super) length: usize,
    /// What would be right there.
    pub(super) expected: &'static str,
}

/// Reads a filter.
///
/// # Errors
/// The first thing that is wrong with it.
pub(super) fn parse(text: &str) -> Result<Expression, SyntaxError> {
    if text.len() > MAX_LENGTH {
        let what = format!("Too long, {} octets,", text.len());
        return Err(SyntaxError { what, at: 0, length: 0, expected: "at most 8192 octets" });
    }
    let mut reader = Reader { text, at: 0, terms: 0, depth: 0 };
    let expression = reader.or()?;
    match reader.token()? {
        None => Ok(expression),
        Some(token) => Err(reader.unexpected(Some(&token), "and,or")),
    }
}

struct Reader<'t> {
    text: &'t str,
    at: usize,
    terms: usize,
    depth: usize,
}

#[derive(Debug, Clone, PartialEq)]
enum Token<'t> {
    Open,
    Close,
    Word(&'t str),
    Value(Literal),
}

type Result<T, E = SyntaxError> = std::result::Result<T, E>;

impl<'t> Reader<'t> {
    fn or(&mut self) -> Result<Expression> {
        self.list("or", Self::and, Expression::Or)
    }

    fn and(&mut self) -> Result<Expression> {
        self.list("and", Self::factor, Expression::And)
    }

    /// One or more, with `word` between them.
    fn list(
        &mut self,
        word: &str,
        mut one: impl FnMut(&mut Self) -> Result<Expression>,
        all: impl FnOnce(Vec<Expression>) -> Expression,
    ) -> Result<Expression> {
        let first = one(self)?;
        let mut list = vec![first];
        while self.take_word(word)? {
            list.push(one(self)?);
        }
        match (list.pop(), list.is_empty()) {
            (Some(last), false) => {
                list.push(last);
                Ok(all(list))
            }
            (Some(only), true) => Ok(only),
            (None, _) => Err(self.unexpected(None, "attribute")),
        }
    }

    fn factor(&mut self) -> Result<Expression> {
        let expected = "attribute,not,(";
        let token = self.token()?;
        match &token {
            Some(Placed { it: Token::Open, .. }) => {
                let inner = self.deeper(token.as_ref(), Self::or)?;
                match self.token()? {
                    Some(Placed { it: Token::Close, .. }) => Ok(inner),
                    other => Err(self.unexpected(other.as_ref(), "and,or,)")),
                }
            }
            Some(Placed { it: Token::Word(word), .. }) if word.eq_ignore_ascii_case("not") => {
                let inner = self.deeper(token.as_ref(), Self::factor)?;
                Ok(Expression::Not(Box::new(inner)))
            }
            Some(Placed { it: Token::Word(word), at, length }) => {
                let word = Placed { it: (*word).to_owned(), at: *at, length: *length };
                self.test(word)
            }
            Some(Placed { it: Token::Close | Token::Value(_), .. }) | None => {
                Err(self.unexpected(token.as_ref(), expected))
            }
        }
    }

    fn test(&mut self, attribute: Placed<String>) -> Result<Expression> {
        self.terms += 1;
        if self.terms > MAX_TERMS {
            let Placed { at, length, .. } = attribute;
            let what = "One term more than a filter may have".to_owned();
            return Err(SyntaxError { what, at, length, expected: "at most 128 terms" });
        }
        let token = self.token()?;
        let Some(Placed { it: Token::Word(word), at, length }) = token else {
            return Err(self.unexpected(token.as_ref(), EXPECTED_OPERATORS));
        };
        if word.eq_ignore_ascii_case("pr") {
            return Ok(Expression::Present(attribute));
        }
        let known = OPERATORS.iter().find(|(name, _)| word.eq_ignore_ascii_case(name));
        let Some((_, operator)) = known else {
            let what = format!("Unrecognized attribute operator '{word}'");
            return Err(SyntaxError { what, at, length, expected: EXPECTED_OPERATORS });
        };
        let operator = Placed { it: *operator, at, length };
        match self.token()? {
            Some(Placed { it: Token::Value(it), at, length }) => {
                Ok(Expression::Test(attribute, operator, Placed { it, at, length }))
            }
            other => Err(self.unexpected(other.as_ref(), "a \"string\", a number, true or false")),
        }
    }

    fn deeper(
        &mut self,
        token: Option<&Placed<Token<'t>>>,
        read: impl FnOnce(&mut Self) -> Result<Expression>,
    ) -> Result<Expression> {
        if self.depth == MAX_DEPTH {
            let (at, length) = token.map_or((self.at, 0), |token| (token.at, token.length));
            let what = "Nested deeper than a filter may be".to_owned();
            return Err(SyntaxError { what, at, length, expected: "at most 32 levels" });
        }
        self.depth += 1;
        let inner = read(self);
        self.depth -= 1;
        inner
    }

    /// Takes the next token if it is this word.
    fn take_word(&mut self, word: &str) -> Result<bool> {
        let before = self.at;
        let is_it = matches!(
            self.token(),
            Ok(Some(Placed { it: Token::Word(found), .. })) if found.eq_ignore_ascii_case(word)
        );
        if !is_it {
            self.at = before;
        }
        Ok(is_it)
    }

    fn token(&mut self) -> Result<Option<Placed<Token<'t>>>> {
        let rest = self.rest();
        self.at += rest.len() - rest.trim_start_matches([' ', '\t', '\r', '\n']).len();
        let (at, rest) = (self.at, self.rest());
        let Some(first) = rest.chars().next() else { return Ok(None) };
        let token = match first {
            '(' => self.taken(1, Token::Open),
            ')' => self.taken(1, Token::Close),
            '"' => Token::Value(Literal::Text(self.string()?)),
            _ => {
                let end = rest.find([' ', '\t', '\r', '\n', '(', ')', '"']).unwrap_or(rest.len());
                let word = rest.get(..end).unwrap_or(rest);
                let token = match word {
                    "true" => Token::Value(Literal::Flag(true)),
                    "false" => Token::Value(Literal::Flag(false)),
                    _ => number(word)
                        .map_or(Token::Word(word), |number| Token::Value(Literal::Number(number))),
                };
                self.taken(end, token)
            }
        };
        Ok(Some(Placed { it: token, at, length: self.at - at }))
    }

    fn taken(&mut self, octets: usize, token: Token<'t>) -> Token<'t> {
        self.at += octets;
        token
    }

    fn rest(&self) -> &'t str {
        self.text.get(self.at..).unwrap_or_default()
    }

    /// A string of JSON; the reader stands before its quote.
    fn string(&mut self) -> Result<String> {
        let start = self.at;
        let mut read = String::new();
        let mut symbols = self.rest().char_indices().skip(1);
        while let Some((at, symbol)) = symbols.next() {
            match symbol {
                '"' => {
                    self.at = start + at + 1;
                    return Ok(read);
                }
                '\\' => {
                    let mut following = symbols.clone().map(|(_, symbol)| symbol);
                    let Some((decoded, taken)) = escape(&mut following) else {
                        let what = "Unreadable escape".to_owned();
                        let (at, expected) =
                            (start + at, "\\\" \\\\ \\/ \\b \\f \\n \\r \\t \\uXXXX");
                        return Err(SyntaxError { what, at, length: 1, expected });
                    };
                    read.push(decoded);
                    symbols.nth(taken - 1);
                }
                _ => read.push(symbol),
            }
        }
        let (what, length) = ("Unterminated string".to_owned(), self.text.len() - start);
        Err(SyntaxError { what, at: start, length, expected: "\"" })
    }

    fn unexpected(&self, token: Option<&Placed<Token<'t>>>, expected: &'static str) -> SyntaxError {
        match token {
            None => {
                let at = self.text.trim_end().len();
                SyntaxError { what: "Unexpected end".into(), at, length: 0, expected }
            }
            Some(Placed { at, length, .. }) => {
                let found = self.text.get(*at..at + length).unwrap_or_default();
                let what = format!("Unexpected {found}");
                SyntaxError { what, at: *at, length: *length, expected }
            }
        }
    }
}

/// What follows a backslash: the character that it means, and how many characters say so.
fn escape(symbols: &mut dyn Iterator<Item = char>) -> Option<(char, usize)> {
    Some(match symbols.next()? {
        symbol @ ('"' | '\\' | '/') => (symbol, 1),
        'b' => ('\u{8}', 1),
        'f' => ('\u{c}', 1),
        'n' => ('\n', 1),
        'r' => ('\r', 1),
        't' => ('\t', 1),
        'u' => {
            let high = unit(symbols)?;
            match char::from_u32(high) {
                Some(symbol) => (symbol, 5),
                None => {
                    let (slash, u) = (symbols.next()?, symbols.next()?);
                    let low = unit(symbols).filter(|_| (slash, u) == ('\\', 'u'))?;
                    let pair = [u16::try_from(high).ok()?, u16::try_from(low).ok()?];
                    (char::decode_utf16(pair).next()?.ok()?, 11)
                }
            }
        }
        _ => return None,
    })
}

fn unit(symbols: &mut dyn Iterator<Item = char>) -> Option<u32> {
    (0..4).try_fold(0, |unit, _| Some(unit * 16 + symbols.next()?.to_digit(16)?))
}

/// A number of JSON.
fn number(word: &str) -> Option<f64> {
    let digits = word.strip_prefix('-').unwrap_or(word);
    let first = digits.bytes().next().filter(u8::is_ascii_digit)?;
    let plain = word.bytes().all(|it| matches!(it, b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E'));
    let padded = first == b'0' && digits.as_bytes().get(1).is_some_and(u8::is_ascii_digit);
    word.parse().ok().filter(|number: &f64| number.is_finite() && plain && !padded)
}

impl Operator {
    /// The word.
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Eq => "eq",
            Self::Ne => "ne",
            Self::Co => "co",
            Self::Sw => "sw",
            Self::Ew => "ew",
            Self::Gt => "gt",
            Self::Ge => "ge",
            Self::Lt => "lt",
            Self::Le => "le",
        }
    }
}

impl fmt::Display for Expression {
    /// The same, in the fewest words that read so again.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |f: &mut fmt::Formatter<'_>, list: &[Self], word: &str| {
            for (at, it) in list.iter().enumerate() {
                if at > 0 {
                    write!(f, " {word} ")?;
                }
                let inside = matches!(it, Self::And(_) | Self::Or(_));
                if inside { write!(f, "({it})") } else { write!(f, "{it}") }?;
            }
            Ok(())
        };
        match self {
            Self::And(all) => list(f, all, "and"),
            Self::Or(any) => list(f, any, "or"),
            Self::Not(it) if matches!(**it, Self::And(_) | Self::Or(_)) => write!(f, "not ({it})"),
            Self::Not(it) => write!(f, "not {it}"),
            Self::Present(attribute) => write!(f, "{} pr", attribute.it),
            Self::Test(attribute, operator, value) => {
                write!(f, "{} {} {}", attribute.it, operator.it.as_str(), value.it)
            }
        }
    }
}

impl fmt::Display for Literal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = match self {
            Self::Number(number) => return write!(f, "{number}"),
            Self::Flag(flag) => return write!(f, "{flag}"),
            Self::Text(text) => text,
        };
        f.write_str("\"")?;
        for symbol in text.chars() {
            match symbol {
                '"' | '\\' => write!(f, "\\{symbol}")?,
                _ => write!(f, "{symbol}")?,
            }
        }
        f.write_str("\"")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        parse(text).unwrap_or_else(|error| panic!("{text}: {error:?}")).to_string()
    }

    fn wrong(text: &str) -> (String, usize) {
        let error = parse(text).expect_err(text);
        (error.what, error.at)
    }

    #[test]
    fn and_binds_more_than_or_and_not_more_than_both() {
        let text = r#"a eq "1" or b EQ "2" And not c pr or d ne 3"#;
        assert_eq!(shown(text), r#"a eq "1" or (b eq "2" and not c pr) or d ne 3"#);
        assert_eq!(shown(r#"(a pr or b pr) and c pr"#), "(a pr or b pr) and c pr");
        assert_eq!(shown(r#"NOT(a pr)and(b pr)"#), "not a pr and b pr");
        assert_eq!(shown("not not (a pr and b pr)"), "not not (a pr and b pr)");
    }

    #[test]
    fn values_are_those_of_json() {
        let text = r#"a eq "x\"\\\/\u00e9\ud83d\ude00\n" and b gt -1.5e3 and c eq true"#;
        assert_eq!(shown(text), "a eq \"x\\\"\\\\/é😀\n\" and b gt -1500 and c eq true");
        assert_eq!(shown(r#"not-a.b_c:d eq "" and e eq 0"#), r#"not-a.b_c:d eq "" and e eq 0"#);
    }

    #[test]
    fn what_is_wrong_is_told_with_its_place() {
        for (text, what, at) in [
            ("outcome.result eqq \"x\"", "Unrecognized attribute operator 'eqq'", 15),
            ("", "Unexpected end", 0),
            ("a", "Unexpected end", 1),
            ("a eq ", "Unexpected end", 4),
            ("a eq b", "Unexpected b", 5),
            ("a eq 01", "Unexpected 01", 5),
            ("a eq \"x", "Unterminated string", 5),
            ("a eq \"\\x\"", "Unreadable escape", 6),
            ("a eq \"\\ud800\"", "Unreadable escape", 6),
            ("(a pr", "Unexpected end", 5),
            ("a pr)", "Unexpected )", 4),
            ("a pr b pr", "Unexpected b", 5),
            ("a pr and and b pr", "Unrecognized attribute operator 'b'", 13),
            ("\"a\" eq b", "Unexpected \"a\"", 0),
        ] {
            assert_eq!(wrong(text), (what.into(), at), "{text}");
        }
    }

    #[test]
    fn nothing_is_too_deep_or_too_long_to_be_refused() {
        let deep = "(".repeat(4000);
        assert_eq!(wrong(&deep).1, MAX_DEPTH);
        assert!(wrong(&"not ".repeat(2000)).0.starts_with("Nested"));
        let long = vec!["a pr"; MAX_TERMS + 1].join(" or ");
        assert!(wrong(&long).0.starts_with("One term more"));
        assert!(parse(&vec!["a pr"; MAX_TERMS].join(" or ")).is_ok());
        assert!(wrong(&"x".repeat(MAX_LENGTH + 1)).0.starts_with("Too long"));
    }
}
