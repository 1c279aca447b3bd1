//! The sequence of changes, and telling them to who listens.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use async_trait::async_trait;
use tokio::sync::broadcast;
use wolfsec::Timestamp;
use wolfsec::ids::AlertId;
use wolfsec::live::{
    AlertChange, ChangedAlert, IngestTotals, LiveCursor, LiveNotice, MAX_CATCH_UP, MAX_NAMED_ALERTS,
    MAX_NAMED_TITLE_CHARS, Since,
};
use wolfsec::ports::{LiveFeed, LiveListener, LiveRepository, RepositoryError, RepositoryResult};

use super::{MemoryStore, MemoryUnitOfWork};
use crate::build::at;

#[derive(Debug, Clone)]
struct Change {
    seq: i64,
    at: Timestamp,
    new: i64,
    changed: i64,
}

/// Oldest first, never empty.
#[derive(Debug, Clone)]
pub(super) struct Changes(Vec<Change>);

impl Default for Changes {
    fn default() -> Self {
        Self(vec![Change {
            seq: 1,
            at: at(60),
            new: 0,
            changed: 0,
        }])
    }
}

impl Changes {
    fn head(&self) -> i64 {
        self.0.last().unwrap().seq
    }
}

/// What a unit of work did that others want to know.
#[derive(Debug, Default)]
pub(super) struct Touched {
    pub(super) raised: BTreeSet<AlertId>,
    pub(super) changed: BTreeSet<AlertId>,
    pub(super) access: bool,
}

impl MemoryUnitOfWork {
    /// Writes the change down and says what is to be told once it stands.
    pub(super) fn notices(&mut self) -> Vec<LiveNotice> {
        let Touched {
            raised,
            mut changed,
            access,
        } = std::mem::take(&mut self.touched);
        changed.retain(|id| !raised.contains(id));
        let mut notices = Vec::new();
        if access {
            notices.push(LiveNotice::Access);
        }
        if raised.is_empty() && changed.is_empty() {
            return notices;
        }
        let count = |ids: &BTreeSet<AlertId>| i64::try_from(ids.len()).unwrap();
        let change = Change {
            seq: self.state.changes.head() + 1,
            at: at(60),
            new: count(&raised),
            changed: count(&changed),
        };
        let mut alerts: Vec<ChangedAlert> = raised
            .iter()
            .chain(&changed)
            .map(|id| {
                let alert = self.state.alert(*id);
                ChangedAlert {
                    id: *id,
                    severity: alert.severity,
                    status: alert.status,
                    title: alert.rule_title.chars().take(MAX_NAMED_TITLE_CHARS).collect(),
                    peer: alert.peer,
                    last_seen: alert.last_seen,
                    new: raised.contains(id),
                }
            })
            .collect();
        alerts.sort_by_key(|alert| (Reverse((alert.new, alert.severity)), alert.id));
        alerts.truncate(MAX_NAMED_ALERTS);
        notices.push(LiveNotice::Alerts(AlertChange {
            cursor: LiveCursor(change.seq),
            new: change.new,
            changed: change.changed,
            alerts,
        }));
        self.state.changes.0.push(change);
        notices
    }
}

#[async_trait]
impl LiveRepository for MemoryUnitOfWork {
    async fn head(&mut self) -> RepositoryResult<LiveCursor> {
        Ok(LiveCursor(self.state.changes.head()))
    }

    async fn since(&mut self, cursor: LiveCursor) -> RepositoryResult<Since> {
        let changes = &self.state.changes.0;
        let head = self.state.changes.head();
        let later: Vec<&Change> = changes.iter().filter(|change| change.seq > cursor.0).collect();
        let counted = &later[..later.len().min(usize::from(MAX_CATCH_UP))];
        Ok(Since {
            cursor: LiveCursor(head),
            new: counted.iter().map(|change| change.new).sum(),
            changed: counted.iter().map(|change| change.changed).sum(),
            complete: counted.len() == later.len() && cursor.0 <= head && cursor.0 >= changes[0].seq,
        })
    }

    async fn forget(&mut self, before: Timestamp) -> RepositoryResult<u64> {
        let changes = &mut self.state.changes;
        let (head, length) = (changes.head(), changes.0.len());
        changes.0.retain(|change| change.at >= before || change.seq == head);
        Ok((length - changes.0.len()) as u64)
    }

    async fn totals(&mut self) -> RepositoryResult<IngestTotals> {
        let peers = self.state.peers.values().map(|(peer, _)| peer);
        Ok(IngestTotals {
            events: peers.clone().map(|peer| peer.event_count).sum(),
            rejects: peers.map(|peer| peer.reject_count).sum(),
        })
    }
}

#[async_trait]
impl LiveFeed for MemoryStore {
    async fn listen(&self) -> RepositoryResult<Box<dyn LiveListener>> {
        Ok(Box::new(Ear(self.told.subscribe())))
    }
}

struct Ear(broadcast::Receiver<LiveNotice>);

#[async_trait]
impl LiveListener for Ear {
    async fn next(&mut self) -> RepositoryResult<LiveNotice> {
        let told = self.0.recv().await;
        told.map_err(|error| RepositoryError::Unavailable(Some(Box::new(error))))
    }
}
