//! What every use case's error becomes at the edge: a kind that HTTP maps once, a stable code, a message that
//! says what to do, and messages per form field.

use wolfsec::ports::{HasherError, RepositoryError};

use crate::Forbidden;

/// The code of what the store gave up after its time.
pub const TOO_SLOW: &str = "too_slow";

/// Kinds of failure; the HTTP layer gives each one status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FailureKind {
    Unauthenticated,
    Forbidden,
    NotFound,
    /// The state has changed or a name is taken.
    Conflict,
    /// Understood but not valid.
    Invalid,
    TooFast,
    Unavailable,
    Internal,
}

/// A use case's failure as the outside sees it. The source is logged once, by whoever answers.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct Failure {
    pub kind: FailureKind,
    /// Stable, machine readable.
    pub code: &'static str,
    pub message: String,
    /// Field name and what is wrong with it.
    pub fields: Vec<(&'static str, String)>,
    /// Seconds to wait, for `TooFast` and `Unavailable`.
    pub retry_after: Option<u32>,
    #[source]
    pub source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl Failure {
    pub fn new(kind: FailureKind, code: &'static str, message: impl Into<String>) -> Self {
        Self {
            kind,
            code,
            message: message.into(),
            fields: Vec::new(),
            retry_after: None,
            source: None,
        }
    }
    pub fn not_found(what: &str) -> Self {
        Self::new(FailureKind::NotFound, "not_found", format!("there is no such {what}"))
    }
    pub fn conflict(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(FailureKind::Conflict, code, message)
    }
    pub fn invalid(field: &'static str, message: impl Into<String>) -> Self {
        let message = message.into();
        let mut failure = Self::new(FailureKind::Invalid, "invalid", message.clone());
        failure.fields.push((field, message));
        failure
    }
    pub fn unauthenticated() -> Self {
        Self::new(
            FailureKind::Unauthenticated,
            "unauthenticated",
            "sign in, or send a valid key or token",
        )
    }
}

impl From<Forbidden> for Failure {
    fn from(error: Forbidden) -> Self {
        Self::new(FailureKind::Forbidden, "forbidden", error.to_string())
    }
}

impl From<RepositoryError> for Failure {
    fn from(error: RepositoryError) -> Self {
        let mut failure = match error {
            RepositoryError::Unavailable(_) => {
                let mut failure = Self::new(
                    FailureKind::Unavailable,
                    "unavailable",
                    "the database cannot be reached; try again soon",
                );
                failure.retry_after = Some(5);
                failure
            }
            RepositoryError::TooSlow => Self::new(
                FailureKind::Invalid,
                TOO_SLOW,
                "this takes too long; ask for a shorter time or fewer words",
            ),
            RepositoryError::Conflict { .. } => {
                Self::conflict("conflict", "somebody changed this at the same moment; load it again")
            }
            RepositoryError::Inconsistent(_) | RepositoryError::Other(_) => Self::new(
                FailureKind::Internal,
                "internal",
                "the server failed; the log has the reason under this request id",
            ),
        };
        failure.source = Some(Box::new(error));
        failure
    }
}

impl From<HasherError> for Failure {
    fn from(error: HasherError) -> Self {
        match error {
            HasherError::Busy => {
                let mut failure = Self::new(
                    FailureKind::Unavailable,
                    "busy",
                    "too many sign-ins at once; try again in a moment",
                );
                failure.retry_after = Some(2);
                failure
            }
            HasherError::Failed => Self::new(FailureKind::Internal, "internal", "the password could not be processed"),
        }
    }
}

/// True when the store refused because of this constraint.
pub(crate) fn is_conflict(error: &RepositoryError, constraint: &str) -> bool {
    matches!(error, RepositoryError::Conflict { constraint: hit } if hit == constraint)
}
