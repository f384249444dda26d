//! A modem as a table of the configuration, to paste.

use std::fmt::Write as _;

use crate::domain::Locator;

/// Speed of a UART where the configuration says nothing.
pub(super) const BAUD: u32 = 115_200;

/// A `[[modem]]` table; `what` says for people which modem it is.
pub(super) fn modem_table(name: &str, locator: &Locator, baud: u32, what: &str) -> String {
    let mut table = String::from("[[modem]]\n");
    if !what.is_empty() {
        let _ = writeln!(table, "# {what}");
    }
    let _ = writeln!(table, "name = {name:?}\n{} = {:?}", locator.key(), locator.to_string());
    if baud != BAUD {
        let _ = writeln!(table, "baud = {baud}");
    }
    table
}
