//! Which alerts, in which order, and how many.

use serde::{Deserialize, Serialize};

use crate::Timestamp;
use crate::alerts::{AlertStatus, Resolution};
use crate::attack::Tactic;
use crate::detection::Entity;
use crate::ids::UserId;
use crate::page::{Cursor, Limit};
use crate::severity::Severity;

/// Counts of a list stop here; beyond it a number is "at least".
pub const TALLY_BOUND: i64 = 10_000;

slug_enum!(
    /// The order of an alert list.
    #[derive(Default)]
    AlertOrder {
        /// Newest `last_seen` first.
        #[default]
        Newest = "newest",
        /// Raised longest ago first.
        Waiting = "waiting",
    }
);

/// Whose alerts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AssigneeFilter {
    Nobody,
    User(UserId),
    /// What waits for this person: assigned to nobody or to them.
    UserOrNobody(UserId),
    /// A user's name, case-insensitive.
    Named(String),
}

/// Bounds of an alert list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AlertQuery {
    /// Any of these; empty means all.
    pub statuses: Vec<AlertStatus>,
    /// Any of these; empty means all.
    pub severities: Vec<Severity>,
    /// What a resolved alert turned out to be.
    pub resolution: Option<Resolution>,
    /// Sigma id.
    pub rule: Option<String>,
    /// The peer's name.
    pub peer: Option<String>,
    pub assignee: Option<AssigneeFilter>,
    pub tactic: Option<Tactic>,
    /// Exactly this thing is among the entities.
    pub entity: Option<Entity>,
    /// Each occurs in the rule's title, the peer's name or an entity's value, case-insensitive.
    pub terms: Vec<String>,
    /// Compared with `last_seen`, inclusive.
    pub since: Option<Timestamp>,
    /// Compared with `last_seen`, exclusive.
    pub until: Option<Timestamp>,
    /// Compared with `created_at`, inclusive.
    pub raised_since: Option<Timestamp>,
    pub order: AlertOrder,
    pub limit: Limit,
    pub after: Option<Cursor>,
}

/// How many alerts a query has, whatever their severity; counted up to [`TALLY_BOUND`].
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AlertTally {
    /// By status and severity; absent means none.
    pub counts: Vec<(AlertStatus, Severity, i64)>,
    /// There are more than were counted: every number is "at least".
    pub capped: bool,
}

impl AlertTally {
    pub fn total(&self) -> i64 {
        self.counts.iter().map(|(_, _, n)| n).sum()
    }
    pub fn of_status(&self, status: AlertStatus) -> i64 {
        self.counts
            .iter()
            .filter(|(s, _, _)| *s == status)
            .map(|(_, _, n)| n)
            .sum()
    }
    pub fn of_severity(&self, severity: Severity) -> i64 {
        self.counts
            .iter()
            .filter(|(_, s, _)| *s == severity)
            .map(|(_, _, n)| n)
            .sum()
    }
    /// Alerts of any of these severities; none given means all.
    pub fn of(&self, severities: &[Severity]) -> i64 {
        if severities.is_empty() {
            self.total()
        } else {
            severities.iter().map(|severity| self.of_severity(*severity)).sum()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tally_is_read_by_status_and_by_severity() {
        let tally = AlertTally {
            counts: vec![
                (AlertStatus::Open, Severity::High, 2),
                (AlertStatus::Open, Severity::Low, 3),
                (AlertStatus::Acknowledged, Severity::High, 5),
            ],
            capped: false,
        };
        assert_eq!(tally.total(), 10);
        assert_eq!(tally.of_status(AlertStatus::Open), 5);
        assert_eq!(tally.of_severity(Severity::High), 7);
        assert_eq!(tally.of(&[]), 10);
        assert_eq!(tally.of(&[Severity::Low, Severity::Critical]), 3);
    }
}
