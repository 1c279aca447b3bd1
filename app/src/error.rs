//! The one error of all server functions: what a form shows. It never carries an internal chain.

use leptos::server_fn::codec::JsonEncoding;
use leptos::server_fn::error::{FromServerFnError, ServerFnErrorErr};
use serde::{Deserialize, Serialize};

/// A failure as the browser sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{message}")]
pub struct AppError {
    /// Stable, machine readable.
    pub code: String,
    /// What happened and what to do.
    pub message: String,
    /// Field name and what is wrong with it.
    #[serde(default)]
    pub fields: Vec<(String, String)>,
    /// What was typed, so that nothing is lost; never a secret.
    #[serde(default)]
    pub values: Vec<(String, String)>,
    pub request_id: String,
}

impl AppError {
    /// The message for one field.
    pub fn field(&self, name: &str) -> Option<String> {
        self.fields
            .iter()
            .find(|(field, _)| field == name)
            .map(|(_, message)| message.clone())
    }

    /// What was typed into a field.
    pub fn value(&self, name: &str) -> Option<String> {
        self.values
            .iter()
            .find(|(field, _)| field == name)
            .map(|(_, value)| value.clone())
    }

    /// Keeps what was typed (bounded: it travels in a redirect).
    #[must_use]
    pub fn keeping(mut self, name: &str, value: &str) -> Self {
        self.values.push((name.to_owned(), value.chars().take(1500).collect()));
        self
    }
}

impl FromServerFnError for AppError {
    type Encoder = JsonEncoding;

    fn from_server_fn_error(error: ServerFnErrorErr) -> Self {
        let (code, message) = match &error {
            ServerFnErrorErr::Args(_) | ServerFnErrorErr::MissingArg(_) | ServerFnErrorErr::Deserialization(_) => (
                "bad_request",
                "the form was incomplete or malformed; load the page again",
            ),
            _ => ("internal", "the request could not be processed; try again"),
        };
        #[cfg(feature = "ssr")]
        {
            let status = if code == "bad_request" {
                http::StatusCode::BAD_REQUEST
            } else {
                http::StatusCode::INTERNAL_SERVER_ERROR
            };
            crate::request::set_status(status);
        }
        Self {
            code: code.to_owned(),
            message: message.to_owned(),
            fields: Vec::new(),
            values: Vec::new(),
            request_id: request_id(),
        }
    }
}

#[cfg(feature = "ssr")]
fn request_id() -> String {
    crate::request::request()
        .map(|request| request.request_id)
        .unwrap_or_default()
}

#[cfg(not(feature = "ssr"))]
fn request_id() -> String {
    String::new()
}
