//! The alert queue.

use leptos::prelude::*;
use wolfsec::alerts::{Alert, AlertStatus};
use wolfsec::severity::Severity;

use super::model::{BadField, QUEUE, StatusFilter, queue_filter};
use super::server_fns::alert_queue;
use super::view::QueueView;
use crate::components::shell::grouped;
use crate::context;
use crate::features::layout::{Input, Page, loaded};
use crate::features::parts::{
    age, entity_chip, filter_refused, filter_select, icon, message_of, severity_mark, severity_shape, status_mark,
};
use crate::features::url_query::{UrlQuery, encode, input_time, parse_time};

/// Entities of a row; the page of the alert shows all.
const ROW_ENTITIES: usize = 4;

#[component]
pub fn AlertQueuePage() -> impl IntoView {
    let raw = context::request().map(|request| request.query).unwrap_or_default();
    let url = UrlQuery::parse(&raw);
    let (form, body) = match queue_filter(&url) {
        Ok(filter) => {
            let form = filter_form(&url, filter.status, &[]);
            let body = loaded(alert_queue(raw), move |view| queue(&url, filter.status, &view));
            (form, body)
        }
        Err(bad) => {
            let form = filter_form(&url, StatusFilter::Unresolved, &bad);
            (form, filter_refused(bad, QUEUE))
        }
    };
    view! {
        <Page title="Alerts" current=QUEUE>
            <section class="board" aria-label="Alert queue">
                <div class="rulelist">
                    {form}
                    {body}
                </div>
            </section>
        </Page>
    }
}

fn filter_form(url: &UrlQuery, status: StatusFilter, bad: &[BadField]) -> AnyView {
    let text = |name: &str| url.get(name).map(ToOwned::to_owned);
    let time = |name: &str| url.get(name).and_then(parse_time).map(input_time);
    let statuses = StatusFilter::choices()
        .map(|choice| (choice.slug(), choice.label()))
        .collect();
    let severities = std::iter::once(("", "Any"))
        .chain(
            Severity::ALL
                .iter()
                .rev()
                .map(|severity| (severity.as_str(), severity.label())),
        )
        .collect();
    let narrowed = ["rule", "peer", "since", "until"]
        .iter()
        .any(|name| url.get(name).is_some());
    view! {
        <details class="filters" open=narrowed || !bad.is_empty()>
            <summary class="btn btn--quiet" data-search="">{icon("filter")}"Filter"</summary>
            <form class="bar filterform" method="get" action=QUEUE role="search" aria-label="Filter alerts">
                {filter_select("f-status", "status", "Status", statuses, status.slug(), message_of(bad, "status"))}
                {filter_select("f-severity", "severity", "Severity", severities, url.get("severity").unwrap_or_default(), message_of(bad, "severity"))}
                <Input id="f-rule" name="rule" label="Rule (Sigma id)" required=false value=text("rule") error=message_of(bad, "rule")/>
                <Input id="f-peer" name="peer" label="Peer" required=false value=text("peer") error=message_of(bad, "peer")/>
                <Input id="f-since" name="since" label="Last seen since, UTC" kind="datetime-local" required=false value=time("since") error=message_of(bad, "since")/>
                <Input id="f-until" name="until" label="Last seen until, UTC" kind="datetime-local" required=false value=time("until") error=message_of(bad, "until")/>
                <button class="btn btn--primary btn--form" type="submit">"Apply"</button>
                <a class="btn btn--quiet btn--form" href=QUEUE>"Clear"</a>
            </form>
        </details>
    }
    .into_any()
}

fn queue(url: &UrlQuery, status: StatusFilter, view: &QueueView) -> AnyView {
    let first = url.without(&["after"]);
    let older = view
        .page
        .next_cursor
        .as_ref()
        .map(|cursor| first.with("after", cursor).href(QUEUE));
    let newest = url.get("after").map(|_| first.href(QUEUE));
    let rows = if view.page.items.is_empty() {
        nothing(&first)
    } else {
        let rows = view.page.items.iter().map(row).collect_view();
        view! { <ol class="queue__rows" aria-label="Alerts, newest first">{rows}</ol> }.into_any()
    };
    view! {
        {facets(&first, status, view)}
        {rows}
        <nav class="bar bar--hint queue__foot" aria-label="Pages of the queue">
            <span>{grouped(i64::try_from(view.page.items.len()).unwrap_or_default())}" shown, newest first"</span>
            <span class="push row row--tight">
                {newest.map(|href| view! { <a class="btn btn--quiet" href=href>"Newest"</a> })}
                {older.map(|href| view! { <a class="btn" href=href rel="next">"Older"</a> })}
            </span>
        </nav>
    }
    .into_any()
}

fn facets(url: &UrlQuery, status: StatusFilter, view: &QueueView) -> AnyView {
    let by_status = StatusFilter::choices()
        .map(|choice| {
            let chosen = choice == status;
            let count = match choice {
                StatusFilter::Unresolved => Some(view.counts.unresolved_total()),
                StatusFilter::One(AlertStatus::Open) => Some(view.counts.open_total()),
                _ => None,
            };
            let href = url.with("status", choice.slug()).href(QUEUE);
            view! {
                <a class="facet" href=href aria-current=chosen.then_some("true")>
                    {choice.label()}{count.map(|count| view! { " "<span class="n">{grouped(count)}</span> })}
                </a>
            }
        })
        .collect_view();
    let chosen_severity = url.get("severity").unwrap_or_default().to_owned();
    let by_severity = Severity::ALL
        .iter()
        .rev()
        .map(|&severity| {
            let chosen = chosen_severity == severity.as_str();
            // A chosen facet leads back out of itself.
            let href = url
                .with("severity", if chosen { "" } else { severity.as_str() })
                .href(QUEUE);
            let count = status.count(&view.counts, severity);
            let shape = severity_shape(severity);
            view! {
                <a class=format!("facet {shape}") href=href aria-current=chosen.then_some("true")>
                    {icon(shape)}{severity.label()}
                    {count.map(|count| view! { " "<span class="n">{grouped(count)}</span> })}
                </a>
            }
        })
        .collect_view();
    view! {
        <nav class="bar bar--facets" aria-label="Facets">
            {by_status}
            <span class="facetgap" aria-hidden="true"></span>
            {by_severity}
        </nav>
    }
    .into_any()
}

fn row(alert: &Alert) -> AnyView {
    let href = format!("{QUEUE}/{}", alert.id);
    let who = match &alert.assignee {
        Some(name) => {
            let initials: String = name.chars().take(2).flat_map(char::to_uppercase).collect();
            view! {
                <span class="avatar" title=name.clone()>
                    <span aria-hidden="true">{initials}</span>
                    <span class="sr">"Assigned to "{name.clone()}</span>
                </span>
            }
            .into_any()
        }
        None => {
            view! { <span class="avatar avatar--none" title="Unassigned"><span class="sr">"Unassigned"</span></span> }
                .into_any()
        }
    };
    let more = alert.entities.len().saturating_sub(ROW_ENTITIES);
    let peer_named = alert.entities.iter().any(|entity| entity.value == alert.peer);
    let peer = (!peer_named).then(|| {
        view! { <span class="chip" title="peer">{icon("peer")}{alert.peer.clone()}</span> }
    });
    view! {
        <li class="alert-row" data-row="">
            <span class="sevcell">{severity_mark(alert.severity)}</span>
            <span class="title trunc"><a href=href>{alert.rule_title.clone()}</a></span>
            <span class="count" title="occurrences">"×"{grouped(alert.count)}</span>
            {age(alert.last_seen)}
            {who}
            {status_mark(alert.status)}
            <span class="chips">
                {peer}
                {alert.entities.iter().take(ROW_ENTITIES).map(entity_chip).collect_view()}
                {(more > 0).then(|| view! { <span class="chip">"+"{more}</span> })}
            </span>
        </li>
    }
    .into_any()
}

fn nothing(url: &UrlQuery) -> AnyView {
    let filtered = !url.is_empty();
    let everything = format!("{QUEUE}?status={}", encode(StatusFilter::All.slug()));
    view! {
        <div class="empty">
            {icon("bell")}
            <div class="stack">
                <h2 class="h-sm">{if filtered { "No alert matches this filter" } else { "Nothing waits for you" }}</h2>
                <p>
                    {if filtered {
                        "Take a facet away, or look at all alerts."
                    } else {
                        "Every alert is resolved, or none has been raised yet. Rules raise one as soon as an event matches."
                    }}
                </p>
            </div>
            <div class="row row--wrap">
                <a class="btn" href=everything>"All alerts"</a>
                {filtered.then(|| view! { <a class="btn btn--quiet" href=QUEUE>"Clear the filter"</a> })}
                <a class="btn btn--quiet" href="/rules?enabled=on">"Enabled rules"</a>
            </div>
        </div>
    }
    .into_any()
}
