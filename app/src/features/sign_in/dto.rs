//! What the sign-in form sends.

use validator::Validate;

#[derive(Validate)]
pub struct SignInForm {
    #[validate(length(min = 1, max = 64, message = "enter your name"))]
    pub name: String,
    #[validate(length(min = 1, max = 256, message = "enter your password"))]
    pub password: String,
}
