//! Pages and server functions, with what they need in their context.

use app::context::{LiveStart, RequestContext};
use app::pages::shell;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use leptos::prelude::provide_context;

use super::error::ApiError;
use super::request::{ClientAddress, limited};
use super::state::AppState;
use super::{elastic, form_errors};

/// What every page and server function finds in its context.
fn provide(state: &AppState, request: Option<&RequestContext>) {
    provide_context(state.use_cases.clone());
    provide_context(app::pages::Assets {
        stylesheet: state.assets.stylesheet.clone(),
    });
    if let Some(request) = request {
        provide_context(request.clone());
    }
}

/// A page.
pub(super) async fn page(State(state): State<AppState>, mut request: Request) -> Response {
    state.form_errors().keep_own(&mut request);
    let context = request.extensions().get::<RequestContext>().cloned();
    let options = state.leptos.clone();
    let provider = state.clone();
    // Before the page reads anything: what is committed from here on counts as news.
    let start = match context.as_ref().and_then(|context| context.signed_in.as_ref()) {
        Some(signed_in) => LiveStart(state.use_cases.live_cursor(&signed_in.caller).await.ok()),
        None => LiveStart(None),
    };
    let render = leptos_axum::render_app_async_with_context(
        move || {
            provide(&provider, context.as_ref());
            provide_context(start);
        },
        move || shell(options.clone()),
    );
    render(request).await.into_response()
}

/// `GET /`: the overview for people, who is there for clients of the bulk API.
pub(super) async fn overview_or_info(State(state): State<AppState>, request: Request) -> Response {
    if elastic::is_client(&request) {
        return elastic::who(&state, request).await;
    }
    page(State(state), request).await
}

/// Anything else: an asset, or the page that says that there is none.
pub(super) async fn asset_or_page(State(state): State<AppState>, request: Request) -> Response {
    if let Some(asset) = state.assets.serve(request.uri().path(), request.headers()) {
        return asset;
    }
    if elastic::is_path(request.uri().path()) {
        return elastic::no_such_endpoint();
    }
    if request.uri().path().starts_with("/pkg/") {
        return StatusCode::NOT_FOUND.into_response();
    }
    page(State(state), request).await
}

/// A server function; the public ones that check secrets are limited by address.
pub(super) async fn server_fn(State(state): State<AppState>, request: Request<Body>) -> Response {
    let path = request.uri().path();
    if matches!(path, "/api/sign_in" | "/api/set_up_admin") {
        let address = request.extensions().get::<ClientAddress>().and_then(|client| client.0);
        let key = address.map_or_else(|| "unknown".to_owned(), limited);
        if let Err(error) = state.limits().sign_in(&key) {
            return error.into_response();
        }
    }
    let context = request.extensions().get::<RequestContext>().cloned();
    let provider = state.clone();
    let (mut parts, body) = request.into_parts();
    form_errors::clean_referer(&mut parts.headers);
    let session = form_errors::session_of(&parts.headers);
    // Forms are small; a body limit stands on every route.
    let body = match super::body::small(body).await {
        Ok(bytes) => Body::from(bytes),
        Err(error) => return error.into_response(),
    };
    let request = Request::from_parts(parts, body);
    let mut response =
        leptos_axum::handle_server_fns_with_context(move || provide(&provider, context.as_ref()), request)
            .await
            .into_response();
    state.form_errors().tag(&mut response, &session);
    response
}

/// An API path that does not exist.
pub(super) async fn no_such_endpoint() -> ApiError {
    ApiError::new(
        StatusCode::NOT_FOUND,
        "not_found",
        "there is no such endpoint; see docs/api.md",
    )
}
