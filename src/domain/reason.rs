//! Why something ended as it did: one vocabulary for API problems, events and reports.

use serde::Serialize;

/// The family of a reason; the first five are those an identity platform names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Family {
    /// No modem, SIM or network to send through.
    ProviderUnreachable,
    /// The number is wrong, or nobody answers to it.
    NumberInvalid,
    /// The service is not available for this number or region.
    ServiceUnavailable,
    /// Nothing was heard in time.
    TimedOut,
    /// The number is held back for suspicious activity, or wants no messages.
    NumberBlocked,
    /// The network or the person said no.
    Rejected,
    /// The text cannot be sent as it is.
    ContentInvalid,
    /// A fault of this box.
    Internal,
    /// Cancelled by request.
    Cancelled,
}

impl Family {
    /// All families.
    pub const ALL: [Self; 9] = [
        Self::ProviderUnreachable,
        Self::NumberInvalid,
        Self::ServiceUnavailable,
        Self::TimedOut,
        Self::NumberBlocked,
        Self::Rejected,
        Self::ContentInvalid,
        Self::Internal,
        Self::Cancelled,
    ];

    /// The word used in the API, the store and the System Log.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ProviderUnreachable => "provider_unreachable",
            Self::NumberInvalid => "number_invalid",
            Self::ServiceUnavailable => "service_unavailable",
            Self::TimedOut => "timed_out",
            Self::NumberBlocked => "number_blocked",
            Self::Rejected => "rejected",
            Self::ContentInvalid => "content_invalid",
            Self::Internal => "internal",
            Self::Cancelled => "cancelled",
        }
    }
}

macro_rules! details {
    ($($(#[$doc:meta])* $name:ident = $word:literal in $family:ident, $says:literal;)*) => {
        /// What exactly happened, inside a [`Family`].
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Detail { $($(#[$doc])* $name,)* }

        impl Detail {
            /// All details.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// The word used in the API, the store and the System Log.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $word,)* }
            }

            /// Its family.
            pub const fn family(self) -> Family {
                match self { $(Self::$name => Family::$family,)* }
            }

            /// The same as a sentence for the person who reads the log.
            pub const fn sentence(self) -> &'static str {
                match self { $(Self::$name => $says,)* }
            }
        }
    };
}

details! {
    /// No modem can be used.
    NoModem = "no_modem" in ProviderUnreachable, "No modem is available.";
    /// The modem is not registered.
    NotRegistered = "not_registered" in ProviderUnreachable, "The modem is not registered in a network.";
    /// No SIM.
    SimMissing = "sim_missing" in ProviderUnreachable, "The modem has no SIM.";
    /// The SIM wants a PIN or PUK.
    SimLocked = "sim_locked" in ProviderUnreachable, "The SIM is locked.";
    /// The network was too busy, again and again.
    NetworkBusy = "network_busy" in ProviderUnreachable, "The network could not take the message.";
    /// The modem failed.
    ModemFault = "modem_fault" in ProviderUnreachable, "The modem failed.";
    /// Two modems say that they are the same one.
    DuplicateModem = "duplicate_modem" in ProviderUnreachable, "Another modem has the same IMEI.";
    /// A modem's port is there, and this process cannot have it.
    PortUnavailable = "port_unavailable" in ProviderUnreachable, "The modem's port cannot be used.";
    /// The SIMs that could have sent it had sent as much as they may.
    BudgetExceeded = "budget_exceeded" in ProviderUnreachable, "The SIM has sent as much as it may.";
    /// Not E.164 and no national number.
    Malformed = "malformed" in NumberInvalid, "The recipient is not written as a telephone number.";
    /// Well-formed, but no such number can exist.
    NotANumber = "not_a_number" in NumberInvalid, "No such telephone number can exist.";
    /// Toll-free.
    TollFree = "toll_free" in NumberInvalid, "Toll-free numbers cannot be used.";
    /// Premium rate.
    PremiumRate = "premium_rate" in NumberInvalid, "Premium-rate numbers cannot be used.";
    /// Shared cost.
    SharedCost = "shared_cost" in NumberInvalid, "Shared-cost numbers cannot be used.";
    /// A landline cannot read.
    FixedLine = "fixed_line" in NumberInvalid, "A fixed line cannot receive an SMS.";
    /// Internet telephony, pager, voicemail, personal, universal access, non-geographic or unknown.
    OtherType = "other_type" in NumberInvalid, "Numbers of this type cannot be used.";
    /// The network knows no such subscriber.
    Unassigned = "unassigned" in NumberInvalid, "The network knows no such number.";
    /// The subscriber is not reachable for good.
    Inactive = "inactive" in NumberInvalid, "The number is not in service.";
    /// The phone could not be reached in time.
    Unreachable = "unreachable" in NumberInvalid, "The phone could not be reached.";
    /// The region is not on the list.
    RegionNotAllowed = "region_not_allowed" in ServiceUnavailable, "Messages to this region are not allowed here.";
    /// The channel is not allowed for the purpose.
    ChannelNotAllowed = "channel_not_allowed" in ServiceUnavailable, "This channel is not allowed for this purpose.";
    /// Barred by the operator.
    Barred = "barred" in ServiceUnavailable, "The operator bars this service.";
    /// The SIM has no such service.
    NotSubscribed = "not_subscribed" in ServiceUnavailable, "The SIM has not subscribed to this service.";
    /// No modem can place calls.
    VoiceNotSupported = "voice_not_supported" in ServiceUnavailable, "No modem of this gateway can place calls.";
    /// Its time ran out before it could be sent.
    ExpiredInQueue = "expired_in_queue" in TimedOut, "The message expired before it could be sent.";
    /// No delivery report came.
    NoReport = "no_report" in TimedOut, "No delivery report came in time.";
    /// It is not known whether the network took it.
    AnswerLost = "answer_lost" in TimedOut, "The modem's answer was lost: the message may have been sent.";
    /// Nobody answered the call.
    NoAnswer = "no_answer" in TimedOut, "Nobody answered the call.";
    /// On the blocklist.
    Blocklist = "blocklist" in NumberBlocked, "The number is blocked.";
    /// Too many in a short time.
    RateLimited = "rate_limited" in NumberBlocked, "Too many messages in a short time.";
    /// A pattern of abuse.
    Velocity = "velocity" in NumberBlocked, "Suspicious activity around this number.";
    /// The person wants none.
    OptedOut = "opted_out" in NumberBlocked, "The person opted out.";
    /// Refused by the network.
    ByNetwork = "by_network" in Rejected, "The network refused the message.";
    /// Refused by the phone.
    ByRecipient = "by_recipient" in Rejected, "The recipient's phone refused the message.";
    /// The line was busy.
    Busy = "busy" in Rejected, "The line was busy.";
    /// Hung up before the end.
    HungUp = "hung_up" in Rejected, "The call was hung up early.";
    /// No key was pressed.
    NotConfirmed = "not_confirmed" in Rejected, "The call was not confirmed.";
    /// More segments than allowed.
    TooLong = "too_long" in ContentInvalid, "The text is too long.";
    /// Nothing to send.
    Empty = "empty" in ContentInvalid, "There is no text to send.";
    /// The template has no place for the code.
    TemplateMissingCode = "template_missing_code" in ContentInvalid, "The template has no place for the code.";
    /// The template holds a macro that nobody knows.
    TemplateMacroUnknown = "template_macro_unknown" in ContentInvalid, "The template holds an unknown macro.";
    /// There is no such template.
    TemplateUnknown = "template_unknown" in ContentInvalid, "There is no such template.";
    /// The language is not written as a language tag, or nothing here speaks it.
    LocaleUnknown = "locale_unknown" in ContentInvalid, "The locale is no language tag, or is not spoken here.";
    /// What the carriers of a region ask for.
    RegionRequirement = "region_requirement" in ContentInvalid, "The text does not meet what this region requires.";
    /// The disk is full.
    StorageFull = "storage_full" in Internal, "The disk is full.";
    /// A fault in this program.
    Bug = "bug" in Internal, "An internal fault.";
    /// Cancelled.
    Cancelled = "cancelled" in Cancelled, "The message was cancelled.";
}

impl Detail {
    /// Whether a SIM may send no more where it was refused for this again and again, whatever the number.
    pub const fn bars_the_sim(self) -> bool {
        matches!(self, Self::Barred | Self::NotSubscribed)
    }

    /// The detail that [`as_str`](Self::as_str) wrote.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|detail| detail.as_str() == word)
    }
}

impl Serialize for Detail {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}
