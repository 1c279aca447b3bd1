//! `POST /api/v1/heartbeat`: a peer says that it runs, or that it stops on purpose.

use axum::body::Body;
use axum::extract::State;
use http::{HeaderMap, StatusCode};
use serde::Deserialize;
use wolfsec::peers::HeartbeatState;
use wolfsec_app::Failure;
use wolfsec_app::peers::PeerReport;

use crate::http::credentials::FromPeer;
use crate::http::error::ApiError;
use crate::http::state::AppState;
use crate::http::{api, body};

#[derive(Deserialize)]
struct Heartbeat {
    state: HeartbeatState,
}

pub(in crate::http) async fn heartbeat(
    State(state): State<AppState>,
    from: FromPeer,
    headers: HeaderMap,
    sent: Body,
) -> Result<StatusCode, ApiError> {
    body::require_json_if_named(&headers)?;
    let heartbeat: Heartbeat = api::parse(&body::small(sent).await?)?;
    let report = PeerReport {
        peer: from.peer.id,
        received_at: state.use_cases.now(),
        address: from.address,
        state: heartbeat.state,
        samples: Vec::new(),
    };
    state.reports.submit(report).await.map_err(Failure::from)?;
    Ok(StatusCode::NO_CONTENT)
}
