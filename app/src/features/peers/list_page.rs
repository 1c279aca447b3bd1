//! The fleet.

use leptos::prelude::*;
use wolfsec::peers::{Peer, PeerStatus};

use super::model::{ADD, FLEET, attention_first, by_status, fleet_filter, peer_href};
use super::server_fns::list_peers;
use super::view::PeersView;
use crate::components::shell::grouped;
use crate::context;
use crate::features::layout::{Page, loaded};
use crate::features::parts::{ago, filter_refused, icon, peer_dot, peer_mark, rendered_at};
use crate::features::url_query::UrlQuery;

#[component]
pub fn PeersPage() -> impl IntoView {
    let raw = context::request().map(|request| request.query).unwrap_or_default();
    let url = UrlQuery::parse(&raw);
    let body = match fleet_filter(&url) {
        Ok(filter) => loaded(list_peers(raw), move |view| {
            let now = rendered_at();
            let mut shown: Vec<Peer> = view
                .page
                .items
                .iter()
                .filter(|peer| filter.shows(peer, now))
                .cloned()
                .collect();
            attention_first(&mut shown, now);
            fleet(&url, &view, &shown)
        }),
        Err(bad) => filter_refused(bad, FLEET),
    };
    view! {
        <Page title="Peers" current=FLEET>
            <section class="board" aria-label="Peers">{body}</section>
        </Page>
    }
}

fn fleet(url: &UrlQuery, view: &PeersView, shown: &[Peer]) -> AnyView {
    if view.page.items.is_empty() && url.is_empty() {
        return no_peers(view.may_manage);
    }
    let counts = by_status(&view.page.items, rendered_at());
    let complete = view.page.next_cursor.is_none() && url.get("after").is_none();
    let scope = if complete {
        format!("of {}", grouped(count(view.page.items.len())))
    } else {
        "on this page".to_owned()
    };
    let first = url.without(&["after"]);
    let next = view
        .page
        .next_cursor
        .as_ref()
        .map(|after| first.with("after", after).href(FLEET));
    let start = url.get("after").map(|_| first.href(FLEET));
    let rows = shown.iter().map(row).collect_view();
    let table = if shown.is_empty() {
        view! {
            <div class="empty">
                {icon("peer")}
                <h2 class="h-sm">"No peer matches this filter"</h2>
                <p><a class="link" href=FLEET>"All peers"</a></p>
            </div>
        }
        .into_any()
    } else {
        view! {
            <table class="table table--cards peers">
                <caption class="sr">"Peers, those that need attention first"</caption>
                <thead><tr>
                    <th scope="col">"Status"</th><th scope="col">"Name"</th><th scope="col">"Seen / every"</th><th scope="col">"Address"</th>
                    <th scope="col" class="num">"Events"</th><th scope="col" class="num">"Rejected lines"</th>
                </tr></thead>
                <tbody>{rows}</tbody>
            </table>
        }
        .into_any()
    };
    view! {
        {figures(&counts, &scope)}
        <div class="rulelist">
            {tools(url, &counts, view.may_manage)}
            {table}
            <nav class="bar bar--hint queue__foot" aria-label="Pages of the fleet">
                <span>{shown.len()}" shown"</span>
                <span class="push row row--tight">
                    {start.map(|href| view! { <a class="btn btn--quiet" href=href>"First page"</a> })}
                    {next.map(|href| view! { <a class="btn" href=href rel="next">"Next page"</a> })}
                </span>
            </nav>
        </div>
    }
    .into_any()
}

fn figures(counts: &[(PeerStatus, usize)], scope: &str) -> AnyView {
    let figures = counts
        .iter()
        .map(|&(status, number)| {
            view! {
                <div class="figure">
                    <span class="k"><span class=peer_dot(status)></span>{status.label()}</span>
                    <span class="v">{grouped(count(number))}</span>
                    <span class="d">{scope.to_owned()}</span>
                </div>
            }
        })
        .collect_view();
    view! { <div class="panel strip"><h2 class="sr">"Fleet in figures"</h2><div class="figures">{figures}</div></div> }
        .into_any()
}

fn tools(url: &UrlQuery, counts: &[(PeerStatus, usize)], may_manage: bool) -> AnyView {
    let words = url.get("q").map(ToOwned::to_owned);
    let kept = url.get("status").map(ToOwned::to_owned);
    let facets = counts
        .iter()
        .map(|&(status, number)| {
            let chosen = url.get("status") == Some(status.as_str());
            let href = url.without(&["after"]).with("status", if chosen { "" } else { status.as_str() }).href(FLEET);
            view! {
                <a class="facet" href=href aria-current=chosen.then_some("true")>
                    <span class=peer_dot(status)></span>{status.label()}" "<span class="n">{grouped(count(number))}</span>
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

fn row(peer: &Peer) -> AnyView {
    let seen = peer
        .last_seen
        .map_or_else(|| view! { <span class="dim">"not yet"</span> }.into_any(), ago);
    view! {
        <tr data-row="">
            <td class="nowrap c-st">{peer_mark(peer.status(rendered_at()))}</td>
            <th scope="row" class="nowrap c-name"><a href=peer_href(&peer.name)>{peer.name.clone()}</a></th>
            <td class="nowrap c-seen">{seen}" "<span class="dim">{format!("/ {} s", peer.interval_seconds)}</span></td>
            <td class="nowrap ink2">{peer.address.clone().unwrap_or_else(|| "–".to_owned())}</td>
            <td class="num">{grouped(peer.event_count)}<span class="lab">" events"</span></td>
            <td class="num">{grouped(peer.reject_count)}<span class="lab">" rejected"</span></td>
        </tr>
    }
    .into_any()
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

fn count(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
