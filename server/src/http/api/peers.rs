//! `GET /api/v1/peers`.

use axum::Json;
use axum::extract::{Query, State};
use wolfsec::peers::{FleetEntry, FleetQuery};

use super::List;
use super::parameters::Parameters;
use crate::http::credentials::FromToken;
use crate::http::error::ApiError;
use crate::http::state::AppState;

pub(in crate::http) async fn list(
    State(state): State<AppState>,
    FromToken(caller): FromToken,
    Query(pairs): Query<Vec<(String, String)>>,
) -> Result<Json<List<FleetEntry>>, ApiError> {
    let parameters = Parameters::read(pairs, &["status", "q", "limit", "cursor"])?;
    let query = FleetQuery {
        words: parameters.text("q")?.map(ToOwned::to_owned),
        statuses: parameters.many("status")?,
        after: parameters.parsed("cursor")?,
        ..FleetQuery::all(state.use_cases.now(), parameters.limit()?)
    };
    let page = state.use_cases.fleet(&caller, &query).await?.page;
    Ok(Json(List {
        items: page.items,
        next_cursor: page.next_cursor,
    }))
}
