//! Changing many alerts: the bar above the list, the fields it shares with the page of confirmation, and what became of
//! the last change.

use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use wolfsec::alerts::{AlertStatus, BulkChange, MAX_BULK};
use wolfsec::ids::AlertId;

use super::forms::resolution_field;
use super::model::{CHANGE, QUEUE, alerts, bulk_words};
use super::server_fns::{ChangeAlerts, UndoBulkChange};
use crate::components::shell::grouped;
use crate::error::AppError;
use crate::features::layout::form_error;
use crate::features::parts::icon;
use crate::features::url_query::UrlQuery;

/// The form that the boxes of the rows belong to.
pub const FORM: &str = "bulk";
/// Alerts named one by one in a notice.
const NAMED: usize = 5;

/// What the last change of many failed with.
pub fn last_error() -> Option<AppError> {
    form_error::<ChangeAlerts>().or_else(form_error::<UndoBulkChange>)
}

/// Acts on the rows that are picked, and leads to a change of everything that matches.
pub fn bar(first: &UrlQuery, matching: i64, capped: bool, error: Option<&AppError>) -> AnyView {
    let back = first.href(QUEUE);
    let more = if capped { "+" } else { "" };
    let change_all = first.without(&["selected", "sort"]).href(CHANGE);
    let typed = |name: &str| error.and_then(|error| error.value(name));
    let open = |act: &str| error.is_some() && typed("act").as_deref() == Some(act);
    view! {
        <form id=FORM method="post" action=ChangeAlerts::url() aria-label="Change the picked alerts">
            <input type="hidden" name="back" value=back/>
        </form>
        <div class="bar bar--bulk" role="group" aria-label="Change many alerts">
            <span class="bulkn"><b>{grouped(matching)}{more}</b>" match this filter"</span>
            <span class="bulk__hint dim wide-only">"Pick rows with their box or "<kbd>"x"</kbd></span>
            <span class="bulk__acts row row--tight">
                <span class="dim">"Picked:"</span>
                <button class="btn" type="submit" form=FORM name="act" value=AlertStatus::Acknowledged.as_str() formnovalidate data-bulk="a">"Acknowledge"</button>
                <details class="popform" open=open("resolved")>
                    <summary class="btn" data-bulk="e">"Resolve…"</summary>
                    <div class="popform__body stack stack--3">
                        {resolve_fields(Some(FORM), error)}
                        <button class="btn btn--primary" type="submit" form=FORM name="act" value=AlertStatus::Resolved.as_str()>"Resolve the picked"</button>
                    </div>
                </details>
                <details class="popform" open=open("comment")>
                    <summary class="btn">"Comment…"</summary>
                    <div class="popform__body stack stack--3">
                        {comment_field(Some(FORM), error)}
                        <button class="btn btn--primary" type="submit" form=FORM name="act" value="comment" formnovalidate>"Comment on the picked"</button>
                    </div>
                </details>
            </span>
            {(matching > 0).then(|| view! { <a class="btn" href=change_all>"Change all…"</a> })}
        </div>
    }
    .into_any()
}

/// What it was, and a note. What it was is required; buttons of the same form that do something else send without it.
pub fn resolve_fields(form: Option<&'static str>, error: Option<&AppError>) -> AnyView {
    view! {
        {resolution_field("bulk-resolution", "What were they?", form, error)}
        {text_field("bulk-note", "note", "Note (optional)", form, error)}
    }
    .into_any()
}

pub fn comment_field(form: Option<&'static str>, error: Option<&AppError>) -> AnyView {
    text_field("bulk-comment", "comment", "Comment", form, error)
}

fn text_field(
    id: &'static str,
    name: &'static str,
    label: &'static str,
    form: Option<&'static str>,
    error: Option<&AppError>,
) -> AnyView {
    let typed = error.and_then(|error| error.value(name)).unwrap_or_default();
    // The store knows one kind of note; each field has its own name here.
    let ours = error.filter(|error| (error.value("act").as_deref() == Some("comment")) == (name == "comment"));
    let problem = ours.and_then(|error| error.field("note"));
    let error_id = format!("{id}-error");
    let invalid = problem.is_some().then_some("true");
    let described = problem.is_some().then(|| error_id.clone());
    view! {
        <div class="field">
            <label for=id>{label}</label>
            <textarea class="input" id=id name=name rows="2" maxlength="4000" form=form aria-invalid=invalid aria-describedby=described>{typed}</textarea>
            {problem.map(|text| view! { <p class="field__error" id=error_id><span>{text}</span></p> })}
        </div>
    }
    .into_any()
}

/// What became of a change of many, row by row, and the way back where there is one.
pub fn outcome(change: &BulkChange, back: &UrlQuery, may_work: bool) -> AnyView {
    let undo = (may_work && change.can_be_undone()).then(|| {
        view! {
            <form method="post" action=UndoBulkChange::url() aria-label="Undo">
                <input type="hidden" name="id" value=change.id.to_string()/>
                <input type="hidden" name="back" value=back.href(QUEUE)/>
                <button class="btn" type="submit" data-key="z">{icon("undo")}"Undo "<kbd aria-hidden="true">"z"</kbd></button>
            </form>
        }
    });
    let left = [
        (
            &change.overtaken,
            "changed by somebody else meanwhile and left as they are",
        ),
        (&change.refused, "cannot take this step from where they are"),
        (&change.missing, "are not there any more"),
    ];
    let left = left
        .into_iter()
        .filter(|(ids, _)| !ids.is_empty())
        .map(|(ids, why)| left_alone(ids, why))
        .collect_view();
    let class = if change.changed.is_empty() {
        "callout med"
    } else {
        "callout callout--ok"
    };
    view! {
        <div class=format!("{class} queue__done") role="status">
            {icon("check")}
            <div class="stack grow"><p><b>{bulk_words(change)}"."</b></p>{left}</div>
            {undo}
        </div>
    }
    .into_any()
}

fn left_alone(ids: &[AlertId], why: &'static str) -> AnyView {
    let links = ids
        .iter()
        .take(NAMED)
        .enumerate()
        .map(|(index, id)| view! { " "<a class="link" href=format!("{QUEUE}/{id}")>{index + 1}</a> })
        .collect_view();
    let more = ids.len().saturating_sub(NAMED);
    view! {
        <p>{alerts(ids.len())}" "{why}":"{links}{(more > 0).then(|| format!(" and {more} more"))}</p>
    }
    .into_any()
}

/// What is said where more match than one act may change.
pub fn bound_words(matching: i64, capped: bool) -> Option<String> {
    (matching > i64::from(MAX_BULK)).then(|| {
        let more = if capped { "more than " } else { "" };
        format!(
            "{more}{} match; one act changes the first {}. Come back for the rest.",
            grouped(matching),
            grouped(i64::from(MAX_BULK))
        )
    })
}
