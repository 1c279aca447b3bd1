//! `POST /api/v1/enroll`: a single-use token becomes a peer and its key.

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http::request::Parts;
use serde::Deserialize;
use serde_json::json;

use crate::http::credentials::address_of;
use crate::http::error::ApiError;
use crate::http::request::{ClientAddress, limited};
use crate::http::state::AppState;
use crate::http::{api, body};

#[derive(Deserialize)]
struct EnrollRequest {
    token: String,
    name: String,
}

pub(in crate::http) async fn enroll(
    State(state): State<AppState>,
    parts: Parts,
    sent: Body,
) -> Result<Response, ApiError> {
    let address = address_of(&parts);
    let client = parts.extensions.get::<ClientAddress>().and_then(|client| client.0);
    let limited = client.map_or_else(|| "unknown".to_owned(), limited);
    state.limits().enrolment(&limited)?;
    body::require_json_if_named(&parts.headers)?;
    let request: EnrollRequest = api::parse(&body::small(sent).await?)?;
    let enrolled = state
        .use_cases
        .enrol_peer(&request.token, &request.name, address.as_deref())
        .await?;
    let answer = json!({ "peer_id": enrolled.peer.id, "api_key": enrolled.api_key });
    Ok((StatusCode::CREATED, Json(answer)).into_response())
}
