//! What the audit page's address says.

use validator::Validate;
use wolfsec::audit::AuditQuery;
use wolfsec::page::Limit;

use crate::context;
use crate::error::AppError;

/// Entries on a page.
pub const PAGE_ROWS: u16 = 50;

#[derive(Validate)]
pub struct AuditFilter {
    #[validate(length(max = 64, message = "an action has at most 64 characters"))]
    pub action: String,
    #[validate(length(max = 64, message = "an actor's name has at most 64 characters"))]
    pub actor: String,
    /// Sequence number of the last entry of the page before; empty on the first page.
    pub before: String,
}

impl AuditFilter {
    /// One row more than a page: the surplus says that there is a next one.
    pub fn query(&self) -> Result<AuditQuery, AppError> {
        self.validate().map_err(|errors| context::validation_error(&errors))?;
        let before = self.before.trim();
        let before_seq = if before.is_empty() {
            None
        } else {
            Some(
                before
                    .parse()
                    .map_err(|_| context::field_error("before", "must be an entry's number"))?,
            )
        };
        Ok(AuditQuery {
            action: filled(&self.action),
            actor: filled(&self.actor),
            before_seq,
            limit: Limit::new(PAGE_ROWS + 1).unwrap_or_default(),
        })
    }
}

fn filled(text: &str) -> Option<String> {
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_filter_is_none_and_a_strange_one_names_its_field() {
        let filter = |action: &str, before: &str| AuditFilter {
            action: action.to_owned(),
            actor: String::new(),
            before: before.to_owned(),
        };
        let query = filter(" user. ", "").query();
        assert!(query.is_ok_and(|query| query.action.as_deref() == Some("user.")
            && query.actor.is_none()
            && query.before_seq.is_none()));
        assert!(filter("", "12").query().is_ok_and(|query| query.before_seq == Some(12)));
        assert!(
            filter("", "x")
                .query()
                .is_err_and(|error| error.field("before").is_some())
        );
        assert!(
            filter(&"a".repeat(65), "")
                .query()
                .is_err_and(|error| error.field("action").is_some())
        );
    }
}
