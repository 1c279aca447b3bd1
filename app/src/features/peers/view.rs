//! What the peer pages are rendered from.

use serde::{Deserialize, Serialize};
use wolfsec::page::Page;
use wolfsec::peers::{Peer, StoredReject};

/// One page of the fleet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PeersView {
    pub page: Page<Peer>,
    pub may_manage: bool,
}

/// One peer and its newest rejected lines.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PeerView {
    pub peer: Peer,
    pub rejects: Vec<StoredReject>,
    pub may_manage: bool,
}
