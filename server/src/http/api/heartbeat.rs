//! `POST /api/v1/heartbeat`: a peer says that it runs, or that it stops on purpose.

use axum::body::Body;
use axum::extract::State;
use http::StatusCode;
use serde::Deserialize;
use wolfsec::peers::HeartbeatState;

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
    sent: Body,
) -> Result<StatusCode, ApiError> {
    let heartbeat: Heartbeat = api::parse(&body::small(sent).await?)?;
    state
        .use_cases
        .heartbeat(from.peer.id, heartbeat.state, from.address)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}
