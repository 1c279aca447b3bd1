//! What PostgreSQL answers, in the domain's words.

use sqlx::error::DatabaseError;
use wolfsec::ports::RepositoryError;

/// `statement_timeout` ran out, or somebody cancelled the statement.
const QUERY_CANCELED: &str = "57014";

/// The only place where SQLSTATE and constraint names are read.
pub(super) fn store_error(error: sqlx::Error) -> RepositoryError {
    match &error {
        sqlx::Error::Database(database) => {
            if let Some(constraint) = violated_constraint(database.as_ref()) {
                return RepositoryError::Conflict { constraint };
            }
            if database.code().is_some_and(|code| code == QUERY_CANCELED) {
                return RepositoryError::TooSlow;
            }
            if database.code().is_some_and(|code| is_passing(&code)) {
                return RepositoryError::Unavailable(Some(Box::new(error)));
            }
            RepositoryError::Other(Box::new(error))
        }
        sqlx::Error::Io(_)
        | sqlx::Error::Tls(_)
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed
        | sqlx::Error::WorkerCrashed
        | sqlx::Error::BeginFailed => RepositoryError::Unavailable(Some(Box::new(error))),
        sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_) => RepositoryError::Inconsistent(error.to_string()),
        _ => RepositoryError::Other(Box::new(error)),
    }
}

/// True for a unique violation.
pub(super) fn is_duplicate(error: &sqlx::Error) -> bool {
    error
        .as_database_error()
        .is_some_and(DatabaseError::is_unique_violation)
}

/// Unique, check, foreign key and exclusion constraints.
fn violated_constraint(error: &dyn DatabaseError) -> Option<String> {
    let code = error.code()?;
    matches!(code.as_ref(), "23505" | "23514" | "23503" | "23P01")
        .then(|| error.constraint().unwrap_or_default().to_owned())
}

/// States that pass by themselves: lost connections (08), lack of connections or memory (53), a shutdown (57), deadlocks and serialisation (40), locks that were not got in time (55P03).
fn is_passing(code: &str) -> bool {
    matches!(code.get(..2), Some("08" | "53" | "57" | "40")) || code == "55P03"
}

/// A stored text that must name a value of the domain.
pub(super) fn stored<T>(column: &str, text: &str) -> Result<T, RepositoryError>
where
    T: std::str::FromStr,
    T::Err: std::fmt::Display,
{
    text.parse().map_err(|error| inconsistent(column, error))
}

/// A stored value that the domain does not know.
pub(super) fn inconsistent(column: &str, error: impl std::fmt::Display) -> RepositoryError {
    RepositoryError::Inconsistent(format!("{column}: {error}"))
}

/// A stored severity rank.
pub(super) fn stored_severity(rank: i16) -> Result<wolfsec::severity::Severity, RepositoryError> {
    wolfsec::severity::Severity::from_rank(rank).ok_or_else(|| inconsistent("severity", rank))
}

/// A digest or MAC of 32 bytes.
pub(super) fn stored_digest(column: &str, bytes: &[u8]) -> Result<[u8; 32], RepositoryError> {
    bytes
        .try_into()
        .map_err(|_| inconsistent(column, format_args!("{} bytes", bytes.len())))
}

/// JSON that this adapter itself makes.
pub(super) fn to_json<T: serde::Serialize + ?Sized>(value: &T) -> Result<String, RepositoryError> {
    serde_json::to_string(value).map_err(|error| RepositoryError::Other(Box::new(error)))
}

/// JSON as stored.
pub(super) fn from_json<T: serde::de::DeserializeOwned>(column: &str, text: &str) -> Result<T, RepositoryError> {
    serde_json::from_str(text).map_err(|error| inconsistent(column, error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_that_pass_are_told_from_those_that_stay() {
        for code in [
            "08006", "08001", "57P01", "57P03", "57014", "53300", "40P01", "40001", "55P03",
        ] {
            assert!(is_passing(code), "{code}");
        }
        for code in ["42601", "42501", "22021", "22P02", "XX000", "5", ""] {
            assert!(!is_passing(code), "{code}");
        }
        assert!(matches!(
            store_error(sqlx::Error::PoolTimedOut),
            RepositoryError::Unavailable(Some(_))
        ));
        assert!(matches!(
            store_error(sqlx::Error::RowNotFound),
            RepositoryError::Other(_)
        ));
    }
}
