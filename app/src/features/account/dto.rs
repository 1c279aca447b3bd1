//! What the account's forms send.

use validator::Validate;

#[derive(Validate)]
pub struct ChangePasswordForm {
    #[validate(length(min = 1, max = 256, message = "enter your current password"))]
    pub current: String,
    #[validate(length(min = 1, max = 256, message = "enter a new password of at most 256 characters"))]
    pub new: String,
    #[validate(must_match(other = "new", message = "the two differ"))]
    pub new_again: String,
}
