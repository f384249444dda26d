//! The lines of PDU mode, read and written.

use ringpost_hal::pdu::{DecodeErrorKind, MAX_TPDU, mode};

/// A line; and a TPDU to be written as one.
pub fn pdu_line(octets: &[u8]) {
    let line = String::from_utf8_lossy(octets);
    match mode::decode_hex(&line) {
        Ok((sca, tpdu)) => {
            let again = mode::encode_hex(sca.as_ref(), &tpdu).unwrap();
            assert_eq!(*again, line.to_ascii_uppercase());
            let shown = format!("{sca:?} {tpdu:?} {again:?}");
            assert!(tpdu.len() < 5 || !shown.contains(&again[again.len() - 10..]));
        }
        Err(error) => {
            assert!(error.offset <= line.len().div_ceil(2));
            if error.kind == DecodeErrorKind::NotHex {
                let pair = line.as_bytes().chunks(2).nth(error.offset).unwrap();
                assert!(pair.len() == 1 || !pair.iter().all(u8::is_ascii_hexdigit));
            }
        }
    }
    match mode::encode_hex(None, octets) {
        Ok(line) => {
            let (sca, tpdu) = mode::decode_hex(&line).unwrap();
            assert!(sca.is_none() && tpdu == *octets);
        }
        Err(_) => assert!(octets.len() > MAX_TPDU),
    }
}
