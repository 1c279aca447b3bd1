//! All routes. Layers are laid on last: a later layer wraps everything added before it.

use axum::Router;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::{any, get, post};
use tower_http::catch_panic::CatchPanicLayer;

use super::{api, layers, pages, probes};
use crate::http::AppState;

/// The whole HTTP face.
pub fn router(state: AppState) -> Router {
    let api = Router::new()
        .route("/enroll", post(api::enroll::enroll))
        .route("/events", post(api::ingest::ingest).get(api::events::list))
        .route("/heartbeat", post(api::heartbeat::heartbeat))
        .route("/alerts", get(api::alerts::list))
        .route("/alerts/{id}", get(api::alerts::get).patch(api::alerts::patch))
        .route("/peers", get(api::peers::list))
        .route("/rules", get(api::rules::list))
        .route("/{*rest}", any(pages::no_such_endpoint))
        .method_not_allowed_fallback(api::method_not_allowed);
    Router::new()
        .nest("/api/v1", api)
        .route("/api/{*function}", any(pages::server_fn))
        .route("/healthz", get(probes::healthz))
        .route("/readyz", get(probes::readyz))
        .route("/", get(pages::page))
        .fallback(pages::asset_or_page)
        .layer(from_fn_with_state(state.clone(), layers::open_doors))
        .layer(from_fn_with_state(state.clone(), layers::refuse_forged))
        .layer(from_fn(layers::security_headers))
        .layer(CatchPanicLayer::new())
        .layer(from_fn_with_state(state.clone(), layers::identify))
        .with_state(state)
}
