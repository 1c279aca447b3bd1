//! Live updates for the browser: one stream of server-sent events, and catching up by cursor.

use std::convert::Infallible;
use std::time::Duration;

use app::context::SESSION_COOKIE;
use axum::Json;
use axum::extract::{Query, State};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures::stream::{self, Stream, StreamExt as _};
use http::request::Parts;
use http::{HeaderName, StatusCode};
use serde::Deserialize;
use wolfsec::live::{LiveCursor, Since};
use wolfsec_app::identity::SignedIn;
use wolfsec_app::{Caller, Failure};

use super::credentials::address_of;
use super::error::ApiError;
use super::request::cookie;
use super::state::AppState;
use crate::live::{LiveStream, Message, Refusal};

const HEARTBEAT: Duration = Duration::from_secs(15);
/// How long a browser waits before it connects again by itself.
const RETRY: Duration = Duration::from_secs(3);

/// Proxies that buffer answers must let this one through.
const NO_BUFFERING: [(HeaderName, &str); 1] = [(HeaderName::from_static("x-accel-buffering"), "no")];

#[derive(Deserialize)]
pub(super) struct From {
    since: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct After {
    cursor: Option<String>,
}

/// `GET /live`: the session's stream. It looks at the session without keeping it alive: an open page is not a person.
pub(super) async fn live(
    State(state): State<AppState>,
    Query(from): Query<From>,
    parts: Parts,
) -> Result<Response, ApiError> {
    let caller = caller(&state, &parts).await?;
    // A browser that connects again by itself repeats the address and adds where it was.
    let last = parts.headers.get("last-event-id").and_then(|id| id.to_str().ok());
    let cursor = read_cursor("since", last.or(from.since.as_deref()))?;
    let session = caller.session_id().ok_or_else(Failure::unauthenticated)?;
    let stream = state.live.open(session).map_err(refused)?;
    // The stream is open: whatever is committed after this is read comes by it.
    let missed = state.use_cases.live_since(&caller, cursor).await?;
    let answer = Sse::new(messages(stream, missed)?).keep_alive(KeepAlive::new().interval(HEARTBEAT).text("alive"));
    Ok((NO_BUFFERING, answer).into_response())
}

/// `GET /live/since?cursor=`: what happened after a cursor, counted.
pub(super) async fn since(
    State(state): State<AppState>,
    Query(after): Query<After>,
    parts: Parts,
) -> Result<Json<Since>, ApiError> {
    let caller = caller(&state, &parts).await?;
    let cursor = read_cursor("cursor", after.cursor.as_deref())?;
    Ok(Json(state.use_cases.live_since(&caller, cursor).await?))
}

async fn caller(state: &AppState, parts: &Parts) -> Result<Caller, ApiError> {
    let token = cookie(&parts.headers, SESSION_COOKIE).ok_or_else(Failure::unauthenticated)?;
    let signed_in = state
        .use_cases
        .look_at_session(&token, address_of(parts).as_deref())
        .await?;
    let SignedIn { caller, .. } = signed_in.ok_or_else(Failure::unauthenticated)?;
    Ok(caller)
}

fn read_cursor(name: &str, text: Option<&str>) -> Result<Option<LiveCursor>, ApiError> {
    text.filter(|text| !text.is_empty())
        .map(|text| text.parse().map_err(|error| ApiError::bad_parameter(name, error)))
        .transpose()
}

fn refused(refusal: Refusal) -> ApiError {
    match refusal {
        Refusal::TooMany => ApiError::too_fast(30),
        Refusal::Stopping => ApiError::new(StatusCode::SERVICE_UNAVAILABLE, "stopping", "the server is stopping"),
    }
}

/// First what was missed and the last figures, then every message that tells more.
fn messages(
    mut stream: LiveStream,
    missed: Since,
) -> Result<impl Stream<Item = Result<Event, Infallible>> + Send + use<>, ApiError> {
    let start = Event::default()
        .retry(RETRY)
        .event("missed")
        .id(missed.cursor.to_string());
    let start = start.json_data(missed).map_err(|error| {
        tracing::error!(%error, "a stream was not opened");
        ApiError::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", "the server failed")
    })?;
    let mut first = vec![start];
    first.extend(stream.counters().map(|text| event(&Message::Counters(text))));
    let rest = stream::unfold(stream, move |mut stream| async move {
        loop {
            match stream.next().await? {
                Message::Alerts(cursor, _) if cursor <= missed.cursor => {}
                message => return Some((event(&message), stream)),
            }
        }
    });
    Ok(stream::iter(first).chain(rest).map(Ok))
}

fn event(message: &Message) -> Event {
    match message {
        Message::Alerts(cursor, text) => Event::default().event("alerts").id(cursor.to_string()).data(text),
        Message::Counters(text) => Event::default().event("counters").data(text),
        Message::Resync => Event::default().event("resync").data(""),
    }
}
