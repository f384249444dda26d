//! Special SMS message indication: how many messages wait in which mailbox.

use super::{Ie, WaitingKind};

/// Special SMS message indication, 3GPP TS 23.040 9.2.3.24.2; it overrides that of TP-DCS, but for storing:
/// there either of them suffices.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SpecialMessage {
    /// Which mailbox.
    pub kind: WaitingKind,
    /// Multiple subscriber profile, 1 to 4.
    pub profile: u8,
    /// Messages in it; 255 means 255 or more, 0 that the indicator goes out.
    pub count: u8,
    /// Whether the text is to be stored.
    pub store: bool,
}

impl SpecialMessage {
    const STORE: u8 = 0x80;

    /// Reads IEI 01; nothing in other elements, or where the length is wrong.
    #[must_use]
    pub fn of(ie: Ie<'_>) -> Option<Self> {
        let (Ie::SPECIAL_MESSAGE, &[indication, count]) = (ie.iei, ie.data) else {
            return None;
        };
        let kind = match (indication & 0x03, indication >> 2 & 0x07) {
            (0, _) => WaitingKind::Voicemail,
            (1, _) => WaitingKind::Fax,
            (2, _) => WaitingKind::Email,
            (_, 1) => WaitingKind::Video,
            _ => WaitingKind::Other,
        };
        let profile = 1 + (indication >> 5 & 0x03);
        Some(Self { kind, profile, count, store: indication & Self::STORE != 0 })
    }

    /// Which mailbox IEI 01 speaks of; reserved extended types have each their own.
    pub(super) fn mailbox(ie: Ie<'_>) -> Option<u8> {
        match (ie.iei, ie.data) {
            // Only type 3 has extended types.
            (Ie::SPECIAL_MESSAGE, &[indication, _]) if indication & 0x03 == 0x03 => {
                Some(indication & 0x7F)
            }
            (Ie::SPECIAL_MESSAGE, &[indication, _]) => Some(indication & 0x63),
            _ => None,
        }
    }
}
