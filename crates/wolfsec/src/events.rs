//! Security events: what peers send, kept whole, with normalised columns named after ECS.

use chrono::Duration;
use serde::{Deserialize, Serialize};

use crate::Timestamp;
use crate::ids::{EventId, PeerId};
use crate::page::{Cursor, Limit};
use crate::severity::Severity;

/// A line longer than this is rejected (bytes).
pub const MAX_LINE_BYTES: usize = 1024 * 1024;
/// Lines of one request at most: bytes alone bound no memory, a line of two weighs hundreds once it is read.
pub const MAX_LINES: usize = 100_000;
/// JSON nested deeper than this is rejected.
pub const MAX_NESTING: usize = 64;
/// A list shows this much of a message (characters), then an ellipsis; the event's own page shows all.
pub const PREVIEW_CHARS: usize = 500;
/// A page of whole events ends early once their messages and fields weigh this much (bytes); it holds at least one event.
pub const MAX_PAGE_BYTES: usize = 16 << 20;
/// What is kept of a rejected line (bytes).
pub const REJECT_SAMPLE_BYTES: usize = 4096;
/// Rejected lines kept per peer; older ones go.
pub const MAX_REJECTS_PER_PEER: u32 = 200;
/// Words of one search at most: each is a filter of its own.
pub const MAX_TERMS: usize = 16;
/// Event reads look back this far unless asked otherwise.
pub const DEFAULT_LOOKBACK: Duration = Duration::hours(24);

/// Accepted event times: from 400 days before to 10 minutes after the time of receipt.
pub fn is_acceptable_time(ts: Timestamp, received_at: Timestamp) -> bool {
    ts >= received_at - Duration::days(400) && ts <= received_at + Duration::minutes(10)
}

/// Where an event comes from, in Sigma's three dimensions.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct LogSource {
    pub product: Option<String>,
    pub category: Option<String>,
    pub service: Option<String>,
}

/// An event on its way into the store.
#[derive(Debug, Clone, PartialEq)]
pub struct NewEvent {
    pub id: EventId,
    /// When it happened, UTC.
    pub ts: Timestamp,
    pub received_at: Timestamp,
    pub peer: PeerId,
    pub logsource: LogSource,
    pub severity: Severity,
    pub message: String,
    /// Everything as sent: one JSON object, as text that PostgreSQL's `json` and `jsonb` take.
    pub fields: String,
    pub columns: EcsColumns,
    /// The sent time was absent or outside the window; `ts` is the time of receipt.
    pub time_adjusted: bool,
    /// Something could not be stored as sent (NUL, lone surrogate, huge number) and was escaped.
    pub sanitised: bool,
}

/// Normalised columns, named after ECS.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EcsColumns {
    pub host_name: Option<String>,
    pub user_name: Option<String>,
    /// Textual IP address, already validated.
    pub source_ip: Option<String>,
    pub destination_ip: Option<String>,
    pub process_name: Option<String>,
    pub event_code: Option<String>,
    pub event_outcome: Option<String>,
}

/// A stored event, as read back.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SecurityEvent {
    pub id: EventId,
    pub ts: Timestamp,
    pub received_at: Timestamp,
    pub peer_id: PeerId,
    /// The peer's name.
    pub peer: String,
    pub logsource: LogSource,
    pub severity: Severity,
    pub message: String,
    /// JSON object text.
    pub fields: String,
    pub columns: EcsColumns,
    pub time_adjusted: bool,
    pub sanitised: bool,
}

impl SecurityEvent {
    /// What it weighs in a list (bytes): message and fields.
    pub const fn weight(&self) -> usize {
        self.message.len() + self.fields.len()
    }

    pub fn cursor(&self) -> Cursor {
        Cursor {
            at: self.ts,
            id: self.id.0,
        }
    }
}

slug_enum!(
    /// Why a line of a batch was not stored. The last three are of bulk requests, where actions stand between documents.
    RejectCode {
        MalformedJson = "malformed_json",
        NotAnObject = "not_an_object",
        TooLong = "line_too_long",
        TooDeep = "nesting_too_deep",
        InvalidUtf8 = "invalid_utf8",
        MalformedAction = "malformed_action",
        UnsupportedAction = "unsupported_action",
        MissingDocument = "missing_document",
    }
);

/// A line that was not stored, and why. Its neighbours are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RejectedLine {
    /// Counts from 1.
    pub line: u32,
    pub code: RejectCode,
    pub reason: String,
    /// The line's first [`REJECT_SAMPLE_BYTES`], lossily decoded; not part of the answer.
    #[serde(skip)]
    pub sample: String,
}

/// The answer to a batch, stored with the request's hash so that a replay is answered from it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct IngestAnswer {
    /// Newly stored.
    pub accepted: u64,
    /// Already there.
    pub duplicates: u64,
    pub rejected: Vec<RejectedLine>,
}

impl IngestAnswer {
    /// What a replay of the same request is told: everything it brought is a duplicate.
    pub fn as_replay(&self) -> Self {
        Self {
            accepted: 0,
            duplicates: self.accepted + self.duplicates,
            rejected: self.rejected.clone(),
        }
    }
}

/// What a line that was not rejected came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LineOutcome {
    /// Counts from 1.
    pub line: u32,
    pub id: EventId,
    /// Already there: nothing was stored for this line.
    pub duplicate: bool,
}

/// The answer to a batch, and what each of its lines came to: protocols that answer line by line need both.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct IngestOutcome {
    pub answer: IngestAnswer,
    /// Rising by line; rejected lines are left out.
    pub lines: Vec<LineOutcome>,
}

/// Search bounds. Every event read is bounded in time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventQuery {
    /// Inclusive.
    pub since: Timestamp,
    /// Exclusive.
    pub until: Timestamp,
    /// The peer's name.
    pub peer: Option<String>,
    /// At least this severity.
    pub min_severity: Option<Severity>,
    /// Every term occurs in the message, case-insensitive.
    pub terms: Vec<String>,
    pub limit: Limit,
    pub after: Option<Cursor>,
}

/// Splits a query text into its blank-separated terms.
pub fn query_terms(q: &str) -> Vec<String> {
    q.split_whitespace().map(str::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_window_is_closed_at_both_ends() {
        let now = Timestamp::from_timestamp_micros(1_700_000_000_000_000).unwrap();
        assert!(is_acceptable_time(now - Duration::days(400), now));
        assert!(!is_acceptable_time(
            now - Duration::days(400) - Duration::microseconds(1),
            now
        ));
        assert!(is_acceptable_time(now + Duration::minutes(10), now));
        assert!(!is_acceptable_time(
            now + Duration::minutes(10) + Duration::microseconds(1),
            now
        ));
    }

    #[test]
    fn a_replay_counts_all_as_duplicates() {
        let first = IngestAnswer {
            accepted: 3,
            duplicates: 1,
            rejected: Vec::new(),
        };
        assert_eq!(
            first.as_replay(),
            IngestAnswer {
                accepted: 0,
                duplicates: 4,
                rejected: Vec::new()
            }
        );
    }
}
