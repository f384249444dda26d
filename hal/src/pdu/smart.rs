//! Smart encoding: characters that cost a text its GSM 7 bit alphabet, and what may stand for them.

use core::fmt::{self, Write};

use super::gsm7::Code;

/// A text in which characters outside the GSM 7 bit alphabet are replaced where something may stand for
/// them; `Display` writes it.
#[derive(Clone, Copy)]
pub struct Smart<'a> {
    text: &'a str,
    scope: Scope,
}

/// What may be replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Quotes, dashes, spaces and signs: readers hardly notice.
    Typography,
    /// Letters too: they lose their accents, and Greek capitals become the Latin ones that look alike.
    Letters,
}

/// A character outside the GSM 7 bit alphabet with its extension.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Foreign {
    /// The character; `Debug` does not show it.
    pub character: char,
    /// Characters before it.
    pub position: usize,
    /// What may stand for it, empty where it may be left out.
    pub suggestion: Option<&'static str>,
}

impl<'a> Smart<'a> {
    /// Rewrites `text` within `scope`.
    #[must_use]
    pub const fn new(text: &'a str, scope: Scope) -> Self {
        Self { text, scope }
    }

    /// The characters outside the alphabet, in order, with what replaces them.
    pub fn foreign(&self) -> impl Iterator<Item = Foreign> + use<'a> {
        let scope = self.scope;
        let all = self.text.chars().enumerate().filter(|(_, c)| Code::of(*c).is_none());
        all.map(move |(position, character)| {
            let suggestion = replacement(character, scope);
            Foreign { character, position, suggestion }
        })
    }

    /// Whether the rewritten text is in the GSM 7 bit alphabet as a whole: less than that saves nothing.
    #[must_use]
    pub fn is_gsm7(&self) -> bool {
        self.foreign().all(|foreign| foreign.suggestion.is_some())
    }
}

impl fmt::Display for Smart<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.text.chars().try_for_each(|c| {
            match Code::of(c).is_none().then(|| replacement(c, self.scope)).flatten() {
                Some(replacement) => f.write_str(replacement),
                None => f.write_char(c),
            }
        })
    }
}

impl fmt::Debug for Smart<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Smart({:?}, {} characters)", self.scope, self.text.chars().count())
    }
}

impl fmt::Debug for Foreign {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Foreign").field("position", &self.position).finish_non_exhaustive()
    }
}

fn replacement(c: char, scope: Scope) -> Option<&'static str> {
    match scope {
        Scope::Typography => typography(c),
        Scope::Letters => typography(c).or_else(|| letter(c)),
    }
}

const fn typography(c: char) -> Option<&'static str> {
    Some(match c {
        // Quotes and primes.
        '‘' | '’' | '‚' | '‛' | '′' | '´' | '`' | 'ʹ' | 'ʼ' | '‹' | '›' => "'",
        '“' | '”' | '„' | '‟' | '″' | '«' | '»' => "\"",
        // Hyphens, dashes and the minus sign.
        '\u{2010}'..='\u{2015}' | '\u{2212}' => "-",
        // Spaces of every width, tabs among them.
        '\t' | '\u{A0}' | '\u{2000}'..='\u{200A}' | '\u{202F}' | '\u{205F}' | '\u{3000}' => " ",
        // Line and paragraph separator.
        '\u{2028}' | '\u{2029}' => "\n",
        // Without width: soft hyphen, zero width space, word joiner, byte order mark, left-to-right marks.
        '\u{AD}' | '\u{200B}' | '\u{200E}' | '\u{200F}' | '\u{2060}' | '\u{FEFF}' => "",
        '…' => "...",
        '•' | '·' | '‣' | '∙' => "*",
        '×' => "x",
        '÷' | '⁄' => "/",
        'ˆ' => "^",
        '˜' => "~",
        '¦' => "|",
        '™' => "(TM)",
        '®' => "(R)",
        '©' => "(C)",
        '№' => "No.",
        '¼' => "1/4",
        '½' => "1/2",
        '¾' => "3/4",
        '²' => "2",
        '³' => "3",
        '¹' => "1",
        '≤' => "<=",
        '≥' => ">=",
        '→' => "->",
        '←' => "<-",
        _ => return None,
    })
}

const fn letter(c: char) -> Option<&'static str> {
    Some(match c {
        'Á' | 'À' | 'Â' | 'Ã' | 'Ā' | 'Ă' | 'Ą' | 'Α' => "A",
        'á' | 'â' | 'ã' | 'ā' | 'ă' | 'ą' => "a",
        'Β' => "B",
        'Ć' | 'Ĉ' | 'Ċ' | 'Č' => "C",
        'ç' | 'ć' | 'ĉ' | 'ċ' | 'č' => "c",
        'Ď' | 'Đ' | 'Ð' => "D",
        'ď' | 'đ' | 'ð' => "d",
        'È' | 'Ê' | 'Ë' | 'Ē' | 'Ĕ' | 'Ė' | 'Ę' | 'Ě' | 'Ε' => "E",
        'ê' | 'ë' | 'ē' | 'ĕ' | 'ė' | 'ę' | 'ě' => "e",
        'Ĝ' | 'Ğ' | 'Ġ' | 'Ģ' => "G",
        'ĝ' | 'ğ' | 'ġ' | 'ģ' => "g",
        'Ĥ' | 'Ħ' | 'Η' => "H",
        'ĥ' | 'ħ' => "h",
        'Ì' | 'Í' | 'Î' | 'Ï' | 'Ĩ' | 'Ī' | 'Ĭ' | 'Į' | 'İ' | 'Ι' => "I",
        'í' | 'î' | 'ï' | 'ĩ' | 'ī' | 'ĭ' | 'į' | 'ı' => "i",
        'Ĵ' => "J",
        'ĵ' => "j",
        'Ķ' | 'Κ' => "K",
        'ķ' => "k",
        'Ĺ' | 'Ļ' | 'Ľ' | 'Ł' => "L",
        'ĺ' | 'ļ' | 'ľ' | 'ł' => "l",
        'Μ' => "M",
        'Ń' | 'Ņ' | 'Ň' | 'Ν' => "N",
        'ń' | 'ņ' | 'ň' => "n",
        'Ò' | 'Ó' | 'Ô' | 'Õ' | 'Ō' | 'Ŏ' | 'Ő' | 'Ο' => "O",
        'ó' | 'ô' | 'õ' | 'ō' | 'ŏ' | 'ő' => "o",
        'Œ' => "OE",
        'œ' => "oe",
        'Ρ' => "P",
        'Ŕ' | 'Ŗ' | 'Ř' => "R",
        'ŕ' | 'ŗ' | 'ř' => "r",
        'Ś' | 'Ŝ' | 'Ş' | 'Š' | 'Ș' => "S",
        'ś' | 'ŝ' | 'ş' | 'š' | 'ș' => "s",
        'Ţ' | 'Ť' | 'Ŧ' | 'Ț' | 'Τ' => "T",
        'ţ' | 'ť' | 'ŧ' | 'ț' => "t",
        'Ù' | 'Ú' | 'Û' | 'Ũ' | 'Ū' | 'Ŭ' | 'Ů' | 'Ű' | 'Ų' => "U",
        'ú' | 'û' | 'ũ' | 'ū' | 'ŭ' | 'ů' | 'ű' | 'ų' => "u",
        'Ŵ' => "W",
        'ŵ' => "w",
        'Χ' => "X",
        'Ý' | 'Ŷ' | 'Ÿ' | 'Υ' => "Y",
        'ý' | 'ŷ' | 'ÿ' => "y",
        'Ź' | 'Ż' | 'Ž' | 'Ζ' => "Z",
        'ź' | 'ż' | 'ž' => "z",
        'Þ' => "Th",
        'þ' => "th",
        'ẞ' => "SS",
        // Combining marks leave their letter.
        '\u{300}'..='\u{36F}' => "",
        _ => return None,
    })
}
