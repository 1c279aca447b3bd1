//! The part of the Elasticsearch API that log shippers need: `_bulk`, and what they ask before their first one.
//! Shapes: <https://www.elastic.co/docs/api/doc/elasticsearch/operation/operation-bulk> and
//! <https://www.elastic.co/docs/api/doc/elasticsearch/operation/operation-info>.

mod answer;
mod decode;
mod patience;

use std::collections::HashMap;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{FromRequestParts as _, Path, Request, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, get, post};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::{HeaderName, HeaderValue, StatusCode, header};
use serde_json::json;
use wolfsec_app::Failure;

use super::body;
use super::credentials::FromPeer;
use super::error::ApiError;
use super::state::AppState;
use crate::ingest::RawRequest;
use decode::{Bulk, Defaults};
use patience::Patience;

/// The version whose bulk API is spoken. Clients ask for it to choose their own manners.
const VERSION: &str = "8.19.0";
const NAME: &str = "wolfsec";
const PRODUCT: HeaderName = HeaderName::from_static("x-elastic-product");
/// Official clients mark a body as written for their major version.
const BULK_TYPES: [&str; 4] = [
    "application/x-ndjson",
    "application/json",
    "application/vnd.elasticsearch+x-ndjson",
    "application/vnd.elasticsearch+json",
];

/// Everything but `/`, which is shared with the pages.
pub(super) fn routes() -> [(&'static str, MethodRouter<AppState>); 5] {
    let bulk = || post(bulk).put(bulk);
    [
        ("/_bulk", bulk()),
        ("/{index}/_bulk", bulk()),
        // With the type that clients before version 8 name.
        ("/{index}/{type}/_bulk", bulk()),
        // rsyslog asks before it sends again after a failure, Vector as it starts.
        ("/_cat/health", get(cat_health)),
        ("/_cluster/health", get(cluster_health)),
    ]
}

/// Whether a path belongs to this API and to no page.
pub(super) fn is_path(path: &str) -> bool {
    path.starts_with("/_") || path.ends_with("/_bulk")
}

/// Whether `/` is asked for by a program with a key. A browser asks for HTML, also behind a proxy that asked for a password
/// and passes it on.
pub(super) fn is_client(request: &Request) -> bool {
    let accepts_pages = request
        .headers()
        .get(header::ACCEPT)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|accept| accept.contains("text/html"));
    request.uri().path() == "/" && request.headers().contains_key(header::AUTHORIZATION) && !accepts_pages
}

/// `GET /` as clients ask it: who is there.
pub(super) async fn who(state: &AppState, request: Request) -> Response {
    let (mut parts, _) = request.into_parts();
    let from = FromPeer::from_request_parts(&mut parts, state).await;
    marked(from.map(|_| Json(info(state))).map_err(Refused))
}

fn info(state: &AppState) -> serde_json::Value {
    json!({
        "name": NAME,
        "cluster_name": NAME,
        "cluster_uuid": URL_SAFE_NO_PAD.encode(state.own_peer.0.as_bytes()),
        "version": {
            "number": VERSION,
            "build_flavor": "default",
            "build_type": "wolfsec",
            "build_hash": "unknown",
            "build_date": "2025-07-24T00:00:00.000000000Z",
            "build_snapshot": false,
            "lucene_version": "9.12.2",
            "minimum_wire_compatibility_version": "7.17.0",
            "minimum_index_compatibility_version": "7.0.0",
        },
        "tagline": "You Know, for Search",
    })
}

async fn cat_health(State(state): State<AppState>, from: Result<FromPeer, ApiError>) -> Response {
    let now = state.use_cases.now();
    let line = || {
        format!(
            "{} {} {NAME} green 1 1 0 0 0 0 0 0 - 100.0%\n",
            now.timestamp(),
            now.format("%H:%M:%S")
        )
    };
    marked(from.map(|_| line()).map_err(Refused))
}

async fn cluster_health(from: Result<FromPeer, ApiError>) -> Response {
    let health = json!({ "cluster_name": NAME, "status": "green", "timed_out": false, "number_of_nodes": 1, "number_of_data_nodes": 1 });
    marked(from.map(|_| Json(health)).map_err(Refused))
}

async fn bulk(State(state): State<AppState>, Path(path): Path<HashMap<String, String>>, request: Request) -> Response {
    marked(store(&state, &path, request).await.map_err(Refused))
}

async fn store(state: &AppState, path: &HashMap<String, String>, request: Request) -> Result<Response, ApiError> {
    let received_at = state.use_cases.now();
    let (mut parts, sent) = request.into_parts();
    let mut patience = Patience::of(&parts.headers);
    let from = loop {
        match FromPeer::from_request_parts(&mut parts, state).await {
            Ok(from) => break from,
            Err(refusal) => patience.after(refusal).await?,
        }
    };
    body::require_type(&parts.headers, &BULK_TYPES)?;
    let body = body::decoded(state, &parts.headers, sent).await?;
    let defaults = Defaults {
        index: path.get("index").cloned(),
    };
    let Bulk { lines, items, refused } = decoded(body, defaults).await?;
    let request = RawRequest {
        peer: from.peer.id,
        received_at,
        address: from.address,
        body: lines,
        refused,
    };
    let outcome = loop {
        match state.pipeline.submit(request.clone()).await {
            Ok(outcome) => break outcome,
            Err(error) => patience.after(Failure::from(error).into()).await?,
        }
    };
    let took = (state.use_cases.now() - received_at).num_milliseconds();
    Ok(Json(answer::bulk_answer(took, &items, &request.refused, &outcome)).into_response())
}

async fn decoded(body: Bytes, defaults: Defaults) -> Result<Bulk, ApiError> {
    let work = tokio::task::spawn_blocking(move || decode::decode(&body, &defaults));
    let outcome = work.await.map_err(|_| {
        ApiError::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "internal",
            "the body could not be read",
        )
    })?;
    outcome.map_err(|error| match error {
        decode::BulkError::Empty => ApiError::bad_request(error.to_string()),
        decode::BulkError::TooMany => {
            ApiError::new(StatusCode::PAYLOAD_TOO_LARGE, "too_many_actions", error.to_string())
        }
    })
}

/// A path of this API that is not served here.
pub(super) fn no_such_endpoint() -> Response {
    let message = "of the Elasticsearch API only /, _bulk, _cat/health and _cluster/health are served; see docs/api.md";
    let refused = Refused(ApiError::new(StatusCode::NOT_FOUND, "not_found", message));
    marked(Err::<(), _>(refused))
}

/// Official clients refuse to talk to a server that does not name the product.
fn marked(answer: impl IntoResponse) -> Response {
    let mut response = answer.into_response();
    response
        .headers_mut()
        .insert(PRODUCT, HeaderValue::from_static("Elasticsearch"));
    response
}

/// An error in this project's shape that Elasticsearch clients can read too.
struct Refused(ApiError);

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let status = self.0.status();
        let kind = match status {
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => "security_exception",
            StatusCode::NOT_FOUND => "no_handler_found_exception",
            StatusCode::PAYLOAD_TOO_LARGE => "content_too_long_exception",
            StatusCode::UNSUPPORTED_MEDIA_TYPE => "media_type_header_exception",
            StatusCode::TOO_MANY_REQUESTS => "es_rejected_execution_exception",
            StatusCode::SERVICE_UNAVAILABLE => "unavailable_exception",
            status if status.is_client_error() => "illegal_argument_exception",
            _ => "exception",
        };
        let cause = json!({ "type": kind, "reason": self.0.message() });
        self.0.respond(|body| {
            body["error"]["type"] = cause["type"].clone();
            body["error"]["reason"] = cause["reason"].clone();
            body["error"]["root_cause"] = json!([cause]);
            body["status"] = status.as_u16().into();
        })
    }
}
