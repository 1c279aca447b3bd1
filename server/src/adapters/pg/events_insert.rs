//! The write path: one COPY; on a key conflict the batch is redone through a temporary table.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use chrono::{DateTime, NaiveDate};
use sqlx::{Connection as _, PgConnection};
use wolfsec::Timestamp;
use wolfsec::events::{LogSource, NewEvent};
use wolfsec::ids::EventId;
use wolfsec::ports::RepositoryResult;

use super::PgUnitOfWork;
use super::copy::{CopyBuffer, INTO_EVENTS, INTO_INCOMING};
use super::error::{inconsistent, is_duplicate, store_error};

type Identity = (Timestamp, EventId);

/// The driver copies what is sent into a buffer of the connection: a whole batch would be there a second time.
const CHUNK_BYTES: usize = 256 * 1024;

/// Room for an event's columns beside its texts.
const FIXED_BYTES: usize = 200;

impl PgUnitOfWork {
    pub(super) async fn store_events(&mut self, events: &[NewEvent]) -> RepositoryResult<Vec<Identity>> {
        let (batch, mut duplicates) = distinct(events);
        if batch.is_empty() {
            return Ok(duplicates);
        }
        let days: BTreeSet<NaiveDate> = batch.iter().map(|event| event.ts.date_naive()).collect();
        self.make_partitions(&days.into_iter().collect::<Vec<_>>()).await?;
        let logsources = self.logsource_ids(&batch).await?;
        let stream = encode(&batch, &logsources)?;

        if self.copy_batch(&stream).await? {
            self.count_events(&batch).await?;
            return Ok(duplicates);
        }
        let inserted = self.insert_missing(&stream).await?;
        let (fresh, known): (Vec<&NewEvent>, Vec<&NewEvent>) = batch
            .into_iter()
            .partition(|event| inserted.contains(&(event.ts, event.id)));
        duplicates.extend(known.iter().map(|event| (event.ts, event.id)));
        tracing::debug!(known = known.len(), fresh = fresh.len(), "batch met stored events");
        self.count_events(&fresh).await?;
        Ok(duplicates)
    }

    /// Makes the missing ones of these days; returns how many were missing.
    pub(super) async fn make_partitions(&mut self, days: &[NaiveDate]) -> RepositoryResult<u32> {
        let made: i64 = sqlx::query_scalar(
            "SELECT count(*) FILTER (WHERE ensure_event_partition(day)) FROM unnest($1::date[]) AS d (day)",
        )
        .bind(days)
        .fetch_one(self.conn())
        .await
        .map_err(store_error)?;
        Ok(u32::try_from(made).unwrap_or(u32::MAX))
    }

    /// False when the store has one of the events already; then nothing of the batch is stored.
    async fn copy_batch(&mut self, stream: &[u8]) -> RepositoryResult<bool> {
        let mut savepoint = self.tx().begin().await.map_err(store_error)?;
        match copy(&mut savepoint, INTO_EVENTS, stream).await {
            Ok(()) => {
                savepoint.commit().await.map_err(store_error)?;
                Ok(true)
            }
            Err(error) if is_duplicate(&error) => {
                savepoint.rollback().await.map_err(store_error)?;
                Ok(false)
            }
            Err(error) => Err(store_error(error)),
        }
    }

    async fn insert_missing(&mut self, stream: &[u8]) -> RepositoryResult<HashSet<Identity>> {
        let conn = self.conn();
        let redo = async {
            sqlx::query("CREATE TEMPORARY TABLE incoming_events (LIKE events) ON COMMIT DROP")
                .execute(&mut *conn)
                .await?;
            copy(&mut *conn, INTO_INCOMING, stream).await?;
            let inserted: Vec<(Timestamp, uuid::Uuid)> = sqlx::query_as(
                "INSERT INTO events (ts, id, received_at, peer_id, logsource_id, severity, time_adjusted, sanitised,
                                     source_ip, destination_ip, host_name, user_name, process_name, event_code,
                                     event_outcome, message, fields)
                 SELECT ts, id, received_at, peer_id, logsource_id, severity, time_adjusted, sanitised,
                        source_ip, destination_ip, host_name, user_name, process_name, event_code,
                        event_outcome, message, fields
                 FROM pg_temp.incoming_events ORDER BY ts, id
                 ON CONFLICT (ts, id) DO NOTHING RETURNING ts, id",
            )
            .persistent(false)
            .fetch_all(&mut *conn)
            .await?;
            sqlx::query("DROP TABLE pg_temp.incoming_events")
                .execute(&mut *conn)
                .await?;
            Ok::<_, sqlx::Error>(inserted)
        };
        let inserted = redo.await.map_err(store_error)?;
        Ok(inserted.into_iter().map(|(ts, id)| (ts, EventId(id))).collect())
    }

    /// Keeps the charts' figures and each day's last insert, from what was really stored. Rows are touched in the
    /// order of their keys, so that two writers do not wait for each other.
    async fn count_events(&mut self, stored: &[&NewEvent]) -> RepositoryResult<()> {
        let mut buckets: BTreeMap<(Timestamp, i16), i64> = BTreeMap::new();
        let mut days: BTreeMap<NaiveDate, Timestamp> = BTreeMap::new();
        for event in stored {
            *buckets.entry((minute(event.ts), event.severity.rank())).or_default() += 1;
            let last = days.entry(event.ts.date_naive()).or_insert(event.received_at);
            *last = (*last).max(event.received_at);
        }
        if buckets.is_empty() {
            return Ok(());
        }
        let starts: Vec<Timestamp> = buckets.keys().map(|(start, _)| *start).collect();
        let severities: Vec<i16> = buckets.keys().map(|(_, severity)| *severity).collect();
        let counts: Vec<i64> = buckets.values().copied().collect();
        sqlx::query(
            "WITH fresh AS (
                 SELECT bucket, severity, count
                 FROM unnest($1::timestamptz[], $2::smallint[], $3::bigint[]) AS b (bucket, severity, count)
             ), minutes AS (
                 INSERT INTO event_rollups AS r (bucket, severity, count)
                 SELECT bucket, severity, count FROM fresh ORDER BY bucket, severity
                 ON CONFLICT (bucket, severity) DO UPDATE SET count = r.count + excluded.count
             )
             INSERT INTO event_rollups_hourly AS r (hour, severity, count)
             SELECT date_bin('1 hour', bucket, 'epoch'), severity, sum(count) FROM fresh GROUP BY 1, 2 ORDER BY 1, 2
             ON CONFLICT (hour, severity) DO UPDATE SET count = r.count + excluded.count",
        )
        .bind(&starts)
        .bind(&severities)
        .bind(&counts)
        .execute(self.conn())
        .await
        .map_err(store_error)?;
        let dates: Vec<NaiveDate> = days.keys().copied().collect();
        let last_inserts: Vec<Timestamp> = days.values().copied().collect();
        sqlx::query(
            "INSERT INTO event_days AS d (day, last_received_at)
             SELECT day, last FROM unnest($1::date[], $2::timestamptz[]) AS n (day, last) ORDER BY day
             ON CONFLICT (day) DO UPDATE SET last_received_at = greatest(d.last_received_at, excluded.last_received_at)",
        )
        .bind(&dates)
        .bind(&last_inserts)
        .execute(self.conn())
        .await
        .map_err(store_error)?;
        Ok(())
    }
}

async fn copy(conn: &mut PgConnection, statement: &'static str, stream: &[u8]) -> Result<(), sqlx::Error> {
    let mut copy = conn.copy_in_raw(statement).await?;
    for chunk in stream.chunks(CHUNK_BYTES) {
        if let Err(error) = copy.send(chunk).await {
            return Err(copy.abort("the stream broke").await.err().unwrap_or(error));
        }
    }
    copy.finish().await?;
    Ok(())
}

/// The batch without its own twins, in the order of its keys; and the twins' identities, one for each surplus.
fn distinct(events: &[NewEvent]) -> (Vec<&NewEvent>, Vec<Identity>) {
    let mut seen: HashSet<Identity> = HashSet::with_capacity(events.len());
    let mut twins = Vec::new();
    let mut batch = Vec::with_capacity(events.len());
    for event in events {
        if seen.insert((event.ts, event.id)) {
            batch.push(event);
        } else {
            twins.push((event.ts, event.id));
        }
    }
    batch.sort_unstable_by_key(|event| (event.ts, event.id));
    (batch, twins)
}

fn encode(batch: &[&NewEvent], logsources: &HashMap<&LogSource, i32>) -> RepositoryResult<Vec<u8>> {
    let bytes = batch
        .iter()
        .map(|event| FIXED_BYTES + event.message.len() + event.fields.len())
        .sum();
    let mut stream = CopyBuffer::with_capacity(bytes);
    for event in batch {
        let id = logsources
            .get(&event.logsource)
            .ok_or_else(|| inconsistent("logsources", "a row is missing"))?;
        stream.push(event, *id);
    }
    Ok(stream.finish())
}

/// The minute that a time is in.
fn minute(ts: Timestamp) -> Timestamp {
    let seconds = ts.timestamp();
    DateTime::from_timestamp(seconds - seconds.rem_euclid(60), 0).unwrap_or(ts)
}
