//! What the peer pages are rendered from.

use serde::{Deserialize, Serialize};
use wolfsec::Timestamp;
use wolfsec::page::Page;
use wolfsec::peers::{FleetEntry, MetricPoint, MetricRange, MetricSample, PeerStatus, StoredReject};

/// One page of the fleet, and how many of all peers with its words stand how.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PeersView {
    pub page: Page<FleetEntry>,
    pub counts: Vec<(PeerStatus, i64)>,
    pub may_manage: bool,
}

/// One peer, what it measured, and its newest rejected lines.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PeerView {
    pub entry: FleetEntry,
    pub rejects: Vec<StoredReject>,
    pub measured: Measured,
    pub may_manage: bool,
}

/// What a peer measured in a range of time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Measured {
    pub range: MetricRange,
    pub since: Timestamp,
    pub until: Timestamp,
    pub bucket_seconds: i32,
    /// Oldest first; times without samples are absent.
    pub points: Vec<MetricPoint>,
    /// The newest sample, however old.
    pub latest: Option<MetricSample>,
}
