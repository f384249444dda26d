//! A table of what was measured, beside what was promised, for people and as JSON.

use std::fmt;

use crate::rig::Machine;

/// Everything that one run found.
#[derive(serde::Serialize)]
pub struct Report {
    /// Where, and beside what.
    pub machine: Machine,
    /// What.
    pub lines: Vec<Line>,
    /// What was left out, and why.
    pub notes: Vec<String>,
}

/// One thing measured.
#[derive(serde::Serialize)]
pub struct Line {
    /// What.
    pub what: String,
    /// How much, in `unit`.
    pub result: f64,
    /// Nanoseconds, allocations, times as fast.
    pub unit: &'static str,
    /// What was promised; nothing where it is told for comparison.
    pub budget: Option<Budget>,
    /// Whether the promise is kept.
    pub kept: Option<bool>,
}

/// A promise about a number.
#[derive(Clone, Copy, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Budget {
    /// This much or less.
    AtMost(f64),
    /// This much or more.
    AtLeast(f64),
}

impl Line {
    /// Judges `result` by its budget.
    pub fn new(
        what: impl Into<String>,
        result: f64,
        unit: &'static str,
        budget: impl Into<Option<Budget>>,
    ) -> Self {
        let budget = budget.into();
        let kept = budget.map(|budget| match budget {
            Budget::AtMost(most) => result <= most,
            Budget::AtLeast(least) => result >= least,
        });
        Self { what: what.into(), result, unit, budget, kept }
    }
}

/// A number with the digits that matter.
struct Figure(f64, &'static str);

impl fmt::Display for Figure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(number, unit) = *self;
        let decimals = match number.abs() {
            0.0 => 0,
            below if below < 10.0 => 2,
            below if below < 1000.0 => 1,
            _ => 0,
        };
        write!(f, "{number:.decimals$} {unit}")
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let budget = match self.budget {
            None => String::new(),
            Some(Budget::AtMost(most)) => format!("<= {}", Figure(most, self.unit)),
            Some(Budget::AtLeast(least)) => format!(">= {}", Figure(least, self.unit)),
        };
        let kept = match self.kept {
            None => "",
            Some(true) => "kept",
            Some(false) => "BROKEN",
        };
        let result = Figure(self.result, self.unit).to_string();
        write!(f, "{:<62} {result:>14}  {budget:<16} {kept}", self.what)
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Machine { at, processor, cores, kernel, load } = &self.machine;
        writeln!(
            f,
            "{at}: {cores} cores of {processor}, Linux {kernel}, load {load} at the start"
        )?;
        self.lines.iter().try_for_each(|line| writeln!(f, "{line}"))?;
        self.notes.iter().try_for_each(|note| writeln!(f, "{note}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_judged_by_its_budget() {
        let kept = |result, budget| Line::new("it", result, "ms", budget).kept;
        assert_eq!(kept(1.0, Budget::AtMost(1.0)), Some(true));
        assert_eq!(kept(1.1, Budget::AtMost(1.0)), Some(false));
        assert_eq!(kept(98.0, Budget::AtLeast(99.0)), Some(false));
        assert_eq!(Line::new("it", 1.0, "ms", None).kept, None);
        let shown = Line::new("it", 1.234, "ms", Budget::AtMost(1.0)).to_string();
        assert!(shown.contains("1.23 ms") && shown.ends_with("BROKEN"), "{shown}");
    }
}
