//! Columns of text.

use serde_json::Value;

/// Lines of `cells` under `head`, each column as wide as its widest cell.
pub(super) fn table<const N: usize>(head: [&str; N], rows: Vec<[String; N]>) -> String {
    let mut lines = vec![head.map(str::to_owned)];
    lines.extend(rows);
    let width = |column: usize| {
        lines.iter().filter_map(|line| line.get(column)).map(|cell| cell.chars().count()).max()
    };
    let widths: Vec<_> = (0..N).map(|column| width(column).unwrap_or(0)).collect();
    let lines = lines.iter().map(|line| {
        let cells = line.iter().zip(&widths);
        let line: Vec<_> = cells.map(|(cell, width)| format!("{cell:<width$}")).collect();
        line.join("  ").trim_end().to_owned()
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// A member of a JSON object as a cell: a string without quotes, nothing for null.
pub(super) fn cell(value: &Value, pointer: &str) -> String {
    match value.pointer(pointer) {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    }
}

/// The `items` of a list.
pub(super) fn items(value: &Value) -> impl Iterator<Item = &Value> {
    value.get("items").or(Some(value)).and_then(Value::as_array).into_iter().flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let rows = vec![["a".into(), "long cell".into()], ["bcd".into(), String::new()]];
        assert_eq!(table(["X", "Y"], rows), "X    Y\na    long cell\nbcd");
    }
}
