//! Addresses, from the texts that people write.

use ringpost_hal::pdu::{Address, NumberingPlan, Submit, TypeOfNumber, UserData, gsm7::Code, mode};

/// Two texts, a line each.
pub fn address(octets: &[u8]) {
    let text = String::from_utf8_lossy(octets);
    let (text, other) = text.split_once('\n').unwrap_or((&text, ""));
    if let Ok(number) = Address::parse(text) {
        assert_eq!(number.to_string(), text.to_ascii_lowercase());
        let sca = mode::encode_hex(Some(&number), &[]).unwrap();
        assert_eq!(mode::decode_hex(&sca).unwrap().0, Some(number));
        let national = Address::number(TypeOfNumber::National, NumberingPlan::Isdn, text);
        assert!(national.is_err() || national.unwrap().digits().eq(number.digits()));
    }
    if let Ok(number) = Address::international(text) {
        assert_eq!(number.to_string(), format!("+{}", text.strip_prefix('+').unwrap_or(text)));
    }
    let name = Address::alphanumeric(text);
    let septets: Option<usize> = text.chars().map(|c| Code::of(c).map(Code::septets)).sum();
    assert_eq!(name.is_ok(), septets.is_some_and(|septets| (1..=11).contains(&septets)));
    assert!(name.is_err() || name.unwrap().to_string() == text);
    let ours = [Address::parse(text), Address::international(text), name];
    let theirs = [Address::parse(other), Address::international(other)];
    for ours in ours.iter().flatten() {
        check(ours);
        let submit = Submit::new(*ours, UserData::from_octets(&[]).unwrap());
        assert_eq!(Submit::decode(&submit.encode().unwrap()), Ok(submit));
        for theirs in theirs.iter().flatten() {
            for count in [0, 1, 7, 20] {
                let same = ours.same_last_digits(theirs, count);
                assert_eq!(same, theirs.same_last_digits(ours, count));
            }
        }
    }
}

/// What holds for every address, however it came about.
pub(crate) fn check(address: &Address) {
    let digits: String = address.digits().collect();
    let clear = address.to_string();
    assert!(clear.chars().count() <= 21 && clear.ends_with(&digits));
    assert!(address.same_last_digits(address, 7));
    let shown = format!("{address:?}");
    // Nothing else in it has as many digits.
    let number = digits.len() > 4 && digits.bytes().all(|it| it.is_ascii_digit());
    assert!(!number || !shown.contains(&digits[..digits.len() - 2]));
    assert!(shown.is_ascii());
}
