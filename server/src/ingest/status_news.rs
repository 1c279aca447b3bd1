//! A peer that comes, comes back or stops is an event of the server's own. The writers tell what they have committed; a
//! worker makes events of it, through the same pipeline as everybody's. What stays the same writes nothing.

use axum::body::Bytes;
use serde_json::json;
use tokio::sync::mpsc;
use wolfsec::Timestamp;
use wolfsec::ids::PeerId;
use wolfsec::peers::{PeerStatus, SavedPeer};
use wolfsec_app::UseCases;

use super::pipeline::{Pipeline, RawRequest};

/// Changes waiting to be made events of; more than that at once are only logged.
const WAITING: usize = 10_000;
/// Changes of one request of events.
const GROUP: usize = 1000;

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

/// Makes events of a change and of those that wait behind it.
pub async fn forward_changes(
    first: StatusChange,
    waiting: &mut mpsc::Receiver<StatusChange>,
    use_cases: &UseCases,
    pipeline: &Pipeline,
    own_peer: PeerId,
) -> anyhow::Result<()> {
    let mut body = Vec::new();
    let mut next = Some(first);
    let mut count = 0;
    while let Some(change) = next {
        serde_json::to_writer(&mut body, &as_event(&change))?;
        body.push(b'\n');
        count += 1;
        next = if count < GROUP { waiting.try_recv().ok() } else { None };
    }
    let request = RawRequest {
        peer: own_peer,
        received_at: use_cases.now(),
        address: None,
        body: Bytes::from(body),
        refused: Vec::new(),
    };
    pipeline.submit(request).await?;
    Ok(())
}

fn as_event(change: &StatusChange) -> serde_json::Value {
    let StatusChange {
        peer,
        name,
        at,
        before,
        after,
    } = change;
    json!({
        "_id": format!("peer-status-{peer}-{}", at.timestamp_micros()),
        "@timestamp": at.to_rfc3339_opts(chrono::SecondsFormat::Micros, true),
        "product": "wolfsec",
        "service": "peers",
        "severity": "informational",
        "message": format!("{name} peer.status_changed: {after}, was {before}"),
        "action": "peer.status_changed",
        "object": name,
        "object_kind": "peer",
        "before": before,
        "after": after,
        "event": { "action": "peer.status_changed" },
        "host": { "name": name },
    })
}
