//! Pages: newest first, `{items, next}` with an opaque `next`.

use serde::{Deserialize, Serialize};

use super::error::ApiError;

/// Items of a page where the request does not say.
const DEFAULT_LIMIT: u32 = 100;
/// Items of a page at most.
const MAX_LIMIT: u32 = 1000;
/// Version of the token, so that a later one can tell the old from its own.
const TOKEN: &str = "1-";

/// Which page is asked for.
#[derive(Debug, Clone, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct PageQuery {
    /// Items at most, 1 to 1000; 100 where it is not given.
    limit: Option<u32>,
    /// `next` of the page before.
    next: Option<String>,
}

impl PageQuery {
    /// How many rows to read: one more than the page holds tells whether there is another page.
    pub(super) fn limit(&self) -> Result<u32, ApiError> {
        match self.limit.unwrap_or(DEFAULT_LIMIT) {
            limit @ 1..=MAX_LIMIT => Ok(limit),
            _ => Err(ApiError::Invalid(format!("limit must be 1 to {MAX_LIMIT}"))),
        }
    }

    /// The row before which the page begins.
    pub(super) fn before(&self) -> Result<Option<i64>, ApiError> {
        let Some(token) = &self.next else { return Ok(None) };
        let row = token.strip_prefix(TOKEN).and_then(|row| i64::from_str_radix(row, 36).ok());
        row.map(Some).ok_or_else(|| {
            ApiError::Invalid("next is no token of a page: repeat what the last page said".into())
        })
    }
}

/// One page of a list.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(super) struct Page<T> {
    /// Newest first.
    items: Vec<T>,
    /// Asks for the page after this one; null at the end.
    next: Option<String>,
}

impl<T> Page<T> {
    /// A page of at most `limit` of these rows, each with its key.
    pub(super) fn cut(rows: Vec<(i64, T)>, limit: u32) -> Self {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let more = rows.len() > limit;
        let mut last = None;
        let items = rows.into_iter().take(limit).map(|(key, item)| {
            last = Some(key);
            item
        });
        let items = items.collect();
        let next = last.filter(|_| more).map(|key| format!("{TOKEN}{}", base36(key)));
        Self { items, next }
    }
}

fn base36(key: i64) -> String {
    let mut rest = key.unsigned_abs();
    let mut digits = Vec::new();
    loop {
        let digit = u32::try_from(rest % 36).unwrap_or(0);
        digits.extend(char::from_digit(digit, 36));
        rest /= 36;
        if rest == 0 {
            return digits.iter().rev().collect();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_leads_to_the_next_and_the_last_to_none() {
        let rows = |keys: std::ops::RangeInclusive<i64>| keys.rev().map(|key| (key, key)).collect();
        let page = Page::cut(rows(98..=101), 3);
        assert_eq!(page.items, [101, 100, 99]);
        let query = PageQuery { limit: None, next: page.next };
        assert_eq!(query.before().unwrap(), Some(99));
        assert_eq!(Page::cut(rows(1..=3), 3).next, None);
        let broken = PageQuery { limit: None, next: Some("99".into()) };
        assert!(broken.before().is_err());
    }
}
