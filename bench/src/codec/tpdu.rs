//! The crate `tpdu`: it leaves alphabet and segments to its caller.

use ::tpdu::{SMSAddress, SmsDeliver, SmsSubmit};

/// One segment; like the others it tries GSM 7 bit first.
pub fn encode(number: &str, text: &str, mut sink: impl FnMut(&[u8])) {
    let digits = number.trim_start_matches('+');
    let address = SMSAddress { ton: 1, npi: 1, address: digits.to_owned() };
    let (dcs, data, length) = ::tpdu::pack_gsm7(text).map_or_else(
        |_| {
            let data: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
            let length = data.len();
            (8, data, length)
        },
        |(data, septets)| (0, data, septets),
    );
    let submit = SmsSubmit::builder().destination_address(address).vpf(2).validity_period(0xA7);
    let length = u8::try_from(length).unwrap();
    let submit = submit.dcs(dcs).user_data_raw(data).user_data_length(length).build().unwrap();
    sink(&submit.encode().unwrap());
}

/// Reads a TPDU.
pub fn decode(tpdu: &[u8], text: &mut String) {
    let deliver = SmsDeliver::decode(tpdu).unwrap();
    let (data, septets) = (&deliver.tp_user_data, deliver.tp_user_data_length.into());
    match (deliver.tp_dcs, deliver.tp_udhi) {
        (0, false) => text.push_str(&::tpdu::unpack_gsm7(data, septets).unwrap()),
        (0, true) => text.push_str(&::tpdu::unpack_gsm7_with_header(data, septets).unwrap().1),
        _ => {
            let units = data.chunks_exact(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]]));
            text.extend(char::decode_utf16(units).map(|unit| unit.unwrap()));
        }
    }
}
