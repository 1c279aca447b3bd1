//! The fleet.

use leptos::prelude::*;
use wolfsec::peers::{EVENT_RATE_MINUTES, EventRate, FleetEntry, Health, PeerStatus};

use super::model::{ADD, FLEET, fleet_filter, peer_href};
use super::server_fns::list_peers;
use super::view::PeersView;
use crate::components::shell::grouped;
use crate::context;
use crate::features::layout::{Page, loaded};
use crate::features::parts::{age, filter_refused, icon, peer_dot, peer_mark};
use crate::features::url_query::UrlQuery;

#[component]
pub fn PeersPage() -> impl IntoView {
    let raw = context::request().map(|request| request.query).unwrap_or_default();
    let url = UrlQuery::parse(&raw);
    let body = match fleet_filter(&url) {
        Ok(_) => loaded(list_peers(raw), move |view| fleet(&url, &view)),
        Err(bad) => filter_refused(bad, FLEET),
    };
    view! {
        <Page title="Peers" current=FLEET>
            <section class="board" aria-label="Peers">{body}</section>
        </Page>
    }
}

fn fleet(url: &UrlQuery, view: &PeersView) -> AnyView {
    if view.counts.is_empty() && url.is_empty() {
        return no_peers(view.may_manage);
    }
    let first = url.without(&["after"]);
    let next = view
        .page
        .next_cursor
        .as_ref()
        .map(|after| first.with("after", after).href(FLEET));
    let start = url.get("after").map(|_| first.href(FLEET));
    let shown = view.page.items.len();
    view! {
        {figures(&view.counts, url.get("q").is_some())}
        <div class="rulelist">
            {tools(url, &view.counts, view.may_manage)}
            {table(&view.page.items)}
            <nav class="bar bar--hint queue__foot" aria-label="Pages of the fleet">
                <span>{format!("{shown} shown of {}", grouped(matching(url, &view.counts)))}</span>
                <span class="push row row--tight">
                    {start.map(|href| view! { <a class="btn btn--quiet" href=href>"First page"</a> })}
                    {next.map(|href| view! { <a class="btn" href=href rel="next">"Next page"</a> })}
                </span>
            </nav>
        </div>
    }
    .into_any()
}

/// How many of all peers fit the words and the status.
fn matching(url: &UrlQuery, counts: &[(PeerStatus, i64)]) -> i64 {
    let chosen = url.get("status");
    let fits = counts
        .iter()
        .filter(|(status, _)| chosen.is_none_or(|chosen| status.as_str() == chosen));
    fits.map(|(_, count)| count).sum()
}

fn table(entries: &[FleetEntry]) -> AnyView {
    if entries.is_empty() {
        return view! {
            <div class="empty">
                {icon("peer")}
                <h2 class="h-sm">"No peer matches this filter"</h2>
                <p><a class="link" href=FLEET>"All peers"</a></p>
            </div>
        }
        .into_any();
    }
    let rows = entries.iter().map(row).collect_view();
    let rate = format!("Events / min, last {EVENT_RATE_MINUTES} min");
    view! {
        <table class="table table--cards peers">
            <caption class="sr">"Peers, those that need attention first"</caption>
            <thead><tr>
                <th scope="col">"Status"</th><th scope="col">"Name"</th><th scope="col">"Seen / every"</th>
                <th scope="col">"Health, 15 min"</th><th scope="col" class="num">{rate}</th>
                <th scope="col" class="num">"Events"</th><th scope="col" class="num">"Rejected"</th><th scope="col">"Address"</th>
            </tr></thead>
            <tbody>{rows}</tbody>
        </table>
    }
    .into_any()
}

/// Of all peers that the words leave, whatever page is shown.
fn figures(counts: &[(PeerStatus, i64)], filtered: bool) -> AnyView {
    let total: i64 = counts.iter().map(|(_, count)| count).sum();
    let scope = if filtered { "found" } else { "peers" };
    let figures = by_attention(counts)
        .into_iter()
        .map(|(status, number)| {
            view! {
                <div class="figure">
                    <span class="k"><span class=peer_dot(status)></span>{status.label()}</span>
                    <span class="v">{grouped(number)}</span>
                    <span class="d">{format!("of {} {scope}", grouped(total))}</span>
                </div>
            }
        })
        .collect_view();
    view! { <div class="panel strip"><h2 class="sr">"Fleet in figures"</h2><div class="figures">{figures}</div></div> }
        .into_any()
}

/// Online first, as most are; then those that need somebody.
fn by_attention(counts: &[(PeerStatus, i64)]) -> Vec<(PeerStatus, i64)> {
    let mut sorted = counts.to_vec();
    sorted.sort_by_key(|(status, _)| (*status != PeerStatus::Online, status.attention()));
    sorted
}

fn tools(url: &UrlQuery, counts: &[(PeerStatus, i64)], may_manage: bool) -> AnyView {
    let words = url.get("q").map(ToOwned::to_owned);
    let kept = url.get("status").map(ToOwned::to_owned);
    let mut offered = by_attention(counts);
    // The chosen status can be taken back when nothing has it any more.
    if let Some(chosen) = kept.as_deref().and_then(|text| text.parse::<PeerStatus>().ok())
        && !offered.iter().any(|(status, _)| *status == chosen)
    {
        offered.push((chosen, 0));
    }
    let facets = offered
        .into_iter()
        .map(|(status, number)| {
            let chosen = url.get("status") == Some(status.as_str());
            let href = url
                .without(&["after"])
                .with("status", if chosen { "" } else { status.as_str() })
                .href(FLEET);
            view! {
                <a class="facet" href=href aria-current=chosen.then_some("true")>
                    <span class=peer_dot(status)></span>{status.label()}" "<span class="n">{grouped(number)}</span>
                </a>
            }
        })
        .collect_view();
    view! {
        <div class="bar">
            <form class="row grow" method="get" action=FLEET role="search" aria-label="Filter peers">
                {kept.map(|status| view! { <input type="hidden" name="status" value=status/> })}
                <div class="search search--wide">
                    {icon("filter")}
                    <input type="search" name="q" aria-label="Name or address" placeholder="Name or address" value=words data-search=""/>
                </div>
                <button class="btn" type="submit">"Filter"</button>
            </form>
            {may_manage.then(|| view! { <a class="btn btn--primary" href=ADD>{icon("plus")}"Add a peer"</a> })}
        </div>
        <nav class="bar bar--facets" aria-label="Facets">{facets}</nav>
    }
    .into_any()
}

fn row(entry: &FleetEntry) -> AnyView {
    let peer = &entry.peer;
    let seen = peer
        .last_seen
        .map_or_else(|| view! { <span class="dim">"not yet"</span> }.into_any(), age);
    view! {
        <tr data-row="">
            <td class="nowrap c-st">{peer_mark(entry.status)}</td>
            <th scope="row" class="nowrap c-name"><a href=peer_href(&peer.name)>{peer.name.clone()}</a></th>
            <td class="nowrap c-seen">{seen}" "<span class="dim">{format!("/ {} s", peer.interval_seconds)}</span></td>
            <td class="nowrap c-health">{health(&entry.health)}</td>
            <td class="num c-epm">{rate(entry)}<span class="lab">" / min"</span></td>
            <td class="num c-count">{grouped(peer.event_count)}<span class="lab">" events"</span></td>
            <td class="num c-count">{grouped(peer.reject_count)}<span class="lab">" rejected"</span></td>
            <td class="nowrap ink2 c-addr">{peer.address.clone().unwrap_or_else(|| "–".to_owned())}</td>
        </tr>
    }
    .into_any()
}

/// The whole when both parts were measured, and whatever part there is by its name.
fn health(health: &Health) -> AnyView {
    let latency = health.latency_ms.map(|ms| format!("latency {ms:.0} ms"));
    let success = health
        .success_ratio
        .map(|ratio| format!("success {:.0} %", ratio * 100.0));
    let parts: Vec<String> = latency.into_iter().chain(success).collect();
    let parts = parts.join(", ");
    match health.score {
        Some(score) if score > 0.995 => view! { <b class="strong">{format!("{score:.2}")}</b> }.into_any(),
        Some(score) => {
            view! { <b class="strong">{format!("{score:.2}")}</b>" "<span class="dim">{parts}</span> }.into_any()
        }
        None if parts.is_empty() => view! { <span class="dim">"– no data"</span> }.into_any(),
        None => view! { <span class="dim">{format!("– no data, {parts}")}</span> }.into_any(),
    }
}

fn rate(entry: &FleetEntry) -> AnyView {
    let EventRate { per_minute, at_least } = entry.event_rate;
    if entry.peer.last_seen.is_none() {
        return view! { <span class="dim">"–"</span> }.into_any();
    }
    let more = if at_least { "> " } else { "" };
    let number = if per_minute > 0.0 && per_minute < 10.0 {
        format!("{per_minute:.1}")
    } else {
        format!("{per_minute:.0}")
    };
    view! { {more}{number} }.into_any()
}

fn no_peers(may_manage: bool) -> AnyView {
    view! {
        <div class="empty">
            {icon("peer")}
            <div class="stack">
                <h2 class="h-sm">"No peers yet"</h2>
                <p>"A peer is a host, appliance or service that sends events with a key of its own."</p>
            </div>
            {if may_manage {
                view! { <p><a class="btn btn--primary" href=ADD>"Add a peer"</a></p> }.into_any()
            } else {
                view! { <p class="dim">"An admin can add one."</p> }.into_any()
            }}
        </div>
    }
    .into_any()
}
