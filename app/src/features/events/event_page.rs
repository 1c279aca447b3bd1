//! One event: everything as sent.

use leptos::prelude::*;
use leptos_router::hooks::use_params_map;
use wolfsec::events::SecurityEvent;

use super::model::{SEARCH, flatten, pretty};
use super::search_page::source_text;
use super::server_fns::get_event;
use crate::features::layout::{Page, loaded};
use crate::features::parts::{clock, severity_mark};
use crate::features::peers::model::peer_href;
use crate::features::url_query::UrlQuery;

#[component]
pub fn EventPage() -> impl IntoView {
    let params = use_params_map();
    let (ts, id) = params.with_untracked(|params| {
        (
            params.get("ts").unwrap_or_default(),
            params.get("id").unwrap_or_default(),
        )
    });
    view! { <Page title="Event" current=SEARCH>{loaded(get_event(ts, id), |event| page(&event))}</Page> }
}

fn page(event: &SecurityEvent) -> AnyView {
    let minute = chrono::Duration::minutes(1);
    let around = UrlQuery::default()
        .with(
            "since",
            &(event.ts - minute).to_rfc3339_opts(chrono::SecondsFormat::Micros, true),
        )
        .with(
            "until",
            &(event.ts + minute).to_rfc3339_opts(chrono::SecondsFormat::Micros, true),
        )
        .with("peer", &event.peer)
        .href(SEARCH);
    let rows = flatten(&event.fields)
        .into_iter()
        .map(|leaf| view! { <tr><th scope="row"><code>{leaf.name}</code></th><td><code>{leaf.value}</code></td></tr> })
        .collect_view();
    view! {
        <article class="board" aria-labelledby="event-message">
            <div class="detail">
                <header class="detail__head">
                    <div class="row row--wrap">
                        <span>{severity_mark(event.severity)}</span>
                        <span class="mono">{clock(event.ts)}" UTC"</span>
                        {tags(event)}
                        <span class="push row row--tight">
                            <a class="btn" href=around>"Around this event"</a>
                            <a class="btn btn--quiet" href=SEARCH>"Back to the search"</a>
                        </span>
                    </div>
                    <h2 class="h-sm mono" id="event-message">{event.message.clone()}</h2>
                </header>
                <section class="section" aria-label="Facts">
                    <dl class="facts">
                        <div><dt>"Peer"</dt><dd><a class="link" href=peer_href(&event.peer)>{event.peer.clone()}</a></dd></div>
                        <div><dt>"Log source"</dt><dd>{source_text(&event.logsource)}</dd></div>
                        <div><dt>"Received"</dt><dd>{clock(event.received_at)}" UTC"</dd></div>
                        <div><dt>"Event id"</dt><dd class="mono">{event.id.to_string()}</dd></div>
                    </dl>
                </section>
                <section class="section" aria-labelledby="h-fields">
                    <h3 id="h-fields">"Fields"</h3>
                    <table class="table table--kv table--inset docfields">
                        <caption class="sr">"Fields of the event"</caption>
                        <tbody>{normalised(event)}{rows}</tbody>
                    </table>
                </section>
                <section class="section" aria-labelledby="h-raw">
                    <h3 id="h-raw">"Raw JSON"</h3>
                    <div class="cmd"><pre class="raw" tabindex="0" aria-label="Raw JSON">{pretty(&event.fields)}</pre></div>
                </section>
            </div>
        </article>
    }
    .into_any()
}

fn tags(event: &SecurityEvent) -> AnyView {
    view! {
        {event.time_adjusted.then(|| view! {
            <span class="tag tag--warn" title="The sent time was absent, more than 400 days old or more than 10 minutes ahead: the time of receipt stands in its place.">
                "time adjusted: time of receipt"
            </span>
        })}
        {event.sanitised.then(|| view! {
            <span class="tag tag--warn" title="Something could not be stored as sent (a NUL character, a lone surrogate, a huge number) and was escaped.">
                "sanitised: parts were escaped"
            </span>
        })}
    }
    .into_any()
}

/// The normalised columns, first; the rest of the table is what was sent.
fn normalised(event: &SecurityEvent) -> AnyView {
    let columns = &event.columns;
    [
        ("host.name", &columns.host_name),
        ("user.name", &columns.user_name),
        ("source.ip", &columns.source_ip),
        ("destination.ip", &columns.destination_ip),
        ("process.name", &columns.process_name),
        ("event.code", &columns.event_code),
        ("event.outcome", &columns.event_outcome),
    ]
    .into_iter()
    .filter_map(|(name, value)| {
        let value = value.clone()?;
        Some(view! {
            <tr><th scope="row"><code>{name}</code>" "<span class="dim small">"normalised"</span></th><td><code>{value}</code></td></tr>
        })
    })
    .collect_view()
    .into_any()
}
