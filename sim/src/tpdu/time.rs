//! TP-SCTS, TP-DT and the absolute TP-VP: a local time and its offset (TS 23.040 9.2.3.11).

use jiff::{Timestamp, civil, tz::Offset};

use super::{TpduError, refuse};

/// An instant and the quarter-hours that the service centre's clock is ahead of UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ServiceTime {
    instant: Timestamp,
    quarters: i8,
}

impl ServiceTime {
    pub(crate) fn new(instant: Timestamp, quarters: i8) -> Self {
        Self { instant, quarters: quarters.clamp(-79, 79) }
    }

    pub(crate) fn instant(self) -> Timestamp {
        self.instant
    }

    /// Seven octets of swapped decimal digits; bit 3 of the last is the offset's sign.
    pub(crate) fn encode(self) -> [u8; 7] {
        let local = offset(self.quarters).to_datetime(self.instant);
        let sign = if self.quarters < 0 { 0x08 } else { 0 };
        [
            swapped(local.year().rem_euclid(100).unsigned_abs()),
            swapped(local.month().unsigned_abs().into()),
            swapped(local.day().unsigned_abs().into()),
            swapped(local.hour().unsigned_abs().into()),
            swapped(local.minute().unsigned_abs().into()),
            swapped(local.second().unsigned_abs().into()),
            swapped(self.quarters.unsigned_abs().into()) | sign,
        ]
    }

    /// Reads seven octets that must be a date and time that exists.
    pub(crate) fn decode(octets: &[u8], field: &'static str) -> Result<Self, TpduError> {
        let &[year, month, day, hour, minute, second, zone] = octets else {
            return refuse(field, "is not 7 octets");
        };
        let parts = [year, month, day, hour, minute, second, zone & !0x08].map(unswapped);
        let [
            Some(year),
            Some(month),
            Some(day),
            Some(hour),
            Some(minute),
            Some(second),
            Some(zone_quarters),
        ] = parts
        else {
            return refuse(field, "a digit is not decimal");
        };
        let year = i16::from(year) + 2000;
        let Ok(local) = civil::DateTime::new(year, month, day, hour, minute, second, 0) else {
            return refuse(field, "no such date or time");
        };
        let quarters = if zone & 0x08 == 0 { zone_quarters } else { -zone_quarters };
        match offset(quarters).to_timestamp(local) {
            Ok(instant) => Ok(Self::new(instant, quarters)),
            Err(_) => refuse(field, "no such date or time"),
        }
    }
}

fn offset(quarters: i8) -> Offset {
    Offset::from_seconds(i32::from(quarters) * 900).unwrap_or(Offset::UTC)
}

fn swapped(value: u16) -> u8 {
    let digits = ((value % 10) << 4) | (value / 10 % 10);
    u8::try_from(digits).unwrap_or(0)
}

fn unswapped(octet: u8) -> Option<i8> {
    let (tens, units) = (octet & 0x0F, octet >> 4);
    (tens < 10 && units < 10).then(|| i8::try_from(tens * 10 + units).ok()).flatten()
}
