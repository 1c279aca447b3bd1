//! Is the process alive, and can it do its work?

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{StatusCode, header};
use serde_json::json;

use super::state::AppState;
use crate::adapters::pg;

/// The process answers.
pub(super) async fn healthz() -> &'static str {
    "ok\n"
}

/// Database, migrations, partitions and rules are there.
pub(super) async fn readyz(State(state): State<AppState>) -> Response {
    let today = state.use_cases.now().date_naive();
    let store = pg::readiness(&state.pool, today).await;
    let rules = state.detector.snapshot().detector.rule_count() > 0;
    let checks = json!({
        "database": store.database,
        "migrations": store.migrations,
        "partitions": store.partitions,
        "rules": rules,
    });
    let ready = store.database && store.migrations && store.partitions && rules;
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
