//! What the overview page shows, all of it measured.

use serde::{Deserialize, Serialize};

use crate::Timestamp;
use crate::alerts::{Alert, AlertCounts};
use crate::severity::Severity;

/// Stored events of one bucket, by severity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct RateBucket {
    pub start: Timestamp,
    /// Indexed by severity rank.
    pub counts: [i64; 5],
}

impl RateBucket {
    pub fn total(&self) -> i64 {
        self.counts.iter().sum()
    }
    pub fn of(&self, severity: Severity) -> i64 {
        self.counts[severity as usize]
    }
}

/// Peers by status.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FleetCounts {
    pub online: i64,
    pub late: i64,
    pub offline: i64,
    pub other: i64,
}

/// The page's whole view.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Overview {
    pub rendered_at: Timestamp,
    pub counts: AlertCounts,
    pub latest: Vec<Alert>,
    /// Last 24 hours in buckets of 15 minutes, oldest first; buckets without events are absent.
    pub rate: Vec<RateBucket>,
    /// When anything was last stored; `None` before the first event.
    pub last_event_at: Option<Timestamp>,
    pub fleet: FleetCounts,
    pub rules_enabled: i64,
}
