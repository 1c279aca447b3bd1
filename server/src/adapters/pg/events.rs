//! Events: reading, and what is kept beside them.

use async_trait::async_trait;
use chrono::NaiveDate;
use futures::TryStreamExt as _;
use sqlx::postgres::PgRow;
use sqlx::{Postgres, QueryBuilder, Row as _};
use wolfsec::Timestamp;
use wolfsec::detection::CorrelationHit;
use wolfsec::events::{EcsColumns, EventQuery, IngestAnswer, LogSource, MAX_PAGE_BYTES, NewEvent, SecurityEvent};
use wolfsec::ids::{EventId, PeerId};
use wolfsec::overview::RateBucket;
use wolfsec::page::Page;
use wolfsec::ports::{Digest, EventRepository, IngestRequest, RepositoryResult};

use super::PgUnitOfWork;
use super::error::{from_json, inconsistent, store_error, stored_digest, stored_severity, to_json};
use super::text::{contains_pattern, storable};

/// Days dropped at most by one call.
const MAX_DROPS: i64 = 100;
/// Days made at most by one call.
const MAX_DAYS: usize = 400;

const READ: &str = "
    SELECT e.id, e.ts, e.received_at, e.peer_id, coalesce(p.name, e.peer_id::text) AS peer, l.product, l.category,
           l.service, e.severity, e.message, e.fields::text AS fields, e.host_name, e.user_name,
           host(e.source_ip) AS source_ip, host(e.destination_ip) AS destination_ip, e.process_name, e.event_code,
           e.event_outcome, e.time_adjusted, e.sanitised
    FROM (SELECT * FROM events WHERE ";
/// The same, bounded in bytes: what is cut off never leaves the store. 500 is `PREVIEW_CHARS`.
const PREVIEW: &str = "
    SELECT e.id, e.ts, e.received_at, e.peer_id, coalesce(p.name, e.peer_id::text) AS peer, l.product, l.category,
           l.service, e.severity, e.message, '{}' AS fields, e.host_name, e.user_name,
           host(e.source_ip) AS source_ip, host(e.destination_ip) AS destination_ip, e.process_name, e.event_code,
           e.event_outcome, e.time_adjusted, e.sanitised
    FROM (SELECT ts, id, received_at, peer_id, logsource_id, severity, time_adjusted, sanitised, source_ip, destination_ip,
                 host_name, user_name, process_name, event_code, event_outcome,
                 CASE WHEN char_length(message) > 500 THEN left(message, 500) || '…' ELSE message END AS message
          FROM events WHERE ";
const JOINS: &str = ") e JOIN logsources l ON l.id = e.logsource_id LEFT JOIN peers p ON p.id = e.peer_id";

fn event(row: &PgRow) -> RepositoryResult<SecurityEvent> {
    let severity = stored_severity(row.try_get("severity").map_err(store_error)?)?;
    let read = || {
        Ok(SecurityEvent {
            id: EventId(row.try_get("id")?),
            ts: row.try_get("ts")?,
            received_at: row.try_get("received_at")?,
            peer_id: PeerId(row.try_get("peer_id")?),
            peer: row.try_get("peer")?,
            logsource: LogSource {
                product: row.try_get("product")?,
                category: row.try_get("category")?,
                service: row.try_get("service")?,
            },
            severity,
            message: row.try_get("message")?,
            fields: row.try_get("fields")?,
            columns: EcsColumns {
                host_name: row.try_get("host_name")?,
                user_name: row.try_get("user_name")?,
                source_ip: row.try_get("source_ip")?,
                destination_ip: row.try_get("destination_ip")?,
                process_name: row.try_get("process_name")?,
                event_code: row.try_get("event_code")?,
                event_outcome: row.try_get("event_outcome")?,
            },
            time_adjusted: row.try_get("time_adjusted")?,
            sanitised: row.try_get("sanitised")?,
        })
    };
    read().map_err(store_error)
}

/// The page's statement. The cursor bounds the time as well as the key: only that selects partitions.
fn search_statement(read: &'static str, query: &EventQuery, peer: Option<uuid::Uuid>) -> QueryBuilder<Postgres> {
    let mut sql = QueryBuilder::new(read);
    sql.push("ts >= ")
        .push_bind(query.since)
        .push(" AND ts < ")
        .push_bind(query.until);
    if let Some(cursor) = query.after {
        sql.push(" AND ts <= ").push_bind(cursor.at);
        sql.push(" AND (ts, id) < (")
            .push_bind(cursor.at)
            .push(", ")
            .push_bind(cursor.id)
            .push(")");
    }
    if let Some(severity) = query.min_severity {
        sql.push(" AND severity >= ").push_bind(severity.rank());
    }
    for term in &query.terms {
        sql.push(" AND message ILIKE ").push_bind(contains_pattern(term));
    }
    match peer {
        // A range of one, in an order that begins with the peer: the planner cannot walk the whole key for a rare peer
        // in the hope of filling the page early, only the peer's own index has this order.
        Some(peer) => {
            sql.push(" AND peer_id >= ")
                .push_bind(peer)
                .push(" AND peer_id <= ")
                .push_bind(peer);
            sql.push(" ORDER BY peer_id DESC, ts DESC, id DESC LIMIT ");
        }
        None => {
            sql.push(" ORDER BY ts DESC, id DESC LIMIT ");
        }
    }
    sql.push_bind(i64::from(query.limit.get()) + 1);
    sql.push(JOINS).push(" ORDER BY e.ts DESC, e.id DESC");
    sql
}

impl PgUnitOfWork {
    async fn search_as(&mut self, read: &'static str, query: &EventQuery) -> RepositoryResult<Page<SecurityEvent>> {
        let peer = match &query.peer {
            None => None,
            Some(name) => {
                let found = sqlx::query_scalar("SELECT id FROM peers WHERE lower(name) COLLATE \"C\" = lower($1)")
                    .bind(storable(name))
                    .fetch_optional(self.conn())
                    .await
                    .map_err(store_error)?;
                if found.is_none() {
                    return Ok(Page {
                        items: Vec::new(),
                        next_cursor: None,
                    });
                }
                found
            }
        };
        let mut sql = search_statement(read, query, peer);
        // Not kept as a prepared statement: a generic plan would know neither the partitions nor the peer.
        let mut rows = sql.build().persistent(false).fetch(self.conn());
        let (mut items, mut bytes) = (Vec::new(), 0);
        // The row that is too much is the surplus that says so.
        while bytes <= MAX_PAGE_BYTES {
            let Some(row) = rows.try_next().await.map_err(store_error)? else {
                break;
            };
            let event = event(&row)?;
            bytes += event.weight();
            items.push(event);
        }
        Ok(Page::within_bytes(
            items,
            query.limit,
            MAX_PAGE_BYTES,
            SecurityEvent::weight,
            SecurityEvent::cursor,
        ))
    }
}

#[async_trait]
impl EventRepository for PgUnitOfWork {
    #[tracing::instrument(name = "pg.events.find_requests", skip_all, fields(keys = keys.len()))]
    async fn find_requests(
        &mut self,
        keys: &[(PeerId, Digest)],
    ) -> RepositoryResult<Vec<(IngestRequest, IngestAnswer)>> {
        let peers: Vec<_> = keys.iter().map(|(peer, _)| peer.0).collect();
        let digests: Vec<&[u8]> = keys.iter().map(|(_, digest)| digest.as_slice()).collect();
        let rows = sqlx::query(
            "SELECT r.peer_id, r.body_digest, r.received_at, r.answer::text AS answer
             FROM (SELECT DISTINCT peer, digest FROM unnest($1::uuid[], $2::bytea[]) AS k (peer, digest)) k
             JOIN ingest_requests r ON r.peer_id = k.peer AND r.body_digest = k.digest",
        )
        .bind(&peers)
        .bind(&digests)
        .fetch_all(self.conn())
        .await
        .map_err(store_error)?;
        rows.iter()
            .map(|row| {
                let request = IngestRequest {
                    peer: PeerId(row.try_get("peer_id").map_err(store_error)?),
                    body_digest: stored_digest("body_digest", row.try_get("body_digest").map_err(store_error)?)?,
                    received_at: row.try_get("received_at").map_err(store_error)?,
                };
                Ok((
                    request,
                    from_json("answer", row.try_get("answer").map_err(store_error)?)?,
                ))
            })
            .collect()
    }

    #[tracing::instrument(name = "pg.events.remember_requests", skip_all, fields(requests = requests.len()))]
    async fn remember_requests(&mut self, requests: &[(IngestRequest, IngestAnswer)]) -> RepositoryResult<()> {
        if requests.is_empty() {
            return Ok(());
        }
        let peers: Vec<_> = requests.iter().map(|(request, _)| request.peer.0).collect();
        let digests: Vec<&[u8]> = requests
            .iter()
            .map(|(request, _)| request.body_digest.as_slice())
            .collect();
        let times: Vec<_> = requests.iter().map(|(request, _)| request.received_at).collect();
        let answers = requests
            .iter()
            .map(|(_, answer)| to_json(answer))
            .collect::<RepositoryResult<Vec<_>>>()?;
        // The first answer stays.
        sqlx::query(
            "INSERT INTO ingest_requests (peer_id, body_digest, received_at, answer)
             SELECT peer, digest, at, answer::json
             FROM unnest($1::uuid[], $2::bytea[], $3::timestamptz[], $4::text[]) AS r (peer, digest, at, answer)
             ORDER BY peer, digest
             ON CONFLICT (peer_id, body_digest) DO NOTHING",
        )
        .bind(&peers)
        .bind(&digests)
        .bind(&times)
        .bind(&answers)
        .execute(self.conn())
        .await
        .map_err(store_error)?;
        Ok(())
    }

    #[tracing::instrument(name = "pg.events.insert_batch", skip_all, fields(events = events.len()))]
    async fn insert_batch(&mut self, events: &[NewEvent]) -> RepositoryResult<Vec<(Timestamp, EventId)>> {
        self.store_events(events).await
    }

    #[tracing::instrument(name = "pg.events.search", skip_all)]
    async fn search(&mut self, query: &EventQuery) -> RepositoryResult<Page<SecurityEvent>> {
        self.search_as(READ, query).await
    }

    #[tracing::instrument(name = "pg.events.preview", skip_all)]
    async fn preview(&mut self, query: &EventQuery) -> RepositoryResult<Page<SecurityEvent>> {
        self.search_as(PREVIEW, query).await
    }

    #[tracing::instrument(name = "pg.events.get", skip_all)]
    async fn get(&mut self, ts: Timestamp, id: EventId) -> RepositoryResult<Option<SecurityEvent>> {
        let mut sql = QueryBuilder::<Postgres>::new(READ);
        sql.push("ts = ")
            .push_bind(ts)
            .push(" AND id = ")
            .push_bind(id.0)
            .push(JOINS);
        let row = sql.build().fetch_optional(self.conn()).await.map_err(store_error)?;
        row.as_ref().map(event).transpose()
    }

    #[tracing::instrument(name = "pg.events.hit_events", skip_all, fields(ids = ids.len()))]
    async fn hit_events(
        &mut self,
        ids: &[EventId],
        since: Timestamp,
        until: Timestamp,
    ) -> RepositoryResult<Vec<SecurityEvent>> {
        let ids: Vec<_> = ids.iter().map(|id| id.0).collect();
        let mut sql = QueryBuilder::<Postgres>::new(READ);
        // The bounds twice: outside they select partitions, inside the hits.
        sql.push("ts >= ")
            .push_bind(since)
            .push(" AND ts <= ")
            .push_bind(until)
            .push(" AND (ts, id) IN (SELECT ts, event_id FROM correlation_hits WHERE ts >= ")
            .push_bind(since)
            .push(" AND ts <= ")
            .push_bind(until)
            .push(" AND event_id = ANY(")
            .push_bind(ids)
            .push("))")
            .push(JOINS)
            .push(" ORDER BY e.ts, e.id LIMIT 1000");
        let rows = sql.build().fetch_all(self.conn()).await.map_err(store_error)?;
        rows.iter().map(event).collect()
    }

    #[tracing::instrument(name = "pg.events.insert_hits", skip_all, fields(hits = hits.len()))]
    async fn insert_hits(&mut self, hits: &[CorrelationHit]) -> RepositoryResult<()> {
        let times: Vec<_> = hits.iter().map(|hit| hit.ts).collect();
        let events: Vec<_> = hits.iter().map(|hit| hit.event_id.0).collect();
        let peers: Vec<_> = hits.iter().map(|hit| hit.peer.0).collect();
        let rules = hits
            .iter()
            .map(|hit| to_json(&hit.rule_ids))
            .collect::<RepositoryResult<Vec<_>>>()?;
        let fields: Vec<_> = hits.iter().map(|hit| storable(&hit.fields)).collect();
        sqlx::query(
            "INSERT INTO correlation_hits (ts, event_id, peer_id, rule_ids, fields)
             SELECT ts, event_id, peer_id, rule_ids::json, fields
             FROM unnest($1::timestamptz[], $2::uuid[], $3::uuid[], $4::text[], $5::text[])
                  AS h (ts, event_id, peer_id, rule_ids, fields)
             ORDER BY ts, event_id
             ON CONFLICT (ts, event_id) DO NOTHING",
        )
        .bind(&times)
        .bind(&events)
        .bind(&peers)
        .bind(&rules)
        .bind(&fields)
        .execute(self.conn())
        .await
        .map_err(store_error)?;
        Ok(())
    }

    #[tracing::instrument(name = "pg.events.hits_since", skip_all)]
    async fn hits_since(&mut self, since: Timestamp, max: u32) -> RepositoryResult<Vec<CorrelationHit>> {
        // The newest ones count where there are more than asked for.
        let rows = sqlx::query(
            "SELECT ts, event_id, peer_id, rule_ids::text AS rule_ids, fields FROM correlation_hits
             WHERE ts >= $1 ORDER BY ts DESC, event_id DESC LIMIT $2",
        )
        .bind(since)
        .bind(i64::from(max))
        .fetch_all(self.conn())
        .await
        .map_err(store_error)?;
        rows.iter()
            .rev()
            .map(|row| {
                let rule_ids = from_json("rule_ids", row.try_get("rule_ids").map_err(store_error)?)?;
                let read = || {
                    Ok(CorrelationHit {
                        event_id: EventId(row.try_get("event_id")?),
                        ts: row.try_get("ts")?,
                        peer: PeerId(row.try_get("peer_id")?),
                        rule_ids,
                        fields: row.try_get("fields")?,
                    })
                };
                read().map_err(store_error)
            })
            .collect()
    }

    #[tracing::instrument(name = "pg.events.rate", skip_all)]
    async fn rate(&mut self, since: Timestamp, minutes: i32) -> RepositoryResult<Vec<RateBucket>> {
        let from_hours =
            "SELECT date_bin(make_interval(mins => $2), hour, 'epoch') AS start, severity, sum(count)::bigint
             FROM event_rollups_hourly WHERE hour >= date_bin(make_interval(mins => $2), $1, 'epoch')
             GROUP BY 1, 2 ORDER BY 1, 2";
        let from_minutes =
            "SELECT date_bin(make_interval(mins => $2), bucket, 'epoch') AS start, severity, sum(count)::bigint
             FROM event_rollups WHERE bucket >= date_bin(make_interval(mins => $2), $1, 'epoch')
             GROUP BY 1, 2 ORDER BY 1, 2";
        let rows: Vec<(Timestamp, i16, i64)> = sqlx::query_as(if minutes > 0 && minutes % 60 == 0 {
            from_hours
        } else {
            from_minutes
        })
        .bind(since)
        .bind(minutes.max(1))
        .fetch_all(self.conn())
        .await
        .map_err(store_error)?;
        let mut buckets: Vec<RateBucket> = Vec::new();
        for (start, severity, count) in rows {
            if buckets.last().is_none_or(|bucket| bucket.start != start) {
                buckets.push(RateBucket { start, counts: [0; 5] });
            }
            let slot = usize::try_from(severity).map_err(|error| inconsistent("severity", error))?;
            if let Some(slot) = buckets.last_mut().and_then(|bucket| bucket.counts.get_mut(slot)) {
                *slot += count;
            }
        }
        Ok(buckets)
    }

    #[tracing::instrument(name = "pg.events.count_recent", skip_all, fields(peers = peers.len()))]
    async fn count_recent(
        &mut self,
        peers: &[PeerId],
        since: Timestamp,
        until: Timestamp,
        max: i64,
    ) -> RepositoryResult<Vec<(PeerId, i64)>> {
        let ids: Vec<_> = peers.iter().map(|peer| peer.0).collect();
        let rows: Vec<(uuid::Uuid, i64)> = sqlx::query_as(
            "SELECT p.id, c.events FROM (SELECT DISTINCT id FROM unnest($1::uuid[]) AS u (id)) AS p
             CROSS JOIN LATERAL (
                 SELECT count(*) AS events FROM (
                     SELECT FROM events WHERE peer_id = p.id AND ts >= $2 AND ts < $3 LIMIT $4) AS e) AS c
             WHERE c.events > 0 ORDER BY p.id LIMIT $5",
        )
        .bind(&ids)
        .bind(since)
        .bind(until)
        .bind(max)
        .bind(i64::try_from(ids.len()).unwrap_or(i64::MAX))
        .fetch_all(self.conn())
        .await
        .map_err(store_error)?;
        Ok(rows.into_iter().map(|(id, events)| (PeerId(id), events)).collect())
    }

    #[tracing::instrument(name = "pg.events.last_received_at", skip_all)]
    async fn last_received_at(&mut self) -> RepositoryResult<Option<Timestamp>> {
        sqlx::query_scalar("SELECT max(last_received_at) FROM event_days")
            .fetch_one(self.conn())
            .await
            .map_err(store_error)
    }

    #[tracing::instrument(name = "pg.events.ensure_partitions", skip_all)]
    async fn ensure_partitions(&mut self, from: NaiveDate, to: NaiveDate) -> RepositoryResult<u32> {
        let days: Vec<NaiveDate> = from.iter_days().take_while(|day| *day <= to).take(MAX_DAYS).collect();
        self.make_partitions(&days).await
    }

    #[tracing::instrument(name = "pg.events.retire", skip_all)]
    async fn retire(
        &mut self,
        days_before: NaiveDate,
        requests_before: Timestamp,
        hits_before: Timestamp,
    ) -> RepositoryResult<u32> {
        sqlx::query("DELETE FROM ingest_requests WHERE received_at < $1")
            .bind(requests_before)
            .execute(self.conn())
            .await
            .map_err(store_error)?;
        sqlx::query("DELETE FROM correlation_hits WHERE ts < $1")
            .bind(hits_before)
            .execute(self.conn())
            .await
            .map_err(store_error)?;
        let dropped: i64 = sqlx::query_scalar(
            "SELECT count(*) FILTER (WHERE drop_event_partition(day, $1)) FROM (
                 SELECT day FROM event_days
                 WHERE day < $1
                   AND (last_received_at IS NULL OR last_received_at < $1::timestamp AT TIME ZONE 'UTC')
                 ORDER BY day LIMIT $2) AS old",
        )
        .bind(days_before)
        .bind(MAX_DROPS)
        .fetch_one(self.conn())
        .await
        .map_err(store_error)?;
        sqlx::query(
            "DELETE FROM event_rollups_hourly h WHERE h.hour < $1::timestamp AT TIME ZONE 'UTC'
             AND NOT EXISTS (SELECT FROM event_days d WHERE d.day = (h.hour AT TIME ZONE 'UTC')::date)",
        )
        .bind(days_before)
        .execute(self.conn())
        .await
        .map_err(store_error)?;
        Ok(u32::try_from(dropped).unwrap_or(u32::MAX))
    }
}
