//! What a text costs as it is laid out, and which characters are to blame.

use std::io::{self, Write};

use ringpost_hal::pdu::{Alphabet, Cost, Costly, Scope, Segmentation, Shifts, Smart, gsm7::Code};

use super::words;

/// What smart encoding has to do with a layout.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Smartness {
    /// It would help, and was not asked for.
    Offered,
    /// It cannot help: other characters keep the text out of GSM 7 bit, or it would take more segments.
    InVain,
    /// The layout is that of the text as it rewrites it.
    Applied,
}

/// Places of a character that are named; the count says how many there are.
const PLACES: usize = 5;

/// Prints the layout, and a line for each character of the text as it was given that costs more than a
/// septet.
pub(super) fn print(
    out: &mut impl Write,
    given: &str,
    plan: &Segmentation<'_>,
    smart: Smartness,
) -> io::Result<()> {
    writeln!(out, "{}", layout(plan))?;
    for (costly, places) in characters(given) {
        let Some(says) = blame(costly, plan, smart) else { continue };
        let shown: Vec<_> = places.iter().take(PLACES).map(usize::to_string).collect();
        let more = if places.len() > PLACES { ", …" } else { "" };
        let (count, shown) = (places.len(), shown.join(", "));
        let character = costly.character;
        writeln!(out, "  {character:?} x {count}, at {shown}{more}: {says}")?;
    }
    if plan.alphabet() == Alphabet::Ucs2 {
        let total = Segmentation::of(&without(given)).total();
        writeln!(out, "  without these, GSM-7: {}", words::count(total, "segment"))?;
    }
    Ok(())
}

fn layout(plan: &Segmentation<'_>) -> String {
    let alphabet = words::alphabet(plan.alphabet());
    let unit = if plan.alphabet() == Alphabet::Gsm7 { "septet" } else { "unit" };
    let Shifts { locking, single } = plan.shifts();
    let locking = locking.map(|it| format!(", {it:?} locking shift")).unwrap_or_default();
    let single = single.map(|it| format!(", {it:?} single shift")).unwrap_or_default();
    let (total, units, each) = (
        words::count(plan.total(), "segment"),
        words::count(plan.units(), unit),
        plan.per_segment(),
    );
    let left = plan.remaining();
    format!("{alphabet}{locking}{single}: {total}; {units}, {each} a segment, room for {left}")
}

/// The costly characters in the order in which they appear first, each with its places.
fn characters(text: &str) -> Vec<(Costly, Vec<usize>)> {
    let mut found: Vec<(Costly, Vec<usize>)> = Vec::new();
    for costly in Smart::new(text, Scope::Typography).costly() {
        match found.iter_mut().find(|(known, _)| known.character == costly.character) {
            Some((_, places)) => places.push(costly.position),
            None => found.push((costly, vec![costly.position])),
        }
    }
    found
}

/// What a character costs in this layout; nothing where it costs what every other one does.
fn blame(costly: Costly, plan: &Segmentation<'_>, smart: Smartness) -> Option<String> {
    match (costly.suggestion, plan.alphabet()) {
        (Some(instead), _) if smart == Smartness::Applied => {
            Some(format!("written as {instead:?}"))
        }
        (_, Alphabet::Gsm7) => match Code::with(costly.character, plan.shifts())? {
            Code::Plain(_) => Some("a septet of the national table".to_owned()),
            Code::Escaped(_) => Some("two septets".to_owned()),
        },
        _ if costly.cost == Cost::Escape => None,
        (Some(instead), _) if smart == Smartness::InVain => {
            Some(format!("not in GSM-7; {instead:?} would save nothing"))
        }
        (Some(instead), _) => Some(format!("not in GSM-7; --smart writes {instead:?}")),
        (None, _) => Some("not in GSM-7".to_owned()),
    }
}

/// The text as it would be in GSM 7 bit, with something of its length for what nothing stands for.
fn without(text: &str) -> String {
    let cheap = |c| if Code::of(c).is_some() { c } else { '?' };
    Smart::new(text, Scope::Letters).to_string().chars().map(cheap).collect()
}
