//! Detection port: raw lines in, events with their Sigma matches out. CPU only; runs on blocking threads.

use serde::{Deserialize, Serialize};

use crate::Timestamp;
use crate::attack::Tactic;
use crate::events::{NewEvent, RejectedLine};
use crate::ids::{EventId, PeerId};
use crate::severity::Severity;

/// One value that a rule's selection looked at and found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldMatch {
    /// The field's name in the event, or `keyword` for an unbound match.
    pub field: String,
    /// The event's value, shortened to 2 kB.
    pub value: String,
    /// What the rule asked for, as text (`contains sekurlsa::`), when known.
    pub pattern: Option<String>,
}

/// One selection of a rule that was fulfilled.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SelectionMatch {
    pub selection: String,
    pub fields: Vec<FieldMatch>,
}

/// A thing that an alert is about.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Entity {
    /// `host`, `user`, `ip`, `process`.
    #[serde(rename = "type")]
    pub kind: String,
    pub value: String,
}

/// A rule that fired for an event (a correlation fires on the event that completed it).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuleMatch {
    /// The rule's Sigma `id`.
    pub rule_id: String,
    pub title: String,
    pub severity: Severity,
    /// ATT&CK technique ids, upper case: `T1110.001`.
    pub techniques: Vec<String>,
    pub tactics: Vec<Tactic>,
    pub selections: Vec<SelectionMatch>,
    /// A correlation's group-by values (name, value) in the rule's order; empty for plain rules.
    pub group_by: Vec<(String, String)>,
    /// Events that a correlation counted, newest last, bounded to 20; empty for plain rules.
    pub contributing: Vec<EventId>,
}

/// A base-rule match that a correlation may count: stored, so that state survives a restart.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CorrelationHit {
    pub event_id: EventId,
    pub ts: Timestamp,
    pub peer: PeerId,
    /// Sigma ids of the base rules that matched.
    pub rule_ids: Vec<String>,
    /// The fields that correlations group or count by, as one JSON object text.
    pub fields: String,
}

/// What one line became.
#[derive(Debug, Clone, PartialEq)]
pub struct AnalysedEvent {
    /// The line's number in its request, from 1.
    pub line: u32,
    pub event: NewEvent,
    pub matches: Vec<RuleMatch>,
    pub hit: Option<CorrelationHit>,
}

/// A correlation that fired while hits were fed to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CorrelationMatch {
    /// The event that completed it.
    pub event_id: EventId,
    pub ts: Timestamp,
    pub peer: PeerId,
    pub rule_match: RuleMatch,
}

/// The lines of one request, and who sent them when.
#[derive(Debug, Clone, Copy)]
pub struct RawBatch<'a> {
    pub peer: PeerId,
    pub received_at: Timestamp,
    /// Decoded body: NDJSON, one object a line; blank lines are skipped but counted.
    pub body: &'a [u8],
}

/// Parses, normalises and evaluates. `&self` is an immutable snapshot that is swapped when rules change.
pub trait Detector: Send + Sync {
    /// Events in the order of their lines; rejects apart.
    fn analyse(&self, batch: RawBatch<'_>) -> (Vec<AnalysedEvent>, Vec<RejectedLine>);
    /// A fresh correlator over the same rules.
    fn correlator(&self) -> Box<dyn Correlator>;
}

/// Correlation state: one owner. After a rolled-back transaction the caller drops it and replays the
/// stored hits into a fresh one, so that it is never ahead of what is stored.
pub trait Correlator: Send {
    /// Feeds hits in order and returns what fired.
    fn feed(&mut self, hits: &[CorrelationHit]) -> Vec<CorrelationMatch>;
    /// Feeds stored hits without reporting: matches were reported the first time.
    fn replay(&mut self, hits: &[CorrelationHit]);
    /// Entries held over all windows; for the metrics.
    fn entries(&self) -> usize {
        0
    }
    /// Longest window of any enabled correlation rule (seconds); 0 without correlations.
    fn longest_window_seconds(&self) -> i64;
}
