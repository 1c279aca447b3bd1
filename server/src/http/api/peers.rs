//! `GET /api/v1/peers`.

use axum::Json;
use axum::extract::{Query, State};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use wolfsec::peers::{Peer, PeerStatus};

use super::List;
use super::parameters::Parameters;
use crate::http::credentials::FromToken;
use crate::http::error::ApiError;
use crate::http::state::AppState;

/// A peer and how it stands now.
#[derive(Serialize)]
pub(in crate::http) struct PeerView {
    #[serde(flatten)]
    peer: Peer,
    status: PeerStatus,
}

pub(in crate::http) async fn list(
    State(state): State<AppState>,
    FromToken(caller): FromToken,
    Query(pairs): Query<Vec<(String, String)>>,
) -> Result<Json<List<PeerView>>, ApiError> {
    let parameters = Parameters::read(pairs, &["limit", "cursor"])?;
    let after = parameters.text("cursor")?.map(decode_name).transpose()?;
    let page = state
        .use_cases
        .list_peers(&caller, after.as_deref(), parameters.limit()?)
        .await?;
    let now = state.use_cases.now();
    let items = page
        .items
        .into_iter()
        .map(|peer| PeerView {
            status: peer.status(now),
            peer,
        })
        .collect();
    Ok(Json(List {
        items,
        next_cursor: page.next_cursor.map(|name| URL_SAFE_NO_PAD.encode(name)),
    }))
}

fn decode_name(cursor: &str) -> Result<String, ApiError> {
    let bytes = URL_SAFE_NO_PAD
        .decode(cursor)
        .ok()
        .and_then(|bytes| String::from_utf8(bytes).ok());
    bytes.ok_or_else(|| ApiError::bad_parameter("cursor", wolfsec::page::BadCursor))
}
