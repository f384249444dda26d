//! TP-Protocol-Identifier.

/// TP-Protocol-Identifier, 3GPP TS 23.040 9.2.3.9, as found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Pid(pub u8);

/// What a TP-PID asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Protocol {
    /// A short message between phones, or one that the service centre converts by a protocol of its own:
    /// the five bits of 9.2.3.9, 0 for the former.
    ShortMessage(u8),
    /// Telematic interworking with a device, by its five bits: 2 is telefax of group 3, 18 internet mail.
    Telematic(u8),
    /// Short message type 0: the phone acknowledges it, and neither shows nor stores it.
    Type0,
    /// Replaces the message of the same number (1 to 7), originating address and service centre.
    Replace(u8),
    /// Device triggering, for the application that the header's ports name.
    DeviceTriggering,
    /// Enhanced message service; obsolete.
    Enhanced,
    /// Return call message: a call to the originating address is asked for.
    ReturnCall,
    /// ANSI-136 R-DATA, for the SIM.
    Ansi136,
    /// Data download to the phone.
    PhoneDownload,
    /// De-personalisation of the phone.
    Depersonalisation,
    /// Data download to the SIM.
    SimDownload,
    /// For the service centre to know, 11xxxxxx.
    ServiceCentre(u8),
    /// Reserved; a phone shows the message as it shows an ordinary one.
    Reserved,
}

impl Pid {
    /// A plain message from phone to phone.
    pub const DEFAULT: Self = Self(0x00);
    /// Short message type 0.
    pub const TYPE_0: Self = Self(0x40);
    /// Return call message.
    pub const RETURN_CALL: Self = Self(0x5F);

    /// A message that replaces the one of the same number, 1 to 7; nothing for other numbers.
    #[must_use]
    pub const fn replace(number: u8) -> Option<Self> {
        match number {
            1..=7 => Some(Self(0x40 | number)),
            _ => None,
        }
    }

    /// What it asks for.
    #[must_use]
    pub const fn protocol(self) -> Protocol {
        match self.0 {
            0x00..=0x1F => Protocol::ShortMessage(self.0),
            0x20..=0x3F => Protocol::Telematic(self.0 & 0x1F),
            0x40 => Protocol::Type0,
            0x41..=0x47 => Protocol::Replace(self.0 & 0x07),
            0x48 => Protocol::DeviceTriggering,
            0x5E => Protocol::Enhanced,
            0x5F => Protocol::ReturnCall,
            0x7C => Protocol::Ansi136,
            0x7D => Protocol::PhoneDownload,
            0x7E => Protocol::Depersonalisation,
            0x7F => Protocol::SimDownload,
            0xC0..=0xFF => Protocol::ServiceCentre(self.0 & 0x3F),
            _ => Protocol::Reserved,
        }
    }
}
