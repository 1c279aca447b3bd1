//! One change of many alerts: each row with the version it was seen at, so that nobody's work is overwritten.

use serde::{Deserialize, Serialize};

use crate::Timestamp;
use crate::alerts::{AlertStatus, Resolution, check_transition};
use crate::ids::{AlertId, BulkId};

/// Alerts changed by one act, at most.
pub const MAX_BULK: u16 = 1000;

/// What is done to each of the alerts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BulkAct {
    Status {
        to: AlertStatus,
        resolution: Option<Resolution>,
        note: String,
    },
    Comment {
        note: String,
    },
}

/// An alert and the version that the person saw.
///
/// Text form: the id, `:` and the version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct BulkRow {
    pub id: AlertId,
    pub version: i64,
}

impl std::fmt::Display for BulkRow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.id.0.simple(), self.version)
    }
}

/// A text that names no alert and version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the selection cannot be read; load the page again and select once more")]
pub struct BadRow;

impl std::str::FromStr for BulkRow {
    type Err = BadRow;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (id, version) = text.split_once(':').ok_or(BadRow)?;
        Ok(Self {
            id: AlertId(uuid::Uuid::try_parse(id).map_err(|_| BadRow)?),
            version: version.parse().map_err(|_| BadRow)?,
        })
    }
}

/// What a change has to know of an alert, locked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LockedAlert {
    pub id: AlertId,
    pub version: i64,
    pub status: AlertStatus,
    pub resolution: Option<Resolution>,
}

/// What becomes of one row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BulkVerdict {
    Change,
    /// Somebody changed it since it was seen.
    Overtaken,
    /// The state machine does not allow it, such as acknowledging what is resolved.
    Refused,
}

/// Decides one row: nothing that somebody else has changed is touched.
pub fn judge(act: &BulkAct, seen: i64, now: &LockedAlert) -> BulkVerdict {
    if now.version != seen {
        return BulkVerdict::Overtaken;
    }
    match act {
        BulkAct::Comment { .. } => BulkVerdict::Change,
        BulkAct::Status { to, resolution, note } => {
            if check_transition(now.status, *to, *resolution, note).is_ok() {
                BulkVerdict::Change
            } else {
                BulkVerdict::Refused
            }
        }
    }
}

/// A bulk change that was made: kept, so that its page can say what happened and take it back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BulkChange {
    pub id: BulkId,
    pub at: Timestamp,
    pub actor: String,
    /// The status it led to; `None` for a comment.
    pub to: Option<AlertStatus>,
    pub resolution: Option<Resolution>,
    /// Changed alerts with their versions afterwards.
    pub changed: Vec<BulkRow>,
    pub overtaken: Vec<AlertId>,
    pub refused: Vec<AlertId>,
    /// Asked for, but not there.
    pub missing: Vec<AlertId>,
}

impl BulkChange {
    /// Whether the state machine leads back: only what was resolved can be opened again.
    pub fn can_be_undone(&self) -> bool {
        self.to == Some(AlertStatus::Resolved) && !self.changed.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn locked(version: i64, status: AlertStatus) -> LockedAlert {
        LockedAlert {
            id: AlertId(uuid::Uuid::from_u128(7)),
            version,
            status,
            resolution: None,
        }
    }

    #[test]
    fn a_row_reads_back_and_strange_text_is_refused() {
        let row = BulkRow {
            id: AlertId(uuid::Uuid::from_u128(7)),
            version: 3,
        };
        assert_eq!(row.to_string().parse(), Ok(row));
        for bad in [
            "",
            ":",
            "x:1",
            "00000000000000000000000000000007",
            "00000000000000000000000000000007:x",
        ] {
            assert_eq!(bad.parse::<BulkRow>(), Err(BadRow), "{bad}");
        }
    }

    #[test]
    fn what_others_changed_or_cannot_change_is_left_alone() {
        let acknowledge = BulkAct::Status {
            to: AlertStatus::Acknowledged,
            resolution: None,
            note: String::new(),
        };
        assert_eq!(
            judge(&acknowledge, 1, &locked(1, AlertStatus::Open)),
            BulkVerdict::Change
        );
        assert_eq!(
            judge(&acknowledge, 1, &locked(2, AlertStatus::Open)),
            BulkVerdict::Overtaken
        );
        assert_eq!(
            judge(&acknowledge, 1, &locked(1, AlertStatus::Resolved)),
            BulkVerdict::Refused
        );
        let comment = BulkAct::Comment { note: "seen".into() };
        assert_eq!(
            judge(&comment, 1, &locked(1, AlertStatus::Resolved)),
            BulkVerdict::Change
        );
    }
}
