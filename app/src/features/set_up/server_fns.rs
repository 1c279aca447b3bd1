//! Server functions of the first run.

use leptos::prelude::*;

use crate::error::AppError;

/// Makes the first administrator and signs them in. Public: the set-up token is the authority.
#[server(endpoint = "set_up_admin")]
pub async fn set_up_admin(
    #[server(default)] token: String,
    #[server(default)] name: String,
    #[server(default)] password: String,
    #[server(default)] password_again: String,
) -> Result<(), AppError> {
    use crate::context;
    use validator::Validate;
    let form = super::dto::SetUpForm {
        token: token.trim().to_owned(),
        name,
        password,
        password_again,
    };
    form.validate()
        .map_err(|errors| context::validation_error(&errors).keeping("name", &form.name))?;
    let use_cases = context::use_cases()?;
    let client = context::request().map(|request| request.client).unwrap_or_default();
    let session = use_cases
        .set_up_admin(&form.token, &form.name, form.password, &client)
        .await
        .map_err(|failure| context::app_error(failure).keeping("name", &form.name))?;
    context::set_session_cookie(Some(&session));
    context::redirect_to("/");
    Ok(())
}
