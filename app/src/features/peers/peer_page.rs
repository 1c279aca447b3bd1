//! One peer.

use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use leptos_meta::Title;
use leptos_router::hooks::use_params_map;
use wolfsec::peers::{Peer, PeerMark, StoredReject};

use super::model::{FLEET, done_message, marks, peer_href};
use super::server_fns::{MarkPeer, RotatePeerKey, get_peer};
use super::view::PeerView;
use crate::components::shell::grouped;
use crate::context;
use crate::features::alerts::model::QUEUE;
use crate::features::layout::{Page, done_notice, error_notice, form_error, loaded};
use crate::features::parts::{ago, clock, command, icon, peer_mark, rendered_at};
use crate::features::url_query::UrlQuery;

#[component]
pub fn PeerPage() -> impl IntoView {
    let name = use_params_map()
        .with_untracked(|params| params.get("name"))
        .unwrap_or_default();
    let error = form_error::<MarkPeer>().or_else(form_error::<RotatePeerKey>);
    let notices = view! { {done_notice(error.is_some(), done_message)}{error_notice(error.as_ref())} }.into_any();
    let key = context::take_flash(&peer_href(&name));
    view! {
        <Page title="Peer" current=FLEET>
            {notices}
            {loaded(get_peer(name), move |view| page(&view, key))}
        </Page>
    }
}

fn page(view: &PeerView, key: Option<String>) -> AnyView {
    let peer = &view.peer;
    let now = rendered_at();
    let of_peer = |path: &str, name: &str, value: &str| {
        UrlQuery::default()
            .with(name, value)
            .with("peer", &peer.name)
            .href(path)
    };
    let seen = peer
        .last_seen
        .map(|at| view! { <span class="dim">"seen "{ago(at)}</span> });
    let address = peer
        .address
        .clone()
        .map(|address| view! { <span class="chip">{icon("globe")}{address}</span> });
    view! {
        <Title text=peer.name.clone()/>
        <div class="peerhead">
            <h2 class="h-sm">{peer.name.clone()}</h2>
            {peer_mark(peer.status(now))}
            {seen}
            {address}
            <span class="push row row--tight">
                <a class="btn" href=of_peer("/events", "range", "24h")>"Events"</a>
                <a class="btn" href=of_peer(QUEUE, "status", "unresolved")>"Alerts"</a>
                <a class="btn btn--quiet" href=FLEET>"Back to the peers"</a>
            </span>
        </div>
        {key.map(new_key)}
        <section class="board" aria-label="Condition">
            {facts(peer)}
            {view.may_manage.then(|| actions(peer))}
            {rejects(&view.rejects)}
        </section>
    }
    .into_any()
}

fn new_key(key: String) -> AnyView {
    view! {
        <section class="board" aria-labelledby="h-key">
            <div class="section">
                <h3 id="h-key">"New key"</h3>
                {command("New key of the peer", key)}
                <p class="field__hint">"Shown once: only its digest is stored. The old key is refused from now on."</p>
            </div>
        </section>
    }
    .into_any()
}

fn facts(peer: &Peer) -> AnyView {
    let never = || view! { <span class="dim">"not yet"</span> }.into_any();
    view! {
        <div class="panel c8">
            <div class="panel__head"><h3>"Condition"</h3></div>
            <table class="table table--inset table--kv peerkv">
                <caption class="sr">"Condition of the peer"</caption>
                <tbody>
                    <tr><th scope="row">"Status"</th><td>{peer_mark(peer.status(rendered_at()))}</td></tr>
                    <tr><th scope="row">"Last seen"</th><td>{peer.last_seen.map_or_else(never, ago)}</td></tr>
                    <tr><th scope="row">"Heartbeat"</th><td>{format!("every {} s", peer.interval_seconds)}</td></tr>
                    <tr><th scope="row">"Address"</th><td>{peer.address.clone().unwrap_or_else(|| "–".to_owned())}</td></tr>
                    <tr><th scope="row">"Enrolled"</th><td>{ago(peer.enrolled_at)}</td></tr>
                    <tr><th scope="row">"Events stored"</th><td>{grouped(peer.event_count)}" since enrolment"</td></tr>
                    <tr><th scope="row">"Lines rejected"</th><td>{grouped(peer.reject_count)}" since enrolment"</td></tr>
                </tbody>
            </table>
        </div>
    }
    .into_any()
}

fn actions(peer: &Peer) -> AnyView {
    let buttons = marks(peer.mark)
        .iter()
        .map(|&(mark, label)| {
            let name = peer.name.clone();
            if mark == PeerMark::Blocked {
                return view! {
                    <details class="sheetlike">
                        <summary class="btn">"Block…"</summary>
                        <form class="stack stack--3" method="post" action=MarkPeer::url() aria-label="Block">
                            <input type="hidden" name="name" value=name.clone()/>
                            <input type="hidden" name="mark" value=mark.as_str()/>
                            <p class="ink2">"The key of "<b>{name.clone()}</b>" is refused at once and nothing it sends is stored until it is unblocked."</p>
                            <button class="btn btn--danger" type="submit">{format!("Block {name}")}</button>
                        </form>
                    </details>
                }
                .into_any();
            }
            view! {
                <form method="post" action=MarkPeer::url()>
                    <input type="hidden" name="name" value=name/>
                    <input type="hidden" name="mark" value=mark.as_str()/>
                    <button class="btn" type="submit">{label}</button>
                </form>
            }
            .into_any()
        })
        .collect_view();
    let name = peer.name.clone();
    view! {
        <div class="panel c4">
            <div class="panel__head"><h3>"Key and watch"</h3><span class="meta">"the key is stored as a digest"</span></div>
            <div class="row row--wrap">
                {buttons}
                <details class="sheetlike">
                    <summary class="btn">{icon("key")}"Rotate key…"</summary>
                    <form class="stack stack--3" method="post" action=RotatePeerKey::url() aria-label="Rotate key">
                        <input type="hidden" name="name" value=name.clone()/>
                        <p class="ink2">"The old key of "<b>{name.clone()}</b>" stops working at once. The new one is shown once."</p>
                        <button class="btn btn--danger" type="submit">{format!("Rotate the key of {name}")}</button>
                    </form>
                </details>
            </div>
        </div>
    }
    .into_any()
}

fn rejects(rejects: &[StoredReject]) -> AnyView {
    let body = if rejects.is_empty() {
        view! { <p class="dim">"No line was rejected."</p> }.into_any()
    } else {
        let rows = rejects
            .iter()
            .map(|reject| {
                view! {
                    <tr>
                        <td class="nowrap dim">{clock(reject.at)}</td>
                        <td class="num">{reject.line}</td>
                        <td><code>{reject.code.clone()}</code>" "<span class="ink2">{reject.reason.clone()}</span></td>
                        <td class="msg full">{reject.sample.clone()}</td>
                    </tr>
                }
            })
            .collect_view();
        view! {
            <table class="table table--inset table--cards events">
                <caption class="sr">"Newest rejected lines"</caption>
                <thead><tr>
                    <th scope="col">"Time, UTC"</th><th scope="col" class="num">"Line"</th><th scope="col">"Reason"</th><th scope="col">"Start of the line"</th>
                </tr></thead>
                <tbody>{rows}</tbody>
            </table>
        }
        .into_any()
    };
    view! {
        <div class="panel">
            <div class="panel__head"><h3>"Rejected lines"</h3><span class="meta">"the newest 20"</span></div>
            {body}
        </div>
    }
    .into_any()
}
