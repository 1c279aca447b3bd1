//! One shape for every error of the API: `{"error":{"code","message","fields"?,"request_id"}}`.

use app::context::status_of;
use axum::Json;
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use serde_json::json;
use wolfsec_app::{Failure, FailureKind};

/// An answer that is an error.
#[derive(Debug)]
pub struct ApiError {
    status: StatusCode,
    code: &'static str,
    message: String,
    fields: Vec<(String, String)>,
    retry_after: Option<u32>,
    /// The current state, for a stale change.
    current: Option<serde_json::Value>,
    source: Option<String>,
}

impl ApiError {
    pub fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self {
            status,
            code,
            message: message.into(),
            fields: Vec::new(),
            retry_after: None,
            current: None,
            source: None,
        }
    }
    pub const fn status(&self) -> StatusCode {
        self.status
    }
    /// A parameter or body that cannot be read.
    pub fn bad_request(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "bad_request", message)
    }
    pub fn bad_parameter(name: &str, message: impl std::fmt::Display) -> Self {
        let mut error = Self::new(StatusCode::BAD_REQUEST, "bad_parameter", format!("{name}: {message}"));
        error.fields.push((name.to_owned(), message.to_string()));
        error
    }
    pub fn too_large(limit_mb: u32) -> Self {
        Self::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "body_too_large",
            format!("a body has at most {limit_mb} MiB; send smaller batches"),
        )
    }
    pub fn too_fast(seconds: u32) -> Self {
        let mut error = Self::new(
            StatusCode::TOO_MANY_REQUESTS,
            "too_fast",
            format!("too many requests; try again in {seconds} s"),
        );
        error.retry_after = Some(seconds);
        error
    }
    pub fn with_current(mut self, current: serde_json::Value) -> Self {
        self.current = Some(current);
        self
    }
}

impl<F: Into<Failure>> From<F> for ApiError {
    fn from(failure: F) -> Self {
        let failure: Failure = failure.into();
        let source = matches!(failure.kind, FailureKind::Internal | FailureKind::Unavailable).then(|| {
            failure
                .source
                .as_deref()
                .map(|source| format!("{source:?}"))
                .unwrap_or_default()
        });
        Self {
            status: status_of(failure.kind),
            code: failure.code,
            message: failure.message,
            fields: failure
                .fields
                .into_iter()
                .map(|(name, text)| (name.to_owned(), text))
                .collect(),
            retry_after: failure.retry_after,
            current: None,
            source,
        }
    }
}

impl ApiError {
    pub(super) fn retry_after(&self) -> Option<u32> {
        self.retry_after
    }
    pub(super) fn message(&self) -> &str {
        &self.message
    }

    /// The answer, after a protocol added to its body what its clients look for.
    pub(super) fn respond(self, extend: impl FnOnce(&mut serde_json::Value)) -> Response {
        if let Some(cause) = &self.source {
            tracing::error!(code = self.code, cause, "request failed");
        }
        let mut error =
            json!({ "code": self.code, "message": self.message, "request_id": super::request::current_request_id() });
        if !self.fields.is_empty() {
            error["fields"] = self
                .fields
                .into_iter()
                .map(|(name, text)| (name, serde_json::Value::String(text)))
                .collect();
        }
        let mut body = json!({ "error": error });
        if let Some(current) = self.current {
            body["current"] = current;
        }
        extend(&mut body);
        let mut response = (self.status, Json(body)).into_response();
        if let Some(seconds) = self.retry_after
            && let Ok(value) = HeaderValue::from_str(&seconds.to_string())
        {
            response.headers_mut().insert(header::RETRY_AFTER, value);
        }
        response
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        self.respond(|_| ())
    }
}
