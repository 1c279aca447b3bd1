//! What the set-up form sends.

use validator::Validate;

#[derive(Validate)]
pub struct SetUpForm {
    #[validate(length(min = 1, max = 200, message = "paste the set-up token that the server printed"))]
    pub token: String,
    #[validate(length(min = 1, max = 64, message = "enter a name of at most 64 characters"))]
    pub name: String,
    #[validate(length(min = 1, max = 256, message = "enter a password of at most 256 characters"))]
    pub password: String,
    #[validate(must_match(other = "password", message = "the two differ"))]
    pub password_again: String,
}
