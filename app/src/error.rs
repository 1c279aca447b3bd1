//! The one error of all server functions: what a form shows. It never carries an internal chain.

use leptos::server_fn::codec::JsonEncoding;
use leptos::server_fn::error::{FromServerFnError, ServerFnErrorErr};
use serde::{Deserialize, Serialize};

/// Of one field, percent-encoded: a note of 4000 characters in most languages of the Latin script.
const MAX_KEPT_BYTES: usize = 12_000;

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

    /// Keeps what was typed. It travels in a redirect, so it is bounded; what had to be cut is said, not lost in silence.
    #[must_use]
    pub fn keeping(mut self, name: &str, value: &str) -> Self {
        let kept = fitting(value);
        if kept.len() < value.len() {
            let message = "too long to bring back whole: the end of what you typed is missing below";
            self.fields.push((name.to_owned(), message.to_owned()));
        }
        self.values.push((name.to_owned(), kept.to_owned()));
        self
    }
}

/// As much of a text as an address has room for, percent-encoded.
fn fitting(text: &str) -> &str {
    let mut room = MAX_KEPT_BYTES;
    let end = text.char_indices().find_map(|(at, char)| {
        // What is encoded takes three bytes for one.
        let size = if char.is_ascii_alphanumeric() {
            1
        } else {
            3 * char.len_utf8()
        };
        match room.checked_sub(size) {
            Some(left) => {
                room = left;
                None
            }
            None => Some(at),
        }
    });
    &text[..end.unwrap_or(text.len())]
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

#[cfg(test)]
mod tests {
    use super::{AppError, MAX_KEPT_BYTES, fitting};

    #[test]
    fn what_is_cut_is_said() {
        let error = |text: &str| {
            let error = AppError {
                code: "stale".to_owned(),
                message: "stale".to_owned(),
                fields: Vec::new(),
                values: Vec::new(),
                request_id: String::new(),
            };
            error.keeping("note", text)
        };
        let long = "word ".repeat(800);
        assert_eq!(error(&long).value("note"), Some(long));
        assert_eq!(error("short").field("note"), None);
        let longer = "ä".repeat(4000);
        let kept = error(&longer).value("note").unwrap_or_default();
        assert_eq!(kept.chars().count(), MAX_KEPT_BYTES / 6);
        assert!(error(&longer).field("note").is_some());
        assert_eq!(fitting(""), "");
    }
}
