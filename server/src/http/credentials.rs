//! Reading a key or token from `Authorization`, in the forms that shippers use.

use axum::extract::FromRequestParts;
use base64::Engine as _;
use http::header;
use http::request::Parts;
use wolfsec::peers::Peer;
use wolfsec_app::{Caller, Failure};

use super::error::ApiError;
use super::request::ClientAddress;
use super::state::AppState;

/// `Bearer k`, `Basic any:k`, `ApiKey k`, `ApiKey base64(id:k)`, `Splunk k`.
fn key_of(authorization: &str) -> Option<String> {
    let (scheme, rest) = authorization.trim().split_once(' ')?;
    let rest = rest.trim();
    let after_colon = |text: &str| {
        let bytes = base64::engine::general_purpose::STANDARD.decode(text).ok()?;
        let decoded = String::from_utf8(bytes).ok()?;
        decoded.split_once(':').map(|(_, key)| key.to_owned())
    };
    match scheme.to_ascii_lowercase().as_str() {
        "bearer" | "splunk" => Some(rest.to_owned()),
        "basic" => after_colon(rest),
        "apikey" => Some(after_colon(rest).unwrap_or_else(|| rest.to_owned())),
        _ => None,
    }
    .filter(|key| !key.is_empty())
}

fn presented(parts: &Parts) -> Result<String, ApiError> {
    let value = parts
        .headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok());
    Ok(value.and_then(key_of).ok_or_else(Failure::unauthenticated)?)
}

/// The client's address as text.
pub(super) fn address_of(parts: &Parts) -> Option<String> {
    parts
        .extensions
        .get::<ClientAddress>()
        .and_then(|client| client.0)
        .map(|ip| ip.to_string())
}

/// A request with a valid peer key.
pub(super) struct FromPeer {
    pub peer: Peer,
    pub address: Option<String>,
}

impl FromRequestParts<AppState> for FromPeer {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, ApiError> {
        let peer = state.use_cases.authenticate_peer(&presented(parts)?).await?;
        state.limits().ingest(&peer.name)?;
        Ok(Self {
            peer,
            address: address_of(parts),
        })
    }
}

/// A request with a valid API token.
pub(super) struct FromToken(pub Caller);

impl FromRequestParts<AppState> for FromToken {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, ApiError> {
        let address = address_of(parts);
        let caller = state
            .use_cases
            .authenticate_token(&presented(parts)?, address.as_deref())
            .await?;
        state.limits().api(caller.name())?;
        Ok(Self(caller))
    }
}

#[cfg(test)]
mod tests {
    use super::key_of;

    #[test]
    fn every_documented_form_is_read() {
        let encode = |text: &str| base64::Engine::encode(&base64::engine::general_purpose::STANDARD, text);
        for (header, key) in [
            ("Bearer wsp_k".to_owned(), Some("wsp_k")),
            ("bearer  wsp_k ".to_owned(), Some("wsp_k")),
            (format!("Basic {}", encode("anyone:wsp_k")), Some("wsp_k")),
            ("ApiKey wsp_k".to_owned(), Some("wsp_k")),
            (format!("ApiKey {}", encode("id:wsp_k")), Some("wsp_k")),
            ("Splunk wsp_k".to_owned(), Some("wsp_k")),
            ("Basic ???".to_owned(), None),
            ("Digest wsp_k".to_owned(), None),
            ("Bearer".to_owned(), None),
            ("Bearer ".to_owned(), None),
        ] {
            assert_eq!(key_of(&header).as_deref(), key, "{header}");
        }
    }
}
