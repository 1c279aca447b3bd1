//! Appending to the trail, inside the transaction of the act itself.

use wolfsec::audit::{AuditActor, ChainHead, Change, NewAuditEntry, SealedEntry, canonical_bytes};
use wolfsec::ports::{RepositoryResult, UnitOfWork};

use crate::UseCases;

/// One act to be recorded.
pub(crate) struct Act<'a> {
    pub actor: AuditActor,
    pub action: &'a str,
    pub object_kind: &'a str,
    pub object: String,
    pub success: bool,
    pub changes: Vec<Change>,
    pub note: String,
}

impl<'a> Act<'a> {
    pub(crate) fn done(actor: AuditActor, action: &'a str, object_kind: &'a str, object: impl Into<String>) -> Self {
        Self {
            actor,
            action,
            object_kind,
            object: object.into(),
            success: true,
            changes: Vec::new(),
            note: String::new(),
        }
    }
    pub(crate) fn failed(mut self, note: impl Into<String>) -> Self {
        self.success = false;
        self.note = note.into();
        self
    }
    pub(crate) fn change(mut self, name: &str, before: Option<&str>, after: Option<&str>) -> Self {
        self.changes.push(Change::new(name, before, after));
        self
    }
    pub(crate) fn note(mut self, note: impl Into<String>) -> Self {
        self.note = note.into();
        self
    }
}

impl UseCases {
    /// Seals and appends; it becomes visible with the act's own commit, or not at all.
    pub(crate) async fn record(&self, uow: &mut dyn UnitOfWork, act: Act<'_>) -> RepositoryResult<()> {
        let ports = self.ports();
        let head = uow.audit().lock_head().await?;
        let (count, prev_mac) = head.map_or_else(|| (0, ports.sealer.genesis()), |head| (head.count, head.last_mac));
        let entry = NewAuditEntry {
            at: ports.clock.now(),
            actor: act.actor,
            action: act.action.to_owned(),
            object_kind: act.object_kind.to_owned(),
            object: act.object,
            success: act.success,
            changes: act.changes,
            note: act.note,
        }
        .storable();
        let bytes = canonical_bytes(&entry);
        let seq = count + 1;
        let mac = ports.sealer.seal(seq, &prev_mac, &bytes);
        let head = ChainHead {
            count: seq,
            last_mac: mac,
            seal: ports.sealer.seal_head(seq, &mac),
        };
        uow.audit()
            .append(
                &SealedEntry {
                    seq,
                    entry,
                    bytes,
                    prev_mac,
                    mac,
                },
                &head,
            )
            .await
    }
}
