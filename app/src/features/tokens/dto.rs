//! What the forms about tokens send.

use validator::Validate;
use wolfsec::identity::Role;
use wolfsec::ids::ApiTokenId;

use crate::context;
use crate::error::AppError;

/// Longest life that can be chosen (days).
pub const MAX_DAYS: u16 = 3650;

#[derive(Validate)]
pub struct CreateTokenForm {
    #[validate(length(min = 1, max = 64, message = "enter a name of at most 64 characters"))]
    pub name: String,
    #[validate(length(min = 1, message = "choose a role"))]
    pub role: String,
    /// Empty: never expires.
    pub days: String,
}

impl CreateTokenForm {
    pub fn role(&self) -> Result<Role, AppError> {
        context::parse_field("role", &self.role)
    }

    pub fn days(&self) -> Result<Option<u16>, AppError> {
        let text = self.days.trim();
        if text.is_empty() {
            return Ok(None);
        }
        match text.parse() {
            Ok(days @ 1..=MAX_DAYS) => Ok(Some(days)),
            _ => Err(context::field_error(
                "days",
                format!("enter 1 to {MAX_DAYS} days, or nothing for a token that never expires"),
            )),
        }
    }
}

/// The id that a row's form carries.
pub fn token_id(text: &str) -> Result<ApiTokenId, AppError> {
    text.parse()
        .map_err(|_| context::field_error("id", "this form names no token; load the page again"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_a_number_or_nothing() {
        let days = |text: &str| {
            CreateTokenForm {
                name: String::new(),
                role: String::new(),
                days: text.to_owned(),
            }
            .days()
        };
        assert_eq!(days(" "), Ok(None));
        assert_eq!(days("90"), Ok(Some(90)));
        for bad in ["0", "3651", "-1", "soon", "1.5"] {
            assert!(days(bad).is_err_and(|error| error.field("days").is_some()), "{bad}");
        }
    }
}
