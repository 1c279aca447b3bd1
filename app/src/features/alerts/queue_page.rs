//! The alert queue: the list, and the selected alert beside it.

use leptos::prelude::*;
use wolfsec::alerts::{Alert, AlertOrder, AlertStatus};
use wolfsec::attack::Tactic;
use wolfsec::ids::AlertId;
use wolfsec::severity::Severity;

use super::alert_page;
use super::bulk;
use super::filter::{BadField, QueueFilter, StatusFilter, queue_filter, toggled_severity};
use super::forms::Forms;
use super::model::QUEUE;
use super::server_fns::alert_queue;
use super::view::QueueView;
use crate::components::shell::grouped;
use crate::context;
use crate::error::AppError;
use crate::features::layout::{Input, Page, error_notice, loaded};
use crate::features::parts::{
    age, entity_chip, filter_refused, filter_select, icon, message_of, severity_mark, severity_shape, status_mark,
};
use crate::features::url_query::{UrlQuery, encode, input_time, parse_time};

/// Entities of a row; the alert itself shows all.
const ROW_ENTITIES: usize = 4;

#[component]
pub fn AlertQueuePage() -> impl IntoView {
    let raw = context::request().map(|request| request.query).unwrap_or_default();
    let url = UrlQuery::parse(&raw);
    let me = context::caller().ok().and_then(|caller| caller.user_id());
    let body = match queue_filter(&url, me) {
        Ok(filter) => {
            let forms = Forms::new(url.href(QUEUE));
            let failed = bulk::last_error();
            loaded(alert_queue(raw), move |view| {
                split(&url, &filter, &view, &forms, failed.as_ref())
            })
        }
        Err(bad) => view! {
            <section class="board" aria-label="Alert queue"><div class="rulelist">
                {filters(&url, StatusFilter::Unresolved, &bad)}
                {filter_refused(bad, QUEUE)}
            </div></section>
        }
        .into_any(),
    };
    view! { <Page title="Alerts" current=QUEUE>{body}</Page> }
}

fn split(url: &UrlQuery, filter: &QueueFilter, view: &QueueView, forms: &Forms, failed: Option<&AppError>) -> AnyView {
    let chosen = url.get("selected").is_some();
    let beside = view.beside.as_ref().map(|beside| {
        let corner = corner(url, beside.detail.alert.id);
        let parts = alert_page::parts(beside, forms, corner);
        view! {
            {forms.notices(&beside.detail.alert)}
            {parts}
        }
    });
    let class = if chosen { "split split--chosen" } else { "split" };
    view! {
        <div class=class>
            <section class="pane queue" aria-label="Alert queue" tabindex="0">{list(url, filter, view, failed)}</section>
            {beside.map(|beside| view! { <article class="pane detail" aria-labelledby="alert-title" tabindex="0">{beside}</article> })}
        </div>
    }
    .into_any()
}

/// In the head of the alert beside the list.
fn corner(url: &UrlQuery, id: AlertId) -> AnyView {
    view! {
        <a class="btn btn--quiet split__back" href=url.without(&["selected"]).href(QUEUE)>"Back to the list"</a>
        <a class="btn btn--quiet btn--icon" href=format!("{QUEUE}/{id}") aria-label="Open alone" title="Open alone">{icon("link")}</a>
    }
    .into_any()
}

fn list(url: &UrlQuery, filter: &QueueFilter, view: &QueueView, failed: Option<&AppError>) -> AnyView {
    let here = url.without(&["selected"]);
    let first = here.without(&["after"]);
    let matching = view.tally.of(&filter.query.severities);
    let more = if view.tally.capped { "+" } else { "" };
    let beside = view.beside.as_ref().map(|beside| beside.detail.alert.id);
    let order = match filter.query.order {
        AlertOrder::Newest => "newest first",
        AlertOrder::Waiting => "longest waiting first",
    };
    let rows = if view.page.items.is_empty() {
        nothing(&first)
    } else {
        let rows = view
            .page
            .items
            .iter()
            .map(|alert| {
                row(
                    alert,
                    &here,
                    filter.query.order,
                    beside == Some(alert.id),
                    view.may_work,
                )
            })
            .collect_view();
        view! { <ol class="queue__rows" aria-label=format!("Alerts, {order}")>{rows}</ol> }.into_any()
    };
    view! {
        <div class="queue__tools">
            <div class="bar queue__bar">
                {search(&first)}
                {(!view.may_work).then(|| view! { <span class="ink2 nowrap"><b class="strong">{grouped(matching)}{more}</b>" alerts"</span> })}
                {orders(&first, filter.query.order)}
                {filters(&first, filter.status, &[])}
            </div>
            {facets(&first, filter, view)}
            {view.may_work.then(|| bulk::bar(&first, matching, view.tally.capped, failed))}
        </div>
        {error_notice(failed)}
        {view.changed.as_ref().map(|change| bulk::outcome(change, &first, view.may_work))}
        {rows}
        {foot(&first, view, url.get("after").is_some(), order)}
    }
    .into_any()
}

fn search(first: &UrlQuery) -> AnyView {
    let others = first
        .without(&["q"])
        .pairs()
        .map(|(name, value)| view! { <input type="hidden" name=name.to_owned() value=value.to_owned()/> })
        .collect_view();
    view! {
        <form class="search search--wide" method="get" action=QUEUE role="search" aria-label="Alerts">
            {icon("search")}
            {others}
            <input type="search" name="q" aria-label="Words in title, peer or entities" placeholder="Words in title, peer or entities"
                value=first.get("q").map(ToOwned::to_owned) data-search=""/>
            <kbd aria-hidden="true">"/"</kbd>
        </form>
    }
    .into_any()
}

fn orders(first: &UrlQuery, chosen: AlertOrder) -> AnyView {
    let link = |order: AlertOrder, label: &'static str, slug: &'static str| {
        let current = (order == chosen).then_some("true");
        view! { <a class="facet" href=first.with("sort", slug).href(QUEUE) aria-current=current>{label}</a> }
    };
    view! {
        <span class="row row--tight" role="group" aria-label="Order">
            {link(AlertOrder::Newest, "Newest", "")}
            {link(AlertOrder::Waiting, "Waiting longest", AlertOrder::Waiting.as_str())}
        </span>
    }
    .into_any()
}

fn facets(first: &UrlQuery, filter: &QueueFilter, view: &QueueView) -> AnyView {
    let number = |n: i64| {
        let more = if view.tally.capped { "+" } else { "" };
        view! { " "<span class="n">{grouped(n)}{more}</span> }
    };
    let by_status = StatusFilter::choices()
        .map(|choice| {
            let current = (choice == filter.status).then_some("true");
            let href = first.with("status", choice.slug()).href(QUEUE);
            let count = choice.count(filter.status, &view.tally);
            view! { <a class="facet" href=href aria-current=current>{choice.label()}{count.map(number)}</a> }
        })
        .collect_view();
    let by_severity = Severity::ALL
        .iter()
        .rev()
        .map(|&severity| {
            let current = filter.query.severities.contains(&severity).then_some("true");
            let href = toggled_severity(first, &filter.query.severities, severity).href(QUEUE);
            let shape = severity_shape(severity);
            view! {
                <a class=format!("facet {shape}") href=href aria-current=current>
                    {icon(shape)}{severity.label()}{number(view.tally.of_severity(severity))}
                </a>
            }
        })
        .collect_view();
    let mine = [("me", "Mine"), ("nobody", "Unassigned")].map(|(slug, label)| {
        let chosen = first.get("assignee") == Some(slug);
        let href = first.with("assignee", if chosen { "" } else { slug }).href(QUEUE);
        view! { <a class="facet" href=href aria-current=chosen.then_some("true")>{label}</a> }
    });
    view! {
        <nav class="bar bar--facets" aria-label="Facets">
            {by_status}
            <span class="facetgap" aria-hidden="true"></span>
            {by_severity}
            <span class="facetgap" aria-hidden="true"></span>
            {mine.collect_view()}
        </nav>
    }
    .into_any()
}

/// Everything the URL may hold beside the facets.
fn filters(url: &UrlQuery, status: StatusFilter, bad: &[BadField]) -> AnyView {
    let text = |name: &str| url.get(name).map(ToOwned::to_owned);
    let time = |name: &str| url.get(name).and_then(parse_time).map(input_time);
    let statuses = StatusFilter::choices()
        .map(|choice| (choice.slug(), choice.label()))
        .collect();
    let tactics = std::iter::once(("", "Any"))
        .chain(Tactic::ALL.iter().map(|tactic| (tactic.as_str(), tactic.label())))
        .collect();
    let narrowing = [
        "rule",
        "peer",
        "assignee",
        "tactic",
        "entity",
        "resolution",
        "since",
        "until",
        "raised",
    ];
    let narrowed = narrowing.iter().filter(|name| url.get(name).is_some()).count();
    let hidden = ["severity", "q", "sort"]
        .into_iter()
        .filter_map(|name| text(name).map(|value| view! { <input type="hidden" name=name value=value/> }))
        .collect_view();
    view! {
        <details class=if bad.is_empty() { "popform popform--wide" } else { "filters" } open=!bad.is_empty()>
            <summary class="btn">{icon("filter")}"Filter"{(narrowed > 0).then(|| view! { " "<b>{format!("{narrowed} set")}</b> })}</summary>
            <div class="popform__body">
            <form class="bar filterform" method="get" action=QUEUE aria-label="Filter alerts">
                {hidden}
                {filter_select("f-status", "status", "Status", statuses, status.slug(), message_of(bad, "status"))}
                <Input id="f-rule" name="rule" label="Rule (Sigma id)" required=false value=text("rule") error=message_of(bad, "rule")/>
                <Input id="f-peer" name="peer" label="Peer" required=false value=text("peer") error=message_of(bad, "peer")/>
                <Input id="f-assignee" name="assignee" label="Assigned to (me, nobody, name)" required=false value=text("assignee") error=message_of(bad, "assignee")/>
                <Input id="f-entity" name="entity" label="Entity (ip:203.0.113.9)" required=false value=text("entity") error=message_of(bad, "entity")/>
                {filter_select("f-tactic", "tactic", "ATT&CK tactic", tactics, url.get("tactic").unwrap_or_default(), message_of(bad, "tactic"))}
                <Input id="f-since" name="since" label="Last seen since, UTC" kind="datetime-local" required=false value=time("since") error=message_of(bad, "since")/>
                <Input id="f-until" name="until" label="Last seen until, UTC" kind="datetime-local" required=false value=time("until") error=message_of(bad, "until")/>
                <Input id="f-raised" name="raised" label="Raised since, UTC" kind="datetime-local" required=false value=time("raised") error=message_of(bad, "raised")/>
                <button class="btn btn--primary btn--form" type="submit">"Apply"</button>
                <a class="btn btn--quiet btn--form" href=QUEUE>"Clear"</a>
            </form>
            </div>
        </details>
    }
    .into_any()
}

fn row(alert: &Alert, here: &UrlQuery, order: AlertOrder, beside: bool, may_work: bool) -> AnyView {
    let href = here.with("selected", &alert.id.to_string()).href(QUEUE);
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
        view! { <span class="chip" title="peer">{icon("peer")}<span class="trunc">{alert.peer.clone()}</span></span> }
    });
    let pick = may_work.then(|| {
        let seen = wolfsec::alerts::BulkRow {
            id: alert.id,
            version: alert.version,
        };
        let label = format!("Pick: {}, {}", alert.rule_title, alert.peer);
        view! { <input class="pick" type="checkbox" name="rows[]" value=seen.to_string() form=bulk::FORM aria-label=label/> }
    });
    let at = match order {
        AlertOrder::Newest => alert.last_seen,
        AlertOrder::Waiting => alert.created_at,
    };
    view! {
        <li class="alert-row" data-row="" aria-current=beside.then_some("true")>
            {pick}
            <span class="sevcell">{severity_mark(alert.severity)}</span>
            <span class="title trunc"><a href=href>{alert.rule_title.clone()}</a></span>
            <span class="count" title="occurrences">"×"{grouped(alert.count)}</span>
            {age(at)}
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

fn foot(first: &UrlQuery, view: &QueueView, paged: bool, order: &'static str) -> AnyView {
    let next = view
        .page
        .next_cursor
        .as_ref()
        .map(|cursor| first.with("after", cursor).href(QUEUE));
    let begin = paged.then(|| first.href(QUEUE));
    let key = |key: &'static str, what: &'static str| view! { <span class="wide-only"><kbd>{key}</kbd>{what}</span> };
    view! {
        <nav class="bar bar--hint queue__foot" aria-label="Pages of the queue">
            {key("j", "next")}{key("k", "previous")}
            {view.may_work.then(|| view! { {key("x", "pick")}{key("a", "acknowledge")}{key("e", "resolve")} })}
            <span class="push">{grouped(i64::try_from(view.page.items.len()).unwrap_or_default())}" shown, "{order}</span>
            <span class="row row--tight">
                {begin.map(|href| view! { <a class="btn btn--quiet" href=href>"First page"</a> })}
                {next.map(|href| view! { <a class="btn" href=href rel="next">"Next page"</a> })}
            </span>
        </nav>
    }
    .into_any()
}

fn nothing(url: &UrlQuery) -> AnyView {
    let filtered = !url.is_empty();
    let everything = format!("{QUEUE}?status={}", encode(StatusFilter::All.slug()));
    let resolved = format!("{QUEUE}?status={}", AlertStatus::Resolved.as_str());
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
                {(!filtered).then(|| view! { <a class="btn btn--quiet" href=resolved>"Resolved alerts"</a> })}
                <a class="btn btn--quiet" href="/rules?enabled=on">"Enabled rules"</a>
            </div>
        </div>
    }
    .into_any()
}
