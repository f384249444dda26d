//! TP-Service-Centre-Time-Stamp and the other times of its form.

/// TP-SCTS, TP-DT and absolute TP-VP, 3GPP TS 23.040 9.2.3.11, 9.2.3.13 and 9.2.3.12.2: seven octets
/// of swapped semi-octets, kept exactly as received.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Timestamp([u8; 7]);

/// A local time with its distance from UTC; the values are in range, the day is in its month.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct DateTime {
    /// 1990 to 2089: the field carries two digits.
    pub year: u16,
    /// 1 to 12.
    pub month: u8,
    /// 1 to 31.
    pub day: u8,
    /// 0 to 23.
    pub hour: u8,
    /// 0 to 59.
    pub minute: u8,
    /// 0 to 59.
    pub second: u8,
    /// Local time minus UTC, in quarters of an hour, summer time included: -79 to 79.
    pub quarter_hours: i8,
}

impl Timestamp {
    const SIGN: u8 = 0x08;

    /// The seven octets of the field.
    #[must_use]
    pub const fn from_octets(octets: [u8; 7]) -> Self {
        Self(octets)
    }

    /// The seven octets of the field.
    #[must_use]
    pub const fn octets(self) -> [u8; 7] {
        self.0
    }

    /// The field for a time, or nothing where [`DateTime`] is out of its ranges.
    #[must_use]
    pub fn new(time: DateTime) -> Option<Self> {
        if !time.is_valid() {
            return None;
        }
        let year = u8::try_from(time.year % 100).ok()?;
        let sign = if time.quarter_hours < 0 { Self::SIGN } else { 0 };
        Some(Self([
            swapped(year),
            swapped(time.month),
            swapped(time.day),
            swapped(time.hour),
            swapped(time.minute),
            swapped(time.second),
            swapped(time.quarter_hours.unsigned_abs()) | sign,
        ]))
    }

    /// The time, or nothing where the octets name none, as a TP-DT of zeros does.
    #[must_use]
    pub fn date_time(self) -> Option<DateTime> {
        let [year, month, day, hour, minute, second, zone] = self.0;
        let year = u16::from(Self::digits(year));
        let quarters = i8::try_from(Self::digits(zone & !Self::SIGN)).ok()?;
        let time = DateTime {
            year: if year < 90 { 2000 + year } else { 1900 + year },
            month: Self::digits(month),
            day: Self::digits(day),
            hour: Self::digits(hour),
            minute: Self::digits(minute),
            second: Self::digits(second),
            quarter_hours: if zone & Self::SIGN == 0 { quarters } else { -quarters },
        };
        time.is_valid().then_some(time)
    }

    /// Two digits from swapped semi-octets; 9.2.3.11: what is no digit counts as 0.
    pub(super) const fn digits(octet: u8) -> u8 {
        let (tens, units) = (octet & 0x0F, octet >> 4);
        let tens = if tens > 9 { 0 } else { tens };
        let units = if units > 9 { 0 } else { units };
        tens * 10 + units
    }

    /// Seconds since 1970-01-01T00:00:00Z, or nothing where the octets name no time.
    #[must_use]
    pub fn unix_seconds(self) -> Option<i64> {
        self.date_time().map(DateTime::unix_seconds)
    }
}

impl DateTime {
    /// Seconds since 1970-01-01T00:00:00Z.
    #[must_use]
    pub fn unix_seconds(self) -> i64 {
        // Days of the proleptic Gregorian calendar, years counted from March.
        let shifted = i64::from(self.month) + 9;
        let year = i64::from(self.year) - i64::from(self.month < 3);
        let day_of_year = (153 * (shifted % 12) + 2) / 5 + i64::from(self.day) - 1;
        let days = year * 365 + year / 4 - year / 100 + year / 400 + day_of_year - 719_468;
        let seconds =
            i64::from(self.hour) * 3600 + i64::from(self.minute) * 60 + i64::from(self.second);
        days * 86_400 + seconds - i64::from(self.quarter_hours) * 900
    }

    fn is_valid(self) -> bool {
        (1990..2090).contains(&self.year)
            && (1..=days_in(self.year, self.month)).contains(&self.day)
            && self.hour < 24
            && self.minute < 60
            && self.second < 60
            && self.quarter_hours.unsigned_abs() < 80
    }
}

const fn days_in(year: u16, month: u8) -> u8 {
    match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        // 1990 to 2089 has no century that is not a leap year.
        2 if year.is_multiple_of(4) => 29,
        2 => 28,
        _ => 0,
    }
}

/// Two digits as swapped semi-octets; `value` is below 100.
const fn swapped(value: u8) -> u8 {
    ((value % 10) << 4) | (value / 10 % 10)
}
