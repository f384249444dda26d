//! The header `Idempotency-Key`, as draft-ietf-httpapi-idempotency-key-header says: a string in
//! quotes. One without them is taken too, as most clients send it.

use axum::http::{HeaderMap, HeaderName};

use super::error::ApiError;

/// The request's own name for itself.
pub(super) const KEY: &str = "idempotency-key";
/// Says that an answer is about a message that an earlier request made.
pub(super) const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

/// Longest key, without its quotes: four times a UUID, and more than any service asks for.
const MAX_KEY: usize = 255;

/// The key of a request, if it has one.
pub(super) fn key(headers: &HeaderMap) -> Result<Option<String>, ApiError> {
    let mut all = headers.get_all(KEY).iter();
    let Some(value) = all.next() else { return Ok(None) };
    let value = value.to_str().ok().filter(|_| all.next().is_none());
    let key = value.and_then(|value| read(value.trim()));
    let key = key.filter(|key| (1..=MAX_KEY).contains(&key.len()));
    key.map(Some).ok_or_else(|| {
        ApiError::Invalid(format!(
            "Idempotency-Key: must be one string of 1 to {MAX_KEY} ASCII characters, in quotes or \
             without spaces"
        ))
    })
}

fn read(value: &str) -> Option<String> {
    let Some(quoted) = value.strip_prefix('"') else {
        let bare = value.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'"');
        return bare.then(|| value.to_owned());
    };
    // A string of RFC 9651, 3.3.3.
    let mut key = String::with_capacity(quoted.len());
    let mut rest = quoted.strip_suffix('"')?.chars();
    while let Some(symbol) = rest.next() {
        match symbol {
            '\\' => key.push(rest.next().filter(|it| matches!(it, '"' | '\\'))?),
            '"' => return None,
            ' '..='~' => key.push(symbol),
            _ => return None,
        }
    }
    Some(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_all(values: &[&str]) -> Result<Option<String>, ()> {
        let read = |value: &&str| KEY.parse().ok().zip(value.parse().ok());
        key(&values.iter().filter_map(read).collect()).map_err(drop)
    }

    #[test]
    fn quotes_are_no_part_of_the_key() {
        let uuid = "8e03978e-40d5-43dd-bc93-6894a57f9324";
        assert_eq!(read_all(&[&format!("\"{uuid}\"")]), Ok(Some(uuid.into())));
        assert_eq!(read_all(&[uuid]), Ok(Some(uuid.into())));
        assert_eq!(read_all(&[r#""a \"b\" \\ c""#]), Ok(Some(r#"a "b" \ c"#.into())));
        assert_eq!(read_all(&[]), Ok(None));
        assert_eq!(read_all(&[&"x".repeat(255)]), Ok(Some("x".repeat(255))));
    }

    #[test]
    fn what_is_no_key_is_refused() {
        let long = "x".repeat(256);
        for value in [
            "",
            "\"\"",
            "\"",
            "\"a",
            "a\"",
            "a b",
            "a, b",
            "\"a\", \"b\"",
            "\"a\";b=1",
            "\"a\\\"",
            "\"\\n\"",
            "a\tb",
            "ü",
            &long,
        ] {
            assert_eq!(read_all(&[value]), Err(()), "{value:?}");
        }
        assert_eq!(read_all(&["a", "a"]), Err(()), "one header");
    }
}
