//! A table of what was measured, beside what was promised, for people and as JSON.

use std::fmt;

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
    pub fn new(what: String, result: f64, unit: &'static str, budget: Option<Budget>) -> Self {
        let kept = budget.map(|budget| match budget {
            Budget::AtMost(most) => result <= most,
            Budget::AtLeast(least) => result >= least,
        });
        Self { what, result, unit, budget, kept }
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let budget = match self.budget {
            None => String::new(),
            Some(Budget::AtMost(most)) => format!("<= {most} {}", self.unit),
            Some(Budget::AtLeast(least)) => format!(">= {least} {}", self.unit),
        };
        let kept = match self.kept {
            None => "",
            Some(true) => "kept",
            Some(false) => "BROKEN",
        };
        let result = format!("{:.1} {}", self.result, self.unit);
        write!(f, "{:<46} {result:>14}  {budget:<12} {kept}", self.what)
    }
}
