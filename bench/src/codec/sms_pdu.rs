//! The crate `sms-pdu`, taken out of `huawei-modem`.

use ::sms_pdu::{
    gsm_encoding::GsmMessageData,
    pdu::{DeliverPdu, PduAddress, SubmitPdu},
};

/// Writes every segment, behind an empty service centre address.
pub fn encode(number: &str, text: &str, mut sink: impl FnMut(&[u8])) {
    let number: PduAddress = number.parse().unwrap();
    for data in GsmMessageData::encode_message(text) {
        sink(&SubmitPdu::make_simple_message(number.clone(), data).as_bytes().0);
    }
}

/// Takes a service centre address before the TPDU.
pub fn decode(pdu: &[u8], text: &mut String) {
    let deliver = DeliverPdu::try_from(pdu).unwrap();
    text.push_str(&deliver.get_message_data().decode_message().unwrap().text);
}
