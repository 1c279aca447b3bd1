//! What the alert pages are rendered from.

use serde::{Deserialize, Serialize};
use wolfsec::alerts::{Alert, AlertCounts, AlertDetail};
use wolfsec::page::Page;
use wolfsec::rules::RuleCredit;

/// The queue: one page of it and the counts of its facets.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct QueueView {
    pub page: Page<Alert>,
    pub counts: AlertCounts,
}

/// One alert.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AlertView {
    pub detail: AlertDetail,
    /// Who wrote the rule; `None` when it is gone.
    pub credit: Option<RuleCredit>,
    /// Whether the caller may work it.
    pub may_work: bool,
}
