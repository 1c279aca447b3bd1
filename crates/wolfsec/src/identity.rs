//! People and programs that may ask: users with roles, sessions, API tokens.

use serde::{Deserialize, Serialize};

use crate::Timestamp;
use crate::ids::{ApiTokenId, SessionId, UserId};

slug_enum!(
    /// What somebody may do; each role includes the ones before it.
    Role { Viewer = "viewer", Operator = "operator", Admin = "admin" }
);

impl Role {
    pub const fn label(self) -> &'static str {
        match self {
            Self::Viewer => "Viewer",
            Self::Operator => "Operator",
            Self::Admin => "Admin",
        }
    }
    pub const fn explanation(self) -> &'static str {
        match self {
            Self::Viewer => "Reads everything, the audit trail included",
            Self::Operator => "Works alerts and switches rules",
            Self::Admin => "Manages users, peers and configuration",
        }
    }
}

/// A sign-in name or a peer's name: 1 to 64 of `A-Za-z0-9._@-`, starting with a letter or digit.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct Name(String);

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a name has 1 to 64 of the characters A-Z a-z 0-9 . _ @ - and starts with a letter or digit")]
pub struct InvalidName;

impl Name {
    pub fn parse(text: &str) -> Result<Self, InvalidName> {
        let text = text.trim();
        let first_ok = text.bytes().next().is_some_and(|b| b.is_ascii_alphanumeric());
        let rest_ok = text.bytes().all(|b| b.is_ascii_alphanumeric() || b"._@-".contains(&b));
        if first_ok && rest_ok && text.len() <= 64 {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidName)
        }
    }
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for Name {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Name {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

/// Fewest characters of a password; NIST SP 800-63B asks for 8, a security console for more.
pub const MIN_PASSWORD_CHARS: usize = 12;
/// Longest password (characters): bounds the work of hashing.
pub const MAX_PASSWORD_CHARS: usize = 256;

/// Checks a new password against the policy: length, not the name, not one repeated character.
pub fn check_new_password(name: &str, password: &str) -> Result<(), WeakPassword> {
    let chars = password.chars().count();
    if chars < MIN_PASSWORD_CHARS {
        return Err(WeakPassword::TooShort);
    }
    if chars > MAX_PASSWORD_CHARS {
        return Err(WeakPassword::TooLong);
    }
    if password.to_lowercase().contains(&name.to_lowercase()) && name.len() > 3 {
        return Err(WeakPassword::ContainsName);
    }
    if password.chars().all(|c| password.starts_with(c)) {
        return Err(WeakPassword::Repeated);
    }
    Ok(())
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WeakPassword {
    #[error("a password has at least {MIN_PASSWORD_CHARS} characters")]
    TooShort,
    #[error("a password has at most {MAX_PASSWORD_CHARS} characters")]
    TooLong,
    #[error("a password must not contain the user's name")]
    ContainsName,
    #[error("a password must not be one repeated character")]
    Repeated,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    pub id: UserId,
    pub name: String,
    pub role: Role,
    pub enabled: bool,
    pub created_at: Timestamp,
    pub last_sign_in: Option<Timestamp>,
}

/// A session of the browser, kept on the server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    pub id: SessionId,
    pub user_id: UserId,
    pub created_at: Timestamp,
    pub last_used_at: Timestamp,
    pub address: String,
    pub user_agent: String,
}

/// Ends a session that has not been used for this long (minutes).
pub const SESSION_IDLE_MINUTES: i64 = 30;
/// Ends every session after this long (hours).
pub const SESSION_ABSOLUTE_HOURS: i64 = 12;

impl Session {
    pub fn is_live(&self, now: Timestamp) -> bool {
        now - self.last_used_at < chrono::Duration::minutes(SESSION_IDLE_MINUTES)
            && now - self.created_at < chrono::Duration::hours(SESSION_ABSOLUTE_HOURS)
    }
}

/// A token of a program; its text is shown once and kept as a digest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApiToken {
    pub id: ApiTokenId,
    pub name: String,
    pub role: Role,
    pub created_at: Timestamp,
    pub expires_at: Option<Timestamp>,
    pub last_used_at: Option<Timestamp>,
    pub revoked_at: Option<Timestamp>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_plain() {
        for good in ["a", "web-01", "jo.doe@example.org", &"x".repeat(64)] {
            assert!(Name::parse(good).is_ok(), "{good}");
        }
        for bad in ["", "-a", "a b", "ä", "a/b", &"x".repeat(65), "a\n b"] {
            assert!(Name::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn weak_passwords_are_told_apart() {
        assert_eq!(check_new_password("jo", "short"), Err(WeakPassword::TooShort));
        assert_eq!(
            check_new_password("jodoe", "my-JoDoe-password"),
            Err(WeakPassword::ContainsName)
        );
        assert_eq!(check_new_password("jo", &"a".repeat(20)), Err(WeakPassword::Repeated));
        assert_eq!(check_new_password("jo", &"ab".repeat(200)), Err(WeakPassword::TooLong));
        assert_eq!(check_new_password("jo", "correct horse battery"), Ok(()));
    }

    #[test]
    fn a_session_ends_idle_or_old() {
        let start = Timestamp::from_timestamp(1_700_000_000, 0).unwrap();
        let mut session = Session {
            id: SessionId(uuid::Uuid::nil()),
            user_id: UserId(uuid::Uuid::nil()),
            created_at: start,
            last_used_at: start,
            address: String::new(),
            user_agent: String::new(),
        };
        assert!(session.is_live(start + chrono::Duration::minutes(29)));
        assert!(!session.is_live(start + chrono::Duration::minutes(30)));
        session.last_used_at = start + chrono::Duration::hours(12);
        assert!(!session.is_live(start + chrono::Duration::hours(12)));
    }
}
