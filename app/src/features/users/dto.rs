//! What the forms about users send.

use validator::Validate;
use wolfsec::identity::Role;
use wolfsec::ids::UserId;

use crate::context;
use crate::error::AppError;

#[derive(Validate)]
pub struct AddUserForm {
    #[validate(length(min = 1, max = 64, message = "enter a name of at most 64 characters"))]
    pub name: String,
    #[validate(length(min = 1, message = "choose a role"))]
    pub role: String,
    #[validate(length(min = 1, max = 256, message = "enter a password of at most 256 characters"))]
    pub password: String,
}

impl AddUserForm {
    pub fn role(&self) -> Result<Role, AppError> {
        context::parse_field("role", &self.role)
    }
}

/// The id that a row's form carries.
pub fn user_id(text: &str) -> Result<UserId, AppError> {
    text.parse()
        .map_err(|_| context::field_error("id", "this form names no user; load the page again"))
}
