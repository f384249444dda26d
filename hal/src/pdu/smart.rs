//! Smart encoding: which characters make a text expensive, and what may stand for them.

use core::fmt::{self, Write};

use super::gsm7::Code;

/// A text in which characters outside the GSM 7 bit alphabet are replaced where something may stand for
/// them; `Display` writes it.
///
/// ```
/// use ringpost_hal::pdu::{Cost, Scope, Segmentation, Smart};
///
/// let text = "It’s [urgent]: ".repeat(5);
/// let smart = Smart::new(&text, Scope::Typography);
/// let first = smart.costly().next().unwrap();
/// assert_eq!((first.position, first.cost, first.suggestion), (2, Cost::Alphabet, Some("'")));
///
/// // What such characters cost is the difference that they make.
/// let rewritten = smart.to_string();
/// assert_eq!(Segmentation::of(&text).total(), 2);
/// assert_eq!(Segmentation::of(&rewritten).total(), 1);
/// ```
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

/// A character that costs more than one septet.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Costly {
    /// The character; `Debug` does not show it.
    pub character: char,
    /// Characters before it.
    pub position: usize,
    /// What it costs.
    pub cost: Cost,
    /// What may stand for it, empty where it may be left out.
    pub suggestion: Option<&'static str>,
}

/// What a character costs beyond one septet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cost {
    /// A septet more: it is in the extension table, 3GPP TS 23.038 6.2.1.1.
    Escape,
    /// The GSM 7 bit alphabet as a whole, unless a national table has it: every character of the text
    /// takes two octets, and a segment carries 70 of them in the place of 160.
    Alphabet,
}

impl<'a> Smart<'a> {
    /// Rewrites `text` within `scope`.
    #[must_use]
    pub const fn new(text: &'a str, scope: Scope) -> Self {
        Self { text, scope }
    }

    /// The characters that cost more than one septet, in order, with what may stand for them.
    pub fn costly(&self) -> impl Iterator<Item = Costly> + use<'a> {
        let scope = self.scope;
        self.text.chars().enumerate().filter_map(move |(position, character)| {
            let cost = match Code::of(character) {
                Some(Code::Plain(_)) => return None,
                Some(Code::Escaped(_)) => Cost::Escape,
                None => Cost::Alphabet,
            };
            let suggestion = match cost {
                Cost::Escape => None,
                Cost::Alphabet => replacement(character, scope),
            };
            Some(Costly { character, position, cost, suggestion })
        })
    }

    /// Whether the rewritten text is in the GSM 7 bit alphabet as a whole: less than that saves nothing.
    #[must_use]
    pub fn is_gsm7(&self) -> bool {
        self.costly().all(|it| it.cost == Cost::Escape || it.suggestion.is_some())
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

impl fmt::Debug for Costly {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Costly")
            .field("position", &self.position)
            .field("cost", &self.cost)
            .finish_non_exhaustive()
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
        '‘' | '’' | '‚' | '‛' | '′' | '‵' | '´' | '`' | '‹' | '›' | '❛' | '❜' | '＇' => {
            "'"
        }
        '\u{2B9}' | '\u{2BB}'..='\u{2BD}' => "'",
        '“' | '”' | '„' | '‟' | '″' | '‶' | '«' | '»' | '\u{2BA}' | '❝' | '❞' | '＂' => {
            "\""
        }
        // Hyphens, dashes and the minus sign.
        '\u{2010}'..='\u{2015}' | '\u{2043}' | '\u{2212}' | '\u{FE63}' | '\u{FF0D}' => "-",
        // Spaces of every width, tabs among them.
        '\t' | '\u{A0}' | '\u{2000}'..='\u{200A}' | '\u{202F}' | '\u{205F}' | '\u{3000}' => " ",
        // Line and paragraph separator.
        '\u{2028}' | '\u{2029}' => "\n",
        // Without width: soft hyphen, zero width space, word joiner, byte order mark.
        '\u{AD}' | '\u{200B}' | '\u{2060}' | '\u{FEFF}' => "",
        // The same: marks, embeddings and isolates of direction, as phone books put around numbers.
        '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' => "",
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
