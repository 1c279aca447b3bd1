//! Around every request: id, span, client address, security headers, forged-form check, session and the doors to
//! set-up and sign-in. They are laid on last, so that they cover the pages too.

use std::net::{IpAddr, SocketAddr};
use std::time::Instant;

use app::context::{FLASH_COOKIE, RequestContext, SESSION_COOKIE};
use axum::extract::{ConnectInfo, MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use tracing::Instrument as _;
use wolfsec_app::identity::ClientInfo;

use super::elastic;
use super::error::ApiError;
use super::request::{CURRENT_REQUEST_ID, ClientAddress, cookie, current_request_id};
use super::state::AppState;
use crate::telemetry::adopt_parent;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Outermost: an id for the answer and every log line, and the client's address.
pub(super) async fn identify(State(state): State<AppState>, mut request: Request, next: Next) -> Response {
    let id = uuid::Uuid::from_bytes(crate::adapters::crypto::random_16())
        .simple()
        .to_string();
    let address = client_address(&state, &request);
    request.extensions_mut().insert(ClientAddress(address));
    let route = request
        .extensions()
        .get::<MatchedPath>()
        .map_or("pages", MatchedPath::as_str)
        .to_owned();
    let method = request.method().clone();
    let span = tracing::info_span!(
        "http.request",
        request_id = %id, method = %method, path = %request.uri().path(), http.route = route, otel.kind = "server"
    );
    adopt_parent(&span, request.headers());
    let began = Instant::now();
    let answer = async move {
        let mut response = next.run(request).await;
        state
            .metrics
            .request(&method, &route, response.status(), began.elapsed());
        if response.status().is_server_error() {
            tracing::warn!(status = response.status().as_u16(), "answered");
        } else {
            tracing::debug!(status = response.status().as_u16(), "answered");
        }
        if let Ok(value) = HeaderValue::from_str(&current_request_id()) {
            response.headers_mut().insert(REQUEST_ID, value);
        }
        response
    };
    CURRENT_REQUEST_ID.scope(id, answer.instrument(span)).await
}

/// The socket's address, or what the last trusted proxy saw.
fn client_address(state: &AppState, request: &Request) -> Option<IpAddr> {
    let socket = request
        .extensions()
        .get::<ConnectInfo<SocketAddr>>()
        .map(|info| info.0.ip().to_canonical())?;
    if !state.is_trusted_proxy(socket) {
        return Some(socket);
    }
    let forwarded = request
        .headers()
        .get_all("x-forwarded-for")
        .iter()
        .filter_map(|value| value.to_str().ok());
    let parts: Vec<&str> = forwarded.flat_map(|value| value.split(',')).collect();
    let mut nearest = socket;
    // From the nearest on, as far as every hop is a trusted one: what a stranger wrote, or nobody can read, is not believed.
    for part in parts.into_iter().rev() {
        let Some(address) = forwarded_address(part.trim()) else {
            break;
        };
        nearest = address;
        if !state.is_trusted_proxy(address) {
            break;
        }
    }
    Some(nearest)
}

/// An address, with a port or without one.
fn forwarded_address(part: &str) -> Option<IpAddr> {
    let bare = part
        .strip_prefix('[')
        .and_then(|part| part.strip_suffix(']'))
        .unwrap_or(part);
    let address = bare.parse::<IpAddr>().ok();
    let address = address.or_else(|| part.parse::<SocketAddr>().ok().map(|with_port| with_port.ip()));
    address.map(|address| address.to_canonical())
}

/// Headers that every answer carries.
pub(super) async fn security_headers(request: Request, next: Next) -> Response {
    let cacheable = request.uri().path().starts_with("/pkg/");
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    let mut set = |name: HeaderName, value: &'static str| {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    };
    set(
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'",
    );
    set(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    set(header::X_FRAME_OPTIONS, "DENY");
    // Forms come back to the page they were sent from, which they name; other sites learn nothing.
    set(header::REFERRER_POLICY, "same-origin");
    set(HeaderName::from_static("cross-origin-opener-policy"), "same-origin");
    set(HeaderName::from_static("cross-origin-resource-policy"), "same-origin");
    set(
        HeaderName::from_static("permissions-policy"),
        "camera=(), geolocation=(), microphone=()",
    );
    if !cacheable {
        set(header::CACHE_CONTROL, "no-store");
    }
    response
}

/// A request that changes something with a cookie's authority must come from this site's own pages.
pub(super) async fn refuse_forged(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let path = request.uri().path();
    let reads = matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    // What programs use takes no cookie: its keys cannot be sent by a foreign page.
    if reads
        || path.starts_with("/api/v1/")
        || elastic::is_path(path)
        || is_own_origin(request.headers(), &state.public_url)
    {
        return next.run(request).await;
    }
    ApiError::new(
        StatusCode::FORBIDDEN,
        "foreign_origin",
        format!(
            "this form was not sent from {}; open Wolfsec under that address (public_url) and try again",
            state.public_url
        ),
    )
    .into_response()
}

fn is_own_origin(headers: &HeaderMap, public_url: &str) -> bool {
    match headers.get(header::ORIGIN).map(HeaderValue::to_str) {
        Some(Ok(origin)) => origin == public_url,
        Some(Err(_)) => false,
        None => headers.get("sec-fetch-site").is_some_and(|site| site == "same-origin"),
    }
}

/// Looks the session up, puts the request's context where pages and server functions find it, and leads
/// to set-up or sign-in whoever has to go there first.
pub(super) async fn open_doors(State(state): State<AppState>, mut request: Request, next: Next) -> Response {
    let path = request.uri().path().to_owned();
    let of_programs = path.starts_with("/api/v1/") || elastic::is_path(&path) || elastic::is_client(&request);
    if of_programs || path.starts_with("/pkg/") || !is_page_or_form(&path) {
        return next.run(request).await;
    }
    let address = request
        .extensions()
        .get::<ClientAddress>()
        .and_then(|client| client.0)
        .map(|ip| ip.to_string());
    let token = cookie(request.headers(), SESSION_COOKIE);
    let signed_in = match token {
        Some(token) => match state.use_cases.authenticate_session(&token, address.as_deref()).await {
            Ok(signed_in) => signed_in,
            Err(failure) => return unavailable(&failure),
        },
        None => None,
    };
    let is_page = matches!(*request.method(), Method::GET | Method::HEAD) && !path.starts_with("/api/");
    let query = request.uri().query().map(ToOwned::to_owned);
    if is_page && signed_in.is_none() {
        match door(&state, &path, query.as_deref()).await {
            Ok(Some(redirect)) => return redirect,
            Ok(None) => {}
            Err(failure) => return unavailable(&failure),
        }
    }
    let context = RequestContext {
        request_id: current_request_id(),
        signed_in,
        client: ClientInfo {
            address,
            user_agent: header_text(request.headers(), &header::USER_AGENT),
        },
        public_url: state.public_url.clone(),
        secure_cookies: state.secure_cookies(),
        flash: cookie(request.headers(), FLASH_COOKIE),
        theme: cookie(request.headers(), "wolfsec_theme").filter(|theme| theme == "light" || theme == "dark"),
        rendered_at: state.use_cases.now(),
        query: query.unwrap_or_default(),
        referer: Some(header_text(request.headers(), &header::REFERER)).filter(|text| !text.is_empty()),
        path,
    };
    request.extensions_mut().insert(context);
    next.run(request).await
}

fn header_text(headers: &HeaderMap, name: &HeaderName) -> String {
    headers
        .get(name)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default()
        .to_owned()
}

fn is_page_or_form(path: &str) -> bool {
    !matches!(
        path,
        "/healthz" | "/readyz" | "/metrics" | "/api/openapi.json" | "/favicon.svg" | "/live" | "/live/since"
    )
}

async fn door(state: &AppState, path: &str, query: Option<&str>) -> Result<Option<Response>, wolfsec_app::Failure> {
    if state.use_cases.needs_set_up().await? {
        return Ok((path != "/setup").then(|| Redirect::to("/setup").into_response()));
    }
    if path == "/signin" {
        return Ok(None);
    }
    if path == "/setup" || path == "/" {
        return Ok(Some(Redirect::to("/signin").into_response()));
    }
    let target = query.map_or_else(|| path.to_owned(), |query| format!("{path}?{query}"));
    let next: String = target.bytes().fold(String::new(), |mut out, byte| {
        if byte.is_ascii_alphanumeric() || b"/-_.~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            use std::fmt::Write as _;
            let _ = write!(out, "%{byte:02X}");
        }
        out
    });
    Ok(Some(Redirect::to(&format!("/signin?next={next}")).into_response()))
}

/// A page that cannot be rendered because the store is away: short, honest, with a way to try again.
fn unavailable(failure: &wolfsec_app::Failure) -> Response {
    let status = app::context::status_of(failure.kind);
    let cause = failure
        .source
        .as_deref()
        .map(|source| format!("{source:?}"))
        .unwrap_or_default();
    tracing::error!(code = failure.code, cause, "page not rendered");
    let page = format!(
        "<!DOCTYPE html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>Not available · Wolfsec</title></head><body><main>\
         <h1>Wolfsec cannot answer right now</h1><p>The database cannot be reached. Nothing was lost; <a href=\"\">try again</a> in a \
         moment.</p><p>Request {}</p></main></body></html>",
        current_request_id()
    );
    (
        status,
        [
            (header::CONTENT_TYPE, "text/html; charset=utf-8"),
            (header::RETRY_AFTER, "5"),
        ],
        page,
    )
        .into_response()
}
