//! Bodies: bounded before and after decompression.

use std::io::Read as _;
use std::time::Duration;

use axum::body::{Body, Bytes, to_bytes};
use http::{HeaderMap, StatusCode, header};
use http_body_util::LengthLimitError;
use wolfsec::events::MAX_LINES;

use super::error::ApiError;
use super::state::AppState;

const MIB: usize = 1024 * 1024;
/// A body has to be here after this long: 32 MiB at a quarter of a megabyte a second.
const READ_LIMIT: Duration = Duration::from_mins(2);

/// The body, at most `max_body_mb`; decompressed when it says gzip, at most `max_decoded_mb`.
pub(super) async fn decoded(state: &AppState, headers: &HeaderMap, body: Body) -> Result<Bytes, ApiError> {
    decoded_within(headers, body, state.settings.max_body_mb, state.settings.max_decoded_mb).await
}

/// The same with bounds of the endpoint's own (MiB).
pub(super) async fn decoded_within(
    headers: &HeaderMap,
    body: Body,
    sent_mb: u32,
    decoded_mb: u32,
) -> Result<Bytes, ApiError> {
    let sent = bounded(body, sent_mb).await?;
    let encoding = headers
        .get(header::CONTENT_ENCODING)
        .map(|value| value.to_str().unwrap_or("?").to_ascii_lowercase());
    match encoding.as_deref() {
        None | Some("identity" | "") => Ok(sent),
        Some("gzip" | "x-gzip") => {
            let work = tokio::task::spawn_blocking(move || gunzip(&sent, decoded_mb as usize * MIB));
            work.await
                .map_err(|_| {
                    ApiError::new(
                        StatusCode::INTERNAL_SERVER_ERROR,
                        "internal",
                        "the body could not be decompressed",
                    )
                })?
                .map_err(|error| match error {
                    GunzipError::TooLarge => ApiError::too_large(decoded_mb),
                    GunzipError::Malformed => ApiError::bad_request("the body is not valid gzip"),
                })
        }
        Some(_) => Err(ApiError::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "unsupported_encoding",
            "Content-Encoding must be gzip or absent",
        )),
    }
}

/// Refuses a body of too many lines before any of them is read.
pub(super) fn check_lines(body: &[u8]) -> Result<(), ApiError> {
    let lines = body.split(|byte| *byte == b'\n').take(MAX_LINES + 2).count();
    // The last line end is followed by nothing.
    if lines > MAX_LINES + 1 {
        return Err(ApiError::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "too_many_lines",
            format!("a request has at most {MAX_LINES} lines; send smaller batches"),
        ));
    }
    Ok(())
}

/// A small body of the API.
pub(super) async fn small(body: Body) -> Result<Bytes, ApiError> {
    bounded(body, 1).await
}

pub(super) async fn bounded(body: Body, limit_mb: u32) -> Result<Bytes, ApiError> {
    let read = tokio::time::timeout(READ_LIMIT, to_bytes(body, limit_mb as usize * MIB)).await;
    let read = read.map_err(|_| {
        let message = "the body did not arrive in time; send smaller batches";
        ApiError::new(StatusCode::REQUEST_TIMEOUT, "body_timeout", message)
    })?;
    read.map_err(|error| {
        let source = std::error::Error::source(&error);
        if source.is_some_and(<dyn std::error::Error>::is::<LengthLimitError>) {
            ApiError::too_large(limit_mb)
        } else {
            ApiError::bad_request("the body ended before it was complete")
        }
    })
}

#[derive(Debug, PartialEq, Eq)]
enum GunzipError {
    TooLarge,
    Malformed,
}

/// Several gzip members in a row are one body (RFC 1952).
fn gunzip(sent: &[u8], limit: usize) -> Result<Bytes, GunzipError> {
    let mut decoded = Vec::with_capacity((sent.len() * 4).min(limit));
    let mut reader = flate2::read::MultiGzDecoder::new(sent).take(limit as u64 + 1);
    reader.read_to_end(&mut decoded).map_err(|_| GunzipError::Malformed)?;
    if decoded.len() > limit {
        Err(GunzipError::TooLarge)
    } else {
        Ok(decoded.into())
    }
}

pub(super) const JSON_LINES: [&str; 2] = ["application/x-ndjson", "application/json"];

/// Refuses every other type; a missing one is refused too, since guessing hides mistakes.
pub(super) fn require_type(headers: &HeaderMap, taken: &[&str]) -> Result<(), ApiError> {
    if taken.contains(&content_type(headers).as_str()) {
        return Ok(());
    }
    Err(ApiError::new(
        StatusCode::UNSUPPORTED_MEDIA_TYPE,
        "unsupported_media_type",
        format!("Content-Type must be {}", taken.join(" or ")),
    ))
}

/// The same where only one JSON value is taken.
pub(super) fn require_json(headers: &HeaderMap) -> Result<(), ApiError> {
    if content_type(headers) == "application/json" {
        return Ok(());
    }
    Err(ApiError::new(
        StatusCode::UNSUPPORTED_MEDIA_TYPE,
        "unsupported_media_type",
        "Content-Type must be application/json",
    ))
}

/// The same where a client may leave the type out; a wrong one is refused.
pub(super) fn require_json_if_named(headers: &HeaderMap) -> Result<(), ApiError> {
    if headers.contains_key(header::CONTENT_TYPE) {
        require_json(headers)
    } else {
        Ok(())
    }
}

/// The type alone, in lower case; empty when absent.
fn content_type(headers: &HeaderMap) -> String {
    let sent = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    sent.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    #[test]
    fn lines_are_counted_before_they_are_read() {
        assert!(check_lines(&b"{}\n".repeat(MAX_LINES)).is_ok());
        assert!(check_lines(&b"\n".repeat(MAX_LINES + 1)).is_err());
        assert!(check_lines(b"").is_ok());
    }

    #[test]
    fn a_gzip_bomb_stops_at_the_limit() {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        encoder.write_all(&vec![b'a'; 4 * MIB]).unwrap();
        let bomb = encoder.finish().unwrap();
        assert_eq!(gunzip(&bomb, MIB), Err(GunzipError::TooLarge));
        assert_eq!(gunzip(&bomb, 4 * MIB).unwrap().len(), 4 * MIB);
        assert_eq!(gunzip(&bomb[..bomb.len() / 2], 4 * MIB), Err(GunzipError::Malformed));
        assert_eq!(gunzip(b"plain", MIB), Err(GunzipError::Malformed));
    }
}
