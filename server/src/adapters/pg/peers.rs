//! Peers, their enrolments, and the lines that were not taken from them.

use async_trait::async_trait;
use sqlx::Row as _;
use sqlx::postgres::PgRow;
use uuid::Uuid;
use wolfsec::Timestamp;
use wolfsec::events::{MAX_REJECTS_PER_PEER, RejectedLine};
use wolfsec::ids::{EnrolmentId, PeerId};
use wolfsec::page::Limit;
use wolfsec::peers::{Enrolment, FleetQuery, Peer, PeerMark, PeerStatus, SavedPeer, StoredReject};
use wolfsec::ports::{Digest, PeerContact, PeerRepository, RepositoryResult};

use super::PgUnitOfWork;
use super::error::{store_error, stored};
use super::text::storable;

pub(super) fn peer(row: &PgRow) -> RepositoryResult<Peer> {
    let mark: &str = row.try_get("mark").map_err(store_error)?;
    let mark = stored("mark", mark)?;
    let read = || {
        Ok(Peer {
            id: PeerId(row.try_get("id")?),
            name: row.try_get("name")?,
            mark,
            interval_seconds: row.try_get("interval_seconds")?,
            enrolled_at: row.try_get("enrolled_at")?,
            last_seen: row.try_get("last_seen")?,
            address: row.try_get("address")?,
            event_count: row.try_get("event_count")?,
            reject_count: row.try_get("reject_count")?,
        })
    };
    read().map_err(store_error)
}

#[async_trait]
impl PeerRepository for PgUnitOfWork {
    #[tracing::instrument(name = "pg.peers.insert", skip_all)]
    async fn insert(&mut self, peer: &Peer, key_digest: &Digest) -> RepositoryResult<()> {
        sqlx::query(
            "INSERT INTO peers (id, name, mark, interval_seconds, key_digest, enrolled_at, last_seen, address,
                                event_count, reject_count)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        )
        .bind(peer.id.0)
        .bind(&peer.name)
        .bind(peer.mark.as_str())
        .bind(peer.interval_seconds)
        .bind(key_digest.as_slice())
        .bind(peer.enrolled_at)
        .bind(peer.last_seen)
        .bind(&peer.address)
        .bind(peer.event_count)
        .bind(peer.reject_count)
        .execute(self.conn())
        .await
        .map_err(store_error)?;
        Ok(())
    }

    #[tracing::instrument(name = "pg.peers.get", skip_all)]
    async fn get(&mut self, id: PeerId) -> RepositoryResult<Option<Peer>> {
        let row = sqlx::query("SELECT * FROM peers WHERE id = $1")
            .bind(id.0)
            .fetch_optional(self.conn())
            .await
            .map_err(store_error)?;
        row.as_ref().map(peer).transpose()
    }

    #[tracing::instrument(name = "pg.peers.find_by_key", skip_all)]
    async fn find_by_key(&mut self, digest: &Digest) -> RepositoryResult<Option<Peer>> {
        let row = sqlx::query("SELECT * FROM peers WHERE key_digest = $1")
            .bind(digest.as_slice())
            .fetch_optional(self.conn())
            .await
            .map_err(store_error)?;
        row.as_ref().map(peer).transpose()
    }

    #[tracing::instrument(name = "pg.peers.find_by_name", skip_all)]
    async fn find_by_name(&mut self, name: &str) -> RepositoryResult<Option<Peer>> {
        let row = sqlx::query("SELECT * FROM peers WHERE lower(name) COLLATE \"C\" = lower($1)")
            .bind(storable(name))
            .fetch_optional(self.conn())
            .await
            .map_err(store_error)?;
        row.as_ref().map(peer).transpose()
    }

    #[tracing::instrument(name = "pg.peers.list", skip_all)]
    async fn list(&mut self, after: Option<&str>, limit: Limit) -> RepositoryResult<Vec<Peer>> {
        // No name is empty: the empty text is before all of them.
        let rows = sqlx::query(
            "SELECT * FROM peers WHERE lower(name) COLLATE \"C\" > lower($1)
             ORDER BY lower(name) COLLATE \"C\" LIMIT $2",
        )
        .bind(storable(after.unwrap_or_default()))
        .bind(i64::from(limit.get()))
        .fetch_all(self.conn())
        .await
        .map_err(store_error)?;
        rows.iter().map(peer).collect()
    }

    #[tracing::instrument(name = "pg.peers.set_mark", skip_all)]
    async fn set_mark(&mut self, id: PeerId, mark: PeerMark) -> RepositoryResult<bool> {
        let done = sqlx::query("UPDATE peers SET mark = $2 WHERE id = $1")
            .bind(id.0)
            .bind(mark.as_str())
            .execute(self.conn())
            .await
            .map_err(store_error)?;
        Ok(done.rows_affected() == 1)
    }

    #[tracing::instrument(name = "pg.peers.set_key", skip_all)]
    async fn set_key(&mut self, id: PeerId, key_digest: &Digest) -> RepositoryResult<bool> {
        let done = sqlx::query("UPDATE peers SET key_digest = $2 WHERE id = $1")
            .bind(id.0)
            .bind(key_digest.as_slice())
            .execute(self.conn())
            .await
            .map_err(store_error)?;
        Ok(done.rows_affected() == 1)
    }

    async fn fleet(&mut self, query: &FleetQuery) -> RepositoryResult<Vec<Peer>> {
        self.list_fleet(query).await
    }
    async fn count_by_status(
        &mut self,
        words: Option<&str>,
        now: Timestamp,
    ) -> RepositoryResult<Vec<(PeerStatus, i64)>> {
        self.count_fleet(words, now).await
    }

    #[tracing::instrument(name = "pg.peers.set_interval", skip_all)]
    async fn set_interval(&mut self, id: PeerId, seconds: i32) -> RepositoryResult<bool> {
        let done = sqlx::query("UPDATE peers SET interval_seconds = $2 WHERE id = $1")
            .bind(id.0)
            .bind(seconds)
            .execute(self.conn())
            .await
            .map_err(store_error)?;
        Ok(done.rows_affected() == 1)
    }

    async fn save_peers_batch(&mut self, contacts: &[PeerContact]) -> RepositoryResult<Vec<SavedPeer>> {
        self.save_contacts(contacts).await
    }

    #[tracing::instrument(name = "pg.peers.insert_enrolment", skip_all)]
    async fn insert_enrolment(&mut self, enrolment: &Enrolment, digest: &Digest) -> RepositoryResult<()> {
        sqlx::query(
            "INSERT INTO enrolments (id, digest, created_at, expires_at, created_by, used_at)
             VALUES ($1, $2, $3, $4, $5, $6)",
        )
        .bind(enrolment.id.0)
        .bind(digest.as_slice())
        .bind(enrolment.created_at)
        .bind(enrolment.expires_at)
        .bind(&enrolment.created_by)
        .bind(enrolment.used_at)
        .execute(self.conn())
        .await
        .map_err(store_error)?;
        Ok(())
    }

    #[tracing::instrument(name = "pg.peers.use_enrolment", skip_all)]
    async fn use_enrolment(&mut self, digest: &Digest, at: Timestamp) -> RepositoryResult<Option<EnrolmentId>> {
        let id = sqlx::query_scalar(
            "UPDATE enrolments SET used_at = $2 WHERE digest = $1 AND used_at IS NULL AND expires_at > $2 RETURNING id",
        )
        .bind(digest.as_slice())
        .bind(at)
        .fetch_optional(self.conn())
        .await
        .map_err(store_error)?;
        Ok(id.map(EnrolmentId))
    }

    #[tracing::instrument(name = "pg.peers.keep_rejects", skip_all, fields(peers = rejects.len()))]
    async fn keep_rejects(&mut self, at: Timestamp, rejects: &[(PeerId, Vec<RejectedLine>)]) -> RepositoryResult<()> {
        if rejects.is_empty() {
            return Ok(());
        }
        let bound = MAX_REJECTS_PER_PEER as usize;
        let kept: Vec<(Uuid, &RejectedLine)> = rejects
            .iter()
            .flat_map(|(peer, lines)| {
                lines[lines.len().saturating_sub(bound)..]
                    .iter()
                    .map(|line| (peer.0, line))
            })
            .collect();
        let peers: Vec<Uuid> = kept.iter().map(|(peer, _)| *peer).collect();
        let lines: Vec<i32> = kept
            .iter()
            .map(|(_, reject)| i32::try_from(reject.line).unwrap_or(i32::MAX))
            .collect();
        let codes: Vec<_> = kept.iter().map(|(_, reject)| reject.code.as_str()).collect();
        let reasons: Vec<_> = kept.iter().map(|(_, reject)| storable(&reject.reason)).collect();
        let samples: Vec<_> = kept.iter().map(|(_, reject)| storable(&reject.sample)).collect();
        sqlx::query(
            "INSERT INTO peer_rejects (peer_id, at, line, code, reason, sample)
             SELECT peer_id, $1, line, code, reason, sample
             FROM unnest($2::uuid[], $3::int[], $4::text[], $5::text[], $6::text[]) WITH ORDINALITY
                  AS r (peer_id, line, code, reason, sample, n)
             ORDER BY n",
        )
        .bind(at)
        .bind(&peers)
        .bind(&lines)
        .bind(&codes)
        .bind(&reasons)
        .bind(&samples)
        .execute(self.conn())
        .await
        .map_err(store_error)?;
        sqlx::query(
            "DELETE FROM peer_rejects USING (
                 SELECT id, row_number() OVER (PARTITION BY peer_id ORDER BY id DESC) AS age
                 FROM peer_rejects WHERE peer_id = ANY($1)
             ) AS ranked
             WHERE peer_rejects.id = ranked.id AND ranked.age > $2",
        )
        .bind(&peers)
        .bind(i64::from(MAX_REJECTS_PER_PEER))
        .execute(self.conn())
        .await
        .map_err(store_error)?;
        Ok(())
    }

    #[tracing::instrument(name = "pg.peers.list_rejects", skip_all)]
    async fn list_rejects(&mut self, peer: PeerId, limit: Limit) -> RepositoryResult<Vec<StoredReject>> {
        let rows = sqlx::query(
            "SELECT at, line, code, reason, sample FROM peer_rejects WHERE peer_id = $1 ORDER BY id DESC LIMIT $2",
        )
        .bind(peer.0)
        .bind(i64::from(limit.get()))
        .fetch_all(self.conn())
        .await
        .map_err(store_error)?;
        rows.iter()
            .map(|row| {
                Ok(StoredReject {
                    at: row.try_get("at")?,
                    line: row.try_get("line")?,
                    code: row.try_get("code")?,
                    reason: row.try_get("reason")?,
                    sample: row.try_get("sample")?,
                })
            })
            .collect::<Result<_, sqlx::Error>>()
            .map_err(store_error)
    }
}
