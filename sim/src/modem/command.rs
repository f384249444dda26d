//! Reading a command line (ITU-T V.250 clause 5, 3GPP TS 27.007 clause 4).

/// Which of a command's forms was used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// `AT+X` or a basic command.
    Run,
    /// `AT+X?`
    Read,
    /// `AT+X=?`
    Test,
    /// `AT+X=…`
    Set,
}

/// One command of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Command {
    /// Upper case: `+CMGS`, `E`, `&F`, `D`.
    pub(crate) name: String,
    pub(crate) form: Form,
    /// What stands after `=`, or after a basic command's letter.
    pub(crate) raw: String,
    arguments: Vec<String>,
}

impl Command {
    /// The argument at a place, without its quotes; empty when absent.
    pub(crate) fn text(&self, place: usize) -> &str {
        self.arguments.get(place).map_or("", String::as_str)
    }

    /// The argument at a place as a number.
    pub(crate) fn number(&self, place: usize) -> Option<u16> {
        self.text(place).parse().ok()
    }

    /// How many arguments there are.
    pub(crate) fn count(&self) -> usize {
        self.arguments.len()
    }

    fn new(name: &str, form: Form, raw: &str) -> Self {
        let arguments = if raw.is_empty() {
            Vec::new()
        } else {
            split(raw, ',').map(|part| part.trim().trim_matches('"').to_owned()).collect()
        };
        Self { name: name.to_ascii_uppercase(), form, raw: raw.to_owned(), arguments }
    }
}

/// The commands of a line after its `AT`; an error when it cannot be read.
pub(crate) fn commands(line: &str) -> Result<Vec<Command>, ()> {
    let mut commands = Vec::new();
    let mut rest = line.trim();
    while !rest.is_empty() {
        let (command, left) = match rest.chars().next() {
            Some(';' | ' ') => {
                rest = rest.get(1..).unwrap_or("");
                continue;
            }
            Some('+' | '^' | '$' | '#' | '*' | '%') => extended(rest)?,
            _ => basic(rest)?,
        };
        commands.push(command);
        rest = left;
    }
    Ok(commands)
}

fn extended(text: &str) -> Result<(Command, &str), ()> {
    let end = split(text, ';').next().map_or(text.len(), str::len);
    let (this, rest) = text.split_at_checked(end).ok_or(())?;
    let this = this.trim();
    let command = match this.split_once('=') {
        Some((name, "?")) => Command::new(name, Form::Test, ""),
        Some((name, raw)) => Command::new(name, Form::Set, raw),
        None => match this.strip_suffix('?') {
            Some(name) => Command::new(name, Form::Read, ""),
            None => Command::new(this, Form::Run, ""),
        },
    };
    Ok((command, rest))
}

// V.250 clause 5.4.1: a letter or & and a letter, then a decimal number; D takes the rest.
fn basic(text: &str) -> Result<(Command, &str), ()> {
    let letters = if text.starts_with('&') { 2 } else { 1 };
    let (name, rest) = text.split_at_checked(letters).ok_or(())?;
    if !name.ends_with(|c: char| c.is_ascii_alphabetic()) {
        return Err(());
    }
    if name.eq_ignore_ascii_case("D") {
        // The `;` of a voice call belongs to it.
        return Ok((Command::new("D", Form::Run, rest), ""));
    }
    let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    let (number, rest) = rest.split_at_checked(end).ok_or(())?;
    Ok((Command::new(name, Form::Run, number), rest))
}

// Pieces between separators that are not inside quotes.
fn split(text: &str, separator: char) -> impl Iterator<Item = &str> {
    let mut quoted = false;
    text.split(move |character| {
        if character == '"' {
            quoted = !quoted;
        }
        character == separator && !quoted
    })
}
