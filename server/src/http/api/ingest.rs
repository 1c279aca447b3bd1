//! `POST /api/v1/events`: NDJSON in; an answer means that it is committed.

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use http::HeaderMap;
use wolfsec::events::IngestAnswer;
use wolfsec_app::Failure;

use crate::http::body;
use crate::http::credentials::FromPeer;
use crate::http::error::ApiError;
use crate::http::state::AppState;
use crate::ingest::RawRequest;

pub(in crate::http) async fn ingest(
    State(state): State<AppState>,
    from: FromPeer,
    headers: HeaderMap,
    sent: Body,
) -> Result<Json<IngestAnswer>, ApiError> {
    body::require_type(&headers, &body::JSON_LINES)?;
    let body = body::decoded(&state, &headers, sent).await?;
    body::check_lines(&body)?;
    let received_at = state.use_cases.now();
    let request = RawRequest {
        peer: from.peer.id,
        received_at,
        address: from.address,
        body,
        refused: Vec::new(),
    };
    let outcome = state.pipeline.submit(request).await.map_err(Failure::from)?;
    Ok(Json(outcome.answer))
}
