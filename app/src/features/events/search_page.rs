//! The event search.

use leptos::prelude::*;
use wolfsec::events::{LogSource, SecurityEvent};
use wolfsec::severity::Severity;

use super::model::{RANGES, SEARCH, event_href, event_query};
use super::server_fns::search_events;
use super::view::EventsView;
use crate::context;
use crate::features::layout::{Input, Page, loaded};
use crate::features::parts::{
    clock, command, exact, filter_refused, filter_select, icon, message_of, rendered_at, severity_mark,
};
use crate::features::peers::model::{ADD, event_command, peer_href};
use crate::features::url_query::{UrlQuery, input_time, parse_time};

#[component]
pub fn EventsPage() -> impl IntoView {
    let raw = context::request().map(|request| request.query).unwrap_or_default();
    let url = UrlQuery::parse(&raw);
    let bad = event_query(&url, rendered_at()).err().unwrap_or_default();
    let form = search_form(&url, &bad);
    let body = if bad.is_empty() {
        loaded(search_events(raw), move |view| results(&url, &view))
    } else {
        filter_refused(bad, SEARCH)
    };
    view! {
        <Page title="Events" current=SEARCH>
            <section class="board" aria-label="Event search">
                <div class="rulelist">
                    {form}
                    {body}
                </div>
            </section>
        </Page>
    }
}

fn search_form(url: &UrlQuery, bad: &[(&'static str, String)]) -> AnyView {
    let text = |name: &str| url.get(name).map(ToOwned::to_owned);
    let time = |name: &str| url.get(name).and_then(parse_time).map(input_time);
    let range = url.get("range").map(ToOwned::to_owned);
    let severities = std::iter::once(("", "Any"))
        .chain(
            Severity::ALL
                .iter()
                .skip(1)
                .map(|level| (level.as_str(), level.label())),
        )
        .collect();
    let presets = RANGES
        .iter()
        .map(|(slug, label, _)| {
            let chosen =
                url.get("range").unwrap_or("24h") == *slug && url.get("since").is_none() && url.get("until").is_none();
            let href = url
                .without(&["since", "until", "after"])
                .with("range", slug)
                .href(SEARCH);
            view! { <a class="facet" href=href aria-current=chosen.then_some("true")>{*label}</a> }
        })
        .collect_view();
    let problem = message_of(bad, "q");
    let described = problem.is_some().then_some("e-q-error");
    view! {
        <form class="filterform stack stack--3" method="get" action=SEARCH role="search" aria-label="Search events">
            {range.map(|range| view! { <input type="hidden" name="range" value=range/> })}
            <div class="bar">
                <div class="search search--wide">
                    {icon("search")}
                    <input type="search" name="q" id="e-q" aria-label="Words that all occur in the message" placeholder="Words that all occur in the message"
                        value=text("q") data-search="" aria-invalid=problem.is_some().then_some("true") aria-describedby=described/>
                </div>
                <button class="btn btn--primary" type="submit">"Search"</button>
                <a class="btn btn--quiet" href=SEARCH>"Clear"</a>
            </div>
            {problem.map(|text| view! { <p class="field__error" id="e-q-error"><span>{text}</span></p> })}
            <div class="bar filterform__fields">
                <Input id="e-since" name="since" label="Since, UTC" kind="datetime-local" required=false value=time("since") error=message_of(bad, "since")/>
                <Input id="e-until" name="until" label="Until, UTC" kind="datetime-local" required=false value=time("until") error=message_of(bad, "until")/>
                <Input id="e-peer" name="peer" label="Peer" required=false value=text("peer") error=message_of(bad, "peer")/>
                {filter_select("e-severity", "severity", "At least", severities, url.get("severity").unwrap_or_default(), message_of(bad, "severity"))}
            </div>
        </form>
        <nav class="bar bar--facets" aria-label="Time ranges">{presets}</nav>
    }
    .into_any()
}

fn results(url: &UrlQuery, view: &EventsView) -> AnyView {
    let first = url.without(&["after"]);
    // The bounds are pinned, so that the next page continues the same search.
    let pinned = first
        .without(&["range"])
        .with(
            "since",
            &view.since.to_rfc3339_opts(chrono::SecondsFormat::Micros, true),
        )
        .with(
            "until",
            &view.until.to_rfc3339_opts(chrono::SecondsFormat::Micros, true),
        );
    let older = view
        .page
        .next_cursor
        .as_ref()
        .map(|cursor| pinned.with("after", cursor).href(SEARCH));
    let newest = url.get("after").map(|_| first.href(SEARCH));
    let bounds = format!("{} to {}", exact(view.since), exact(view.until));
    let body = if view.page.items.is_empty() {
        nothing(view.any_events)
    } else {
        let rows = view.page.items.iter().map(row).collect_view();
        view! {
            <table class="table events table--cards">
                <caption class="sr">"Events, newest first"</caption>
                <thead><tr>
                    <th scope="col">"Time, UTC"</th><th scope="col">"Severity"</th><th scope="col">"Peer"</th>
                    <th scope="col">"Log source"</th><th scope="col">"Message"</th>
                </tr></thead>
                <tbody>{rows}</tbody>
            </table>
        }
        .into_any()
    };
    view! {
        {body}
        <nav class="bar bar--hint queue__foot" aria-label="Pages of the search">
            <span title=bounds.clone()>{view.page.items.len()}" shown, newest first"<span class="sr">{format!(", from {bounds}")}</span></span>
            <span class="push row row--tight">
                {newest.map(|href| view! { <a class="btn btn--quiet" href=href>"Newest"</a> })}
                {older.map(|href| view! { <a class="btn" href=href rel="next">"Older"</a> })}
            </span>
        </nav>
    }
    .into_any()
}

fn row(event: &SecurityEvent) -> AnyView {
    view! {
        <tr data-row="">
            <td class="nowrap dim"><a href=event_href(event.ts, event.id)>{clock(event.ts)}</a></td>
            <td class="nowrap">{severity_mark(event.severity)}</td>
            <td class="nowrap"><a class="link" href=peer_href(&event.peer)>{event.peer.clone()}</a></td>
            <td class="nowrap ink2">{source_text(&event.logsource)}</td>
            <td class="msg full">{event.message.clone()}</td>
        </tr>
    }
    .into_any()
}

/// `linux, sshd`; a dash where nothing is known.
pub fn source_text(source: &LogSource) -> String {
    let parts: Vec<&str> = [&source.product, &source.category, &source.service]
        .into_iter()
        .filter_map(|part| part.as_deref())
        .collect();
    if parts.is_empty() {
        "–".to_owned()
    } else {
        parts.join(", ")
    }
}

fn nothing(any_events: bool) -> AnyView {
    if any_events {
        return view! {
            <div class="empty">
                {icon("search")}
                <div class="stack">
                    <h2 class="h-sm">"No event matches"</h2>
                    <p>"Nothing was stored in this time range that fits. Widen the range, or take a word away."</p>
                </div>
                <p><a class="btn" href=format!("{SEARCH}?range=7d")>"Everything of the last 7 days"</a></p>
            </div>
        }
        .into_any();
    }
    let url = context::request().map(|request| request.public_url).unwrap_or_default();
    view! {
        <div class="empty">
            {icon("peer")}
            <div class="stack">
                <h2 class="h-sm">"No events yet"</h2>
                <p>"Add a peer and keep its key in KEY, then send the first event from any shell. It is here within seconds."</p>
            </div>
            {command("Command that sends an event", event_command(&url, rendered_at()))}
            <p><a class="btn" href=ADD>"Add a peer"</a></p>
        </div>
    }
    .into_any()
}
