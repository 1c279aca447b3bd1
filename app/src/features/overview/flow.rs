//! The event flow: bars by severity, marks where alerts were seen, and the same as a table.

use leptos::prelude::*;
use wolfsec::overview::{Overview, RateBucket};
use wolfsec::severity::Severity;

use super::model::{Axis, Flow, Freshness, Mark, PLOT_HEIGHT, flow, freshness, marks};
use crate::components::shell::grouped;
use crate::context;
use crate::features::alerts::model::{QueueLink, exact_time};
use crate::features::events::model::SEARCH;
use crate::features::parts::{ago, command, exact, icon, rendered_at, severity_shape};
use crate::features::peers::model::{FLEET, event_command};
use crate::features::url_query::UrlQuery;

/// The plot begins this far below the top (pixels).
const TOP: f64 = 10.0;

pub fn panel(view: &Overview) -> AnyView {
    let axis = Axis {
        since: view.since,
        now: view.rendered_at,
        range: view.range,
    };
    let state = freshness(view.storage.last_event_at, view.rendered_at);
    let flow = flow(&view.rate, axis);
    let more = if view.alerts.capped { "+" } else { "" };
    let meta = match state {
        Freshness::NoData => "no data".into_any(),
        _ => view! {
            <a href=events_href(axis)>{grouped(flow.total)}" events"</a>
            <span class="wide-only">{format!(", per {}", width_text(axis))}</span>" · "
            <a href=QueueLink::all().since(view.since).href()>{grouped(view.alerts.alerts)}{more}" alerts"</a>
        }
        .into_any(),
    };
    let stale = match state {
        Freshness::StaleSince(at) => Some(view! {
            <div class="banner" role="status">{icon("clock")}
                <span><b>"Stale since "{exact_minute(at)}"."</b>" The newest event came "{ago(at)}". Look at the "<a class="link" href=FLEET>"peers"</a>"."</span>
            </div>
        }),
        _ => None,
    };
    let nothing = format!("No events in this range ({}).", view.range.label().to_lowercase());
    let body = match state {
        Freshness::NoData => no_events(),
        _ if flow.total == 0 && view.alerts.alerts == 0 => view! { <p class="dim">{nothing}</p> }.into_any(),
        _ => view! { {chart(&flow, &marks(&view.alerts.marks, axis), axis)}{table(view, axis)} }.into_any(),
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

fn events_href(axis: Axis) -> String {
    UrlQuery::default().with("since", &exact_time(axis.since)).href(SEARCH)
}

fn width_text(axis: Axis) -> String {
    match axis.bucket().num_minutes() {
        minutes @ ..60 => format!("{minutes} min"),
        minutes => format!("{} h", minutes / 60),
    }
}

fn legend() -> AnyView {
    let items = Severity::ALL
        .iter()
        .map(|&severity| view! { <li class=severity_shape(severity)><i></i>{severity.label()}</li> })
        .collect_view();
    view! { <ul class="legend push wide-only">{items}<li class="crit">{icon("crit")}"Alerts"</li></ul> }.into_any()
}

fn chart(flow: &Flow, marks: &[Mark], axis: Axis) -> AnyView {
    let peak = flow.peak.map_or_else(String::new, |(count, at)| {
        format!(" Peak {} at {} UTC.", grouped(count), at.format("%d %b %H:%M"))
    });
    let label = format!(
        "Stored events per {} by severity, {}, with marks where alerts were last seen.{peak}",
        width_text(axis),
        axis.range.label().to_lowercase()
    );
    let (half, foot) = (PLOT_HEIGHT / 2.0 + TOP, PLOT_HEIGHT + TOP);
    let bars = flow
        .pieces
        .iter()
        .map(|piece| {
            view! {
                <rect class=format!("bar {}", severity_shape(piece.severity)) x=format!("{:.3}%", piece.x)
                    width=format!("{:.3}%", piece.width) y=format!("{:.2}", piece.y + TOP) height=format!("{:.2}", piece.height)/>
            }
        })
        .collect_view();
    let ticks = flow
        .ticks
        .iter()
        .enumerate()
        .map(|(index, tick)| {
            let class = if index % 2 == 0 { "" } else { "wide-only" };
            view! { <text class=class x=format!("{:.2}%", tick.x) y=(foot + 22.0).to_string()>{tick.label.clone()}</text> }
        })
        .collect_view();
    let line = |y: f64| view! { <line class="grid" x1="0" x2="100%" y1=y.to_string() y2=y.to_string()/> };
    let level = |y: f64, text: String| view! { <text class="t-end" x="-8" y=(y + 4.0).to_string()>{text}</text> };
    view! {
        <svg class="chart chart--y" height=(PLOT_HEIGHT + 44.0).to_string() role="group" aria-label=label>
            {level(TOP, grouped(flow.top))}
            {(flow.top % 2 == 0).then(|| level(half, grouped(flow.top / 2)))}
            {level(foot, "0".to_owned())}
            {line(TOP)}{line(half)}
            {bars}
            <line class="axis" x1="0" x2="100%" y1=foot.to_string() y2=foot.to_string()/>
            {marks.iter().map(mark).collect_view()}
            {ticks}
        </svg>
    }
    .into_any()
}

/// A link to the alerts that the mark stands for.
fn mark(mark: &Mark) -> AnyView {
    let shape = severity_shape(mark.worst);
    let foot = PLOT_HEIGHT + TOP;
    let alerts = if mark.count == 1 {
        "1 alert".to_owned()
    } else {
        format!("{} alerts", grouped(mark.count))
    };
    let label = format!(
        "{alerts}, worst {}, {} to {} UTC",
        mark.worst.label().to_lowercase(),
        mark.since.format("%d %b %H:%M"),
        mark.until.format("%H:%M")
    );
    let href = QueueLink::all().since(mark.since).until(mark.until).href();
    view! {
        <a class="markat" href=href aria-label=label.clone()>
            <svg class=shape x=format!("{:.2}%", mark.x) y="0" overflow="visible">
                <title>{label.clone()}</title>
                <path class="mark-line" d=format!("M0 {TOP}V{foot}")/>
                <use_ class="mark" href=format!("#i-{shape}") x="-5.5" y=(foot - 5.5).to_string() width="11" height="11"/>
                <path class="mark-hit" d=format!("M-12 {}h24v24h-24z", foot - 12.0)/>
            </svg>
        </a>
    }
    .into_any()
}

fn table(view: &Overview, axis: Axis) -> AnyView {
    let heads = Severity::ALL
        .iter()
        .map(|severity| view! { <th scope="col" class="num">{severity.label()}</th> })
        .collect_view();
    let rows = view
        .rate
        .iter()
        .rev()
        .map(|bucket| row(bucket, view, axis))
        .collect_view();
    view! {
        <details class="flowtable">
            <summary class="btn btn--quiet">"Table"</summary>
            <div class="scrollx" role="region" aria-label="Event flow as a table" tabindex="0">
            <table class="table table--inset">
                <caption class="sr">"Stored events by severity and alerts last seen, newest first; times without events are left out"</caption>
                <thead><tr><th scope="col">"From"</th>{heads}<th scope="col" class="num">"All"</th><th scope="col" class="num">"Alerts"</th></tr></thead>
                <tbody>{rows}</tbody>
            </table>
            </div>
        </details>
    }
    .into_any()
}

fn row(bucket: &RateBucket, view: &Overview, axis: Axis) -> AnyView {
    let until = bucket.start + axis.bucket();
    let counts = Severity::ALL
        .iter()
        .map(|&severity| view! { <td class="num">{grouped(bucket.of(severity))}</td> })
        .collect_view();
    let events = UrlQuery::default()
        .with("since", &exact_time(bucket.start))
        .with("until", &exact_time(until))
        .href(SEARCH);
    let alerts = view.alerts.marks.iter().find(|mark| mark.start == bucket.start);
    let alerts = alerts.map_or_else(
        || "0".into_any(),
        |mark| {
            let href = QueueLink::all().since(bucket.start).until(until).href();
            view! { <a class="link" href=href>{grouped(mark.count)}</a> }.into_any()
        },
    );
    view! {
        <tr>
            <th scope="row" class="nowrap">{exact_minute(bucket.start)}</th>
            {counts}
            <td class="num"><a class="link" href=events>{grouped(bucket.total())}</a></td>
            <td class="num">{alerts}</td>
        </tr>
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
            {command("Command that sends an event", event_command(&url, rendered_at()))}
            <p><a class="btn" href="/peers/add">"Add a peer"</a></p>
        </div>
    }
    .into_any()
}

fn exact_minute(at: wolfsec::Timestamp) -> AnyView {
    let text = at.format("%d %b %H:%M UTC").to_string();
    view! { <time datetime=at.to_rfc3339() title=exact(at)>{text}</time> }.into_any()
}
