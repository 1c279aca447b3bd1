//! Peers: the hosts, appliances and services that send events.

use serde::{Deserialize, Serialize};

use crate::Timestamp;
use crate::ids::{EnrolmentId, PeerId};

/// A peer reports about this often unless its own interval is set (seconds).
pub const DEFAULT_INTERVAL_SECONDS: i32 = 15;
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
