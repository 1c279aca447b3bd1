//! Server functions of the alert queue and the alert.

use leptos::prelude::*;

use super::view::{AlertView, QueueView};
use crate::error::AppError;

/// One page of the queue; `query` is the page's URL query.
#[server(endpoint = "alert_queue")]
pub async fn alert_queue(#[server(default)] query: String) -> Result<QueueView, AppError> {
    use super::model::queue_filter;
    use crate::context;
    use crate::features::url_query::{UrlQuery, bad_filter};
    let caller = context::caller()?;
    let filter = queue_filter(&UrlQuery::parse(&query)).map_err(bad_filter)?;
    let use_cases = context::use_cases()?;
    let page = use_cases
        .list_alerts(&caller, &filter.query)
        .await
        .map_err(context::app_error)?;
    let counts = use_cases.count_alerts(&caller).await.map_err(context::app_error)?;
    Ok(QueueView { page, counts })
}

/// One alert with its evidence and history.
#[server(endpoint = "alert_detail")]
pub async fn alert_detail(#[server(default)] id: String) -> Result<AlertView, AppError> {
    use crate::context;
    use wolfsec_app::{Action, authorise};
    let caller = context::caller()?;
    let id = parse_id(&id)?;
    let use_cases = context::use_cases()?;
    let detail = use_cases.get_alert(&caller, id).await.map_err(context::app_error)?;
    let credits = use_cases
        .rule_credits(&caller, std::slice::from_ref(&detail.alert.rule_id))
        .await
        .map_err(context::app_error)?;
    Ok(AlertView {
        detail,
        credit: credits.into_iter().next(),
        may_work: authorise(&caller, Action::WorkAlerts).is_ok(),
    })
}

/// Moves an alert on. `version` is the one the form's page showed: a stale form changes nothing.
#[server(endpoint = "change_alert_status")]
pub async fn change_alert_status(
    #[server(default)] id: String,
    #[server(default)] to: String,
    #[server(default)] resolution: String,
    #[server(default)] note: String,
    #[server(default)] version: Option<i64>,
) -> Result<(), AppError> {
    use super::dto::ChangeForm;
    use crate::context;
    use validator::Validate;
    use wolfsec::alerts::{AlertStatus, Resolution, StatusChange};
    let caller = context::caller()?;
    let keeping = |error: AppError| {
        error
            .keeping("to", &to)
            .keeping("resolution", &resolution)
            .keeping("note", &note)
    };
    let form = ChangeForm {
        id: id.clone(),
        to: to.clone(),
        note: note.clone(),
    };
    form.validate()
        .map_err(|errors| keeping(context::validation_error(&errors)))?;
    let id = parse_id(&form.id).map_err(keeping)?;
    let invalid = |field, error: wolfsec::UnknownSlug| {
        keeping(context::app_error(wolfsec_app::Failure::invalid(
            field,
            error.to_string(),
        )))
    };
    let status: AlertStatus = form.to.parse().map_err(|error| invalid("status", error))?;
    let chosen: Option<Resolution> = match resolution.as_str() {
        "" => None,
        text => Some(text.parse().map_err(|error| invalid("resolution", error))?),
    };
    let change = StatusChange {
        to: status,
        resolution: chosen,
        note: form.note,
        seen_version: version,
    };
    context::use_cases()?
        .change_alert_status(&caller, id, &change)
        .await
        .map_err(|error| keeping(context::app_error(error)))?;
    context::redirect_to(&format!("/alerts/{id}?done={status}"));
    Ok(())
}

/// Adds a comment to an alert's history.
#[server(endpoint = "comment_alert")]
pub async fn comment_alert(#[server(default)] id: String, #[server(default)] note: String) -> Result<(), AppError> {
    use super::dto::CommentForm;
    use crate::context;
    use validator::Validate;
    let caller = context::caller()?;
    let form = CommentForm { id, note };
    form.validate()
        .map_err(|errors| context::validation_error(&errors).keeping("note", &form.note))?;
    let id = parse_id(&form.id).map_err(|error| error.keeping("note", &form.note))?;
    context::use_cases()?
        .comment_alert(&caller, id, &form.note)
        .await
        .map_err(|failure| context::app_error(failure).keeping("note", &form.note))?;
    context::redirect_to(&format!("/alerts/{id}?done=comment"));
    Ok(())
}

/// An id that is none names no alert.
#[cfg(feature = "ssr")]
fn parse_id(id: &str) -> Result<wolfsec::ids::AlertId, AppError> {
    id.parse()
        .map_err(|_| crate::context::app_error(wolfsec_app::Failure::not_found("alert")))
}
