//! A TPDU for people: a line for each field, in colour where a terminal shows it.

use std::io::{self, Write};

use anstyle::{AnsiColor, Style};
use ringpost_hal::pdu::DecodeError;

use super::{
    fields::{Anatomy, Field},
    words::hex,
};

const NAME: Style = AnsiColor::Cyan.on_default().bold();
const OCTETS: Style = Style::new().dimmed();
const WRONG: Style = AnsiColor::Red.on_default().bold();

/// Octets of a field that a line shows; the text below says the rest.
const SHOWN: usize = 8;

/// Prints the fields of a TPDU that begins at octet `start` of `octets`.
pub(super) fn anatomy(
    out: &mut impl Write,
    service_centre: Option<&str>,
    anatomy: &Anatomy,
    octets: &[u8],
    start: usize,
) -> io::Result<()> {
    if start > 0 {
        let says = service_centre.unwrap_or("the one of the SIM");
        line(out, 0, octets.get(..start).unwrap_or_default(), "SMSC", says)?;
    }
    let mut last = None;
    for Field { name, octets: range, says, .. } in &anatomy.fields {
        let range = range.start + start..range.end + start;
        // Flags stand in the first octet, which is shown once.
        let repeated = last.as_ref() == Some(&range);
        let field = if repeated { &[] } else { octets.get(range.clone()).unwrap_or_default() };
        line(out, range.start, field, name, says)?;
        last = Some(range);
    }
    Ok(())
}

fn line(out: &mut impl Write, at: usize, octets: &[u8], name: &str, says: &str) -> io::Result<()> {
    let mut shown = hex(octets.get(..SHOWN).unwrap_or(octets));
    if octets.len() > SHOWN {
        shown.push('…');
    }
    let width = 2 * SHOWN + 1;
    writeln!(out, "{at:>3}  {OCTETS}{shown:<width$}{OCTETS:#}  {NAME}{name:<7}{NAME:#}  {says}")
}

/// Prints what is wrong, and points at the octet.
pub(super) fn fault(out: &mut impl Write, line: &str, fault: &DecodeError) -> io::Result<()> {
    let column = 2 * fault.offset;
    writeln!(out, "{line}")?;
    writeln!(out, "{:column$}{WRONG}^ {fault}{WRONG:#}", "")
}
