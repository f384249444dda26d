//! Cutting a text that a phone sends into segments (3GPP TS 23.040 clause 9.2.3.24.1).

use super::gsm7;

/// TP-DCS, TP-UDHI, TP-UDL and TP-UD of one segment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SegmentBody {
    pub(crate) dcs: u8,
    pub(crate) udhi: bool,
    pub(crate) udl: u8,
    pub(crate) ud: Vec<u8>,
}

/// A phone's way: GSM 7 bit when every character fits, UCS-2 otherwise, 8 bit references.
pub(crate) fn segments(text: &str, reference: u8) -> Vec<SegmentBody> {
    match gsm7::encode(text) {
        Some(septets) if septets.len() <= 160 => vec![gsm7_body(&septets, None)],
        Some(septets) => {
            let pieces = cut(&septets, 153, |septet| septet == 0x1B);
            concatenated(&pieces, reference, |piece, header| gsm7_body(piece, Some(header)))
        }
        None => ucs2_segments(text, reference),
    }
}

fn ucs2_segments(text: &str, reference: u8) -> Vec<SegmentBody> {
    let units: Vec<u16> = text.encode_utf16().collect();
    if units.len() <= 70 {
        return vec![ucs2_body(&units, None)];
    }
    let pieces = cut(&units, 67, |unit| (0xD800..0xDC00).contains(&unit));
    concatenated(&pieces, reference, |piece, header| ucs2_body(piece, Some(header)))
}

// Never leaves a unit that needs its successor at the end of a piece.
fn cut<T: Copy>(units: &[T], most: usize, leads: impl Fn(T) -> bool) -> Vec<Vec<T>> {
    let mut pieces = Vec::new();
    let mut rest = units;
    while !rest.is_empty() {
        let mut length = rest.len().min(most);
        // An escape can itself be escaped: only an odd run of leads is an open one.
        let open = |length: usize| {
            rest.get(..length)
                .is_some_and(|piece| piece.iter().rev().take_while(|&&u| leads(u)).count() % 2 == 1)
        };
        if length < rest.len() && open(length) {
            length -= 1;
        }
        let (piece, left) = rest.split_at_checked(length).unwrap_or((rest, &[]));
        pieces.push(piece.to_vec());
        rest = left;
    }
    pieces
}

fn concatenated<T>(
    pieces: &[Vec<T>],
    reference: u8,
    body: impl Fn(&[T], [u8; 6]) -> SegmentBody,
) -> Vec<SegmentBody> {
    let total = u8::try_from(pieces.len()).unwrap_or(u8::MAX);
    (1..=total)
        .zip(pieces)
        .map(|(sequence, piece)| body(piece, [5, 0, 3, reference, total, sequence]))
        .collect()
}

fn gsm7_body(septets: &[u8], header: Option<[u8; 6]>) -> SegmentBody {
    // Six header octets take seven septets: 48 bits and one fill bit.
    let (mut ud, fill, taken) = match header {
        Some(header) => (header.to_vec(), 1, 7),
        None => (Vec::new(), 0, 0),
    };
    ud.extend(gsm7::pack(septets, fill));
    let udl = u8::try_from(septets.len() + taken).unwrap_or(160);
    SegmentBody { dcs: 0x00, udhi: header.is_some(), udl, ud }
}

fn ucs2_body(units: &[u16], header: Option<[u8; 6]>) -> SegmentBody {
    let mut ud = header.map(|header| header.to_vec()).unwrap_or_default();
    ud.extend(units.iter().flat_map(|unit| unit.to_be_bytes()));
    let udl = u8::try_from(ud.len()).unwrap_or(140);
    SegmentBody { dcs: 0x08, udhi: header.is_some(), udl, ud }
}
