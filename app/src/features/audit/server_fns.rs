//! Server functions of the audit trail.

use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use wolfsec::audit::{AuditRecord, ChainReport};

use crate::error::AppError;

/// The audit page's whole view.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditView {
    /// Newest first.
    pub entries: Vec<AuditRecord>,
    /// Where the next page starts; `None` on the last one.
    pub next_before: Option<i64>,
    /// The outcome of a verification, when one was asked for.
    pub report: Option<ChainReport>,
}

/// A page of entries; with `verify` = `1` the whole chain is checked too.
#[server(endpoint = "list_audit")]
pub async fn list_audit(
    #[server(default)] action: String,
    #[server(default)] actor: String,
    #[server(default)] before: String,
    #[server(default)] verify: String,
) -> Result<AuditView, AppError> {
    use super::dto::{AuditFilter, PAGE_ROWS};
    use crate::context;
    let caller = context::caller()?;
    let query = AuditFilter { action, actor, before }.query()?;
    let use_cases = context::use_cases()?;
    let mut entries = use_cases
        .list_audit(&caller, &query)
        .await
        .map_err(context::app_error)?;
    let more = entries.len() > usize::from(PAGE_ROWS);
    entries.truncate(usize::from(PAGE_ROWS));
    let next_before = if more {
        entries.last().map(|entry| entry.seq)
    } else {
        None
    };
    let report = if verify == "1" {
        Some(use_cases.verify_audit(&caller).await.map_err(context::app_error)?)
    } else {
        None
    };
    Ok(AuditView {
        entries,
        next_before,
        report,
    })
}
