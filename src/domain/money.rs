//! Amounts of money, exact.

use std::fmt;

/// An amount in the site's one currency, in millionths: a segment costs fractions of a cent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Money(i64);

impl Money {
    /// Nothing.
    pub const ZERO: Self = Self(0);
    /// Millionths of a whole.
    const SCALE: i64 = 1_000_000;
    /// Digits behind the point.
    const DIGITS: usize = 6;

    /// This many millionths.
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// Millionths.
    pub const fn as_micros(self) -> i64 {
        self.0
    }

    /// In whole units: exact to the last of its digits up to some billions.
    #[expect(clippy::cast_precision_loss, reason = "what cannot be exact is near enough")]
    pub fn as_units(self) -> f64 {
        self.0 as f64 / 1_000_000.0
    }

    /// Reads `12`, `0.0075` and the like: no sign, up to six digits behind the point.
    pub fn parse(text: &str) -> Option<Self> {
        let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|it| it.is_ascii_digit());
        if !digits(whole) || !digits(fraction) || fraction.len() > Self::DIGITS {
            return None;
        }
        let padded = format!("{fraction:0<width$}", width = Self::DIGITS);
        let whole = whole.parse::<i64>().ok()?.checked_mul(Self::SCALE)?;
        whole.checked_add(padded.parse().ok()?).map(Self)
    }

    /// The sum, or the largest amount there is.
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }

    /// The difference, or nothing where that is less.
    #[must_use]
    pub fn less(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0)).max(Self::ZERO)
    }

    /// So many times as much, or the largest amount there is.
    #[must_use]
    pub const fn times(self, count: u32) -> Self {
        Self(self.0.saturating_mul(count as i64))
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = format!("{}.{:06}", self.0 / Self::SCALE, (self.0 % Self::SCALE).abs());
        // Two digits at least, as people write amounts.
        let kept = text.trim_end_matches('0').len().max(text.len() - Self::DIGITS + 2);
        f.write_str(text.get(..kept).unwrap_or(&text))
    }
}

#[cfg(test)]
mod tests {
    use super::Money;

    #[test]
    fn amounts_are_exact() {
        for (text, micros, shown) in [
            ("0.0075", 7500, "0.0075"),
            ("12", 12_000_000, "12.00"),
            ("0.1", 100_000, "0.10"),
            ("3.000001", 3_000_001, "3.000001"),
        ] {
            let money = Money::parse(text).unwrap();
            assert_eq!((money.as_micros(), money.to_string().as_str()), (micros, shown));
        }
        for text in ["", ".5", "1.", "-1", "1e3", "0.0000001", "1,5", "99999999999999999999"] {
            assert_eq!(Money::parse(text), None, "{text}");
        }
        assert_eq!(Money::from_micros(7500).times(3).plus(Money::ZERO).to_string(), "0.0225");
    }
}
