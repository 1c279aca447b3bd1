//! Server functions of the alert queue and the alert.

use leptos::prelude::*;

use super::view::{AlertView, QueueView, SelectionView};
use crate::error::AppError;

/// One page of the queue; `query` is the page's URL query.
#[server(endpoint = "alert_queue")]
pub async fn alert_queue(#[server(default)] query: String) -> Result<QueueView, AppError> {
    use super::filter::queue_filter;
    use crate::context;
    use crate::features::url_query::{UrlQuery, bad_filter, raw_value};
    use wolfsec_app::{Action, authorise};
    let caller = context::caller()?;
    let url = UrlQuery::parse(&query);
    let filter = queue_filter(&url, caller.user_id()).map_err(bad_filter)?;
    let use_cases = context::use_cases()?;
    let page = use_cases
        .list_alerts(&caller, &filter.query)
        .await
        .map_err(context::app_error)?;
    let tally = use_cases
        .tally_alerts(&caller, &filter.query)
        .await
        .map_err(context::app_error)?;
    let selected = url.get("selected").map(parse_id).transpose()?;
    let beside = match selected.or_else(|| page.items.first().map(|alert| alert.id)) {
        Some(id) => Some(view_of(&use_cases, &caller, id).await?),
        None => None,
    };
    let changed = match raw_value(&query, "changed").and_then(|text| text.parse().ok()) {
        // Only a word about the past: without it the page is as good.
        Some(id) => use_cases.get_bulk_change(&caller, id).await.ok(),
        None => None,
    };
    let may_work = authorise(&caller, Action::WorkAlerts).is_ok();
    Ok(QueueView {
        page,
        tally,
        beside,
        changed,
        may_work,
    })
}

/// One alert with its evidence and history.
#[server(endpoint = "alert_detail")]
pub async fn alert_detail(#[server(default)] id: String) -> Result<AlertView, AppError> {
    use crate::context;
    let caller = context::caller()?;
    let id = parse_id(&id)?;
    view_of(&context::use_cases()?, &caller, id).await
}

/// An alert with its rule's brief.
#[cfg(feature = "ssr")]
async fn view_of(
    use_cases: &wolfsec_app::UseCases,
    caller: &wolfsec_app::Caller,
    id: wolfsec::ids::AlertId,
) -> Result<AlertView, AppError> {
    use crate::context::app_error;
    use wolfsec_app::{Action, authorise};
    let detail = use_cases.get_alert(caller, id).await.map_err(app_error)?;
    let briefs = use_cases
        .rule_briefs(caller, std::slice::from_ref(&detail.alert.rule_id))
        .await
        .map_err(app_error)?;
    Ok(AlertView {
        detail,
        brief: briefs.into_iter().next(),
        may_work: authorise(caller, Action::WorkAlerts).is_ok(),
    })
}

/// What a change of everything that matches the queue's URL query would change.
#[server(endpoint = "alert_selection")]
pub async fn alert_selection(#[server(default)] query: String) -> Result<SelectionView, AppError> {
    use super::filter::queue_filter;
    use crate::context;
    use crate::features::url_query::{UrlQuery, bad_filter};
    let caller = context::caller()?;
    let filter = queue_filter(&UrlQuery::parse(&query), caller.user_id()).map_err(bad_filter)?;
    let (rows, tally) = context::use_cases()?
        .select_alerts(&caller, &filter.query)
        .await
        .map_err(context::app_error)?;
    Ok(SelectionView { rows, tally })
}

/// Moves an alert on. `version` is the one the form's page showed: a stale form changes nothing.
#[server(endpoint = "change_alert_status")]
pub async fn change_alert_status(
    #[server(default)] id: String,
    #[server(default)] to: String,
    #[server(default)] resolution: String,
    #[server(default)] note: String,
    #[server(default)] version: Option<i64>,
    #[server(default)] back: String,
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
    let status: AlertStatus = context::parse_field("status", &form.to).map_err(keeping)?;
    let chosen: Option<Resolution> = match resolution.as_str() {
        "" => None,
        text => Some(context::parse_field("resolution", text).map_err(keeping)?),
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
    context::redirect_to(&super::back::to(&back, id, "done", status.as_str()));
    Ok(())
}

/// Adds a comment to an alert's history.
#[server(endpoint = "comment_alert")]
pub async fn comment_alert(
    #[server(default)] id: String,
    #[server(default)] note: String,
    #[server(default)] back: String,
) -> Result<(), AppError> {
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
    context::redirect_to(&super::back::to(&back, id, "done", "comment"));
    Ok(())
}

/// Changes many alerts at once: the rows picked in the queue, or the selection that a page of confirmation has shown.
/// Each names the version it was seen at.
#[server(endpoint = "change_alerts")]
pub async fn change_alerts(
    #[server(default)] rows: Vec<String>,
    #[server(default)] selection: String,
    #[server(default)] act: String,
    #[server(default)] resolution: String,
    #[server(default)] note: String,
    #[server(default)] comment: String,
    #[server(default)] back: String,
) -> Result<(), AppError> {
    use crate::context;
    use wolfsec::alerts::{BulkAct, BulkRow};
    let caller = context::caller()?;
    let keeping = |error: AppError| {
        error
            .keeping("act", &act)
            .keeping("resolution", &resolution)
            .keeping("note", &note)
            .keeping("comment", &comment)
    };
    let picked: Vec<BulkRow> = rows
        .iter()
        .flat_map(|row| row.split_whitespace())
        .chain(selection.split_whitespace())
        .map(|row| context::parse_field("rows", row))
        .collect::<Result<_, _>>()
        .map_err(keeping)?;
    let change = if act == "comment" {
        BulkAct::Comment { note: comment.clone() }
    } else {
        let to = context::parse_field("act", &act).map_err(keeping)?;
        // The field for resolving stands in the same form as the other buttons.
        let resolution = match (to, resolution.as_str()) {
            (wolfsec::alerts::AlertStatus::Resolved, text) if !text.is_empty() => {
                Some(context::parse_field("resolution", text).map_err(keeping)?)
            }
            _ => None,
        };
        BulkAct::Status {
            to,
            resolution,
            note: note.clone(),
        }
    };
    let done = context::use_cases()?
        .change_alerts(&caller, &picked, &change)
        .await
        .map_err(|failure| keeping(context::app_error(failure)))?;
    context::redirect_to(&super::back::to_queue(&back, "changed", &done.id.to_string()));
    Ok(())
}

/// Opens again what a bulk change has resolved.
#[server(endpoint = "undo_bulk_change")]
pub async fn undo_bulk_change(#[server(default)] id: String, #[server(default)] back: String) -> Result<(), AppError> {
    use crate::context;
    let caller = context::caller()?;
    let id = id
        .parse()
        .map_err(|_| context::app_error(wolfsec_app::Failure::not_found("bulk change")))?;
    let done = context::use_cases()?
        .undo_bulk_change(&caller, id)
        .await
        .map_err(context::app_error)?;
    context::redirect_to(&super::back::to_queue(&back, "changed", &done.id.to_string()));
    Ok(())
}

/// An id that is none names no alert.
#[cfg(feature = "ssr")]
fn parse_id(id: &str) -> Result<wolfsec::ids::AlertId, AppError> {
    id.parse()
        .map_err(|_| crate::context::app_error(wolfsec_app::Failure::not_found("alert")))
}
