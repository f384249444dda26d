//! Why a message is sent. The only table of event types for what is sent.

use serde::{Deserialize, Serialize};

use super::Channel;

/// Why a message is sent.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize, utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// Sign-in with a second factor.
    MfaVerify,
    /// A phone is enrolled.
    Enrollment,
    /// A password is reset.
    PasswordReset,
    /// An account is unlocked.
    AccountUnlock,
    /// A link to install the platform's app.
    PushVerify,
    /// Anything else.
    #[default]
    General,
}

impl Purpose {
    /// All purposes.
    pub const ALL: [Self; 6] = [
        Self::MfaVerify,
        Self::Enrollment,
        Self::PasswordReset,
        Self::AccountUnlock,
        Self::PushVerify,
        Self::General,
    ];

    /// The word used in the API and the store.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::MfaVerify => "mfa_verify",
            Self::Enrollment => "enrollment",
            Self::PasswordReset => "password_reset",
            Self::AccountUnlock => "account_unlock",
            Self::PushVerify => "push_verify",
            Self::General => "general",
        }
    }

    /// The purpose that [`as_str`](Self::as_str) wrote.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|purpose| purpose.as_str() == word)
    }

    /// Whether it can be said by a channel at all: a link to install an app cannot be spoken.
    pub const fn fits(self, channel: Channel) -> bool {
        !matches!((self, channel), (Self::PushVerify, Channel::Voice))
    }

    /// Event type of the one send event, in the words of Okta's event catalogue. `system.sms.send_message`
    /// is ours: the catalogue has no general SMS.
    pub const fn send_event_type(self, channel: Channel) -> &'static str {
        match (self, channel) {
            (Self::MfaVerify, Channel::Sms) => "system.sms.send_factor_verify_message",
            (Self::Enrollment, Channel::Sms) => "system.sms.send_phone_verification_message",
            (Self::PasswordReset, Channel::Sms) => "system.sms.send_password_reset_message",
            (Self::AccountUnlock, Channel::Sms) => "system.sms.send_account_unlock_message",
            (Self::PushVerify, Channel::Sms) => "system.sms.send_okta_push_verify_message",
            (Self::General, Channel::Sms) => "system.sms.send_message",
            (Self::MfaVerify, Channel::Voice) => "system.voice.send_mfa_challenge_call",
            (Self::Enrollment, Channel::Voice) => "system.voice.send_phone_verification_call",
            (Self::PasswordReset, Channel::Voice) => "system.voice.send_password_reset_call",
            (Self::AccountUnlock, Channel::Voice) => "system.voice.send_account_unlock_call",
            // A push link cannot be spoken: such a request is refused, and its refusal needs a name.
            (Self::PushVerify | Self::General, Channel::Voice) => "system.voice.send_call",
        }
    }

    /// Event type of the one status event.
    pub const fn status_event_type(channel: Channel) -> &'static str {
        match channel {
            Channel::Sms => "system.sms.receive_status",
            Channel::Voice => "system.voice.receive_status",
        }
    }

    /// What the send event says to a person.
    pub const fn display_message(self, channel: Channel) -> &'static str {
        match (self, channel) {
            (Self::MfaVerify, Channel::Sms) => "Send second factor SMS message",
            (Self::Enrollment, Channel::Sms) => "Send phone verification SMS message",
            (Self::PasswordReset, Channel::Sms) => "Send self-service password reset SMS message",
            (Self::AccountUnlock, Channel::Sms) => "Send self-service unlock SMS message",
            (Self::PushVerify, Channel::Sms) => "Send push verify activation link SMS message",
            (Self::General, Channel::Sms) => "Send SMS message",
            (Self::MfaVerify, Channel::Voice) => "Send MFA challenge call",
            (Self::Enrollment, Channel::Voice) => "Send phone verification call",
            (Self::PasswordReset, Channel::Voice) => "Send self-service password reset call",
            (Self::AccountUnlock, Channel::Voice) => "Send self-service unlock call",
            (Self::PushVerify | Self::General, Channel::Voice) => "Send phone call",
        }
    }
}
