//! `[rates]`: what a segment and a minute of a call cost, by card and region.

use rlibphonenumber::Region;

use super::{reader::Section, sections::region};
use crate::domain::Money;

/// `[rates]`: the prices that routing and the limits of a modem's spending go by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rates {
    /// The one currency of all amounts, ISO 4217.
    pub currency: String,
    /// `[[rates.card]]`: what operators charge.
    pub cards: Vec<RateCard>,
}

/// What one tariff charges.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RateCard {
    /// What modems call it.
    pub name: String,
    /// `prices`: for a segment.
    pub segments: PriceList,
    /// `calls`: for each minute of a call that was begun.
    pub calls: PriceList,
}

/// Prices by region.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PriceList {
    /// Where a price is known.
    pub prices: Vec<(Region, Money)>,
    /// The price everywhere else, if it is known.
    pub elsewhere: Option<Money>,
}

impl Default for Rates {
    fn default() -> Self {
        Self { currency: "USD".to_owned(), cards: Vec::new() }
    }
}

impl Rates {
    pub(super) fn read(section: &mut Section) -> Self {
        let currency = section.text("currency", |text| {
            let code = text.len() == 3 && text.bytes().all(|it| it.is_ascii_uppercase());
            if code { Ok(text.to_owned()) } else { Err("must be an ISO 4217 code such as \"USD\"") }
        });
        let mut cards: Vec<RateCard> = Vec::new();
        for (card, whence) in section.tables("card", |section| {
            let whence = section.whence_of("name");
            (RateCard::read(section), whence)
        }) {
            let Some(card) = card else { continue };
            if cards.iter().any(|other| other.name == card.name) {
                section.note(
                    "card.name",
                    whence,
                    format!("{:?} is another card's name", card.name),
                );
            } else {
                cards.push(card);
            }
        }
        Self { currency: currency.unwrap_or(Self::default().currency), cards }
    }

    /// The card of that name.
    pub fn card(&self, name: &str) -> Option<&RateCard> {
        self.cards.iter().find(|card| card.name == name)
    }
}

impl RateCard {
    fn read(section: &mut Section) -> Option<Self> {
        let name = section.required("name", "modems name their card by it", |text| {
            if text.is_empty() { Err("must not be empty") } else { Ok(text.to_owned()) }
        });
        let segments = PriceList::read(section, "prices");
        let calls = PriceList::read(section, "calls");
        Some(Self { name: name?, segments, calls })
    }
}

impl PriceList {
    fn read(section: &mut Section, key: &'static str) -> Self {
        let mut list = Self::default();
        for (region, money) in section.list(key, price).unwrap_or_default() {
            match region {
                Some(region) => list.prices.push((region, money)),
                None => list.elsewhere = Some(money),
            }
        }
        list
    }
}

/// `US 0.0075`, or `* 0.09` for everywhere else.
fn price(text: &str) -> Result<(Option<Region>, Money), String> {
    let wrong = || format!("must be a region and a price such as \"US 0.0075\", found {text:?}");
    let (place, amount) = text.split_once(' ').ok_or_else(wrong)?;
    let money = Money::parse(amount.trim()).ok_or_else(wrong)?;
    let place = if place == "*" { None } else { Some(region(place)?) };
    Ok((place, money))
}
