//! Metrics of one name, told apart by their labels.

use std::sync::atomic::AtomicU64;

use prometheus_client::{
    metrics::{counter::Counter, family::Family, gauge::Gauge, histogram::Histogram},
    registry::Registry,
};

/// Names and values.
pub(super) type Labels = Vec<(&'static str, String)>;
/// What only grows.
pub(super) type Counters = Family<Labels, Counter>;
/// What only grows, and not by ones.
pub(super) type Sums = Family<Labels, Counter<f64, AtomicU64>>;
/// How long things take, in seconds.
pub(super) type Histograms = Family<Labels, Histogram>;

/// Labels of these words.
pub(super) fn labels<const N: usize>(words: [(&'static str, &str); N]) -> Labels {
    words.map(|(name, value)| (name, value.to_owned())).into()
}

/// Registers what is as it is at this moment.
pub(super) fn gauges(
    registry: &mut Registry,
    (name, help): (&'static str, &'static str),
    values: impl IntoIterator<Item = (Labels, f64)>,
) {
    let family = Family::<Labels, Gauge<f64, AtomicU64>>::default();
    for (labels, value) in values {
        family.get_or_create(&labels).set(value);
    }
    registry.register(name, help, family);
}

/// Registers what somebody else has counted.
pub(super) fn counters(
    registry: &mut Registry,
    (name, help): (&'static str, &'static str),
    values: impl IntoIterator<Item = (Labels, u64)>,
) {
    let family = Counters::default();
    for (labels, value) in values {
        family.get_or_create(&labels).inc_by(value);
    }
    registry.register(name, help, family);
}
