//! `GET /api/v1/rules`.

use axum::Json;
use axum::extract::{Query, State};
use wolfsec::rules::{Rule, RuleCursor, RuleQuery};

use super::List;
use super::parameters::Parameters;
use crate::http::credentials::FromToken;
use crate::http::error::ApiError;
use crate::http::state::AppState;

pub(in crate::http) async fn list(
    State(state): State<AppState>,
    FromToken(caller): FromToken,
    Query(pairs): Query<Vec<(String, String)>>,
) -> Result<Json<List<Rule>>, ApiError> {
    let parameters = Parameters::read(pairs, &["enabled", "level", "origin", "state", "q", "limit", "cursor"])?;
    let after: Option<RuleCursor> = parameters.parsed("cursor")?;
    let after = after.map(|cursor| (cursor.title, cursor.id));
    let query = RuleQuery {
        enabled: parameters.parsed("enabled")?,
        level: parameters.parsed("level")?,
        origin: parameters.parsed("origin")?,
        state: parameters.parsed("state")?,
        words: parameters.text("q")?.map(ToOwned::to_owned),
        after,
        limit: parameters.limit()?,
    };
    let page = state.use_cases.list_rules(&caller, &query).await?;
    Ok(Json(List {
        items: page.items,
        next_cursor: page.next_cursor,
    }))
}
