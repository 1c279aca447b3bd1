//! Alerts: what rules found, folded per dedup key, worked by people to an end.

mod bulk;
mod fold;
mod query;
mod status;

use serde::{Deserialize, Serialize};

pub use bulk::{BulkAct, BulkChange, BulkRow, BulkVerdict, LockedAlert, MAX_BULK, judge};
pub use fold::{FOLD_WINDOW, Finding, Fold, FoldOutcome, FoldedAlert, OpenAlert, dedup_key, fold};
pub use query::{AlertOrder, AlertQuery, AlertTally, AssigneeFilter, TALLY_BOUND};
pub use status::{AlertStatus, Resolution, TransitionError, check_transition};

use crate::Timestamp;
use crate::detection::{Entity, SelectionMatch};
use crate::ids::{AlertId, EventId};
use crate::page::Cursor;
use crate::severity::Severity;

/// Evidence kept with an alert: a frozen copy of its first events.
pub const MAX_EVIDENCE: usize = 20;
/// A comment or note is at most this long (characters).
pub const MAX_NOTE_CHARS: usize = 4000;

/// An alert as listed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Alert {
    pub id: AlertId,
    /// Rises with every change by a person; a change names the version it saw.
    pub version: i64,
    /// The rule's Sigma `id`.
    pub rule_id: String,
    pub rule_title: String,
    pub severity: Severity,
    pub status: AlertStatus,
    pub resolution: Option<Resolution>,
    /// Occurrences folded into this alert.
    pub count: i64,
    /// Event time of the first and the last occurrence.
    pub first_seen: Timestamp,
    pub last_seen: Timestamp,
    pub created_at: Timestamp,
    /// The peer's name.
    pub peer: String,
    pub entities: Vec<Entity>,
    pub techniques: Vec<String>,
    /// The events kept as evidence, oldest first, bounded by [`MAX_EVIDENCE`].
    pub event_ids: Vec<EventId>,
    /// Who works on it.
    pub assignee: Option<String>,
    /// The resolved alert of the same dedup key that this one repeats.
    pub previous: Option<AlertId>,
}

impl Alert {
    /// Where this row stands in a list of that order.
    pub const fn cursor(&self, order: AlertOrder) -> Cursor {
        Cursor {
            at: match order {
                AlertOrder::Newest => self.last_seen,
                AlertOrder::Waiting => self.created_at,
            },
            id: self.id.0,
        }
    }
}

/// One event kept with its alert.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Evidence {
    pub event_id: EventId,
    pub ts: Timestamp,
    pub message: String,
    /// JSON object text.
    pub fields: String,
    pub matched: Vec<SelectionMatch>,
}

/// A kept message is cut here (bytes).
const MAX_EVIDENCE_MESSAGE: usize = 8 << 10;
/// Fields that weigh more are not kept with an alert (bytes of JSON text): the event has them.
const MAX_EVIDENCE_FIELDS: usize = 32 << 10;

impl Evidence {
    /// A bounded copy of an event.
    pub fn of(event_id: EventId, ts: Timestamp, message: &str, fields: &str, matched: Vec<SelectionMatch>) -> Self {
        let message = match message.floor_char_boundary(MAX_EVIDENCE_MESSAGE) {
            end if end < message.len() => format!("{}…", &message[..end]),
            _ => message.to_owned(),
        };
        let fields = if fields.len() > MAX_EVIDENCE_FIELDS {
            let kilobytes = fields.len() / 1024;
            format!(r#"{{"left_out":"{kilobytes} KiB of fields are more than an alert keeps: open the event"}}"#)
        } else {
            fields.to_owned()
        };
        Self {
            event_id,
            ts,
            message,
            fields,
            matched,
        }
    }
}

slug_enum!(
    /// What kind of entry an alert's timeline holds.
    ActivityKind { Transition = "transition", Comment = "comment" }
);

/// What people did with an alert.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AlertActivity {
    pub at: Timestamp,
    pub actor: String,
    pub kind: ActivityKind,
    pub from: Option<AlertStatus>,
    pub to: Option<AlertStatus>,
    pub resolution: Option<Resolution>,
    pub note: String,
}

/// All that the alert page shows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AlertDetail {
    pub alert: Alert,
    pub evidence: Vec<Evidence>,
    /// Oldest first.
    pub activity: Vec<AlertActivity>,
}

/// A person's change of an alert's status.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatusChange {
    pub to: AlertStatus,
    pub resolution: Option<Resolution>,
    pub note: String,
    /// The version the person saw; `None` lets the last write win (API tokens only).
    pub seen_version: Option<i64>,
}

/// Unresolved and total alerts by severity, for the queue's facets.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AlertCounts {
    /// Status open, by severity; severities without alerts are absent.
    pub open: Vec<(Severity, i64)>,
    /// Not resolved, by severity.
    pub unresolved: Vec<(Severity, i64)>,
}

impl AlertCounts {
    pub fn open_total(&self) -> i64 {
        self.open.iter().map(|(_, n)| n).sum()
    }
    pub fn unresolved_total(&self) -> i64 {
        self.unresolved.iter().map(|(_, n)| n).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn evidence_is_a_bounded_copy() {
        let id = EventId(uuid::Uuid::from_u128(1));
        let of = |message: &str, fields: &str| Evidence::of(id, Timestamp::UNIX_EPOCH, message, fields, Vec::new());
        let small = of("short", "{\"a\":1}");
        assert_eq!((small.message.as_str(), small.fields.as_str()), ("short", "{\"a\":1}"));
        let large = of(&"ä".repeat(MAX_EVIDENCE_MESSAGE), &"x".repeat(MAX_EVIDENCE_FIELDS + 1));
        assert_eq!(large.message.len(), MAX_EVIDENCE_MESSAGE + '…'.len_utf8());
        assert!(large.fields.starts_with("{\"left_out\":\"32 KiB"));
    }
}
