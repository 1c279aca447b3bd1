//! The audit trail. The role may add and read; nothing here could change an entry.

use async_trait::async_trait;
use sqlx::postgres::PgRow;
use sqlx::{Postgres, QueryBuilder, Row as _};
use wolfsec::audit::{AuditActor, AuditQuery, AuditRecord, ChainHead, NewAuditEntry, SealedEntry};
use wolfsec::page::Limit;
use wolfsec::ports::{AuditRepository, RepositoryResult};

use super::PgUnitOfWork;
use super::error::{from_json, store_error, stored_digest, to_json};
use super::text::{prefix_pattern, storable};

fn entry(row: &PgRow) -> RepositoryResult<NewAuditEntry> {
    let changes: &str = row.try_get("changes").map_err(store_error)?;
    let changes = from_json("changes", changes)?;
    let read = || {
        Ok(NewAuditEntry {
            at: row.try_get("at")?,
            actor: AuditActor {
                kind: row.try_get("actor_kind")?,
                name: row.try_get("actor_name")?,
                address: row.try_get("address")?,
            },
            action: row.try_get("action")?,
            object_kind: row.try_get("object_kind")?,
            object: row.try_get("object")?,
            success: row.try_get("success")?,
            changes,
            note: row.try_get("note")?,
        })
    };
    read().map_err(store_error)
}

fn sealed(row: &PgRow) -> RepositoryResult<SealedEntry> {
    let bytes = |column: &'static str| row.try_get::<&[u8], _>(column).map_err(store_error);
    Ok(SealedEntry {
        seq: row.try_get("seq").map_err(store_error)?,
        entry: entry(row)?,
        bytes: bytes("bytes")?.to_vec(),
        prev_mac: stored_digest("prev_mac", bytes("prev_mac")?)?,
        mac: stored_digest("mac", bytes("mac")?)?,
    })
}

fn chain_head(row: &PgRow) -> RepositoryResult<ChainHead> {
    let bytes = |column: &'static str| row.try_get::<&[u8], _>(column).map_err(store_error);
    Ok(ChainHead {
        count: row.try_get("count").map_err(store_error)?,
        last_mac: stored_digest("last_mac", bytes("last_mac")?)?,
        seal: stored_digest("seal", bytes("seal")?)?,
    })
}

impl PgUnitOfWork {
    async fn locked_head_row(&mut self) -> RepositoryResult<Option<ChainHead>> {
        let row = sqlx::query("SELECT count, last_mac, seal FROM audit_head FOR UPDATE")
            .fetch_optional(self.conn())
            .await
            .map_err(store_error)?;
        row.as_ref().map(chain_head).transpose()
    }
}

#[async_trait]
impl AuditRepository for PgUnitOfWork {
    #[tracing::instrument(name = "pg.audit.lock_head", skip_all)]
    async fn lock_head(&mut self) -> RepositoryResult<Option<ChainHead>> {
        if let Some(head) = self.locked_head_row().await? {
            return Ok(Some(head));
        }
        // Before the first entry there is no row to lock.
        sqlx::query("SELECT pg_advisory_xact_lock(hashtextextended('wolfsec.audit_head', 0))")
            .execute(self.conn())
            .await
            .map_err(store_error)?;
        self.locked_head_row().await
    }

    #[tracing::instrument(name = "pg.audit.append", skip_all)]
    async fn append(&mut self, sealed: &SealedEntry, head: &ChainHead) -> RepositoryResult<()> {
        let entry = &sealed.entry;
        sqlx::query(
            "INSERT INTO audit_log (seq, at, actor_kind, actor_name, address, action, object_kind, object, success,
                                    changes, note, bytes, prev_mac, mac)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10::json, $11, $12, $13, $14)",
        )
        .bind(sealed.seq)
        .bind(entry.at)
        .bind(&entry.actor.kind)
        .bind(storable(&entry.actor.name))
        .bind(entry.actor.address.as_deref().map(storable))
        .bind(&entry.action)
        .bind(&entry.object_kind)
        .bind(storable(&entry.object))
        .bind(entry.success)
        .bind(to_json(&entry.changes)?)
        .bind(storable(&entry.note))
        .bind(&sealed.bytes)
        .bind(sealed.prev_mac.as_slice())
        .bind(sealed.mac.as_slice())
        .execute(self.conn())
        .await
        .map_err(store_error)?;
        sqlx::query(
            "INSERT INTO audit_head (count, last_mac, seal) VALUES ($1, $2, $3)
             ON CONFLICT (single) DO UPDATE
             SET count = excluded.count, last_mac = excluded.last_mac, seal = excluded.seal",
        )
        .bind(head.count)
        .bind(head.last_mac.as_slice())
        .bind(head.seal.as_slice())
        .execute(self.conn())
        .await
        .map_err(store_error)?;
        Ok(())
    }

    #[tracing::instrument(name = "pg.audit.list", skip_all)]
    async fn list(&mut self, query: &AuditQuery) -> RepositoryResult<Vec<AuditRecord>> {
        let mut sql = QueryBuilder::<Postgres>::new(
            "SELECT seq, at, actor_kind, actor_name, address, action, object_kind, object, success,
                    changes::text AS changes, note
             FROM audit_log WHERE true",
        );
        if let Some(action) = &query.action {
            sql.push(" AND action LIKE ").push_bind(prefix_pattern(action));
        }
        if let Some(actor) = &query.actor {
            sql.push(" AND actor_name = ").push_bind(storable(actor).into_owned());
        }
        if let Some(before) = query.before_seq {
            sql.push(" AND seq < ").push_bind(before);
        }
        sql.push(" ORDER BY seq DESC LIMIT ")
            .push_bind(i64::from(query.limit.get()));
        let rows = sql
            .build()
            .persistent(false)
            .fetch_all(self.conn())
            .await
            .map_err(store_error)?;
        rows.iter()
            .map(|row| {
                Ok(AuditRecord {
                    seq: row.try_get("seq").map_err(store_error)?,
                    entry: entry(row)?,
                })
            })
            .collect()
    }

    #[tracing::instrument(name = "pg.audit.sealed_after", skip_all)]
    async fn sealed_after(&mut self, seq: i64, limit: Limit) -> RepositoryResult<Vec<SealedEntry>> {
        let rows = sqlx::query(
            "SELECT seq, at, actor_kind, actor_name, address, action, object_kind, object, success,
                    changes::text AS changes, note, bytes, prev_mac, mac
             FROM audit_log WHERE seq > $1 ORDER BY seq LIMIT $2",
        )
        .bind(seq)
        .bind(i64::from(limit.get()))
        .fetch_all(self.conn())
        .await
        .map_err(store_error)?;
        rows.iter().map(sealed).collect()
    }

    #[tracing::instrument(name = "pg.audit.head", skip_all)]
    async fn head(&mut self) -> RepositoryResult<Option<ChainHead>> {
        let row = sqlx::query("SELECT count, last_mac, seal FROM audit_head")
            .fetch_optional(self.conn())
            .await
            .map_err(store_error)?;
        row.as_ref().map(chain_head).transpose()
    }
}
