//! A peer that comes, comes back or stops is an event of the server's own. The writers tell what they have committed; a
//! worker makes events of it, through the same pipeline as everybody's. What stays the same writes nothing.

use tokio::sync::mpsc;
use wolfsec::Timestamp;
use wolfsec::ids::PeerId;
use wolfsec::peers::{PeerStatus, SavedPeer};

/// Changes waiting to be made events of; more than that at once are only logged.
const WAITING: usize = 10_000;

/// One change of status.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatusChange {
    pub peer: PeerId,
    pub name: String,
    pub at: Timestamp,
    pub before: PeerStatus,
    pub after: PeerStatus,
}

/// Where the writers tell; cheap to clone.
#[derive(Debug, Clone)]
pub struct StatusNews(mpsc::Sender<StatusChange>);

impl StatusNews {
    pub fn channel() -> (Self, mpsc::Receiver<StatusChange>) {
        let (sender, receiver) = mpsc::channel(WAITING);
        (Self(sender), receiver)
    }

    /// Never waits: a commit has been made and its senders want their answers.
    pub(super) fn tell(&self, now: Timestamp, saved: &[SavedPeer]) {
        for peer in saved {
            let Some((before, after)) = peer.change(now) else {
                continue;
            };
            let change = StatusChange {
                peer: peer.peer,
                name: peer.name.clone(),
                at: peer.last_seen,
                before,
                after,
            };
            if self.0.try_send(change).is_err() {
                tracing::warn!(peer = peer.name, %before, %after, "a change of status is no event: too many at once");
            }
        }
    }
}
