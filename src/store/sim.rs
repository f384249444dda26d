//! Tables `sim_usage` and `sim_delivery`: what each SIM has sent, and how well it delivers.

use rusqlite::OptionalExtension as _;

use super::{Error, Tx, View};
use crate::domain::{Money, Timestamp};

const HOUR_MS: i64 = 3_600_000;
const DAY_MS: i64 = 24 * HOUR_MS;

/// What a SIM has sent, or may have, in an hour of UTC.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HourUsage {
    /// The SIM.
    pub sim: String,
    /// Hours since 1970.
    pub hour: i64,
    /// Segments.
    pub segments: u32,
    /// What they cost.
    pub cost: Money,
}

/// The hour of an instant, counted from 1970.
const fn hour_of(at: Timestamp) -> i64 {
    at.as_unix_ms().div_euclid(HOUR_MS)
}

/// The day of an instant, counted from 1970.
const fn day_of(at: Timestamp) -> i64 {
    at.as_unix_ms().div_euclid(DAY_MS)
}

/// The number of a SIM, which is given one where it has none.
///
/// # Errors
/// Those of SQLite.
pub(super) fn number(tx: &Tx<'_>, sim: &str) -> Result<i64, Error> {
    let known = tx
        .prepare("SELECT key FROM sim WHERE id = ?1")?
        .query_row([sim], |row| row.get(0))
        .optional()?;
    if let Some(key) = known {
        return Ok(key);
    }
    Ok(tx
        .prepare("INSERT INTO sim (id) VALUES (?1) RETURNING key")?
        .query_row([sim], |row| row.get(0))?)
}

/// Books one segment.
///
/// # Errors
/// Those of SQLite.
pub fn book(tx: &Tx<'_>, sim: &str, at: Timestamp, price: Money) -> Result<(), Error> {
    add(tx, sim, at, (1, price))
}

/// Adds what a call cost.
///
/// # Errors
/// Those of SQLite.
pub fn charge(tx: &Tx<'_>, sim: &str, at: Timestamp, price: Money) -> Result<(), Error> {
    add(tx, sim, at, (0, price))
}

fn add(
    tx: &Tx<'_>,
    sim: &str,
    at: Timestamp,
    (segments, price): (u32, Money),
) -> Result<(), Error> {
    tx.prepare(
        "INSERT INTO sim_usage VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT DO UPDATE SET segments = segments + ?3, cost_micros = cost_micros + ?4",
    )?
    .execute((sim, hour_of(at), segments, price.as_micros()))?;
    Ok(())
}

/// Takes back one segment that was booked `at` that time.
///
/// # Errors
/// Those of SQLite.
pub fn take_back(tx: &Tx<'_>, sim: &str, at: Timestamp, price: Money) -> Result<(), Error> {
    tx.prepare(
        "UPDATE sim_usage SET segments = max(segments - 1, 0), cost_micros = max(cost_micros - ?3, 0)
         WHERE sim = ?1 AND hour = ?2",
    )?
    .execute((sim, hour_of(at), price.as_micros()))?;
    Ok(())
}

/// What all SIMs have sent, or may have, since `since`, oldest first.
///
/// # Errors
/// Those of SQLite.
pub fn usage(view: &View<'_>, since: Timestamp) -> Result<Vec<HourUsage>, Error> {
    view.prepare(
        "SELECT sim, hour, segments, cost_micros FROM sim_usage WHERE hour >= ?1 ORDER BY hour",
    )?
    .query_map([hour_of(since)], |row| {
        let cost = Money::from_micros(row.get(3)?);
        Ok(HourUsage { sim: row.get(0)?, hour: row.get(1)?, segments: row.get(2)?, cost })
    })?
    .map(|row| Ok(row?))
    .collect()
}

/// Counts a message that has ended, and whether it arrived.
///
/// # Errors
/// Those of SQLite.
pub fn count_delivery(
    tx: &Tx<'_>,
    sim: &str,
    region: &str,
    at: Timestamp,
    delivered: bool,
) -> Result<(), Error> {
    tx.prepare(
        "INSERT INTO sim_delivery VALUES (?1, ?2, ?3, 1, ?4)
         ON CONFLICT DO UPDATE SET ended = ended + 1, delivered = delivered + ?4",
    )?
    .execute((sim, region, day_of(at), delivered))?;
    Ok(())
}

/// How well a SIM delivers into a region.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeliveryRow {
    /// The SIM.
    pub sim: String,
    /// The region.
    pub region: String,
    /// Messages that have ended.
    pub ended: u32,
    /// Those of them that arrived.
    pub delivered: u32,
}

/// How well SIMs deliver, by messages that ended since `since`.
///
/// # Errors
/// Those of SQLite.
pub fn delivery(view: &View<'_>, since: Timestamp) -> Result<Vec<DeliveryRow>, Error> {
    // The plus keeps SQLite from walking the whole table in the order of its groups.
    view.prepare(
        "SELECT sim, region, sum(ended), sum(delivered) FROM sim_delivery WHERE day >= ?1
         GROUP BY +sim, +region",
    )?
    .query_map([day_of(since)], |row| {
        let (sim, region) = (row.get(0)?, row.get(1)?);
        Ok(DeliveryRow { sim, region, ended: row.get(2)?, delivered: row.get(3)? })
    })?
    .map(|row| Ok(row?))
    .collect()
}

/// Deletes what was counted in hours and days before that of `before`, at most `limit` of each; says how many at most.
///
/// # Errors
/// Those of SQLite.
pub(super) fn forget(tx: &Tx<'_>, before: Timestamp, limit: u32) -> Result<usize, Error> {
    let hours = tx
        .prepare(
            "DELETE FROM sim_usage WHERE (sim, hour) IN (
                 SELECT sim, hour FROM sim_usage WHERE hour < ?1 LIMIT ?2)",
        )?
        .execute((hour_of(before), limit))?;
    let days = tx
        .prepare(
            "DELETE FROM sim_delivery WHERE (sim, region, day) IN (
                 SELECT sim, region, day FROM sim_delivery WHERE day < ?1 LIMIT ?2)",
        )?
        .execute((day_of(before), limit))?;
    Ok(hours.max(days))
}

/// The SIM through which the recipient of a message heard from this box last.
///
/// # Errors
/// Those of SQLite.
pub fn last_heard(view: &View<'_>, recipient_of: i64) -> Result<Option<String>, Error> {
    let sim = view
        .prepare(
            "SELECT s.id FROM message it
             JOIN message m ON substr(m.recipient, -7) = substr(it.recipient, -7) AND m.recipient = it.recipient
             JOIN segment last ON last.key > m.key << 28 AND last.key < (m.key + 1) << 28
             JOIN sim s ON s.key = last.sim
             WHERE it.key = ?1 AND m.key <> ?1 AND m.sent_at IS NOT NULL AND m.counted IS NOT NULL
             ORDER BY m.key DESC, last.key DESC LIMIT 1",
        )?
        .query_row([recipient_of], |row| row.get(0))
        .optional()?;
    Ok(sim)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::store::{Store, samples::Memory};

    #[tokio::test]
    async fn usage_and_delivery_add_up() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(&dir.path().join("t.db")).unwrap();
        let at = Timestamp::parse("2026-11-02T10:30:00Z").unwrap();
        let cent = Money::parse("0.01").unwrap();
        let write = move |tx: &Tx<'_>| {
            book(tx, "a", at, cent)?;
            book(tx, "a", at, cent)?;
            book(tx, "b", at, Money::ZERO)?;
            count_delivery(tx, "a", "US", at, true)?;
            count_delivery(tx, "a", "US", at, false)?;
            let hour = at.as_unix_ms().div_euclid(HOUR_MS);
            let usage = usage(tx, at)?;
            assert_eq!(usage.len(), 2);
            let a = HourUsage { sim: "a".into(), hour, segments: 2, cost: cent.times(2) };
            assert!(usage.contains(&a));
            let rows = delivery(tx, at)?;
            let us = DeliveryRow { sim: "a".into(), region: "US".into(), ended: 2, delivered: 1 };
            assert_eq!(rows, [us]);
            take_back(tx, "a", at, cent)?;
            take_back(tx, "nobody", at, cent)?;
            let a = HourUsage { segments: 1, cost: cent, ..a };
            assert!(super::usage(tx, at)?.contains(&a));
            let later = at.after(Duration::from_secs(7200));
            assert!(super::usage(tx, later)?.is_empty());
            Ok(())
        };
        store.write(write).await.unwrap();
    }

    #[test]
    fn how_well_a_sim_delivers_is_told_without_the_days_before() {
        Memory::new().run(|tx| {
            let day = Timestamp::parse("2026-11-02T00:00:00Z").unwrap();
            let day_before = day.before(Duration::from_millis(1));
            for (at, delivered) in [(day_before, true), (day, false)] {
                count_delivery(tx, "a", "US", at, delivered).unwrap();
            }
            let told = |since| {
                let rows = delivery(tx, since).unwrap();
                rows.iter().map(|it| (it.ended, it.delivered)).collect::<Vec<_>>()
            };
            assert_eq!(told(day_before), [(2, 1)]);
            assert_eq!(told(day), [(1, 0)]);
            assert_eq!(told(day.after(Duration::from_secs(43_200))), [(1, 0)], "all of its day");
            assert!(told(day.after(Duration::from_secs(86_400))).is_empty());
        });
    }
}
