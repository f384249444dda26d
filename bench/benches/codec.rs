//! Encoding and decoding, side by side.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use ringpost_bench::codec::{NUMBER, Sample, ringpost, sms_pdu, sms_pdu_decoder, tpdu};

fn encode(c: &mut Criterion) {
    for sample in Sample::all() {
        let text = &*sample.text;
        let mut group = c.benchmark_group(format!("encode {}", sample.name));
        let sink = |octets: &[u8]| {
            black_box(octets);
        };
        group.bench_function("ringpost", |b| {
            b.iter(|| ringpost::encode(NUMBER, black_box(text), sink))
        });
        group.bench_function("sms-pdu", |b| {
            b.iter(|| sms_pdu::encode(NUMBER, black_box(text), sink))
        });
        if sample.delivers.len() == 1 {
            group
                .bench_function("tpdu", |b| b.iter(|| tpdu::encode(NUMBER, black_box(text), sink)));
        }
    }
}

fn decode(c: &mut Criterion) {
    for sample in Sample::all() {
        let mut text = String::with_capacity(4096);
        let with_sca = sample.with_sca();
        let mut group = c.benchmark_group(format!("decode {}", sample.name));
        let mut one = |name: &str, pdus: &[Vec<u8>], decode: fn(&[u8], &mut String)| {
            group.bench_function(name, |b| {
                b.iter(|| {
                    text.clear();
                    pdus.iter().for_each(|pdu| decode(black_box(pdu), &mut text));
                    black_box(&text);
                });
            });
            assert_eq!(text, sample.text, "{name}");
        };
        one("ringpost", &sample.delivers, ringpost::decode);
        one("sms-pdu", &with_sca, sms_pdu::decode);
        one("tpdu", &sample.delivers, tpdu::decode);
    }
}

fn decode_line(c: &mut Criterion) {
    for sample in Sample::all() {
        let mut text = String::with_capacity(4096);
        let lines = sample.lines();
        let mut group = c.benchmark_group(format!("decode line {}", sample.name));
        let mut one = |name: &str, decode: fn(&str, &mut String)| {
            group.bench_function(name, |b| {
                b.iter(|| {
                    text.clear();
                    lines.iter().for_each(|line| decode(black_box(line), &mut text));
                    black_box(&text);
                });
            });
            assert_eq!(text, sample.text, "{name}");
        };
        one("ringpost", ringpost::decode_line);
        // Of segments with a header it reads another text.
        if lines.len() == 1 {
            one("sms-pdu-decoder", sms_pdu_decoder::decode_line);
        }
    }
}

criterion_group!(benches, encode, decode, decode_line);
criterion_main!(benches);
