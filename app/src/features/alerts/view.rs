//! What the alert pages are rendered from.

use serde::{Deserialize, Serialize};
use wolfsec::alerts::{Alert, AlertDetail, AlertTally, BulkChange, BulkRow};
use wolfsec::page::Page;
use wolfsec::rules::RuleBrief;

/// The queue: one page of it, how many there are, the alert beside it, and the bulk change it comes from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct QueueView {
    pub page: Page<Alert>,
    /// Of the filter, whatever severity.
    pub tally: AlertTally,
    /// The selected alert, or the list's first one.
    pub beside: Option<AlertView>,
    pub changed: Option<BulkChange>,
    /// Whether the caller may work alerts.
    pub may_work: bool,
}

/// One alert.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AlertView {
    pub detail: AlertDetail,
    /// What the rule means and who wrote it; `None` when it is gone.
    pub brief: Option<RuleBrief>,
    /// Whether the caller may work it.
    pub may_work: bool,
}

/// What a change of everything that matches would change.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SelectionView {
    /// As they are now; bounded.
    pub rows: Vec<BulkRow>,
    pub tally: AlertTally,
}
