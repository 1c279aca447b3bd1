//! All routes. Layers are laid on last: a later layer wraps everything added before it.

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::{any, get, post};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{NotForContentType, Predicate, SizeAbove};

use super::{api, elastic, layers, live, pages, probes, rule_import, traffic};
use crate::http::AppState;

/// The whole HTTP face.
pub fn router(state: AppState) -> Router {
    let api = Router::new()
        .route("/enroll", post(api::enroll::enroll))
        .route("/events", post(api::ingest::ingest).get(api::events::list))
        .route("/heartbeat", post(api::heartbeat::heartbeat))
        .route("/metrics", post(api::metrics::metrics))
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
        .route("/live", get(live::live))
        .route("/live/since", get(live::since))
        // Its handler bounds the body.
        .route(
            "/rules/import",
            get(pages::page)
                .post(rule_import::upload)
                .layer(DefaultBodyLimit::disable()),
        )
        .route("/", get(elastic::info_or_page))
        .merge(elastic::routes())
        .fallback(pages::asset_or_page)
        .layer(from_fn_with_state(state.clone(), layers::open_doors))
        .layer(from_fn_with_state(state.clone(), layers::refuse_forged))
        .layer(from_fn(layers::security_headers))
        .layer(CompressionLayer::new().compress_when(worth_compressing()))
        .layer(CatchPanicLayer::new())
        .layer(from_fn_with_state(state.clone(), layers::identify))
        .layer(from_fn_with_state(state.traffic.clone(), traffic::count))
        .with_state(state)
}

/// Documents and lists; not streams, whose lines must leave at once, and nothing that is small. Pages carry no secret beside
/// words of the request: forged forms are told by their origin, not by a token that could be guessed from lengths.
fn worth_compressing() -> impl Predicate {
    SizeAbove::new(1024)
        .and(NotForContentType::const_new("text/event-stream"))
        .and(NotForContentType::IMAGES)
}
