//! What the alert forms send.

use validator::Validate;

#[derive(Validate)]
pub struct ChangeForm {
    #[validate(length(min = 1, message = "the form does not say which alert it is about"))]
    pub id: String,
    #[validate(length(min = 1, message = "choose what to do"))]
    pub to: String,
    #[validate(length(max = 4000, message = "a note has at most 4000 characters"))]
    pub note: String,
}

#[derive(Validate)]
pub struct CommentForm {
    #[validate(length(min = 1, message = "the form does not say which alert it is about"))]
    pub id: String,
    #[validate(length(min = 1, max = 4000, message = "a comment has 1 to 4000 characters"))]
    pub note: String,
}
