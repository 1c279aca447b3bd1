//! The overview page.

use leptos::prelude::*;
use wolfsec::alerts::{Alert, AlertCounts};
use wolfsec::overview::{FleetCounts, Overview, RateBucket};
use wolfsec::severity::Severity;

use super::model::{BUCKET_MINUTES, Flow, Freshness, PLOT_HEIGHT, flow, freshness};
use super::server_fns::get_overview;
use crate::components::shell::grouped;
use crate::context;
use crate::features::alerts::model::{QUEUE, open_href};
use crate::features::layout::{Page, loaded};
use crate::features::parts::{age, ago, command, exact, icon, severity_mark_short, severity_shape};
use crate::features::peers::model::{FLEET, event_command};

#[component]
pub fn OverviewPage() -> impl IntoView {
    view! { <Page title="Overview" current="/">{loaded(get_overview(), |view| overview(&view))}</Page> }
}

fn overview(view: &Overview) -> AnyView {
    view! {
        <section class="board" aria-label="What needs you now">
            {needs(&view.counts)}
            {latest(&view.latest)}
            {event_flow(view)}
            {fleet(&view.fleet)}
            {rules(view.rules_enabled)}
        </section>
    }
    .into_any()
}

fn needs(counts: &AlertCounts) -> AnyView {
    let figures = Severity::ALL
        .iter()
        .rev()
        .map(|&severity| {
            let of = |counts: &[(Severity, i64)]| {
                counts
                    .iter()
                    .find(|(level, _)| *level == severity)
                    .map_or(0, |(_, n)| *n)
            };
            let (open, unresolved) = (of(&counts.open), of(&counts.unresolved));
            let large = matches!(severity, Severity::Critical | Severity::High);
            let class = if large { "figure figure--lg" } else { "figure" };
            view! {
                <a class=class href=open_href(severity)>
                    <span class="k">{severity_mark_short(severity)}</span>
                    <span class="v" data-live=format!("open-{severity}")>{grouped(open)}</span>
                    <span class="d">{format!("{} unresolved", grouped(unresolved))}</span>
                </a>
            }
        })
        .collect_view();
    view! {
        <div class="panel c5">
            <div class="panel__head"><h2>"Needs you now"</h2><span class="meta">"open, nobody has acknowledged"</span><a href=QUEUE>"Queue"</a></div>
            <div class="needs">{figures}</div>
        </div>
    }
    .into_any()
}

fn latest(alerts: &[Alert]) -> AnyView {
    let rows = alerts
        .iter()
        .map(|alert| {
            let class = severity_shape(alert.severity);
            let spoken = format!("{}: ", alert.severity.label());
            view! {
                <li data-row="">
                    <svg class=class aria-hidden="true"><use_ href=format!("#i-{class}")/></svg>
                    <a class="trunc" href=format!("{QUEUE}/{}", alert.id)><span class="sr">{spoken}</span>{alert.rule_title.clone()}</a>
                    <span class="chip">{icon("peer")}{alert.peer.clone()}</span>
                    {age(alert.last_seen)}
                </li>
            }
        })
        .collect_view();
    let body = if alerts.is_empty() {
        view! { <p class="dim">"No alert is unresolved."</p> }.into_any()
    } else {
        view! { <ul class="waiting">{rows}</ul> }.into_any()
    };
    view! {
        <div class="panel c7">
            <div class="panel__head"><h2>"Latest alerts"</h2><span class="meta">"unresolved, newest first"</span><a href=QUEUE>"All unresolved"</a></div>
            {body}
        </div>
    }
    .into_any()
}

fn event_flow(view: &Overview) -> AnyView {
    let state = freshness(view.last_event_at, view.rendered_at);
    let flow = flow(&view.rate, view.rendered_at);
    let meta = match state {
        Freshness::NoData => "no data".to_owned(),
        _ => format!("{} events in 24 h, per {BUCKET_MINUTES} min", grouped(flow.total)),
    };
    let stale = match state {
        Freshness::StaleSince(at) => Some(view! {
            <div class="banner" role="status">{icon("clock")}
                <span><b>"Stale since "{exact_minute(at)}"."</b>" The newest event came "{ago(at)}". Look at the "<a class="link" href=FLEET>"peers"</a>"."</span>
            </div>
        }),
        _ => None,
    };
    let body = match state {
        Freshness::NoData => no_events(),
        _ if flow.total == 0 => view! { <p class="dim">"– no events in the last 24 hours"</p> }.into_any(),
        _ => view! { {chart(&flow)}{table(&view.rate)} }.into_any(),
    };
    view! {
        <div class="panel">
            <div class="panel__head"><h2>"Event flow"</h2><span class="meta">{meta}</span><span class="meta" data-live="minute" hidden=true></span>{legend()}</div>
            {stale}
            {body}
        </div>
    }
    .into_any()
}

fn legend() -> AnyView {
    let items = Severity::ALL
        .iter()
        .map(|&severity| view! { <li class=severity_shape(severity)><i></i>{severity.label()}</li> })
        .collect_view();
    view! { <ul class="legend push wide-only">{items}</ul> }.into_any()
}

fn chart(flow: &Flow) -> AnyView {
    let peak = flow.peak.map_or_else(String::new, |(count, at)| {
        format!(" Peak {} at {} UTC.", grouped(count), at.format("%H:%M"))
    });
    let label = format!("Stored events per {BUCKET_MINUTES} minutes by severity, last 24 hours.{peak}");
    let half = PLOT_HEIGHT / 2.0;
    let bars = flow
        .pieces
        .iter()
        .map(|piece| {
            view! {
                <rect class=format!("bar {}", severity_shape(piece.severity)) x=format!("{:.3}%", piece.x)
                    width=format!("{:.3}%", piece.width) y=format!("{:.2}", piece.y + 10.0) height=format!("{:.2}", piece.height)/>
            }
        })
        .collect_view();
    let ticks = flow
        .ticks
        .iter()
        .map(|tick| view! { <text x=format!("{}%", tick.x) y=(PLOT_HEIGHT + 30.0).to_string()>{tick.label.clone()}</text> })
        .collect_view();
    let line = |y: f64| view! { <line class="grid" x1="0" x2="100%" y1=y.to_string() y2=y.to_string()/> };
    let level = |y: f64, text: String| view! { <text class="t-end" x="-8" y=(y + 4.0).to_string()>{text}</text> };
    view! {
        <svg class="chart chart--y" height=(PLOT_HEIGHT + 40.0).to_string() role="img" aria-label=label>
            {level(10.0, grouped(flow.top))}
            {(flow.top % 2 == 0).then(|| level(half + 10.0, grouped(flow.top / 2)))}
            {level(PLOT_HEIGHT + 10.0, "0".to_owned())}
            {line(10.0)}{line(half + 10.0)}
            {bars}
            <line class="axis" x1="0" x2="100%" y1=(PLOT_HEIGHT + 10.0).to_string() y2=(PLOT_HEIGHT + 10.0).to_string()/>
            {ticks}
        </svg>
    }
    .into_any()
}

fn table(rate: &[RateBucket]) -> AnyView {
    let rows = rate
        .iter()
        .rev()
        .map(|bucket| {
            let counts = Severity::ALL
                .iter()
                .map(|&severity| view! { <td class="num">{grouped(bucket.of(severity))}</td> })
                .collect_view();
            view! {
                <tr>
                    <th scope="row" class="nowrap">{exact_minute(bucket.start)}</th>
                    {counts}
                    <td class="num">{grouped(bucket.total())}</td>
                </tr>
            }
        })
        .collect_view();
    let heads = Severity::ALL
        .iter()
        .map(|severity| view! { <th scope="col" class="num">{severity.label()}</th> })
        .collect_view();
    view! {
        <details>
            <summary class="btn btn--quiet">"Table"</summary>
            <table class="table table--inset">
                <caption class="sr">"Stored events per 15 minutes by severity, newest first; times without events are left out"</caption>
                <thead><tr><th scope="col">"From"</th>{heads}<th scope="col" class="num">"All"</th></tr></thead>
                <tbody>{rows}</tbody>
            </table>
        </details>
    }
    .into_any()
}

fn no_events() -> AnyView {
    let url = context::request().map(|request| request.public_url).unwrap_or_default();
    view! {
        <div class="empty">
            {icon("peer")}
            <div class="stack">
                <h3>"No events yet"</h3>
                <p>"Add a peer, then send one from any shell with its key. A rule that it matches raises an alert."</p>
            </div>
            {command("Command that sends an event", event_command(&url, crate::features::parts::rendered_at()))}
            <p><a class="btn" href="/peers/add">"Add a peer"</a></p>
        </div>
    }
    .into_any()
}

fn fleet(counts: &FleetCounts) -> AnyView {
    let total = counts.online + counts.late + counts.offline + counts.other;
    let item = |class: &'static str, count: i64, word: &'static str, query: &'static str| {
        view! { <li><span class=class></span><a href=format!("{FLEET}{query}")><b>{grouped(count)}</b>" "{word}</a></li> }
    };
    view! {
        <div class="panel c8">
            <div class="panel__head"><h2>"Fleet"</h2><span class="meta">{format!("{} peers", grouped(total))}</span><a href=FLEET>"Peers"</a></div>
            <ul class="legend legend--fleet">
                {item("dot dot--ok", counts.online, "online", "?status=online")}
                {item("dot dot--late", counts.late, "late", "?status=late")}
                {item("dot dot--off", counts.offline, "offline", "?status=offline")}
                {item("dot dot--maint", counts.other, "pending, stopped, in maintenance or blocked", "")}
            </ul>
        </div>
    }
    .into_any()
}

fn rules(enabled: i64) -> AnyView {
    view! {
        <div class="panel c4">
            <div class="panel__head"><h2>"Rules"</h2><span class="meta">"looking at every event"</span><a href="/rules">"Rules"</a></div>
            <a class="figure" href="/rules?enabled=on"><span class="v">{grouped(enabled)}</span><span class="k">"enabled"</span></a>
        </div>
    }
    .into_any()
}

fn exact_minute(at: wolfsec::Timestamp) -> AnyView {
    let text = at.format("%d %b %H:%M UTC").to_string();
    view! { <time datetime=at.to_rfc3339() title=exact(at)>{text}</time> }.into_any()
}
