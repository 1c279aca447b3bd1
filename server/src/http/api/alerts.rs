//! `GET /api/v1/alerts`, `GET` and `PATCH /api/v1/alerts/{id}`.

use std::collections::{BTreeSet, HashMap};

use axum::Json;
use axum::body::Body;
use axum::extract::{Path, Query, State};
use http::{HeaderMap, header};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use wolfsec::Timestamp;
use wolfsec::alerts::{Alert, AlertActivity, AlertQuery, AlertStatus, Evidence, Resolution, StatusChange};
use wolfsec::ids::{AlertId, EventId};
use wolfsec_app::alerts::ChangeStatusError;
use wolfsec_app::{Caller, Failure};

use super::List;
use super::parameters::Parameters;
use crate::http::credentials::FromToken;
use crate::http::error::ApiError;
use crate::http::state::AppState;
use crate::http::{api, body};

pub(in crate::http) async fn list(
    State(state): State<AppState>,
    FromToken(caller): FromToken,
    Query(pairs): Query<Vec<(String, String)>>,
) -> Result<Json<List<CreditedAlert>>, ApiError> {
    let known = [
        "status", "severity", "rule", "peer", "since", "until", "limit", "cursor",
    ];
    let parameters = Parameters::read(pairs, &known)?;
    let query = AlertQuery {
        statuses: parameters.many("status")?,
        severities: parameters.many("severity")?,
        rule: parameters.text("rule")?.map(ToOwned::to_owned),
        peer: parameters.text("peer")?.map(ToOwned::to_owned),
        since: parameters.time("since")?,
        until: parameters.time("until")?,
        limit: parameters.limit()?,
        after: parameters.cursor()?,
        ..AlertQuery::default()
    };
    Parameters::check_span(query.since, query.until)?;
    let page = state.use_cases.list_alerts(&caller, &query).await?;
    Ok(Json(List {
        items: credited(&state, &caller, page.items).await?,
        next_cursor: page.next_cursor,
    }))
}

/// An alert with the author of its rule; rule licences ask that he is named where a match is shown.
#[derive(Serialize)]
pub(in crate::http) struct CreditedAlert {
    #[serde(flatten)]
    alert: Alert,
    /// `null` when the rule is gone or names nobody.
    rule_author: Option<String>,
}

async fn credited(state: &AppState, caller: &Caller, alerts: Vec<Alert>) -> Result<Vec<CreditedAlert>, ApiError> {
    let ids: BTreeSet<String> = alerts.iter().map(|alert| alert.rule_id.clone()).collect();
    let ids: Vec<String> = ids.into_iter().collect();
    let briefs = state.use_cases.rule_briefs(caller, &ids).await?;
    let authors: HashMap<&str, &str> = briefs
        .iter()
        .filter(|brief| !brief.author.is_empty())
        .map(|brief| (brief.id.as_str(), brief.author.as_str()))
        .collect();
    let credit = |alert: Alert| CreditedAlert {
        rule_author: authors.get(alert.rule_id.as_str()).map(ToString::to_string),
        alert,
    };
    Ok(alerts.into_iter().map(credit).collect())
}

/// An alert with its evidence and history.
#[derive(Serialize)]
pub(in crate::http) struct AlertView {
    #[serde(flatten)]
    alert: CreditedAlert,
    evidence: Vec<EvidenceView>,
    activity: Vec<AlertActivity>,
}

#[derive(Serialize)]
struct EvidenceView {
    event_id: EventId,
    ts: Timestamp,
    message: String,
    fields: Option<Box<RawValue>>,
    matched: Vec<wolfsec::detection::SelectionMatch>,
}

impl From<Evidence> for EvidenceView {
    fn from(evidence: Evidence) -> Self {
        let fields = RawValue::from_string(evidence.fields).ok();
        Self {
            event_id: evidence.event_id,
            ts: evidence.ts,
            message: evidence.message,
            fields,
            matched: evidence.matched,
        }
    }
}

async fn view(state: &AppState, caller: &Caller, id: AlertId) -> Result<AlertView, ApiError> {
    let detail = state.use_cases.get_alert(caller, id).await?;
    let evidence = detail.evidence.into_iter().map(EvidenceView::from).collect();
    let alert = credited(state, caller, vec![detail.alert]).await?.pop();
    let alert = alert.ok_or_else(|| Failure::not_found("alert"))?;
    Ok(AlertView {
        alert,
        evidence,
        activity: detail.activity,
    })
}

/// An id that is no UUID names no alert.
fn alert_id(text: &str) -> Result<AlertId, ApiError> {
    text.parse().map_err(|_| Failure::not_found("alert").into())
}

pub(in crate::http) async fn get(
    State(state): State<AppState>,
    FromToken(caller): FromToken,
    Path(id): Path<String>,
) -> Result<Json<AlertView>, ApiError> {
    Ok(Json(view(&state, &caller, alert_id(&id)?).await?))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Patch {
    status: AlertStatus,
    resolution: Option<Resolution>,
    #[serde(default)]
    note: String,
    version: Option<i64>,
}

pub(in crate::http) async fn patch(
    State(state): State<AppState>,
    FromToken(caller): FromToken,
    Path(id): Path<String>,
    headers: HeaderMap,
    sent: Body,
) -> Result<Json<CreditedAlert>, ApiError> {
    body::require_json_if_named(&headers)?;
    let id = alert_id(&id)?;
    let patch: Patch = api::parse(&body::small(sent).await?)?;
    let seen_version = match (patch.version, if_match(&headers)?) {
        (Some(body), Some(header)) if body != header => {
            return Err(ApiError::bad_request("version and If-Match name different versions"));
        }
        (body, header) => body.or(header),
    };
    let change = StatusChange {
        to: patch.status,
        resolution: patch.resolution,
        note: patch.note,
        seen_version,
    };
    match state.use_cases.change_alert_status(&caller, id, &change).await {
        Ok(alert) => {
            let alert = credited(&state, &caller, vec![alert]).await?.pop();
            Ok(Json(alert.ok_or_else(|| Failure::not_found("alert"))?))
        }
        Err(ChangeStatusError::Stale(current)) => {
            let credited = credited(&state, &caller, vec![(*current).clone()]).await?.pop();
            let current_json = serde_json::to_value(credited).unwrap_or_default();
            Err(ApiError::from(ChangeStatusError::Stale(current)).with_current(current_json))
        }
        Err(error) => Err(error.into()),
    }
}

/// `If-Match: "3"` or `If-Match: 3`.
fn if_match(headers: &HeaderMap) -> Result<Option<i64>, ApiError> {
    let Some(value) = headers.get(header::IF_MATCH) else {
        return Ok(None);
    };
    let text = value.to_str().unwrap_or_default().trim().trim_matches('"');
    if text == "*" {
        return Ok(None);
    }
    text.parse()
        .map(Some)
        .map_err(|_| ApiError::bad_request("If-Match must be the alert's version"))
}
