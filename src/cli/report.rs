//! `ringpost report`.

use std::fmt::Write as _;

use clap::ValueEnum;
use serde_json::Value;

use super::{
    Failure, Output, Server, output,
    table::{cell, table},
};

/// Characters of the longest bar.
const BAR: i64 = 24;

#[derive(Debug, clap::Args)]
pub(super) struct Report {
    /// The month of UTC, such as 2026-11; else this month.
    #[arg(long, value_name = "YYYY-MM")]
    month: Option<String>,
    /// By what it is divided, besides where to, how and why.
    #[arg(long, value_enum, default_value_t)]
    by: By,
    /// Print CSV.
    #[arg(long, conflicts_with = "json")]
    csv: bool,
    #[command(flatten)]
    server: Server,
    #[command(flatten)]
    output: Output,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
enum By {
    #[default]
    Month,
    Day,
    User,
}

impl Report {
    pub(super) fn run(self) -> Result<(), Failure> {
        let by = match self.by {
            By::Month => "month",
            By::Day => "day",
            By::User => "user",
        };
        let mut query = form_urlencoded::Serializer::new(format!("by={by}"));
        query.extend_pairs(self.month.iter().map(|month| ("month", month)));
        let query = query.finish();
        if self.csv {
            let mut body = self.server.open(&format!("/api/v1/reports/usage.csv?{query}"), None)?;
            let text = body.read_to_string();
            return output::print(
                &text.map_err(|cause| Failure::while_doing("read the report", cause))?,
            );
        }
        let path = format!("/api/v1/reports/usage?{query}");
        let mut report = self.server.get(&path, self.output)?;
        while let Some(next) = report.get("next").and_then(Value::as_str).map(str::to_owned) {
            let next: String = form_urlencoded::byte_serialize(next.as_bytes()).collect();
            let page = self.server.get(&format!("{path}&next={next}"), self.output)?;
            join(&mut report, page);
        }
        self.output.print(&report, |report| describe(report, self.by))
    }
}

/// Adds the rows of a page to those before it. Totals are those of the rows.
fn join(report: &mut Value, mut page: Value) {
    let rows = page.get_mut("rows").map(Value::take);
    if let (Some(Value::Array(all)), Some(Value::Array(rows))) = (report.get_mut("rows"), rows) {
        all.extend(rows);
    }
    if let (Some(total), Some(more)) = (report.get_mut("total"), page.get("total")) {
        add(total, more);
    }
    if let Some(next) = report.get_mut("next") {
        *next = page.get("next").cloned().unwrap_or_default();
    }
}

fn add(total: &mut Value, more: &Value) {
    match (total, more) {
        (Value::Object(total), Value::Object(more)) => {
            for (name, value) in more {
                match total.get_mut(name) {
                    Some(sum) => add(sum, value),
                    None => drop(total.insert(name.clone(), value.clone())),
                }
            }
        }
        (total, more) => {
            let sum = match (total.as_i64(), more.as_i64()) {
                (Some(one), Some(other)) => Value::from(one + other),
                _ => Value::from(
                    total.as_f64().unwrap_or_default() + more.as_f64().unwrap_or_default(),
                ),
            };
            *total = sum;
        }
    }
}

fn describe(report: &Value, by: By) -> String {
    let rows: Vec<&Value> =
        report.get("rows").and_then(Value::as_array).into_iter().flatten().collect();
    let number = |row: &Value, name: &str| row.get(name).and_then(Value::as_i64).unwrap_or(0);
    let all = |row: &Value| number(row, "messages") + number(row, "denied");
    let most = rows.iter().map(|row| all(row)).max().unwrap_or(0);
    let cells = |row: &Value| {
        let key = match by {
            By::Month => String::new(),
            By::Day => cell(row, "/day"),
            By::User => cell(row, "/user"),
        };
        [
            key,
            cell(row, "/scope"),
            cell(row, "/region"),
            cell(row, "/channel"),
            cell(row, "/purpose"),
            cell(row, "/messages"),
            cell(row, "/segments"),
            minutes(row),
            cell(row, "/delivered"),
            cell(row, "/failed"),
            cell(row, "/denied"),
            money(row),
            bar(number(row, "delivered"), all(row), most),
        ]
    };
    let head = match by {
        By::Month => "",
        By::Day => "DAY",
        By::User => "USER",
    };
    let head = [
        head,
        "SCOPE",
        "REGION",
        "CHANNEL",
        "PURPOSE",
        "MESSAGES",
        "SEGMENTS",
        "MINUTES",
        "DELIVERED",
        "FAILED",
        "DENIED",
        "COST",
        "",
    ];
    let mut text = format!(
        "usage of {}, home region {}, costs in {}\n",
        cell(report, "/month"),
        cell(report, "/home_region"),
        cell(report, "/currency")
    );
    text.push_str(&table(head, rows.iter().map(|row| cells(row)).collect()));
    if let Some(total) = report.get("total") {
        let _ = write!(
            text,
            "\n\n{} messages, {} segments, {} minutes: {} delivered, {} failed, {} unknown, {} cancelled, {} open; \
             {} denied; cost {}",
            cell(total, "/messages"),
            cell(total, "/segments"),
            minutes(total),
            cell(total, "/delivered"),
            cell(total, "/failed"),
            cell(total, "/unknown"),
            cell(total, "/cancelled"),
            cell(total, "/open"),
            cell(total, "/denied"),
            money(total),
        );
        let failed = total.get("failed_by").and_then(Value::as_object).into_iter().flatten();
        for (family, count) in failed {
            let _ = write!(text, "\n  failed: {count} {family}");
        }
    }
    text
}

fn minutes(row: &Value) -> String {
    let minutes = row.get("minutes").and_then(Value::as_f64).unwrap_or_default();
    format!("{minutes:.1}")
}

fn money(row: &Value) -> String {
    let amount = row.get("cost").and_then(Value::as_f64).unwrap_or_default();
    format!("{amount:.2}")
}

/// A bar as long as all, compared with the most; filled as far as was delivered.
fn bar(delivered: i64, all: i64, most: i64) -> String {
    // What is there is seen.
    let length = |count: i64| (count * BAR + most - 1).checked_div(most).unwrap_or(0);
    let (filled, whole) = (length(delivered.min(all)), length(all));
    let times = |count: i64| usize::try_from(count).unwrap_or(0);
    "█".repeat(times(filled)) + &"░".repeat(times(whole - filled))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn bars_show_how_many_there_were_and_how_many_arrived() {
        assert_eq!(bar(6, 12, 12), format!("{}{}", "█".repeat(12), "░".repeat(12)));
        assert_eq!((bar(1, 1, 1000), bar(0, 0, 0)), ("█".into(), String::new()));
    }

    #[test]
    fn pages_are_added_up() {
        let mut report = json!({
            "rows": [1], "next": "a", "total": {"messages": 1, "cost": 0.5, "failed_by": {"x": 1}}
        });
        let page = json!({
            "rows": [2], "next": null,
            "total": {"messages": 2, "cost": 0.25, "failed_by": {"x": 1, "y": 2}}
        });
        join(&mut report, page);
        let total = json!({"messages": 3, "cost": 0.75, "failed_by": {"x": 2, "y": 2}});
        assert_eq!(report, json!({"rows": [1, 2], "next": null, "total": total}));
    }
}
