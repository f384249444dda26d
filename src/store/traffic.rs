//! Table `traffic`: how much was accepted, and what became of the codes, by subject and slot of time.
//! What one number received is found in `message` itself.

use std::time::Duration;

use rusqlite::OptionalExtension as _;

use super::{Error, Tx, View, word};
use crate::domain::{Counted, E164, Feedback, Purpose, Timestamp};

/// What traffic is counted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Numbers without their last four digits.
    Prefix,
    /// Numbers without their last two digits; only the first message to a number in a day counts.
    Neighbours,
    /// ISO 3166-1 regions.
    Region,
    /// Users of the identity platform.
    User,
    /// Tokens, by id.
    Token,
    /// Addresses that requests come from.
    Address,
    /// Tokens once more: only what became of their codes counts.
    Sender,
}

/// Slots of a window: a limit holds for at most a twelfth of its window longer than it must.
const SLOTS_OF_A_WINDOW: u32 = 12;

impl Kind {
    /// Window that traffic of a kind is counted for.
    pub const fn window(self) -> Duration {
        Duration::from_secs(match self {
            Self::Prefix | Self::User => 3600,
            Self::Neighbours => 600,
            Self::Region | Self::Sender => 86_400,
            Self::Token | Self::Address => 60,
        })
    }

    /// Length of a slot of a kind.
    pub fn slot_length(self) -> Duration {
        self.window() / SLOTS_OF_A_WINDOW
    }

    /// When the slot of an instant began.
    pub fn slot_of(self, at: Timestamp) -> Timestamp {
        let length = i64::try_from(self.slot_length().as_millis()).unwrap_or(i64::MAX);
        Timestamp::from_unix_ms(at.as_unix_ms().div_euclid(length).saturating_mul(length))
    }

    const fn rank(self) -> u8 {
        match self {
            Self::Prefix => 0,
            Self::Neighbours => 1,
            Self::Region => 2,
            Self::User => 3,
            Self::Token => 4,
            Self::Address => 5,
            Self::Sender => 6,
        }
    }
}

/// What [`Kind::Prefix`] counts a number for.
pub fn prefix(number: &E164) -> &str {
    without(number, 4)
}

/// What [`Kind::Neighbours`] counts a number for.
pub fn neighbours(number: &E164) -> &str {
    without(number, 2)
}

/// A number without its last digits.
fn without(number: &E164, digits: usize) -> &str {
    let number = number.as_str();
    number.get(..number.len().saturating_sub(digits)).unwrap_or(number)
}

/// What was counted in a slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Slot {
    /// When it began.
    pub at: Timestamp,
    /// Messages that were accepted.
    pub accepted: u32,
    /// Those of them whose sender tells what becomes of codes.
    pub told: u32,
    /// Those of them whose code was entered.
    pub verified: u32,
}

/// Counts a message that is accepted in the slot that began at `slot`, and whether its sender tells what becomes
/// of codes.
///
/// # Errors
/// Those of SQLite.
pub fn count_accepted(
    tx: &Tx<'_>,
    kind: Kind,
    subject: &str,
    slot: Timestamp,
    told: bool,
) -> Result<(), Error> {
    count(tx, (kind, subject, slot), [1, u32::from(told), 0, 0, 0])
}

/// How a message was counted, as its row says it.
pub(super) fn number(counted: Option<Counted>) -> u8 {
    counted.map_or(0, |it| 1 + 2 * u8::from(it.fresh) + 4 * u8::from(it.told))
}

/// Takes back what limits counted for the message `key`, of which nothing went out, but for the load that it was:
/// its token's and its address's. It is none that its number received.
///
/// # Errors
/// Those of SQLite.
pub fn take_back(tx: &Tx<'_>, key: i64) -> Result<(), Error> {
    let (recipient, region, user, at, counted) = tx
        .prepare("SELECT recipient, region, user, created_at, counted FROM message WHERE key = ?1")?
        .query_row([key], |row| {
            let subjects: (String, Option<String>, Option<String>) =
                (row.get(0)?, row.get(1)?, row.get(2)?);
            let counted: u8 = row.get(4)?;
            Ok((subjects.0, subjects.1, subjects.2, Timestamp::from_unix_ms(row.get(3)?), counted))
        })?;
    tx.prepare("UPDATE message SET counted = NULL WHERE key = ?1")?.execute([key])?;
    let (is_counted, fresh, told) = (counted > 0, counted & 2 > 0, counted & 4 > 0);
    let Some(recipient) = E164::new(recipient).ok().filter(|_| is_counted) else { return Ok(()) };
    let neighbours = fresh.then(|| neighbours(&recipient));
    let subjects = [
        (Kind::Prefix, Some(prefix(&recipient))),
        (Kind::Neighbours, neighbours),
        (Kind::Region, region.as_deref()),
        (Kind::User, user.as_deref()),
    ];
    let mut statement = tx.prepare(
        "UPDATE traffic SET accepted = max(accepted - 1, 0), told = max(told - ?4, 0)
         WHERE kind = ?1 AND subject = ?2 AND slot = ?3",
    )?;
    for (kind, subject) in subjects {
        if let Some(subject) = subject {
            statement.execute((kind.rank(), subject, kind.slot_of(at).as_unix_ms(), told))?;
        }
    }
    Ok(())
}

/// Counts what became of a code, of a message that was accepted in the slot.
///
/// # Errors
/// Those of SQLite.
pub fn count_feedback(
    tx: &Tx<'_>,
    kind: Kind,
    subject: &str,
    slot: Timestamp,
    feedback: Feedback,
) -> Result<(), Error> {
    let counts = match feedback {
        Feedback::Verified => [0, 0, 1, 0, 0],
        Feedback::Failed => [0, 0, 0, 1, 0],
        Feedback::Expired => [0, 0, 0, 0, 1],
    };
    count(tx, (kind, subject, slot), counts)
}

fn count(
    tx: &Tx<'_>,
    (kind, subject, slot): (Kind, &str, Timestamp),
    [accepted, told, verified, failed, expired]: [u32; 5],
) -> Result<(), Error> {
    tx.prepare(
        "INSERT INTO traffic VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
         ON CONFLICT DO UPDATE SET accepted = accepted + ?4, told = told + ?5,
             verified = verified + ?6, failed = failed + ?7, expired = expired + ?8",
    )?
    .execute((
        kind.rank(),
        subject,
        slot.as_unix_ms(),
        accepted,
        told,
        verified,
        failed,
        expired,
    ))?;
    Ok(())
}

const SLOTS: &str = "SELECT slot, accepted, told, verified FROM traffic
     WHERE kind = ?1 AND subject = ?2 AND slot > ?3 AND slot <= ?4 ORDER BY slot";

/// The slots of a subject that began after `after` and not after `until`, oldest first.
///
/// # Errors
/// Those of SQLite.
pub fn slots(
    view: &View<'_>,
    kind: Kind,
    subject: &str,
    after: Timestamp,
    until: Timestamp,
) -> Result<Vec<Slot>, Error> {
    view.prepare(SLOTS)?
        .query_map((kind.rank(), subject, after.as_unix_ms(), until.as_unix_ms()), |row| {
            let at = Timestamp::from_unix_ms(row.get(0)?);
            Ok(Slot { at, accepted: row.get(1)?, told: row.get(2)?, verified: row.get(3)? })
        })?
        .map(|slot| Ok(slot?))
        .collect()
}

/// How many messages a subject was sent, and what became of their codes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conversion {
    /// The prefix or region.
    pub subject: String,
    /// Messages that were accepted.
    pub accepted: u32,
    /// Those of them whose code was entered.
    pub verified: u32,
    /// Those for which wrong codes were entered.
    pub failed: u32,
    /// Those whose code was not entered in time.
    pub expired: u32,
}

impl Conversion {
    /// Those of which nothing was heard.
    pub const fn open(&self) -> u32 {
        let heard = self.verified.saturating_add(self.failed).saturating_add(self.expired);
        self.accepted.saturating_sub(heard)
    }

    fn read(row: &rusqlite::Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            subject: row.get(0)?,
            accepted: row.get(1)?,
            verified: row.get(2)?,
            failed: row.get(3)?,
            expired: row.get(4)?,
        })
    }
}

/// The `limit` busiest subjects of a kind in slots that began after `after`, busiest first.
///
/// # Errors
/// Those of SQLite.
pub fn conversion(
    view: &View<'_>,
    kind: Kind,
    after: Timestamp,
    limit: u32,
) -> Result<Vec<Conversion>, Error> {
    view.prepare(
        "SELECT subject, sum(accepted), sum(verified), sum(failed), sum(expired) FROM traffic
         WHERE kind = ?1 AND slot > ?2
         GROUP BY subject HAVING sum(accepted) > 0
         ORDER BY sum(accepted) DESC, subject LIMIT ?3",
    )?
    .query_map((kind.rank(), after.as_unix_ms(), limit), Conversion::read)?
    .map(|row| Ok(row?))
    .collect()
}

/// All regions in slots that began after `after`. However much is counted for prefixes and users, there are
/// as many regions as there are.
///
/// # Errors
/// Those of SQLite.
pub fn conversion_by_region(view: &View<'_>, after: Timestamp) -> Result<Vec<Conversion>, Error> {
    view.prepare(
        "SELECT subject, sum(accepted), sum(verified), sum(failed), sum(expired) FROM traffic
         WHERE kind = ?1 AND slot > ?2 GROUP BY subject HAVING sum(accepted) > 0",
    )?
    .query_map((Kind::Region.rank(), after.as_unix_ms()), Conversion::read)?
    .map(|row| Ok(row?))
    .collect()
}

/// A message that a number received, or is to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Received {
    /// When it was accepted.
    pub at: Timestamp,
    /// Whether it was a call, or could become one; one that stands in for a text was counted with that.
    pub call: bool,
}

/// The index says which they are, newest first; of those, a limit looks at what is within its window.
const RECEIVED: &str =
    "SELECT created_at, channel = 'voice' AND fallback_of IS NULL OR ifnull(fallback, '') = 'voice',
         purpose
     FROM message
     WHERE substr(recipient, -7) = substr(?1, -7) AND recipient = ?1 AND counted IS NOT NULL ORDER BY key DESC";

/// Tells `is_enough` of the messages to `number` that were accepted after `after` and not after `until`,
/// newest first, until it says so; of the purposes that `counts` names.
///
/// # Errors
/// Those of SQLite.
pub fn received(
    view: &View<'_>,
    number: &E164,
    (after, until): (Timestamp, Timestamp),
    counts: impl Fn(Purpose) -> bool,
    mut is_enough: impl FnMut(Received) -> bool,
) -> Result<(), Error> {
    let mut statement = view.prepare(RECEIVED)?;
    let mut rows = statement.query([number.as_str()])?;
    while let Some(row) = rows.next()? {
        let at = Timestamp::from_unix_ms(row.get(0)?);
        if at <= after {
            break;
        }
        let purpose = word::read("message", "purpose", row.get_ref(2)?.as_str().unwrap_or(""))?;
        if at <= until && counts(purpose) && is_enough(Received { at, call: row.get(1)? }) {
            break;
        }
    }
    Ok(())
}

/// Where a walk through the table has come: kind, subject and slot.
pub(super) type Place = (u8, String, i64);

/// Deletes slots that began before `before` among the `limit` rows behind `from`; answers where it came, or
/// nothing at the end, and how many it deleted. An index would find them at once, but would have to be
/// written for each message.
///
/// # Errors
/// Those of SQLite.
pub(super) fn forget(
    tx: &Tx<'_>,
    before: Timestamp,
    from: &Place,
    limit: u32,
) -> Result<(Option<Place>, usize), Error> {
    let (kind, subject, slot) = from;
    let to: Option<Place> = tx
        .prepare(
            "SELECT kind, subject, slot FROM traffic WHERE (kind, subject, slot) > (?1, ?2, ?3)
             ORDER BY kind, subject, slot LIMIT 1 OFFSET ?4",
        )?
        .query_row((kind, subject, slot, limit.saturating_sub(1)), |row| row.try_into())
        .optional()?;
    let (last_kind, last_subject, last_slot) = to.clone().unwrap_or((u8::MAX, String::new(), 0));
    let deleted = tx
        .prepare(
            "DELETE FROM traffic
             WHERE (kind, subject, slot) > (?1, ?2, ?3) AND (kind, subject, slot) <= (?4, ?5, ?6)
                 AND slot < ?7",
        )?
        .execute((kind, subject, slot, last_kind, last_subject, last_slot, before.as_unix_ms()))?;
    Ok((to, deleted))
}

#[cfg(test)]
mod tests {
    use rusqlite::StatementStatus;

    use super::*;
    use crate::{
        domain::NewMessage,
        store::{self, Store},
    };

    /// Steps of SQLite's machine, of which a search is one in a table of any size, for all that a limit asks of one
    /// number, where `others` are known beside it.
    async fn steps(others: u32) -> [i32; 2] {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(&dir.path().join("t.db")).unwrap();
        let at = Timestamp::from_unix_ms;
        let ask = move |tx: &Tx<'_>| {
            let other = |digits| E164::new(format!("+1415556{digits:04}")).unwrap();
            let number = other(others / 2);
            for to in (0..others).map(other).chain([number.clone(), number.clone()]) {
                let message = store::samples::message(at(100));
                store::message::insert(tx, &NewMessage { recipient: to.clone(), ..message })?;
                count_accepted(tx, Kind::User, to.as_str(), at(100), false)?;
            }
            let mut received_by_it = 0;
            let count = |_| {
                received_by_it += 1;
                false
            };
            received(tx, &number, (at(0), at(200)), |_| true, count)?;
            let found = slots(tx, Kind::User, number.as_str(), at(0), at(200))?;
            assert_eq!((received_by_it, found[0].accepted), (3, 3));
            let taken = |sql| tx.prepare(sql).map(|it| it.get_status(StatementStatus::VmStep));
            Ok([taken(RECEIVED)?, taken(SLOTS)?])
        };
        store.write(ask).await.unwrap()
    }

    #[tokio::test]
    async fn a_limit_costs_the_same_however_many_numbers_were_seen() {
        let few = steps(10).await;
        assert!(few.iter().all(|steps| *steps > 0), "{few:?}");
        assert_eq!(few, steps(5000).await);
    }

    #[tokio::test]
    async fn a_walk_forgets_what_is_old_and_nothing_else() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(&dir.path().join("t.db")).unwrap();
        let at = Timestamp::from_unix_ms;
        let kinds = [Kind::Prefix, Kind::Neighbours, Kind::Region, Kind::User, Kind::Token];
        let walk = move |tx: &Tx<'_>| {
            for subject in 0..50 {
                for kind in kinds {
                    count_accepted(tx, kind, &subject.to_string(), at(100), false)?;
                    count_accepted(tx, kind, &subject.to_string(), at(200), false)?;
                }
            }
            let (mut place, mut steps, mut deleted) = (Some(Place::default()), 0, 0);
            while let Some(from) = place {
                let (next, count) = forget(tx, at(150), &from, 60)?;
                (place, steps, deleted) = (next, steps + 1, deleted + count);
            }
            let old = slots(tx, Kind::Token, "7", at(0), at(150))?;
            let young = slots(tx, Kind::Token, "7", at(150), at(300))?;
            Ok((steps, deleted, old.len(), young.len()))
        };
        let (steps, deleted, old, young) = store.write(walk).await.unwrap();
        assert_eq!((deleted, old, young), (250, 0, 1));
        assert_eq!(steps, 9, "500 rows, 60 at a time");
    }
}
