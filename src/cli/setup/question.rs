//! Questions to whoever sets the gateway up. Each has an answer that is taken if nothing is said, and is
//! not asked where an option gives it.

use std::{
    env,
    io::{self, BufRead as _, Write as _},
    path::Path,
};

use super::{Failure, stock::Found};
use crate::config::Config;

/// Times that an answer that cannot be used is asked for again.
const TRIES: u8 = 3;

/// Whoever asks.
pub(super) struct Asker {
    /// Whether everything is taken as proposed.
    silent: bool,
}

impl Asker {
    pub(super) const fn new(silent: bool) -> Self {
        Self { silent }
    }

    /// Which of the modems are used.
    pub(super) fn modems<'f>(&self, found: &[&'f Found]) -> Result<Vec<&'f Found>, Failure> {
        let chosen = |answer: &str| -> Result<Vec<&'f Found>, String> {
            if answer == "all" {
                return Ok(found.to_vec());
            }
            let numbers = answer.split([' ', ',']).filter(|word| !word.is_empty());
            let picked = numbers.map(|word| {
                let number: Option<usize> = word.parse().ok();
                let one = found.iter().find(|it| Some(it.number) == number);
                one.copied().ok_or_else(|| format!("{word:?} is none of the numbers above"))
            });
            picked.collect()
        };
        self.ask("Which of them are to be used? Numbers, or all", None, "all", chosen)
    }

    /// A text of the configuration, by the name of its option.
    pub(super) fn text(
        &self,
        what: &str,
        given: Option<String>,
        proposed: &str,
    ) -> Result<String, Failure> {
        let (question, key) = match what {
            "home_region" => ("Which region is home? National numbers are read against it", HOME),
            _ => ("Which name is in the texts", ORG),
        };
        let check = |answer: &str| {
            let (section, key) = key;
            accepted(&format!("[{section}]\n{key} = {answer:?}")).map(|()| answer.to_owned())
        };
        self.ask(question, given, proposed, check)
    }

    /// Where messages may go.
    pub(super) fn regions(
        &self,
        given: Option<String>,
        home: &str,
    ) -> Result<Vec<String>, Failure> {
        let check = |answer: &str| {
            let words = answer.split([' ', ',']).filter(|word| !word.is_empty());
            let regions: Vec<_> = words.map(str::to_owned).collect();
            accepted(&format!("[policy]\nregions = {regions:?}")).map(|()| regions)
        };
        self.ask("Where may messages go? Regions, or * for anywhere", given, home, check)
    }

    fn ask<T>(
        &self,
        question: &str,
        given: Option<String>,
        proposed: &str,
        check: impl Fn(&str) -> Result<T, String>,
    ) -> Result<T, Failure> {
        if let Some(answer) = given {
            return check(&answer).map_err(Failure::Failed);
        }
        if self.silent {
            return check(proposed).map_err(Failure::Failed);
        }
        let mut last = String::new();
        for _ in 0..TRIES {
            let mut out = io::stdout();
            write!(out, "{question} [{proposed}]: ")?;
            out.flush()?;
            let mut line = String::new();
            let read = io::stdin().lock().read_line(&mut line);
            let ended = read.map_err(|cause| Failure::while_doing("read the answer", cause))? == 0;
            if ended {
                // Nobody is there to ask.
                writeln!(out)?;
                return check(proposed).map_err(Failure::Failed);
            }
            let answer = line.trim();
            match check(if answer.is_empty() { proposed } else { answer }) {
                Ok(value) => return Ok(value),
                Err(cause) => {
                    writeln!(out, "{cause}")?;
                    last = cause;
                }
            }
        }
        Err(Failure::Failed(last))
    }
}

/// Where a text stands in the configuration.
type Key = (&'static str, &'static str);

const HOME: Key = ("policy", "home_region");
const ORG: Key = ("org", "name");

/// Whether the configuration would take it, in the words of the configuration if not.
fn accepted(text: &str) -> Result<(), String> {
    match Config::parse(text, Path::new(""), std::iter::empty()) {
        Ok(_) => Ok(()),
        Err(cause) => {
            let said = cause.to_string();
            // Nobody wrote the line that it names.
            Err(said.split_once(": ").map_or(said.clone(), |(_, what)| what.to_owned()))
        }
    }
}

/// The region of this account's language, `de_AT.UTF-8`; the default where there is none.
pub(super) fn region_of_locale() -> String {
    let variables = ["LC_ALL", "LC_TELEPHONE", "LANG"].into_iter();
    let mut said = variables.filter_map(|name| env::var(name).ok());
    said.find_map(|locale| region_in(&locale)).unwrap_or_else(|| "US".to_owned())
}

fn region_in(locale: &str) -> Option<String> {
    let (_, region) = locale.split(['.', '@']).next()?.split_once('_')?;
    accepted(&format!("[policy]\nhome_region = {region:?}")).is_ok().then(|| region.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_region_is_in_the_locale() {
        assert_eq!(region_in("de_AT.UTF-8").as_deref(), Some("AT"));
        assert_eq!(region_in("pt_BR@latin").as_deref(), Some("BR"));
        for none in ["C", "C.UTF-8", "en", "xx_ZQ", ""] {
            assert_eq!(region_in(none), None, "{none}");
        }
    }
}
