//! TP-Data-Coding-Scheme.

/// TP-Data-Coding-Scheme, 3GPP TS 23.038 4, as found; reserved codings read as the receiver rule says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Dcs(pub u8);

/// The alphabet that a TP-DCS names, 3GPP TS 23.038 4.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Alphabet {
    /// GSM 7 bit default alphabet, with its extension and national tables; lengths count septets.
    #[default]
    Gsm7,
    /// Octets that mean what the application says.
    Data8,
    /// UCS-2, read as UTF-16 in network order, as every phone does.
    Ucs2,
}

/// Message class, 3GPP TS 23.038 4.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MessageClass {
    /// Shown at once and not stored: "flash".
    Class0,
    /// For the phone.
    Class1,
    /// For the SIM.
    Class2,
    /// For the terminal equipment behind the phone.
    Class3,
}

/// What a message waiting indication announces, 3GPP TS 23.038 4, groups 1100 to 1110.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct MessageWaiting {
    /// Which mailbox.
    pub kind: WaitingKind,
    /// Whether the indicator is to be shown.
    pub active: bool,
    /// Whether the text is to be stored; groups other than 1100 say so.
    pub store: bool,
}

/// A mailbox with something in it, 3GPP TS 23.038 4 and 3GPP TS 23.040 9.2.3.24.2.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum WaitingKind {
    /// Voicemail.
    Voicemail,
    /// Fax.
    Fax,
    /// Electronic mail.
    Email,
    /// Video; no TP-DCS says so, only the header does.
    Video,
    /// Any other.
    Other,
}

impl Dcs {
    const CLASS_PRESENT: u8 = 0x10;
    const COMPRESSED: u8 = 0x20;
    const AUTOMATIC_DELETION: u8 = 0x40;

    /// General coding group, no class, not compressed.
    #[must_use]
    pub const fn new(alphabet: Alphabet) -> Self {
        Self(match alphabet {
            Alphabet::Gsm7 => 0x00,
            Alphabet::Data8 => 0x04,
            Alphabet::Ucs2 => 0x08,
        })
    }

    /// The same alphabet in the general coding group, with a message class.
    #[must_use]
    pub const fn with_class(self, class: MessageClass) -> Self {
        let class = match class {
            MessageClass::Class0 => 0,
            MessageClass::Class1 => 1,
            MessageClass::Class2 => 2,
            MessageClass::Class3 => 3,
        };
        Self(Self::new(self.alphabet()).0 | Self::CLASS_PRESENT | class)
    }

    /// The value as a receiver has to read it: reserved codings count as 0x00.
    #[must_use]
    pub const fn effective(self) -> Self {
        match self.0 {
            0x80..=0xBF => Self(0),
            0x00..=0x7F if self.0 & 0x0C == 0x0C => Self(0),
            _ => self,
        }
    }

    /// The alphabet of the text; that of the compressed text where [`Self::compressed`] says so.
    #[must_use]
    pub const fn alphabet(self) -> Alphabet {
        let Self(dcs) = self.effective();
        match dcs {
            0x00..=0x7F => match dcs & 0x0C {
                0x04 => Alphabet::Data8,
                0x08 => Alphabet::Ucs2,
                _ => Alphabet::Gsm7,
            },
            0xE0..=0xEF => Alphabet::Ucs2,
            0xF0..=0xFF if dcs & 0x04 != 0 => Alphabet::Data8,
            _ => Alphabet::Gsm7,
        }
    }

    /// What TP-UDL counts and TP-UD holds: the alphabet, or octets where the text is compressed.
    #[must_use]
    pub const fn ud_alphabet(self) -> Alphabet {
        if self.compressed() { Alphabet::Data8 } else { self.alphabet() }
    }

    /// The message class, where the coding carries one.
    #[must_use]
    pub const fn class(self) -> Option<MessageClass> {
        let Self(dcs) = self.effective();
        let has_class = match dcs {
            0x00..=0x7F => dcs & Self::CLASS_PRESENT != 0,
            _ => dcs >= 0xF0,
        };
        if !has_class {
            return None;
        }
        Some(match dcs & 0x03 {
            0 => MessageClass::Class0,
            1 => MessageClass::Class1,
            2 => MessageClass::Class2,
            _ => MessageClass::Class3,
        })
    }

    /// Whether the text is compressed, 3GPP TS 23.042.
    #[must_use]
    pub const fn compressed(self) -> bool {
        let Self(dcs) = self.effective();
        dcs < 0x80 && dcs & Self::COMPRESSED != 0
    }

    /// Whether the message is to be deleted once read, group 01xx.
    #[must_use]
    pub const fn automatic_deletion(self) -> bool {
        let Self(dcs) = self.effective();
        dcs < 0x80 && dcs & Self::AUTOMATIC_DELETION != 0
    }

    /// The message waiting indication, where the coding is one.
    #[must_use]
    pub const fn waiting(self) -> Option<MessageWaiting> {
        if self.0 < 0xC0 || self.0 > 0xEF {
            return None;
        }
        let kind = match self.0 & 0x03 {
            0 => WaitingKind::Voicemail,
            1 => WaitingKind::Fax,
            2 => WaitingKind::Email,
            _ => WaitingKind::Other,
        };
        Some(MessageWaiting { kind, active: self.0 & 0x08 != 0, store: self.0 >= 0xD0 })
    }
}

impl From<Alphabet> for Dcs {
    fn from(alphabet: Alphabet) -> Self {
        Self::new(alphabet)
    }
}
