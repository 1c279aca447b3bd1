//! Questions and changes that concern many peers at once.

use sqlx::Row as _;
use sqlx::postgres::PgRow;
use wolfsec::Timestamp;
use wolfsec::ids::PeerId;
use wolfsec::peers::{FleetOrder, FleetQuery, Peer, PeerStatus, SavedPeer};
use wolfsec::ports::{PeerContact, RepositoryResult};

use super::PgUnitOfWork;
use super::error::{store_error, stored};
use super::peers::peer;
use super::text::{contains_pattern, storable};

/// A pattern that finds the words whatever their case.
fn words_pattern(words: Option<&str>) -> Option<String> {
    words.map(|words| contains_pattern(&words.to_lowercase()))
}

fn saved(row: &PgRow) -> RepositoryResult<SavedPeer> {
    let mark_before: &str = row.try_get("mark_before").map_err(store_error)?;
    let mark: &str = row.try_get("mark").map_err(store_error)?;
    let (mark_before, mark) = (stored("mark", mark_before)?, stored("mark", mark)?);
    let read = || {
        Ok(SavedPeer {
            peer: PeerId(row.try_get("id")?),
            mark_before,
            last_seen_before: row.try_get("last_seen_before")?,
            mark,
            last_seen: row.try_get("last_seen")?,
            interval_seconds: row.try_get("interval_seconds")?,
            name: row.try_get("name")?,
        })
    };
    read().map_err(store_error)
}

impl PgUnitOfWork {
    #[tracing::instrument(name = "pg.peers.fleet", skip_all)]
    pub(super) async fn list_fleet(&mut self, query: &FleetQuery) -> RepositoryResult<Vec<Peer>> {
        let statuses: Vec<&str> = query.statuses.iter().map(|status| status.as_str()).collect();
        // Places in the order are the domain's; by name all share one.
        let order: Vec<&str> = match query.order {
            FleetOrder::Name => Vec::new(),
            FleetOrder::Attention => PeerStatus::BY_ATTENTION.iter().map(|status| status.as_str()).collect(),
        };
        // No name is empty: the empty text is before all of them.
        let (rank, name) = query
            .after
            .as_ref()
            .map_or((-1, ""), |after| (i32::from(after.rank), after.name.as_str()));
        let rows = sqlx::query(
            "SELECT p.* FROM peers p
             CROSS JOIN LATERAL (SELECT peer_status(p.mark, p.last_seen, p.interval_seconds, $1) AS status) s
             CROSS JOIN LATERAL (SELECT coalesce(array_position($2::text[], s.status) - 1, 0) AS rank) r
             WHERE ($3::text IS NULL OR lower(p.name) LIKE $3 OR lower(p.address) LIKE $3)
               AND (cardinality($4::text[]) = 0 OR s.status = ANY($4))
               AND (r.rank, lower(p.name) COLLATE \"C\") > ($5, lower($6))
             ORDER BY r.rank, lower(p.name) COLLATE \"C\" LIMIT $7",
        )
        .bind(query.now)
        .bind(&order)
        .bind(words_pattern(query.words.as_deref()))
        .bind(&statuses)
        .bind(rank)
        .bind(storable(name))
        .bind(i64::from(query.limit.get()))
        .fetch_all(self.conn())
        .await
        .map_err(store_error)?;
        rows.iter().map(peer).collect()
    }

    #[tracing::instrument(name = "pg.peers.count_by_status", skip_all)]
    pub(super) async fn count_fleet(
        &mut self,
        words: Option<&str>,
        now: Timestamp,
    ) -> RepositoryResult<Vec<(PeerStatus, i64)>> {
        // As many rows as there are statuses.
        let rows: Vec<(String, i64)> = sqlx::query_as(
            "SELECT peer_status(mark, last_seen, interval_seconds, $1) AS status, count(*) FROM peers
             WHERE $2::text IS NULL OR lower(name) LIKE $2 OR lower(address) LIKE $2
             GROUP BY status ORDER BY status LIMIT 100",
        )
        .bind(now)
        .bind(words_pattern(words))
        .fetch_all(self.conn())
        .await
        .map_err(store_error)?;
        rows.iter()
            .map(|(status, count)| Ok((stored("status", status)?, *count)))
            .collect()
    }

    #[tracing::instrument(name = "pg.peers.save_batch", skip_all, fields(contacts = contacts.len()))]
    pub(super) async fn save_contacts(&mut self, contacts: &[PeerContact]) -> RepositoryResult<Vec<SavedPeer>> {
        if contacts.is_empty() {
            return Ok(Vec::new());
        }
        let ids: Vec<_> = contacts.iter().map(|contact| contact.peer.0).collect();
        let times: Vec<_> = contacts.iter().map(|contact| contact.at).collect();
        let addresses: Vec<_> = contacts.iter().map(|contact| contact.address.as_deref()).collect();
        let marks: Vec<_> = contacts.iter().map(|contact| contact.mark.as_str()).collect();
        let events: Vec<_> = contacts.iter().map(|contact| contact.events).collect();
        let rejects: Vec<_> = contacts.iter().map(|contact| contact.rejects).collect();
        // Several contacts of a peer are one row; its latest one says mark and address. Rows are locked in the order of
        // their ids, so that two writers do not wait for each other.
        let rows = sqlx::query(
            "WITH contact AS (
                 SELECT id, max(at) AS at, sum(events)::bigint AS events, sum(rejects)::bigint AS rejects,
                        (array_agg(address ORDER BY at DESC, n DESC) FILTER (WHERE address IS NOT NULL))[1] AS address,
                        (array_agg(mark ORDER BY at DESC, n DESC))[1] AS mark
                 FROM unnest($1::uuid[], $2::timestamptz[], $3::text[], $4::text[], $5::bigint[], $6::bigint[])
                      WITH ORDINALITY AS c (id, at, address, mark, events, rejects, n)
                 GROUP BY id
             ), locked AS (
                 SELECT id, mark, last_seen FROM peers WHERE id = ANY($1) ORDER BY id FOR NO KEY UPDATE
             )
             UPDATE peers p SET
                 last_seen = greatest(p.last_seen, c.at),
                 address = CASE WHEN p.last_seen IS NULL OR c.at >= p.last_seen
                                THEN coalesce(c.address, p.address) ELSE p.address END,
                 mark = CASE WHEN (p.mark, c.mark) IN (('stopped', 'active'), ('active', 'stopped'))
                             THEN c.mark ELSE p.mark END,
                 event_count = p.event_count + c.events,
                 reject_count = p.reject_count + c.rejects
             FROM locked JOIN contact c USING (id)
             WHERE p.id = locked.id
             RETURNING p.id, locked.mark AS mark_before, locked.last_seen AS last_seen_before, p.mark, p.last_seen,
                       p.interval_seconds, p.name",
        )
        .bind(&ids)
        .bind(&times)
        .bind(&addresses)
        .bind(&marks)
        .bind(&events)
        .bind(&rejects)
        .fetch_all(self.conn())
        .await
        .map_err(store_error)?;
        rows.iter().map(saved).collect()
    }
}
