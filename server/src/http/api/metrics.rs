//! `POST /api/v1/metrics`: a JSON list of samples; an answer means that it is committed.

mod samples;

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use http::{HeaderMap, StatusCode};
use wolfsec::peers::{HeartbeatState, MAX_SAMPLES, MetricsAnswer};
use wolfsec_app::Failure;
use wolfsec_app::peers::PeerReport;

use crate::http::body;
use crate::http::credentials::FromPeer;
use crate::http::error::ApiError;
use crate::http::state::AppState;

/// Ample for the longest list.
const MAX_BODY_MB: u32 = 2;

pub(in crate::http) async fn metrics(
    State(state): State<AppState>,
    from: FromPeer,
    headers: HeaderMap,
    sent: Body,
) -> Result<Json<MetricsAnswer>, ApiError> {
    body::require_json(&headers)?;
    let body = body::decoded_within(&headers, sent, MAX_BODY_MB, MAX_BODY_MB).await?;
    let received_at = state.use_cases.now();
    let (samples, rejected) = samples::read(&body, received_at).map_err(|error| match error {
        samples::ListError::Malformed(reason) => {
            ApiError::bad_request(format!("the body must be a JSON list of samples: {reason}"))
        }
        samples::ListError::TooLong(count) => ApiError::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "too_many_samples",
            format!("a request has at most {MAX_SAMPLES} samples, not {count}; send several requests"),
        ),
    })?;
    let sent = samples.len() as u64;
    let report = PeerReport {
        peer: from.peer.id,
        received_at,
        address: from.address,
        state: HeartbeatState::Running,
        samples,
    };
    let stored = state.reports.submit(report).await.map_err(Failure::from)?;
    Ok(Json(MetricsAnswer {
        accepted: stored.fresh,
        duplicates: sent - stored.fresh,
        rejected,
    }))
}
