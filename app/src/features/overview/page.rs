//! The overview page. Every number leads to the list of what it counts.

use leptos::prelude::*;
use wolfsec::Timestamp;
use wolfsec::alerts::Alert;
use wolfsec::attack::Tactic;
use wolfsec::overview::{
    AlertFigures, FIGURES_BOUND, FleetFigures, IngestFigures, Overview, OverviewRange, RaisedCount, Storage,
    WaitingCount,
};
use wolfsec::peers::PeerStatus;
use wolfsec::severity::Severity;

use super::model::{bytes_text, duration_text, heat};
use super::server_fns::get_overview;
use crate::components::shell::grouped;
use crate::features::alerts::model::{QUEUE, QueueLink};
use crate::features::events::model::SEARCH;
use crate::features::layout::{Page, loaded, query_value};
use crate::features::parts::{
    age, entity_icon, icon, peer_dot, rendered_at, severity_mark_short, severity_shape, span_text,
};
use crate::features::peers::model::FLEET;
use crate::features::url_query::UrlQuery;

#[component]
pub fn OverviewPage() -> impl IntoView {
    let range = query_value("range");
    view! { <Page title="Overview" current="/">{loaded(get_overview(range), |view| overview(&view))}</Page> }
}

fn overview(view: &Overview) -> AnyView {
    view! {
        {ranges(view.range)}
        <section class="board" aria-label="What needs you now">
            {needs(&view.waiting)}
            {longest(&view.longest, &view.waiting)}
            {since_visit(view.since_visit.as_ref())}
            {super::flow::panel(view)}
            {tactics(view)}
            {top_rules(&view.alerts, view.since)}
            {top_entities(&view.alerts, view.since)}
            {fleet(&view.fleet)}
            {pipeline(&view.ingest, &view.storage)}
        </section>
    }
    .into_any()
}

fn ranges(chosen: OverviewRange) -> AnyView {
    let links = OverviewRange::ALL
        .iter()
        .map(|&range| {
            let current = (range == chosen).then_some("true");
            view! { <a class="facet" href=format!("/?range={range}") aria-current=current>{range.label()}</a> }
        })
        .collect_view();
    view! { <nav class="ranges" aria-label="Time range">{links}</nav> }.into_any()
}

fn needs(waiting: &[WaitingCount]) -> AnyView {
    let figures = Severity::ALL
        .iter()
        .rev()
        .map(|&severity| {
            let found = waiting.iter().find(|of| of.severity == severity);
            let large = matches!(severity, Severity::Critical | Severity::High);
            let class = if large { "figure figure--lg" } else { "figure" };
            let oldest = found.and_then(|of| of.oldest).map_or_else(
                || "none waits".to_owned(),
                |oldest| format!("oldest {}", span_text(rendered_at() - oldest)),
            );
            let href = QueueLink::open().severities(&[severity]).href();
            view! {
                <a class=class href=href>
                    <span class="k">{severity_mark_short(severity)}</span>
                    <span class="v" data-live=format!("open-{severity}")>{grouped(found.map_or(0, |of| of.open))}</span>
                    <span class="d">{oldest}</span>
                </a>
            }
        })
        .collect_view();
    let mine: i64 = waiting.iter().map(|of| of.mine).sum();
    view! {
        <div class="panel c5">
            <div class="panel__head"><h2>"Needs you now"</h2><span class="meta">"open, nobody has acknowledged"</span>
                <a href=QueueLink::mine().href()>{grouped(mine)}" yours"</a></div>
            <div class="needs">{figures}</div>
        </div>
    }
    .into_any()
}

fn longest(alerts: &[Alert], waiting: &[WaitingCount]) -> AnyView {
    const SEVERE: [Severity; 2] = [Severity::Critical, Severity::High];
    let all: i64 = waiting
        .iter()
        .filter(|of| SEVERE.contains(&of.severity))
        .map(|of| of.open)
        .sum();
    let link = QueueLink::open().severities(&SEVERE).longest_first();
    let rows = alerts
        .iter()
        .map(|alert| {
            let class = severity_shape(alert.severity);
            let spoken = format!("{}: ", alert.severity.label());
            view! {
                <li data-row="">
                    <svg class=class aria-hidden="true"><use_ href=format!("#i-{class}")/></svg>
                    <a class="trunc" href=format!("{QUEUE}/{}", alert.id)><span class="sr">{spoken}</span>{alert.rule_title.clone()}</a>
                    <span class="chip">{icon("peer")}<span class="trunc">{alert.peer.clone()}</span></span>
                    {age(alert.created_at)}
                </li>
            }
        })
        .collect_view();
    let body = if alerts.is_empty() {
        view! { <p class="dim">"No critical or high alert waits."</p> }.into_any()
    } else {
        view! { <ul class="waiting">{rows}</ul> }.into_any()
    };
    view! {
        <div class="panel c5">
            <div class="panel__head"><h2>"Waiting longest"</h2><span class="meta">"critical and high"</span>
                <a href=link.href()>{format!("All {}", grouped(all))}</a></div>
            {body}
        </div>
    }
    .into_any()
}

fn since_visit(visit: Option<&(Timestamp, RaisedCount)>) -> AnyView {
    let body = match visit {
        None => view! { <p class="dim">"This is your first visit."</p> }.into_any(),
        Some((since, raised)) => {
            let more = if raised.capped { "+" } else { "" };
            let word = if raised.alerts == 1 { "new alert" } else { "new alerts" };
            let all = QueueLink::all().raised_since(*since);
            let severe = QueueLink::all()
                .raised_since(*since)
                .severities(&[Severity::Critical, Severity::High]);
            view! {
                <div class="figure figure--lg">
                    <a href=all.href()><span class="v">{grouped(raised.alerts)}{more}</span></a>
                    <span class="k">{word}</span>
                    <a class="d link" href=severe.href()>{format!("{}{more} critical or high", grouped(raised.severe))}</a>
                    <span class="d">{since.format("last here %d %b, %H:%M UTC").to_string()}</span>
                </div>
            }
            .into_any()
        }
    };
    view! { <div class="panel c2"><div class="panel__head"><h2>"Since your last visit"</h2></div>{body}</div> }
        .into_any()
}

fn tactics(view: &Overview) -> AnyView {
    let most = view.alerts.tactics.iter().map(|(_, n)| *n).max().unwrap_or(0);
    let fields = Tactic::ALL
        .iter()
        .map(|&tactic| {
            let found = view.alerts.tactics.iter().find(|(of, _)| *of == tactic);
            let count = found.map_or(0, |(_, n)| *n);
            if found.is_none() && !view.coverage.tactics.contains(&tactic) {
                // A nought would look like safety.
                return view! {
                    <div class="hx" title="No rule that is switched on looks for this tactic">
                        <b aria-hidden="true">"–"</b><span>{hyphened(tactic)}<span class="sr">", no rule looks for it"</span></span>
                    </div>
                }
                .into_any();
            }
            let href = QueueLink::all().tactic(tactic).since(view.since).href();
            view! {
                <a class=format!("h{}", heat(count, most)) href=href><b>{grouped(count)}</b><span>{hyphened(tactic)}</span></a>
            }
            .into_any()
        })
        .collect_view();
    view! {
        <div class="panel">
            <div class="panel__head"><h2>"ATT&CK by tactic"</h2><span class="meta">{of_range(&view.alerts)}</span>
                <a href="/rules?enabled=on">{format!("{} rules enabled", grouped(view.coverage.enabled))}</a></div>
            <div class="heat">{fields}</div>
        </div>
    }
    .into_any()
}

/// The one word that is wider than its field says where it may break.
fn hyphened(tactic: Tactic) -> String {
    tactic.label().replace("naissance", "nais\u{ad}sance")
}

/// What the figures are made of.
fn of_range(alerts: &AlertFigures) -> String {
    if alerts.capped {
        format!("of the newest {} alerts", grouped(FIGURES_BOUND))
    } else {
        "alerts in range".to_owned()
    }
}

fn top_rules(alerts: &AlertFigures, since: Timestamp) -> AnyView {
    let most = alerts.rules.first().map_or(1, |rule| rule.alerts);
    let rows = alerts
        .rules
        .iter()
        .map(|rule| {
            let href = QueueLink::all().rule(&rule.rule_id).since(since).href();
            let shape = severity_shape(rule.severity);
            let title = format!(
                "{} alerts, {} occurrences",
                grouped(rule.alerts),
                grouped(rule.occurrences)
            );
            let mark =
                view! { <svg class=shape aria-hidden="true"><use_ href=format!("#i-{shape}")/></svg> }.into_any();
            bar(mark, rule.title.clone(), href, rule.alerts, most, title)
        })
        .collect_view();
    top("Top rules", alerts, rows.into_any(), alerts.rules.is_empty())
}

fn top_entities(alerts: &AlertFigures, since: Timestamp) -> AnyView {
    let most = alerts.entities.first().map_or(1, |of| of.alerts);
    let rows = alerts
        .entities
        .iter()
        .map(|of| {
            let href = QueueLink::all().entity(&of.entity).since(since).href();
            let mark = icon(entity_icon(&of.entity.kind));
            let title = format!("{}: {} alerts", of.entity.kind, grouped(of.alerts));
            bar(mark, of.entity.value.clone(), href, of.alerts, most, title)
        })
        .collect_view();
    top("Top entities", alerts, rows.into_any(), alerts.entities.is_empty())
}

fn bar(mark: AnyView, label: String, href: String, count: i64, most: i64, title: String) -> AnyView {
    let width = format!("{:.1}%", 100.0 * count as f64 / most.max(1) as f64);
    view! {
        <li title=title>
            <svg class="bars__fill" aria-hidden="true"><rect width=width height="100%"/></svg>
            {mark}
            <a class="trunc" href=href>{label}</a>
            <span class="n">{grouped(count)}</span>
        </li>
    }
    .into_any()
}

fn top(title: &'static str, alerts: &AlertFigures, rows: AnyView, empty: bool) -> AnyView {
    let body = if empty {
        view! { <p class="dim">"No alert in this range."</p> }.into_any()
    } else {
        view! { <ul class="bars">{rows}</ul> }.into_any()
    };
    view! {
        <div class="panel c3">
            <div class="panel__head"><h2>{title}</h2><span class="meta">{of_range(alerts)}</span></div>
            {body}
        </div>
    }
    .into_any()
}

/// The squares are a picture, too small to press; the numbers under it are the way to the peers.
fn fleet(fleet: &FleetFigures) -> AnyView {
    let squares = fleet
        .peers
        .iter()
        .map(|(name, status)| {
            let label = format!("{name}, {}", status.label().to_lowercase());
            let class = match status {
                PeerStatus::Online => None,
                PeerStatus::Late => Some("late"),
                _ => Some("off"),
            };
            view! { <span class=class title=label></span> }
        })
        .collect_view();
    let counts = fleet
        .counts
        .iter()
        .map(|(status, n)| {
            let href = UrlQuery::default().with("status", status.as_str()).href(FLEET);
            view! { <li><span class=peer_dot(*status)></span><a href=href><b>{grouped(*n)}</b>" "{status.label().to_lowercase()}</a></li> }
        })
        .collect_view();
    let body = if fleet.counts.is_empty() {
        view! { <p class="dim">"No peer yet. "<a class="link" href="/peers/add">"Add one"</a></p> }.into_any()
    } else {
        view! { <div class="fleet" aria-hidden="true">{squares}</div><ul class="legend legend--fleet">{counts}</ul> }
            .into_any()
    };
    view! {
        <div class="panel c3">
            <div class="panel__head"><h2>"Fleet"</h2><span class="meta">{format!("{} peers", grouped(fleet.total()))}</span><a href=FLEET>"Peers"</a></div>
            {body}
        </div>
    }
    .into_any()
}

fn pipeline(ingest: &IngestFigures, storage: &Storage) -> AnyView {
    let p95 = |value: Option<i64>| match value {
        None => view! { <span class="dim">"no data"</span> }.into_any(),
        Some(milliseconds) => view! { <b>"≤ "{duration_text(milliseconds)}</b> }.into_any(),
    };
    let stored = if storage.days == 0 {
        view! { <span class="dim">"no data"</span> }.into_any()
    } else {
        let days = if storage.days == 1 { "day" } else { "days" };
        view! { <a href=SEARCH><b class="strong">{bytes_text(storage.bytes)}</b>{format!(", {} {days}", storage.days)}</a> }
            .into_any()
    };
    let oldest = storage.oldest_day.map(|day| {
        view! { <p class="dim small">{day.format("Oldest event of %d %b %Y").to_string()}</p> }
    });
    view! {
        <div class="panel c3">
            <div class="panel__head"><h2>"Pipeline"</h2><span class="meta">"p95, last 15 min"</span></div>
            <dl class="figurelist">
                <div title="From an event's own time to its receipt"><dt>"Ingest lag"</dt><dd>{p95(ingest.lag_p95)}</dd></div>
                <div title="From receipt until rules were evaluated and alerts written"><dt>"Detection"</dt><dd>{p95(ingest.detection_p95)}</dd></div>
                <div><dt>"Rejected lines, in range"</dt><dd><a href=FLEET><b>{grouped(ingest.rejects)}</b></a></dd></div>
                <div title="Tables and indexes of events, from the database's catalogue"><dt>"Storage"</dt><dd>{stored}</dd></div>
            </dl>
            {oldest}
        </div>
    }
    .into_any()
}
