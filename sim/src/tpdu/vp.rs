//! TP-VP, the validity period in its three formats (3GPP TS 23.040 clause 9.2.3.12).

use std::time::Duration;

use super::{Cursor, ServiceTime, TpduError, refuse};

/// How long the service centre may go on trying, as the submit says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Validity {
    For(Duration),
    Until(ServiceTime),
}

impl Validity {
    /// Reads the format that bits 4 and 3 of the first octet name (clause 9.2.3.3).
    pub(crate) fn decode(format: u8, cursor: &mut Cursor<'_>) -> Result<Option<Self>, TpduError> {
        match format {
            0 => Ok(None),
            2 => Ok(Some(Self::For(relative(cursor.octet("TP-VP")?)))),
            3 => ServiceTime::decode(cursor.take(7, "TP-VP")?, "TP-VP").map(Self::Until).map(Some),
            _ => enhanced(cursor.take(7, "TP-VP")?),
        }
    }

    /// What is left of it when the service centre takes the message.
    pub(crate) fn remaining(self, now: jiff::Timestamp) -> Duration {
        match self {
            Self::For(duration) => duration,
            Self::Until(time) => {
                Duration::try_from(time.instant().duration_since(now)).unwrap_or_default()
            }
        }
    }
}

// Clause 9.2.3.12.1.
fn relative(octet: u8) -> Duration {
    let value = u64::from(octet);
    let minutes = match octet {
        0..=143 => (value + 1) * 5,
        144..=167 => 12 * 60 + (value - 143) * 30,
        168..=196 => (value - 166) * 24 * 60,
        197..=255 => (value - 192) * 7 * 24 * 60,
    };
    Duration::from_secs(minutes * 60)
}

// Clause 9.2.3.12.3: the functionality indicator, then up to three octets, the rest zero.
fn enhanced(field: &[u8]) -> Result<Option<Validity>, TpduError> {
    let &[indicator, first, second, third, ref rest @ ..] = field else {
        return refuse("TP-VP", "enhanced format is not 7 octets");
    };
    if indicator & 0x80 != 0 {
        return refuse("TP-VP", "enhanced format is extended");
    }
    if rest.iter().any(|&octet| octet != 0) {
        return refuse("TP-VP", "enhanced format has octets after its value");
    }
    let duration = match (indicator & 7, second, third) {
        (0, 0, 0) => return Ok(None),
        (1, 0, 0) => relative(first),
        (2, 0, 0) if first > 0 => Duration::from_secs(u64::from(first)),
        (3, _, _) => hours_minutes_seconds([first, second, third])?,
        _ => return refuse("TP-VP", "enhanced format is reserved or not filled with zeros"),
    };
    Ok(Some(Validity::For(duration)))
}

fn hours_minutes_seconds(field: [u8; 3]) -> Result<Duration, TpduError> {
    let [hours, minutes, seconds] = field.map(|octet| {
        let (tens, units) = (octet & 0x0F, octet >> 4);
        (tens < 10 && units < 10).then_some(u64::from(tens) * 10 + u64::from(units))
    });
    match (hours, minutes, seconds) {
        (Some(hours), Some(minutes @ 0..=59), Some(seconds @ 0..=59)) => {
            Ok(Duration::from_secs(hours * 3600 + minutes * 60 + seconds))
        }
        _ => refuse("TP-VP", "hours, minutes and seconds are not a time"),
    }
}
