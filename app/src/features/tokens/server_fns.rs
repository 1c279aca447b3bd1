//! Server functions about API tokens.

use leptos::prelude::*;
use wolfsec::identity::ApiToken;

use crate::error::AppError;

/// All tokens, newest first; never their text.
#[server(endpoint = "list_tokens")]
pub async fn list_tokens() -> Result<Vec<ApiToken>, AppError> {
    use crate::context;
    let caller = context::caller()?;
    context::use_cases()?
        .list_tokens(&caller)
        .await
        .map_err(context::app_error)
}

/// Makes a token. Its text goes to the tokens page once, never into a URL.
#[server(endpoint = "create_token")]
pub async fn create_token(
    #[server(default)] name: String,
    #[server(default)] role: String,
    #[server(default)] days: String,
) -> Result<(), AppError> {
    use crate::context;
    use validator::Validate;
    let caller = context::caller()?;
    let form = super::dto::CreateTokenForm { name, role, days };
    let keep = |error: AppError| {
        error
            .keeping("name", &form.name)
            .keeping("role", &form.role)
            .keeping("days", &form.days)
    };
    form.validate()
        .map_err(|errors| keep(context::validation_error(&errors)))?;
    let role = form.role().map_err(keep)?;
    let days = form.days().map_err(keep)?;
    let text = context::use_cases()?
        .create_token(&caller, &form.name, role, days)
        .await
        .map_err(|failure| keep(context::app_error(failure)))?;
    context::set_flash("/admin/tokens", &text);
    context::done("/admin/tokens", "created");
    Ok(())
}

/// Ends a token for good.
#[server(endpoint = "revoke_token")]
pub async fn revoke_token(#[server(default)] id: String) -> Result<(), AppError> {
    use crate::context;
    let caller = context::caller()?;
    let id = super::dto::token_id(&id)?;
    context::use_cases()?
        .revoke_token(&caller, id)
        .await
        .map_err(context::app_error)?;
    context::done("/admin/tokens", "revoked");
    Ok(())
}
