//! What a token may do.

use std::{fmt, str::FromStr};

/// One permission of a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scope {
    /// Send messages.
    MessagesSend,
    /// See messages.
    MessagesRead,
    /// See received messages.
    InboundRead,
    /// See the System Log.
    LogsRead,
    /// Change templates.
    TemplatesManage,
    /// See reports.
    ReportsRead,
    /// See modems.
    ModemsRead,
    /// Act on modems.
    ModemsManage,
    /// Change webhooks.
    HooksManage,
    /// Scrape metrics.
    MetricsRead,
    /// Everything.
    Admin,
}

impl Scope {
    /// All scopes.
    pub const ALL: [Self; 11] = [
        Self::MessagesSend,
        Self::MessagesRead,
        Self::InboundRead,
        Self::LogsRead,
        Self::TemplatesManage,
        Self::ReportsRead,
        Self::ModemsRead,
        Self::ModemsManage,
        Self::HooksManage,
        Self::MetricsRead,
        Self::Admin,
    ];

    /// The word used on the command line and in problems.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::MessagesSend => "messages:send",
            Self::MessagesRead => "messages:read",
            Self::InboundRead => "inbound:read",
            Self::LogsRead => "logs:read",
            Self::TemplatesManage => "templates:manage",
            Self::ReportsRead => "reports:read",
            Self::ModemsRead => "modems:read",
            Self::ModemsManage => "modems:manage",
            Self::HooksManage => "hooks:manage",
            Self::MetricsRead => "metrics:read",
            Self::Admin => "admin",
        }
    }
}

impl FromStr for Scope {
    type Err = UnknownScope;

    fn from_str(word: &str) -> Result<Self, UnknownScope> {
        Self::ALL.into_iter().find(|scope| scope.as_str() == word).ok_or(UnknownScope)
    }
}

/// A word that names no scope.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnknownScope;

impl fmt::Display for UnknownScope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no such scope; the scopes are")?;
        Scope::ALL.iter().try_for_each(|scope| write!(f, " {}", scope.as_str()))
    }
}

impl std::error::Error for UnknownScope {}

/// The scopes of one token.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Scopes(Vec<Scope>);

impl Scopes {
    /// The given scopes, sorted, each once.
    pub fn new(scopes: impl IntoIterator<Item = Scope>) -> Self {
        let mut scopes: Vec<_> = scopes.into_iter().collect();
        scopes.sort_unstable();
        scopes.dedup();
        Self(scopes)
    }

    /// Whether `scope` is among them; `admin` has all.
    pub fn allow(&self, scope: Scope) -> bool {
        self.0.iter().any(|held| *held == scope || *held == Scope::Admin)
    }

    /// Reads what `Display` wrote; words that name no scope are dropped, so that a token never
    /// gains a permission by a downgrade.
    pub fn parse(text: &str) -> Self {
        Self::new(text.split_whitespace().filter_map(|word| word.parse().ok()))
    }
}

impl fmt::Display for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words: Vec<_> = self.0.iter().map(|scope| scope.as_str()).collect();
        f.write_str(&words.join(" "))
    }
}

#[cfg(test)]
mod tests {
    use super::{Scope, Scopes};

    #[test]
    fn admin_allows_everything_and_others_only_themselves() {
        let admin = Scopes::parse("admin");
        assert!(Scope::ALL.iter().all(|scope| admin.allow(*scope)));
        let sender = Scopes::parse("messages:send nonsense");
        assert_eq!(sender.to_string(), "messages:send");
        assert!(sender.allow(Scope::MessagesSend) && !sender.allow(Scope::MessagesRead));
    }
}
