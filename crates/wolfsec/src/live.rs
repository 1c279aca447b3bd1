//! Live updates: what a browser is told the moment it was committed, and how it catches up with what it missed.

use serde::{Deserialize, Serialize};

use crate::Timestamp;
use crate::alerts::{AlertCounts, AlertStatus};
use crate::ids::AlertId;
use crate::severity::Severity;

/// A change names at most this many of its alerts, new ones and worse ones first; it counts them all.
pub const MAX_NAMED_ALERTS: usize = 8;
/// Longest rule title in a change (characters); the alert's page shows all of it.
pub const MAX_NAMED_TITLE_CHARS: usize = 100;
/// A catch-up adds up at most this many changes.
pub const MAX_CATCH_UP: u16 = 10_000;

/// Position in the sequence of committed changes; whoever commits later has a higher one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct LiveCursor(pub i64);

impl std::fmt::Display for LiveCursor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// A cursor text this server did not make.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a live cursor is a whole number that this server gave out; start again without it")]
pub struct BadLiveCursor;

impl std::str::FromStr for LiveCursor {
    type Err = BadLiveCursor;
    fn from_str(text: &str) -> Result<Self, BadLiveCursor> {
        let number: i64 = text.parse().map_err(|_| BadLiveCursor)?;
        if number < 0 {
            Err(BadLiveCursor)
        } else {
            Ok(Self(number))
        }
    }
}

/// An alert of a change: no more than every role may read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangedAlert {
    pub id: AlertId,
    pub severity: Severity,
    pub status: AlertStatus,
    /// Cut to [`MAX_NAMED_TITLE_CHARS`].
    pub title: String,
    /// The peer's name.
    pub peer: String,
    pub last_seen: Timestamp,
    /// Raised by this change, not repeated or worked.
    pub new: bool,
}

/// What one transaction did to alerts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AlertChange {
    pub cursor: LiveCursor,
    /// Alerts raised.
    pub new: i64,
    /// Alerts repeated or worked.
    pub changed: i64,
    /// At most [`MAX_NAMED_ALERTS`] of them.
    pub alerts: Vec<ChangedAlert>,
}

/// What a committed transaction tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LiveNotice {
    Alerts(AlertChange),
    /// Sessions ended or accounts changed: who listens must be looked at again.
    Access,
}

/// What happened after a cursor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Since {
    /// The newest change that is counted here.
    pub cursor: LiveCursor,
    pub new: i64,
    pub changed: i64,
    /// False when there may be more: the cursor is too old, of another database, or too much has happened since.
    pub complete: bool,
}

/// Lines stored and refused since each peer was enrolled, over all peers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IngestTotals {
    pub events: i64,
    pub rejects: i64,
}

/// Everything that the counters are made of, from one transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LiveSample {
    pub at: Timestamp,
    pub head: LiveCursor,
    pub counts: AlertCounts,
    pub totals: IngestTotals,
}

/// Open alerts by severity.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenAlerts {
    pub informational: i64,
    pub low: i64,
    pub medium: i64,
    pub high: i64,
    pub critical: i64,
}

impl From<&AlertCounts> for OpenAlerts {
    fn from(counts: &AlertCounts) -> Self {
        let mut open = Self::default();
        for &(severity, count) in &counts.open {
            *match severity {
                Severity::Informational => &mut open.informational,
                Severity::Low => &mut open.low,
                Severity::Medium => &mut open.medium,
                Severity::High => &mut open.high,
                Severity::Critical => &mut open.critical,
            } = count;
        }
        open
    }
}

/// The figures that pages show in place. A figure that was not measured is absent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LiveCounters {
    pub open: OpenAlerts,
    /// Lines stored in the last minute.
    pub events_last_minute: Option<i64>,
    /// Lines refused in the last minute.
    pub rejects_last_minute: Option<i64>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_reads_back_and_refuses_strange_text() {
        assert_eq!(LiveCursor(7).to_string().parse(), Ok(LiveCursor(7)));
        for bad in ["", "-1", "x", "1.5", "99999999999999999999"] {
            assert_eq!(bad.parse::<LiveCursor>(), Err(BadLiveCursor), "{bad}");
        }
    }

    #[test]
    fn open_alerts_are_laid_out_by_severity() {
        let counts = AlertCounts {
            open: vec![(Severity::Low, 2), (Severity::Critical, 5)],
            unresolved: vec![(Severity::High, 9)],
        };
        let expected = OpenAlerts {
            low: 2,
            critical: 5,
            ..OpenAlerts::default()
        };
        assert_eq!(OpenAlerts::from(&counts), expected);
    }
}
