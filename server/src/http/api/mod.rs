//! `/api/v1`: what programs use. Shapes: docs/api.md.

pub(super) mod alerts;
pub(super) mod enroll;
pub(super) mod events;
pub(super) mod heartbeat;
pub(super) mod ingest;
pub(super) mod metrics;
mod parameters;
pub(super) mod peers;
pub(super) mod rules;

use axum::body::Bytes;
use http::StatusCode;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::error::ApiError;

/// `{"items": […], "next_cursor": …|null}`.
#[derive(Serialize)]
pub(in crate::http) struct List<T> {
    items: Vec<T>,
    next_cursor: Option<String>,
}

pub(super) async fn method_not_allowed() -> ApiError {
    ApiError::new(
        StatusCode::METHOD_NOT_ALLOWED,
        "method_not_allowed",
        "this endpoint does not take that method; see docs/api.md",
    )
}

/// A JSON body; what is wrong is said with its place.
fn parse<T: DeserializeOwned>(body: &Bytes) -> Result<T, ApiError> {
    serde_json::from_slice(body).map_err(|error| ApiError::bad_request(format!("the body is not as expected: {error}")))
}
