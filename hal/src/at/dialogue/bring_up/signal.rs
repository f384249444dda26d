//! How strong the signal is.

use super::Reply;

/// The signal strength in dBm that a reply to `+CSQ` tells, 3GPP TS 27.007 8.5: 0 is -113 dBm or
/// less, each step 2 dB, 99 not known.
#[must_use]
pub fn signal_dbm(reply: &Reply<'_>) -> Option<i16> {
    let rssi: u8 = reply.fields("+CSQ")?.number()?;
    (rssi <= 31).then(|| -113 + 2 * i16::from(rssi))
}

/// The power of the reference signal in dBm that a reply to `+CESQ` tells, 3GPP TS 27.007 8.69:
/// `<rxlev>,<ber>,<rscp>,<ecno>,<rsrq>,<rsrp>`. RSRP counts where it is known, then RSCP; 255 is not
/// known.
#[must_use]
pub fn reference_dbm(reply: &Reply<'_>) -> Option<i16> {
    let mut fields = reply.fields("+CESQ")?;
    let mut value = |place| fields.nth(place)?.parse::<i16>().ok();
    let (rscp, rsrp) = (value(2), value(2));
    let rscp = rscp.filter(|it| (0..=96).contains(it)).map(|it| it - 121);
    rsrp.filter(|it| (0..=97).contains(it)).map(|it| it - 141).or(rscp)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::at::{FinalResult, Line, Seconds};

    #[test]
    fn the_signal_is_read_as_the_clauses_say() {
        let read = |line: &str, read: fn(&Reply<'_>) -> Option<i16>| {
            let lines = [Line::try_from(line).unwrap()];
            let result = Some(FinalResult::Ok);
            read(&Reply { lines: &lines, result, took: Seconds(0), garbage: false, echo: false })
        };
        assert_eq!(read("+CSQ: 0,0", signal_dbm), Some(-113));
        assert_eq!(read("+CSQ: 31,99", signal_dbm), Some(-51));
        assert_eq!(read("+CSQ: 99,99", signal_dbm), None);
        assert_eq!(read("+CESQ: 99,99,255,255,22,55", reference_dbm), Some(-86));
        assert_eq!(read("+CESQ: 99,99,46,30,255,255", reference_dbm), Some(-75));
        assert_eq!(read("+CESQ: 20,0,255,255,255,255", reference_dbm), None);
    }
}
