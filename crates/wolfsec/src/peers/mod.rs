//! Peers: the hosts, appliances and services that send events.

mod fleet;
mod health;
mod metrics;

use serde::{Deserialize, Serialize};

use crate::Timestamp;
use crate::identity::{InvalidName, Name};
use crate::ids::{EnrolmentId, PeerId};

pub use fleet::{EVENT_RATE_MINUTES, EventRate, FleetCursor, FleetEntry, FleetOrder, FleetQuery, MAX_COUNTED_EVENTS};
pub use health::{HEALTH_WINDOW, Health, LATENCY_WEIGHT, MeasuredWindow, SUCCESS_WEIGHT, latency_score};
pub use metrics::{
    MAX_LATENCY_MS, MAX_SAMPLES, MetricPoint, MetricRange, MetricSample, MetricsAnswer, PeerSample, RejectedSample,
    SampleFault, counter_increase,
};

/// A peer reports about this often unless its own interval is set (seconds).
pub const DEFAULT_INTERVAL_SECONDS: i32 = 15;
/// A peer reports at least once a day.
pub const MAX_INTERVAL_SECONDS: i32 = 86_400;
/// An enrolment token may be used once, within this time (hours).
pub const ENROLMENT_HOURS: i64 = 24;

slug_enum!(
    /// What a peer last said or was told to be.
    PeerMark { Active = "active", Stopped = "stopped", Maintenance = "maintenance", Blocked = "blocked" }
);

slug_enum!(
    /// How a peer stands now.
    PeerStatus {
        Pending = "pending",
        Online = "online",
        Late = "late",
        Offline = "offline",
        Stopped = "stopped",
        Maintenance = "maintenance",
        Blocked = "blocked",
    }
);

impl PeerStatus {
    pub const fn label(self) -> &'static str {
        match self {
            Self::Pending => "Pending",
            Self::Online => "Online",
            Self::Late => "Late",
            Self::Offline => "Offline",
            Self::Stopped => "Stopped",
            Self::Maintenance => "Maintenance",
            Self::Blocked => "Blocked",
        }
    }
}

/// Status from the mark and the time since the peer was last heard: late after more than 3 intervals, offline after more than 8.
pub fn peer_status(mark: PeerMark, last_seen: Option<Timestamp>, interval_seconds: i32, now: Timestamp) -> PeerStatus {
    match mark {
        PeerMark::Blocked => return PeerStatus::Blocked,
        PeerMark::Maintenance => return PeerStatus::Maintenance,
        PeerMark::Stopped => return PeerStatus::Stopped,
        PeerMark::Active => {}
    }
    let Some(last_seen) = last_seen else {
        return PeerStatus::Pending;
    };
    let silent = (now - last_seen).num_seconds();
    let interval = i64::from(interval_seconds.max(1));
    if silent > 8 * interval {
        PeerStatus::Offline
    } else if silent > 3 * interval {
        PeerStatus::Late
    } else {
        PeerStatus::Online
    }
}

/// A peer as stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Peer {
    pub id: PeerId,
    pub name: String,
    pub mark: PeerMark,
    pub interval_seconds: i32,
    pub enrolled_at: Timestamp,
    pub last_seen: Option<Timestamp>,
    /// Address of the last request.
    pub address: Option<String>,
    /// Events stored since enrolment.
    pub event_count: i64,
    /// Lines rejected since enrolment.
    pub reject_count: i64,
}

impl Peer {
    pub fn status(&self, now: Timestamp) -> PeerStatus {
        peer_status(self.mark, self.last_seen, self.interval_seconds, now)
    }
}

/// A name that a new peer cannot have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PeerNameError {
    #[error(transparent)]
    Invalid(#[from] InvalidName),
    /// Its page would lie where peers are added.
    #[error("a peer cannot be called \"add\": the page where peers are added has that address")]
    Reserved,
    /// Whoever had its key would speak as the server.
    #[error("a peer cannot be called \"{OWN_PEER}\": that is the server itself")]
    Own,
}

/// The server as a peer of its own. Its key leaves the server nowhere.
pub const OWN_PEER: &str = "wolfsec";

/// Whether a name is the server's own.
pub fn is_own_peer(name: &str) -> bool {
    name.eq_ignore_ascii_case(OWN_PEER)
}

/// Reads a new peer's name.
pub fn parse_peer_name(text: &str) -> Result<Name, PeerNameError> {
    let name = Name::parse(text)?;
    if name.as_str().eq_ignore_ascii_case("add") {
        return Err(PeerNameError::Reserved);
    }
    if is_own_peer(name.as_str()) {
        return Err(PeerNameError::Own);
    }
    Ok(name)
}

/// How a peer stood before and stands after it was heard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SavedPeer {
    pub peer: PeerId,
    pub name: String,
    pub mark_before: PeerMark,
    pub last_seen_before: Option<Timestamp>,
    pub mark: PeerMark,
    pub last_seen: Timestamp,
    pub interval_seconds: i32,
}

impl SavedPeer {
    /// The status before and after, when it is another one now. Between online and late a peer goes to and fro without
    /// anybody having to know.
    pub fn change(&self, now: Timestamp) -> Option<(PeerStatus, PeerStatus)> {
        let before = peer_status(self.mark_before, self.last_seen_before, self.interval_seconds, now);
        let after = peer_status(self.mark, Some(self.last_seen), self.interval_seconds, now);
        (before != after && before != PeerStatus::Late).then_some((before, after))
    }
}

slug_enum!(
    /// What a heartbeat says.
    HeartbeatState { Running = "running", Stopping = "stopping" }
);

/// A single-use token for a peer to come; its text is shown once and kept as a digest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Enrolment {
    pub id: EnrolmentId,
    pub created_at: Timestamp,
    pub expires_at: Timestamp,
    pub created_by: String,
    pub used_at: Option<Timestamp>,
}

/// A rejected line as the peer page shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredReject {
    pub at: Timestamp,
    pub line: i32,
    pub code: String,
    pub reason: String,
    pub sample: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_peer_cannot_have_the_address_of_a_page() {
        assert_eq!(parse_peer_name("Add"), Err(PeerNameError::Reserved));
        assert!(matches!(parse_peer_name("a b"), Err(PeerNameError::Invalid(_))));
        assert_eq!(parse_peer_name("adder").unwrap().as_str(), "adder");
    }

    #[test]
    fn coming_back_is_a_change_and_being_late_is_none() {
        use PeerMark::{Active, Blocked, Stopped};
        let now = Timestamp::from_timestamp(1_700_000_000, 0).unwrap();
        let saved = |mark_before, ago: Option<i64>, mark| SavedPeer {
            peer: PeerId(uuid::Uuid::nil()),
            name: String::new(),
            mark_before,
            last_seen_before: ago.map(|s| now - chrono::Duration::seconds(s)),
            mark,
            last_seen: now,
            interval_seconds: 15,
        };
        assert_eq!(saved(Active, Some(15), Active).change(now), None);
        assert_eq!(saved(Active, Some(60), Active).change(now), None);
        let change = |before, after| Some((before, after));
        assert_eq!(
            saved(Active, None, Active).change(now),
            change(PeerStatus::Pending, PeerStatus::Online)
        );
        assert_eq!(
            saved(Active, Some(999), Active).change(now),
            change(PeerStatus::Offline, PeerStatus::Online)
        );
        assert_eq!(
            saved(Active, Some(15), Stopped).change(now),
            change(PeerStatus::Online, PeerStatus::Stopped)
        );
        assert_eq!(saved(Blocked, Some(15), Blocked).change(now), None);
    }

    #[test]
    fn silence_makes_late_then_offline() {
        let now = Timestamp::from_timestamp(1_700_000_000, 0).unwrap();
        let ago = |s| Some(now - chrono::Duration::seconds(s));
        let status = |mark, seen| peer_status(mark, seen, 15, now);
        assert_eq!(status(PeerMark::Active, None), PeerStatus::Pending);
        assert_eq!(status(PeerMark::Active, ago(45)), PeerStatus::Online);
        assert_eq!(status(PeerMark::Active, ago(46)), PeerStatus::Late);
        assert_eq!(status(PeerMark::Active, ago(120)), PeerStatus::Late);
        assert_eq!(status(PeerMark::Active, ago(121)), PeerStatus::Offline);
        assert_eq!(status(PeerMark::Stopped, ago(1)), PeerStatus::Stopped);
        assert_eq!(status(PeerMark::Blocked, ago(1)), PeerStatus::Blocked);
    }
}
