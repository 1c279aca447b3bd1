//! The audit trail: written with every act, listed, verified.

mod record;
mod verify;

pub(crate) use record::Act;

use wolfsec::audit::{AuditQuery, AuditRecord, SealedEntry};
use wolfsec::page::Limit;

use crate::{Action, Caller, Failure, UseCases};

impl UseCases {
    /// Entries, newest first; the next page starts before the last one's `seq`.
    #[tracing::instrument(name = "app.list_audit", skip_all)]
    pub async fn list_audit(&self, caller: &Caller, query: &AuditQuery) -> Result<Vec<AuditRecord>, Failure> {
        self.permit(caller, Action::ReadAudit).await?;
        Ok(self.begin().await?.audit().list(query).await?)
    }

    /// Entries after `seq`, oldest first: what the server forwards as its own security events.
    pub async fn audit_after(&self, seq: i64, limit: Limit) -> Result<Vec<SealedEntry>, Failure> {
        Ok(self.begin().await?.audit().sealed_after(seq, limit).await?)
    }

    /// How far the trail has been forwarded as events.
    pub async fn audit_forwarded(&self) -> Result<i64, Failure> {
        let stored = self.begin().await?.settings().get(FORWARDED).await?;
        Ok(stored.and_then(|text| text.parse().ok()).unwrap_or(0))
    }

    /// Remembers how far the trail has been forwarded.
    pub async fn set_audit_forwarded(&self, seq: i64) -> Result<(), Failure> {
        let mut uow = self.begin().await?;
        uow.settings().set(FORWARDED, &seq.to_string()).await?;
        Ok(uow.commit().await?)
    }
}

const FORWARDED: &str = "audit_forwarded_seq";
