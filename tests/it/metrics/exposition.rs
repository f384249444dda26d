//! The text format of Prometheus, read strictly: what a scraper might forgive is a fault here.

use std::collections::{BTreeMap, BTreeSet};

/// Labels by their names.
pub(crate) type Labels = BTreeMap<String, String>;

/// All samples of one metric.
#[derive(Debug)]
pub(crate) struct Family {
    pub(crate) name: String,
    pub(crate) help: String,
    pub(crate) kind: String,
    /// Name, labels and value of each.
    pub(crate) samples: Vec<(String, Labels, f64)>,
}

impl Family {
    /// The names of all labels, without that of buckets.
    pub(crate) fn label_names(&self) -> BTreeSet<&str> {
        let labels = self.samples.iter().flat_map(|(_, labels, _)| labels.keys());
        labels.map(String::as_str).filter(|name| *name != "le").collect()
    }
}

/// Reads a whole page.
///
/// # Panics
/// At whatever is not as it should be.
pub(crate) fn read(text: &str) -> Vec<Family> {
    assert!(text.ends_with('\n'), "the last line is not ended");
    let mut families: Vec<Family> = Vec::new();
    for line in text.lines() {
        if let Some(rest) = line.strip_prefix("# HELP ") {
            let (name, help) = rest.split_once(' ').unwrap_or_else(|| panic!("{line}"));
            check_name(name);
            assert!(families.iter().all(|it| it.name != name), "{name} comes twice");
            let (name, help) = (name.to_owned(), help.to_owned());
            families.push(Family { name, help, kind: String::new(), samples: Vec::new() });
        } else if let Some(rest) = line.strip_prefix("# TYPE ") {
            let (name, kind) = rest.split_once(' ').unwrap();
            let family = families.last_mut().unwrap();
            assert!(family.name == name && family.kind.is_empty(), "{line}");
            assert!(["counter", "gauge", "histogram"].contains(&kind), "{line}");
            kind.clone_into(&mut family.kind);
        } else {
            let family = families.last_mut().unwrap();
            assert!(!family.kind.is_empty(), "{line} comes before its type");
            family.samples.push(sample(line));
        }
    }
    families.iter().for_each(check);
    families
}

fn check_name(name: &str) {
    let good = |it: char| it.is_ascii_lowercase() || it.is_ascii_digit() || it == '_';
    assert!(
        name.chars().all(good) && name.starts_with(|it: char| it.is_ascii_lowercase()),
        "{name}"
    );
}

fn sample(line: &str) -> (String, Labels, f64) {
    let end = line.find(['{', ' ']).unwrap_or_else(|| panic!("{line}"));
    let (name, mut rest) = line.split_at(end);
    check_name(name);
    let mut labels = Labels::new();
    if let Some(inner) = rest.strip_prefix('{') {
        rest = inner;
        loop {
            let (label, value) = rest.split_once("=\"").unwrap_or_else(|| panic!("{line}"));
            check_name(label);
            let (value, tail) = quoted(value);
            assert!(labels.insert(label.to_owned(), value).is_none(), "{label} twice: {line}");
            rest = tail;
            match rest.split_at(1) {
                (",", tail) => rest = tail,
                ("}", tail) => {
                    rest = tail;
                    break;
                }
                _ => panic!("{line}"),
            }
        }
    }
    let value = rest.strip_prefix(' ').unwrap_or_else(|| panic!("{line}"));
    (name.to_owned(), labels, value.parse().unwrap_or_else(|_| panic!("{line}")))
}

/// What stands before the closing quote, and what stands behind it.
fn quoted(text: &str) -> (String, &str) {
    let mut value = String::new();
    let mut symbols = text.char_indices();
    while let Some((at, symbol)) = symbols.next() {
        match symbol {
            '"' => return (value, &text[at + 1..]),
            '\\' => value.push(match symbols.next() {
                Some((_, 'n')) => '\n',
                Some((_, it @ ('\\' | '"'))) => it,
                other => panic!("{other:?} is no escape"),
            }),
            _ => value.push(symbol),
        }
    }
    panic!("a label does not end: {text}");
}

fn check(family: &Family) {
    let Family { name, help, kind, samples } = family;
    assert!(help.len() > 10 && help.ends_with('.'), "{name} needs words: {help}");
    assert!(!samples.is_empty(), "{name} is empty");
    let mut seen = BTreeSet::new();
    for (sample, labels, value) in samples {
        assert!(seen.insert((sample, labels)), "{sample} {labels:?} comes twice");
        assert!(kind == "gauge" || (value.is_finite() && *value >= 0.0), "{sample} {value}");
        let suffix = sample.strip_prefix(name.as_str()).unwrap_or_else(|| panic!("{sample}"));
        let allowed: &[&str] =
            if kind == "histogram" { &["_bucket", "_sum", "_count"] } else { &[""] };
        assert!(allowed.contains(&suffix), "{sample} in {name}");
    }
    assert_eq!(name.ends_with("_total"), kind == "counter", "{name} is a {kind}");
    let unit = ["milliseconds", "minutes", "hours", "kilobytes", "percent"];
    assert!(!unit.iter().any(|it| name.contains(it)), "{name} has no base unit");
    if kind == "histogram" {
        check_buckets(family);
    }
}

fn check_buckets(family: &Family) {
    let mut buckets: BTreeMap<Labels, Vec<(f64, f64)>> = BTreeMap::new();
    let mut counts: BTreeMap<Labels, f64> = BTreeMap::new();
    for (name, labels, value) in &family.samples {
        let mut labels = labels.clone();
        if let Some(bound) = labels.remove("le") {
            assert!(name.ends_with("_bucket"), "{name}");
            buckets.entry(labels).or_default().push((bound.parse().unwrap(), *value));
        } else if name.ends_with("_count") {
            counts.insert(labels, *value);
        }
    }
    assert_eq!(buckets.len(), counts.len());
    for (labels, buckets) in buckets {
        assert!(buckets.is_sorted_by(|one, next| one.0 < next.0 && one.1 <= next.1), "{buckets:?}");
        assert_eq!(buckets.last(), Some(&(f64::INFINITY, counts[&labels])));
    }
}
