//! `[limits]`: the limits against abuse.

use std::{ops::RangeInclusive, time::Duration};

use super::reader::{Section, nearest};
use crate::domain::{Limits, Purpose};

/// What one number received is counted message by message, so that its limits bound the work.
const NUMBER: RangeInclusive<u32> = 0..=1000;
const BROAD: RangeInclusive<u32> = 0..=10_000_000;

/// Reads the section. Zero means no limit.
pub(super) fn read(section: &mut Section) -> Limits {
    let default = Limits::default();
    let mut count =
        |key, within, default| section.integer(key, within, " (0 for no limit)").unwrap_or(default);
    let number_per_10_minutes =
        count("number_per_10_minutes", NUMBER, default.number_per_10_minutes);
    let number_per_day = count("number_per_day", NUMBER, default.number_per_day);
    let number_calls_per_hour =
        count("number_calls_per_hour", NUMBER, default.number_calls_per_hour);
    let prefix_per_hour = count("prefix_per_hour", BROAD, default.prefix_per_hour);
    let home_region_per_day = count("home_region_per_day", BROAD, default.home_region_per_day);
    let region_per_day = count("region_per_day", BROAD, default.region_per_day);
    let user_per_hour = count("user_per_hour", BROAD, default.user_per_hour);
    let token_per_minute = count("token_per_minute", BROAD, default.token_per_minute);
    let address_per_minute = count("address_per_minute", BROAD, default.address_per_minute);
    let adjacent_numbers = count("adjacent_numbers", 0..=100, default.adjacent_numbers);
    let conversion_sends = count("conversion_sends", BROAD, default.conversion_sends);
    let conversion_percent = section.integer("conversion_percent", 1..=100, " per cent");
    let seconds = section.integer("cool_down_seconds", 0..=3600, " seconds");
    let minutes = section.integer("block_minutes", 1..=10_080, " minutes");
    let purposes = section.list("purposes", purpose);
    let seconds_of = |seconds: u32| Duration::from_secs(seconds.into());
    Limits {
        enabled: section.flag("enabled").unwrap_or(default.enabled),
        purposes: purposes.unwrap_or(default.purposes),
        cool_down: seconds.map_or(default.cool_down, seconds_of),
        number_per_10_minutes,
        number_per_day,
        number_calls_per_hour,
        prefix_per_hour,
        home_region_per_day,
        region_per_day,
        user_per_hour,
        token_per_minute,
        address_per_minute,
        adjacent_numbers,
        conversion_sends,
        conversion_percent: conversion_percent.unwrap_or(default.conversion_percent),
        block: minutes.map_or(default.block, |minutes: u32| seconds_of(minutes * 60)),
    }
}

fn purpose(text: &str) -> Result<Purpose, String> {
    Purpose::from_word(text).ok_or_else(|| {
        let known = Purpose::ALL.map(Purpose::as_str);
        let instead = match nearest(text, &known) {
            Some(near) => format!("did you mean {near:?}?"),
            None => format!("the purposes are {}", known.join(", ")),
        };
        format!("{text:?} is no purpose; {instead}")
    })
}
