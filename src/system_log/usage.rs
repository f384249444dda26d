//! The usage report: what was sent in a month, what became of it and what it cost.

use std::{collections::BTreeMap, time::Duration};

use serde::Serialize;

use crate::{
    domain::{Family, Money, Timestamp},
    store::{self, View, usage::UsageRow},
};

/// By what a report is divided, besides where to, how and why.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum By {
    /// By nothing more: the month as a whole.
    #[default]
    Month,
    /// By days of UTC.
    Day,
    /// By users.
    User,
}

/// What was sent in a month of UTC, by the time of its acceptance.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct Report {
    /// The month, `YYYY-MM`.
    pub month: String,
    /// Messages to this region are domestic.
    pub home_region: String,
    /// Currency of all amounts, ISO 4217.
    pub currency: String,
    /// By scope, region, channel and purpose.
    pub rows: Vec<ReportRow>,
    /// All rows of this page together.
    pub total: Counts,
    /// Asks for the users after these; null at the end.
    pub next: Option<String>,
}

/// What has its scope, region, channel and purpose in common.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct ReportRow {
    /// The day of UTC, `YYYY-MM-DD`, in a report by days.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub day: Option<String>,
    /// The user, in a report by users.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// `domestic` or `international`; `unknown` where a refused request named no number.
    pub scope: &'static str,
    /// Region of the recipients, ISO 3166-1 alpha-2.
    pub region: Option<String>,
    /// `sms` or `voice`.
    pub channel: String,
    /// Why they were sent.
    pub purpose: String,
    /// How many.
    #[serde(flatten)]
    pub counts: Counts,
}

/// How many, and what became of them.
#[derive(Debug, Clone, Default, PartialEq, Serialize, utoipa::ToSchema)]
pub struct Counts {
    /// Messages that were sent or will not be; refused requests are none.
    pub messages: i64,
    /// Segments that went on the air for those that have ended.
    pub segments: i64,
    /// How long was talked in calls, in minutes.
    #[serde(rename = "minutes", serialize_with = "in_minutes")]
    #[schema(value_type = f64)]
    pub talk: Duration,
    /// Messages that arrived.
    pub delivered: i64,
    /// Messages of which nobody can say.
    pub unknown: i64,
    /// Messages that were cancelled.
    pub cancelled: i64,
    /// Messages that failed or did not arrive.
    pub failed: i64,
    /// The same by families of reasons.
    pub failed_by: BTreeMap<String, i64>,
    /// Messages that have not ended yet.
    pub open: i64,
    /// Requests that were refused.
    pub denied: i64,
    /// What the segments cost, as far as prices are known.
    #[serde(serialize_with = "in_units")]
    #[schema(value_type = f64)]
    pub cost: Money,
}

fn in_units<S: serde::Serializer>(money: &Money, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64(money.as_units())
}

/// In hundredths of a minute, which add up well enough.
fn in_minutes<S: serde::Serializer>(talk: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64(minutes(*talk))
}

fn minutes(talk: Duration) -> f64 {
    (talk.as_secs_f64() / 60.0 * 100.0).round() / 100.0
}

impl Counts {
    fn add(&mut self, row: &UsageRow) {
        self.segments += row.segments;
        self.talk += row.talk;
        self.cost = self.cost.plus(row.cost);
        match row.ended.as_str() {
            "" => self.messages += row.messages,
            "denied" => self.denied += row.messages,
            "delivered" => self.delivered += row.messages,
            "unknown" => self.unknown += row.messages,
            "cancelled" => self.cancelled += row.messages,
            family => {
                self.failed += row.messages;
                *self.failed_by.entry(family.to_owned()).or_default() += row.messages;
            }
        }
        let ended = self.delivered + self.unknown + self.cancelled + self.failed;
        self.open = self.messages.saturating_sub(ended).max(0);
    }
}

/// The report on the month that `month` lies in. By users, it is a page: of the users after `after`, at
/// most `limit`.
///
/// # Errors
/// Those of the store.
pub fn report(
    view: &View<'_>,
    month: Timestamp,
    by: By,
    (after, limit): (&str, u32),
    (home_region, currency): (&str, &str),
) -> Result<Report, store::Error> {
    let start = month.start_of_month();
    let end = Timestamp::of_month(start.month() + 1).unwrap_or(start);
    let (rows, more) = match by {
        By::Month | By::Day => (store::usage::by_day(view, start, end)?, false),
        By::User => store::usage::by_user(view, start, after, limit)?,
    };
    let next = rows.last().filter(|_| more).and_then(|row| row.user.clone());
    let mut groups: BTreeMap<_, Counts> = BTreeMap::new();
    let mut total = Counts::default();
    for row in rows {
        total.add(&row);
        let day = row.day.filter(|_| by == By::Day);
        let foreign = row.region != home_region;
        let key = (day, row.user.clone(), foreign, row.region.clone());
        let key = (key, row.channel.clone(), row.purpose.clone());
        groups.entry(key).or_default().add(&row);
    }
    let rows = groups.into_iter().map(|(key, counts)| {
        let ((day, user, foreign, region), channel, purpose) = key;
        let scope = match (region.as_str(), foreign) {
            ("", _) => "unknown",
            (_, false) => "domestic",
            (_, true) => "international",
        };
        let region = Some(region).filter(|region| !region.is_empty());
        ReportRow { day: day.map(date), user, scope, region, channel, purpose, counts }
    });
    Ok(Report {
        month: start.to_string().chars().take(7).collect(),
        home_region: home_region.to_owned(),
        currency: currency.to_owned(),
        rows: rows.collect(),
        total,
        next,
    })
}

/// A day counted from 1970, as ISO 8601 writes it.
fn date(day: i64) -> String {
    let start = Timestamp::from_unix_ms(day.saturating_mul(86_400_000));
    start.to_string().chars().take(10).collect()
}

impl Report {
    /// As CSV (RFC 4180), a line for each row; with its head if this is the first page.
    ///
    /// # Errors
    /// None: it is written to memory.
    pub fn to_csv(&self, head: bool) -> Result<Vec<u8>, csv::Error> {
        let mut writer = csv::Writer::from_writer(Vec::new());
        let families = Family::ALL.map(Family::as_str);
        if head {
            let first = ["period", "user", "scope", "region", "channel", "purpose", "messages"];
            let second = ["segments", "minutes", "delivered", "unknown", "cancelled", "failed"];
            let by = families.map(|family| format!("failed_{family}"));
            let last = ["open", "denied", "cost", "currency"];
            let names = first.into_iter().chain(second).map(str::to_owned).chain(by);
            writer.write_record(names.chain(last.map(str::to_owned)))?;
        }
        for row in &self.rows {
            let counts = &row.counts;
            let text = |it: &Option<String>| it.clone().unwrap_or_default();
            let mut record = vec![
                row.day.clone().unwrap_or_else(|| self.month.clone()),
                text(&row.user),
                row.scope.to_owned(),
                text(&row.region),
                row.channel.clone(),
                row.purpose.clone(),
            ];
            record.extend([counts.messages, counts.segments].map(|number| number.to_string()));
            record.push(format!("{:.2}", minutes(counts.talk)));
            let numbers = [counts.delivered, counts.unknown, counts.cancelled, counts.failed];
            record.extend(numbers.map(|number| number.to_string()));
            let failed = |family| counts.failed_by.get(family).copied().unwrap_or(0);
            record.extend(families.map(|family| failed(family).to_string()));
            record.extend([counts.open, counts.denied].map(|number| number.to_string()));
            record.extend([counts.cost.to_string(), self.currency.clone()]);
            writer.write_record(record)?;
        }
        writer.into_inner().map_err(|cause| cause.into_error().into())
    }
}
