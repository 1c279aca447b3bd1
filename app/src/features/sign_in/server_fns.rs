//! Server functions of signing in and out.

use leptos::prelude::*;

use crate::error::AppError;

/// Opens a session and sends the browser on. Public.
#[server(endpoint = "sign_in")]
pub async fn sign_in(name: String, password: String, #[server(default)] next: String) -> Result<(), AppError> {
    use crate::context;
    use validator::Validate;
    let form = super::dto::SignInForm { name, password };
    form.validate()
        .map_err(|errors| context::validation_error(&errors).keeping("name", &form.name))?;
    let use_cases = context::use_cases()?;
    let client = context::request().map(|request| request.client).unwrap_or_default();
    let token = use_cases
        .sign_in(&form.name, form.password, &client)
        .await
        .map_err(|failure| context::app_error(failure).keeping("name", &form.name))?;
    context::set_session_cookie(Some(&token));
    context::redirect_to(&next);
    Ok(())
}

/// Ends the session. Without one there is nothing to do: public.
#[server(endpoint = "sign_out")]
pub async fn sign_out() -> Result<(), AppError> {
    use crate::context;
    if let Ok(caller) = context::caller() {
        context::use_cases()?
            .sign_out(&caller)
            .await
            .map_err(context::app_error)?;
    }
    context::set_session_cookie(None);
    context::redirect_to("/signin");
    Ok(())
}
