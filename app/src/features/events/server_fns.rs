//! Server functions of the event search and the event.

use leptos::prelude::*;
use wolfsec::events::SecurityEvent;

use super::view::EventsView;
use crate::error::AppError;

/// One page of a search; `query` is the page's URL query.
#[server(endpoint = "search_events")]
pub async fn search_events(#[server(default)] query: String) -> Result<EventsView, AppError> {
    use super::model::event_query;
    use crate::context;
    use crate::features::url_query::{UrlQuery, bad_filter};
    use wolfsec::page::Limit;
    let caller = context::caller()?;
    let use_cases = context::use_cases()?;
    let asked = event_query(&UrlQuery::parse(&query), use_cases.now()).map_err(bad_filter)?;
    let page = use_cases
        .preview_events(&caller, &asked)
        .await
        .map_err(context::app_error)?;
    // Only an empty page has to tell an empty search from an empty server.
    let any_events = if page.items.is_empty() {
        let peers = use_cases
            .list_peers(&caller, None, Limit::new(Limit::MAX).unwrap_or_default())
            .await
            .map_err(context::app_error)?;
        peers.items.iter().any(|peer| peer.event_count > 0)
    } else {
        true
    };
    Ok(EventsView {
        since: asked.since,
        until: asked.until,
        page,
        any_events,
    })
}

/// One event by its identity: `ts` are microseconds since the epoch.
#[server(endpoint = "get_event")]
pub async fn get_event(
    #[server(default)] ts: String,
    #[server(default)] id: String,
) -> Result<SecurityEvent, AppError> {
    use crate::context;
    use wolfsec_app::Failure;
    let caller = context::caller()?;
    let not_found = || context::app_error(Failure::not_found("event"));
    let ts = ts
        .parse()
        .ok()
        .and_then(wolfsec::Timestamp::from_timestamp_micros)
        .ok_or_else(not_found)?;
    let id = id.parse().map_err(|_| not_found())?;
    context::use_cases()?
        .get_event(&caller, ts, id)
        .await
        .map_err(context::app_error)
}
