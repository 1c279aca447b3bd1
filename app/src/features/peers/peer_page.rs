//! One peer.

use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use leptos_meta::Title;
use leptos_router::hooks::use_params_map;
use wolfsec::peers::{
    Health, LATENCY_WEIGHT, MAX_INTERVAL_SECONDS, MetricSample, Peer, PeerMark, SUCCESS_WEIGHT, StoredReject,
};

use super::measured::measured;
use super::model::{FLEET, done_message, marks, peer_href, range_of};
use super::server_fns::{MarkPeer, RotatePeerKey, SetPeerInterval, get_peer};
use super::view::PeerView;
use crate::components::shell::grouped;
use crate::context;
use crate::error::AppError;
use crate::features::alerts::model::QUEUE;
use crate::features::layout::{Page, done_notice, error_notice, form_error, loaded};
use crate::features::parts::{ago, clock, command, icon, peer_mark, span_text};
use crate::features::url_query::UrlQuery;

#[component]
pub fn PeerPage() -> impl IntoView {
    let name = use_params_map()
        .with_untracked(|params| params.get("name"))
        .unwrap_or_default();
    let query = context::request().map(|request| request.query).unwrap_or_default();
    let interval_error = form_error::<SetPeerInterval>();
    let error = form_error::<MarkPeer>()
        .or_else(form_error::<RotatePeerKey>)
        .or_else(|| interval_error.clone());
    let notices = view! { {done_notice(error.is_some(), done_message)}{error_notice(error.as_ref())} }.into_any();
    let key = context::take_flash(&peer_href(&name));
    let content = match range_of(&UrlQuery::parse(&query)) {
        Ok(_) => loaded(get_peer(name, query), move |view| {
            page(&view, key, interval_error.as_ref())
        }),
        Err(bad) => crate::features::parts::filter_refused(bad, FLEET),
    };
    view! {
        <Page title="Peer" current=FLEET>
            {notices}
            {content}
        </Page>
    }
}

fn page(view: &PeerView, key: Option<String>, interval_error: Option<&AppError>) -> AnyView {
    let peer = &view.entry.peer;
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
            {peer_mark(view.entry.status)}
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
            {facts(view)}
            {health(&view.entry.health)}
            {measured(peer, &view.measured)}
            {rejects(&view.rejects, view.may_manage)}
            {view.may_manage.then(|| actions(peer, interval_error))}
        </section>
    }
    .into_any()
}

/// How health is made up; a part that was not measured is named as such, and the whole is missing with it.
fn health(health: &Health) -> AnyView {
    let score = health
        .score
        .map_or_else(|| "–".to_owned(), |score| format!("{score:.2}"));
    let meta = if health.score.is_some() {
        "0 to 1, last 15 min"
    } else {
        "no data, last 15 min"
    };
    let latency = health
        .latency_ms
        .map_or_else(|| "Latency".to_owned(), |ms| format!("Latency, {ms:.0} ms"));
    let row = |label: String, weight: f64, part: Option<f64>| {
        let cells = match part {
            Some(part) => view! { <td>{format!("{weight} × {part:.2}")}</td><td class="num">{format!("{:.2}", weight * part)}</td> }
                .into_any(),
            None => view! { <td class="dim">"no data"</td><td class="num dim">"–"</td> }.into_any(),
        };
        view! { <tr><th scope="row">{label}</th>{cells}</tr> }
    };
    view! {
        <div class="panel c4">
            <div class="panel__head"><h3>"Health"</h3><span class="meta">{meta}</span></div>
            <div class="health">
                <span class="figure figure--lg"><span class="v">{score}</span></span>
                <table class="table table--inset">
                    <caption class="sr">"How health is made up"</caption>
                    <tbody>
                        {row(latency, LATENCY_WEIGHT, health.latency_score)}
                        {row("Request success".to_owned(), SUCCESS_WEIGHT, health.success_ratio)}
                    </tbody>
                </table>
            </div>
        </div>
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

fn facts(view: &PeerView) -> AnyView {
    let peer = &view.entry.peer;
    let up = view.measured.latest.and_then(|sample| up_for(&sample));
    let never = || view! { <span class="dim">"not yet"</span> }.into_any();
    let fact = |name: &'static str, value: AnyView| view! { <div><dt>{name}</dt><dd>{value}</dd></div> };
    let text = |text: String| view! { {text} }.into_any();
    let number = |number: i64| text(grouped(number));
    view! {
        <div class="panel c8">
            <div class="panel__head"><h3>"Condition"</h3></div>
            <dl class="facts facts--wide">
                {fact("Status", peer_mark(view.entry.status))}
                {fact("Last seen", peer.last_seen.map_or_else(never, ago))}
                {fact("Expected", text(format!("every {} s", peer.interval_seconds)))}
                {fact("Up for", up.unwrap_or_else(|| text("–".to_owned())))}
                {fact("Address", text(peer.address.clone().unwrap_or_else(|| "–".to_owned())))}
                {fact("Enrolled", ago(peer.enrolled_at))}
                {fact("Events stored", number(peer.event_count))}
                {fact("Lines rejected", number(peer.reject_count))}
            </dl>
        </div>
    }
    .into_any()
}

/// Uptime as of its sample.
fn up_for(sample: &MetricSample) -> Option<AnyView> {
    let seconds = sample.uptime_s?;
    let span = chrono::Duration::try_seconds(seconds)?;
    Some(view! { {span_text(span)}" "<span class="dim small">"as of "{ago(sample.at)}</span> }.into_any())
}

/// How often the peer is expected to report.
fn interval_form(peer: &Peer, error: Option<&AppError>) -> AnyView {
    let wrong = error.and_then(|error| error.field("interval"));
    let typed = error.and_then(|error| error.value("interval"));
    let value = typed.unwrap_or_else(|| peer.interval_seconds.to_string());
    let invalid = wrong.is_some().then_some("true");
    let described = if wrong.is_some() {
        "interval-hint interval-error"
    } else {
        "interval-hint"
    };
    view! {
        <form class="stack" method="post" action=SetPeerInterval::url() aria-label="Expected interval">
            <input type="hidden" name="name" value=peer.name.clone()/>
            <div class="field">
                <label for="interval">"Expected every, seconds"</label>
                <div class="row row--tight">
                    <input class="input" id="interval" name="interval" type="number" min="1" max=MAX_INTERVAL_SECONDS.to_string()
                        required=true value=value aria-invalid=invalid aria-describedby=described/>
                    <button class="btn" type="submit">"Set"</button>
                </div>
                <p class="field__hint" id="interval-hint">"Late after 3 of them without a sign, offline after 8."</p>
                {wrong.map(|wrong| view! { <p class="field__error" id="interval-error">{icon("warn")}<span>{wrong}</span></p> })}
            </div>
        </form>
    }
    .into_any()
}

fn actions(peer: &Peer, interval_error: Option<&AppError>) -> AnyView {
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
            {interval_form(peer, interval_error)}
        </div>
    }
    .into_any()
}

fn rejects(rejects: &[StoredReject], may_manage: bool) -> AnyView {
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
    let class = if may_manage { "panel c8" } else { "panel" };
    view! {
        <div class=class>
            <div class="panel__head"><h3>"Rejected lines"</h3><span class="meta">"the newest 20"</span></div>
            {body}
        </div>
    }
    .into_any()
}
