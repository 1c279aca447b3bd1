//! Server functions of one's own account.

use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use wolfsec::identity::Session;
use wolfsec::ids::SessionId;

use crate::error::AppError;

/// The account page's whole view.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwnSessions {
    /// Last used first.
    pub sessions: Vec<Session>,
    /// The one that asks.
    pub current: Option<SessionId>,
}

/// The caller's live sessions.
#[server(endpoint = "list_own_sessions")]
pub async fn list_own_sessions() -> Result<OwnSessions, AppError> {
    use crate::context;
    let caller = context::caller()?;
    let sessions = context::use_cases()?
        .list_own_sessions(&caller)
        .await
        .map_err(context::app_error)?;
    Ok(OwnSessions {
        sessions,
        current: caller.session_id(),
    })
}

/// Ends one of the caller's sessions.
#[server(endpoint = "revoke_own_session")]
pub async fn revoke_own_session(#[server(default)] id: String) -> Result<(), AppError> {
    use crate::context;
    let caller = context::caller()?;
    let id: SessionId = id
        .parse()
        .map_err(|_| context::field_error("id", "this form names no session; load the page again"))?;
    context::use_cases()?
        .revoke_own_session(&caller, id)
        .await
        .map_err(context::app_error)?;
    if caller.session_id() == Some(id) {
        context::set_session_cookie(None);
        context::redirect_to("/signin");
    } else {
        context::done("/account", "session");
    }
    Ok(())
}

/// Replaces the caller's password and ends their other sessions.
#[server(endpoint = "change_own_password")]
pub async fn change_own_password(
    #[server(default)] current: String,
    #[server(default)] new: String,
    #[server(default)] new_again: String,
) -> Result<(), AppError> {
    use crate::context;
    use validator::Validate;
    let caller = context::caller()?;
    let form = super::dto::ChangePasswordForm {
        current,
        new,
        new_again,
    };
    form.validate().map_err(|errors| context::validation_error(&errors))?;
    context::use_cases()?
        .change_own_password(&caller, form.current, form.new)
        .await
        .map_err(context::app_error)?;
    context::done("/account", "password");
    Ok(())
}
