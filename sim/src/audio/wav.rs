//! Recordings as files.

use std::io::Cursor;

use hound::{SampleFormat, WavSpec, WavWriter};

use crate::call::RATE;

/// Samples as a WAV file: 8000 a second, mono, 16 bits.
pub(crate) fn wav(samples: &[i16]) -> Vec<u8> {
    let spec = WavSpec {
        channels: 1,
        sample_rate: RATE,
        bits_per_sample: 16,
        sample_format: SampleFormat::Int,
    };
    let mut file = Cursor::new(Vec::new());
    let written = WavWriter::new(&mut file, spec).and_then(|mut writer| {
        samples.iter().try_for_each(|sample| writer.write_sample(*sample))?;
        writer.finalize()
    });
    if let Err(error) = written {
        tracing::error!(%error, "failed to write a recording");
    }
    file.into_inner()
}
