//! `GET /api/v1/events`.

use axum::Json;
use axum::extract::{Query, State};
use serde::Serialize;
use serde_json::value::RawValue;
use wolfsec::Timestamp;
use wolfsec::events::{DEFAULT_LOOKBACK, EventQuery, MAX_TERMS, SecurityEvent, query_terms};
use wolfsec::ids::EventId;
use wolfsec::severity::Severity;

use super::List;
use super::parameters::Parameters;
use crate::http::credentials::FromToken;
use crate::http::error::ApiError;
use crate::http::state::AppState;

/// An event as the API shows it.
#[derive(Serialize)]
pub(in crate::http) struct EventView {
    id: EventId,
    ts: Timestamp,
    received_at: Timestamp,
    peer: String,
    product: Option<String>,
    category: Option<String>,
    service: Option<String>,
    severity: Severity,
    message: String,
    fields: Option<Box<RawValue>>,
    time_adjusted: bool,
    sanitised: bool,
}

impl From<SecurityEvent> for EventView {
    fn from(event: SecurityEvent) -> Self {
        Self {
            id: event.id,
            ts: event.ts,
            received_at: event.received_at,
            peer: event.peer,
            product: event.logsource.product,
            category: event.logsource.category,
            service: event.logsource.service,
            severity: event.severity,
            message: event.message,
            fields: RawValue::from_string(event.fields).ok(),
            time_adjusted: event.time_adjusted,
            sanitised: event.sanitised,
        }
    }
}

pub(in crate::http) async fn list(
    State(state): State<AppState>,
    FromToken(caller): FromToken,
    Query(pairs): Query<Vec<(String, String)>>,
) -> Result<Json<List<EventView>>, ApiError> {
    let parameters = Parameters::read(pairs, &["since", "until", "peer", "q", "limit", "cursor"])?;
    // Events may be up to ten minutes ahead of this clock.
    let until = parameters
        .time("until")?
        .unwrap_or_else(|| state.use_cases.now() + chrono::Duration::minutes(11));
    let terms = parameters.text("q")?.map(query_terms).unwrap_or_default();
    if terms.len() > MAX_TERMS {
        return Err(ApiError::bad_parameter("q", format!("at most {MAX_TERMS} words")));
    }
    let query = EventQuery {
        since: parameters
            .time("since")?
            .unwrap_or_else(|| state.use_cases.now() - DEFAULT_LOOKBACK),
        until,
        peer: parameters.text("peer")?.map(ToOwned::to_owned),
        min_severity: None,
        terms,
        limit: parameters.limit()?,
        after: parameters.cursor()?,
    };
    Parameters::check_span(Some(query.since), Some(query.until))?;
    let page = state.use_cases.search_events(&caller, &query).await?;
    let items = page.items.into_iter().map(EventView::from).collect();
    Ok(Json(List {
        items,
        next_cursor: page.next_cursor,
    }))
}
