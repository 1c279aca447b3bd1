//! Is the process alive, and can it do its work?

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{StatusCode, header};
use serde_json::json;

use super::credentials::FromToken;
use super::error::ApiError;
use super::state::AppState;
use crate::adapters::pg;
use crate::telemetry::{CONTENT_TYPE, Reading};

const OPENAPI: &str = include_str!("openapi.json");

/// The process answers.
pub(super) async fn healthz() -> &'static str {
    "ok\n"
}

/// Metrics, for whoever holds an API token: every role may read.
pub(super) async fn metrics(State(state): State<AppState>, FromToken(_): FromToken) -> Result<Response, ApiError> {
    let (queue_requests, queue_kilobytes) = state.pipeline.waiting();
    let reading = Reading {
        queue_requests,
        queue_kilobytes,
        connections: state.pool.size(),
        idle_connections: state.pool.num_idle(),
        rules: state.detector.snapshot().detector.rules_in_use(),
    };
    let text = state.metrics.text(&reading).map_err(|_| {
        let message = "the metrics could not be written";
        ApiError::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", message)
    })?;
    Ok(([(header::CONTENT_TYPE, CONTENT_TYPE)], text).into_response())
}

/// This API described for machines; docs/api.md is for people.
pub(super) async fn openapi() -> Response {
    ([(header::CONTENT_TYPE, "application/json")], OPENAPI).into_response()
}

/// Database, migrations, partitions and rules are there, and events are taken.
pub(super) async fn readyz(State(state): State<AppState>) -> Response {
    let today = state.use_cases.now().date_naive();
    let store = pg::readiness(&state.pool, today).await;
    let rules = state.detector.snapshot().detector.rule_count() > 0;
    let ingest = state.pipeline.is_running();
    let checks = json!({
        "database": store.database,
        "migrations": store.migrations,
        "partitions": store.partitions,
        "rules": rules,
        "ingest": ingest,
    });
    let ready = store.database && store.migrations && store.partitions && rules && ingest;
    if ready {
        return Json(json!({ "ready": true, "checks": checks })).into_response();
    }
    (
        StatusCode::SERVICE_UNAVAILABLE,
        [(header::RETRY_AFTER, "5")],
        Json(json!({ "ready": false, "checks": checks })),
    )
        .into_response()
}
