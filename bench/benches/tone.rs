//! The detector of keys: what hearing a second of a call costs.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use ringpost_hal::tone::{Detector, Tone};

/// Samples of a second.
const RATE: usize = 8000;

/// What is heard, and which keys are to be found in it.
fn seconds() -> [(&'static str, Vec<i16>, usize); 3] {
    let tone = |key| Tone::of(key, 8000).unwrap();
    let keys = ['1', '5', '9', '#', '0'].map(|key| {
        let silence = std::iter::repeat_n(0, RATE / 10);
        tone(key).take(RATE / 10).chain(silence).collect::<Vec<i16>>()
    });
    // Noise that is the same each time (xorshift).
    let mut state = 0x9E37_79B9_u32;
    let noise = std::iter::repeat_with(|| {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        (state >> 18) as i16 - 8192
    });
    [
        ("silence", vec![0; RATE], 0),
        ("noise", noise.take(RATE).collect(), 0),
        ("five keys", keys.concat(), 5),
    ]
}

fn hear(c: &mut Criterion) {
    let mut group = c.benchmark_group("hear a second");
    group.throughput(Throughput::Elements(RATE as u64));
    for (name, samples, keys) in seconds() {
        let mut found = 0;
        group.bench_function(name, |b| {
            b.iter(|| {
                let mut detector = Detector::new();
                let heard = black_box(&samples).iter().filter_map(|it| detector.hear(*it));
                found = heard.count();
            });
        });
        assert_eq!(found, keys, "{name}");
    }
}

criterion_group!(benches, hear);
criterion_main!(benches);
