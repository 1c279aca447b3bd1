//! Server functions about users.

use leptos::prelude::*;
use wolfsec::identity::User;

use crate::error::AppError;

/// All users by name.
#[server(endpoint = "list_users")]
pub async fn list_users() -> Result<Vec<User>, AppError> {
    use crate::context;
    let caller = context::caller()?;
    context::use_cases()?
        .list_users(&caller)
        .await
        .map_err(context::app_error)
}

/// Adds a user with a first password.
#[server(endpoint = "add_user")]
pub async fn add_user(
    #[server(default)] name: String,
    #[server(default)] role: String,
    #[server(default)] password: String,
) -> Result<(), AppError> {
    use crate::context;
    use validator::Validate;
    let caller = context::caller()?;
    let form = super::dto::AddUserForm { name, role, password };
    let keep = |error: AppError| error.keeping("name", &form.name).keeping("role", &form.role);
    form.validate()
        .map_err(|errors| keep(context::validation_error(&errors)))?;
    let role = form.role().map_err(keep)?;
    context::use_cases()?
        .add_user(&caller, &form.name, role, form.password.clone())
        .await
        .map_err(|failure| keep(context::app_error(failure)))?;
    context::done("/admin/users", "added");
    Ok(())
}

/// Gives a user another role.
#[server(endpoint = "set_user_role")]
pub async fn set_user_role(#[server(default)] id: String, #[server(default)] role: String) -> Result<(), AppError> {
    use crate::context;
    let caller = context::caller()?;
    let id = super::dto::user_id(&id)?;
    let role = context::parse_field("role", &role)?;
    context::use_cases()?
        .set_user_role(&caller, id, role)
        .await
        .map_err(context::app_error)?;
    context::done("/admin/users", "role");
    Ok(())
}

/// Lets a user in (`enabled` is `true`) or keeps them out.
#[server(endpoint = "set_user_enabled")]
pub async fn set_user_enabled(
    #[server(default)] id: String,
    #[server(default)] enabled: String,
) -> Result<(), AppError> {
    use crate::context;
    let caller = context::caller()?;
    let id = super::dto::user_id(&id)?;
    let enabled: bool = enabled
        .parse()
        .map_err(|_| context::field_error("enabled", "must be true or false"))?;
    context::use_cases()?
        .set_user_enabled(&caller, id, enabled)
        .await
        .map_err(context::app_error)?;
    context::done("/admin/users", if enabled { "enabled" } else { "disabled" });
    Ok(())
}

/// Sets a user's password and ends their sessions.
#[server(endpoint = "reset_password")]
pub async fn reset_password(
    #[server(default)] id: String,
    #[server(default)] password: String,
) -> Result<(), AppError> {
    use crate::context;
    let caller = context::caller()?;
    let user = super::dto::user_id(&id).map_err(|error| error.keeping("id", &id))?;
    context::use_cases()?
        .reset_password(&caller, user, password)
        .await
        .map_err(|failure| context::app_error(failure).keeping("id", &id))?;
    context::done("/admin/users", "password");
    Ok(())
}
