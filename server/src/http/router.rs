//! All routes. Layers are laid on last: a later layer wraps everything added before it.

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::{MethodRouter, any, get, post};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{NotForContentType, Predicate, SizeAbove};

use super::{api, elastic, layers, live, pages, probes, rule_import, traffic};
use crate::http::AppState;

/// A path's template and what answers there.
type Route = (&'static str, MethodRouter<AppState>);

/// Under `/api/v1`.
fn api_routes() -> Vec<Route> {
    vec![
        ("/enroll", post(api::enroll::enroll)),
        ("/events", post(api::ingest::ingest).get(api::events::list)),
        ("/heartbeat", post(api::heartbeat::heartbeat)),
        ("/metrics", post(api::metrics::metrics)),
        ("/alerts", get(api::alerts::list)),
        ("/alerts/{id}", get(api::alerts::get).patch(api::alerts::patch)),
        ("/peers", get(api::peers::list)),
        ("/rules", get(api::rules::list)),
    ]
}

/// At the root, beside the pages.
fn root_routes() -> Vec<Route> {
    let mut routes = vec![
        ("/", get(pages::overview_or_info)),
        ("/api/openapi.json", get(probes::openapi)),
        ("/healthz", get(probes::healthz)),
        ("/readyz", get(probes::readyz)),
        ("/metrics", get(probes::metrics)),
    ];
    routes.extend(elastic::routes());
    routes
}

fn with_routes(router: Router<AppState>, routes: Vec<Route>) -> Router<AppState> {
    routes
        .into_iter()
        .fold(router, |router, (path, methods)| router.route(path, methods))
}

/// The templates of everything that programs use: each is described in `/api/openapi.json`.
pub fn paths_of_programs() -> Vec<String> {
    let api = api_routes().into_iter().map(|(path, _)| format!("/api/v1{path}"));
    let root = root_routes().into_iter().map(|(path, _)| path.to_owned());
    api.chain(root).collect()
}

/// The whole HTTP face.
pub fn router(state: AppState) -> Router {
    let api = with_routes(Router::new(), api_routes())
        .route("/{*rest}", any(pages::no_such_endpoint))
        .method_not_allowed_fallback(api::method_not_allowed);
    with_routes(Router::new().nest("/api/v1", api), root_routes())
        .route("/api/{*function}", any(pages::server_fn))
        .route("/live", get(live::live))
        .route("/live/since", get(live::since))
        // Its handler bounds the body.
        .route(
            "/rules/import",
            get(pages::page)
                .post(rule_import::upload)
                .layer(DefaultBodyLimit::disable()),
        )
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
