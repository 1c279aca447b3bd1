//! Changing everything that matches a filter: how many there are, what is done, and the button that says both.

use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use wolfsec::alerts::AlertStatus;

use super::bulk::{self, bound_words, comment_field, resolve_fields};
use super::filter::{QueueFilter, queue_filter};
use super::model::{QUEUE, alerts};
use super::server_fns::{ChangeAlerts, alert_selection};
use super::view::SelectionView;
use crate::context;
use crate::error::AppError;
use crate::features::layout::{Page, error_notice, loaded};
use crate::features::parts::filter_refused;
use crate::features::url_query::UrlQuery;

#[component]
pub fn ChangeAlertsPage() -> impl IntoView {
    let raw = context::request().map(|request| request.query).unwrap_or_default();
    let url = UrlQuery::parse(&raw);
    let me = context::caller().ok().and_then(|caller| caller.user_id());
    let body = match queue_filter(&url, me) {
        Ok(filter) => {
            let error = bulk::last_error();
            loaded(alert_selection(raw), move |view| {
                change(&url, &filter, &view, error.as_ref())
            })
        }
        Err(bad) => filter_refused(bad, QUEUE),
    };
    view! { <Page title="Change alerts" current=QUEUE>{body}</Page> }
}

fn change(url: &UrlQuery, filter: &QueueFilter, view: &SelectionView, error: Option<&AppError>) -> AnyView {
    let back = url.href(QUEUE);
    if view.rows.is_empty() {
        return view! {
            <section class="board" aria-label="Change alerts"><div class="empty">
                <h2 class="h-sm">"No alert matches this filter"</h2>
                <p><a class="btn" href=back>"Back to the queue"</a></p>
            </div></section>
        }
        .into_any();
    }
    let selection: Vec<String> = view.rows.iter().map(ToString::to_string).collect();
    let matching = view.tally.of(&filter.query.severities);
    let many = alerts(view.rows.len());
    let resolve = format!("Resolve {many}");
    let conditions = conditions(url, filter)
        .into_iter()
        .map(|(name, value)| view! { <li class="chip"><b>{name}</b>" "{value}</li> })
        .collect_view();
    view! {
        {error_notice(error)}
        <section class="board" aria-labelledby="change-title">
            <form class="panel changeform stack" method="post" action=ChangeAlerts::url() aria-labelledby="change-title">
                <div class="stack">
                    <h2 id="change-title" class="h-sm">{format!("Change {many}")}</h2>
                    <ul class="chips chips--wrap" aria-label="Filter">{conditions}</ul>
                    {bound_words(matching, view.tally.capped).map(|text| view! { <p class="callout med">{text}</p> })}
                    <p class="ink2">"Exactly the alerts that match now are changed: what is raised after this page was loaded waits in the queue, \
                        and what somebody else changes meanwhile is left as it is and named."</p>
                </div>
                <input type="hidden" name="back" value=back.clone()/>
                <input type="hidden" name="selection" value=selection.join(" ")/>
                <fieldset class="choice stack stack--3">
                    <legend>"Acknowledge"</legend>
                    <p class="dim">"They become yours. Only open alerts can be acknowledged."</p>
                    <button class="btn btn--form" type="submit" name="act" value=AlertStatus::Acknowledged.as_str() formnovalidate>{format!("Acknowledge {many}")}</button>
                </fieldset>
                <fieldset class="choice stack stack--3">
                    <legend>"Resolve"</legend>
                    {resolve_fields(None, error)}
                    <button class="btn btn--form" type="submit" name="act" value=AlertStatus::Resolved.as_str()>{resolve}</button>
                </fieldset>
                <fieldset class="choice stack stack--3">
                    <legend>"Comment"</legend>
                    {comment_field(None, error)}
                    <button class="btn btn--form" type="submit" name="act" value="comment" formnovalidate>{format!("Comment on {many}")}</button>
                </fieldset>
                <p><a class="link" href=back>"Back to the queue, changing nothing"</a></p>
            </form>
        </section>
    }
    .into_any()
}

/// The filter in words: parameter and value, as the queue's own fields name them.
fn conditions(url: &UrlQuery, filter: &QueueFilter) -> Vec<(&'static str, String)> {
    let mut all = vec![("Status", filter.status.label().to_owned())];
    for (name, label) in FIELDS {
        if let Some(value) = url.get(name) {
            all.push((*label, value.to_owned()));
        }
    }
    all
}

/// The queue's other parameters and their labels.
const FIELDS: &[(&str, &str)] = &[
    ("severity", "Severity"),
    ("q", "Words"),
    ("rule", "Rule"),
    ("peer", "Peer"),
    ("assignee", "Assigned to"),
    ("tactic", "Tactic"),
    ("entity", "Entity"),
    ("resolution", "Resolution"),
    ("since", "Last seen since"),
    ("until", "Last seen until"),
    ("raised", "Raised since"),
];
