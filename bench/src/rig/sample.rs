//! Many measurements of one thing.

/// Measurements, in order.
#[derive(Debug, Clone, Default)]
pub struct Sample(Vec<f64>);

impl Sample {
    /// The value below which `share` of all lie; 0 where nothing was measured.
    #[must_use]
    pub fn quantile(&self, share: f64) -> f64 {
        let last = self.0.len().saturating_sub(1);
        let place = (share * last as f64).round() as usize;
        self.0.get(place).copied().unwrap_or_default()
    }

    /// The middle.
    #[must_use]
    pub fn p50(&self) -> f64 {
        self.quantile(0.5)
    }

    /// What only one of a hundred exceeds.
    #[must_use]
    pub fn p99(&self) -> f64 {
        self.quantile(0.99)
    }

    /// How many.
    #[must_use]
    pub fn count(&self) -> usize {
        self.0.len()
    }
}

impl FromIterator<f64> for Sample {
    fn from_iter<I: IntoIterator<Item = f64>>(values: I) -> Self {
        let mut values: Vec<_> = values.into_iter().collect();
        values.sort_by(f64::total_cmp);
        Self(values)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_values_that_were_measured() {
        let sample: Sample = (1..=101).rev().map(f64::from).collect();
        assert_eq!((sample.p50(), sample.p99(), sample.quantile(1.0)), (51.0, 100.0, 101.0));
        assert_eq!(Sample::default().p99(), 0.0);
    }
}
