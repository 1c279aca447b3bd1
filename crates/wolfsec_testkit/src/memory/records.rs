//! The audit trail, settings.

use async_trait::async_trait;
use wolfsec::audit::{AuditQuery, AuditRecord, ChainHead, SealedEntry};
use wolfsec::page::Limit;
use wolfsec::ports::{AuditRepository, RepositoryResult, SettingsRepository};

use super::{MemoryUnitOfWork, conflict};

#[async_trait]
impl AuditRepository for MemoryUnitOfWork {
    async fn lock_head(&mut self) -> RepositoryResult<Option<ChainHead>> {
        Ok(self.state.audit_head.clone())
    }
    async fn append(&mut self, entry: &SealedEntry, head: &ChainHead) -> RepositoryResult<()> {
        if self.state.audit.iter().any(|known| known.seq == entry.seq) {
            return conflict("audit_log_pkey");
        }
        self.state.audit.push(entry.clone());
        self.state.audit_head = Some(head.clone());
        Ok(())
    }
    async fn list(&mut self, query: &AuditQuery) -> RepositoryResult<Vec<AuditRecord>> {
        let wanted = self.state.audit.iter().rev().filter(|sealed| {
            query
                .action
                .as_ref()
                .is_none_or(|prefix| sealed.entry.action.starts_with(prefix))
                && query
                    .actor
                    .as_ref()
                    .is_none_or(|actor| sealed.entry.actor.name == *actor)
                && query.before_seq.is_none_or(|before| sealed.seq < before)
        });
        let record = |sealed: &SealedEntry| AuditRecord {
            seq: sealed.seq,
            entry: sealed.entry.clone(),
        };
        Ok(wanted.take(usize::from(query.limit.get())).map(record).collect())
    }
    async fn sealed_after(&mut self, seq: i64, limit: Limit) -> RepositoryResult<Vec<SealedEntry>> {
        let later = self.state.audit.iter().filter(|sealed| sealed.seq > seq);
        Ok(later.take(usize::from(limit.get())).cloned().collect())
    }
    async fn head(&mut self) -> RepositoryResult<Option<ChainHead>> {
        Ok(self.state.audit_head.clone())
    }
}

#[async_trait]
impl SettingsRepository for MemoryUnitOfWork {
    async fn get(&mut self, name: &str) -> RepositoryResult<Option<String>> {
        Ok(self.state.settings.get(name).cloned())
    }
    async fn set(&mut self, name: &str, value: &str) -> RepositoryResult<()> {
        self.state.settings.insert(name.to_owned(), value.to_owned());
        Ok(())
    }
    async fn remove(&mut self, name: &str) -> RepositoryResult<bool> {
        Ok(self.state.settings.remove(name).is_some())
    }
}
