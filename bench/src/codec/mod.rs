//! The same work for each codec: a text to TPDUs for a number, and TPDUs back to the text.

mod figures;
pub mod ringpost;
pub mod sms_pdu;
pub mod sms_pdu_decoder;
pub mod tpdu;

pub use figures::{allocations, figures};
use ringpost_hal::pdu::{Address, Deliver, Segmentation, Timestamp, mode};

/// Whom every message goes to, and comes from.
pub const NUMBER: &str = "+14155550123";

/// A text of a size that people ask about.
pub struct Sample {
    /// As the reports name it.
    pub name: &'static str,
    /// What is to be sent.
    pub text: String,
    /// The same, received: one DELIVER for each segment, as octets without a service centre address.
    pub delivers: Vec<Vec<u8>>,
}

impl Sample {
    /// 160 septets, 70 UTF-16 units, and ten segments of GSM 7 bit.
    pub fn all() -> [Self; 3] {
        let english =
            "Your code is 493817. It is valid for 5 minutes; do not share it with anyone. ";
        let russian = "Ваш код 493817. Он действует 5 минут; не сообщайте его никому. ";
        [
            Self::new("160 septets", english, 160),
            Self::new("70 UCS-2", russian, 70),
            Self::new("10 segments", english, 10 * 153),
        ]
    }

    fn new(name: &'static str, phrase: &str, characters: usize) -> Self {
        let text: String = phrase.chars().cycle().take(characters).collect();
        let segments = Segmentation::of(&text).segments(ringpost::REFERENCE).unwrap();
        let oa = Address::international(NUMBER).unwrap();
        let scts = Timestamp::from_octets([0x62, 0x11, 0x42, 0x01, 0x02, 0x03, 0x00]);
        let delivers = segments.map(|ud| Deliver::new(oa, scts, ud).encode().unwrap().to_vec());
        let delivers = delivers.collect();
        Self { name, text, delivers }
    }

    /// The received segments with an empty service centre address before each.
    pub fn with_sca(&self) -> Vec<Vec<u8>> {
        self.delivers.iter().map(|tpdu| [&[0], &**tpdu].concat()).collect()
    }

    /// The received segments as the lines that a modem prints.
    pub fn lines(&self) -> Vec<String> {
        let lines = self.delivers.iter().map(|tpdu| mode::encode_hex(None, tpdu).unwrap());
        lines.map(|line| line.to_string()).collect()
    }
}
