//! What peers measure of themselves.

use async_trait::async_trait;
use chrono::NaiveDate;
use sqlx::Row as _;
use sqlx::postgres::PgRow;
use uuid::Uuid;
use wolfsec::Timestamp;
use wolfsec::ids::PeerId;
use wolfsec::peers::{MeasuredWindow, MetricPoint, MetricSample, PeerSample};
use wolfsec::ports::{MetricRepository, RepositoryResult};

use super::PgUnitOfWork;
use super::error::store_error;

/// Days made or dropped in one go.
const MAX_DAYS: i64 = 1000;
/// Points of a chart at most; the domain's ranges have far fewer.
const MAX_POINTS: i64 = 2000;

/// One value of every sample, in order.
fn column<T>(samples: &[PeerSample], value: impl Fn(&MetricSample) -> T) -> Vec<T> {
    samples.iter().map(|sample| value(&sample.sample)).collect()
}

fn point(row: &PgRow) -> Result<MetricPoint, sqlx::Error> {
    Ok(MetricPoint {
        start: row.try_get("start")?,
        samples: row.try_get("samples")?,
        latency_ms: row.try_get("latency_ms")?,
        cpu_percent: row.try_get("cpu_percent")?,
        memory_bytes: row.try_get("memory_bytes")?,
        disk_percent: row.try_get("disk_percent")?,
        requests: row.try_get("requests")?,
        failures: row.try_get("failures")?,
        bytes_sent: row.try_get("bytes_sent")?,
        bytes_received: row.try_get("bytes_received")?,
        messages_sent: row.try_get("messages_sent")?,
        messages_received: row.try_get("messages_received")?,
    })
}

fn sample(row: &PgRow) -> Result<MetricSample, sqlx::Error> {
    Ok(MetricSample {
        at: row.try_get("at")?,
        latency_ms: row.try_get("latency_ms")?,
        messages_sent: row.try_get("messages_sent")?,
        messages_received: row.try_get("messages_received")?,
        bytes_sent: row.try_get("bytes_sent")?,
        bytes_received: row.try_get("bytes_received")?,
        requests_total: row.try_get("requests_total")?,
        requests_failed: row.try_get("requests_failed")?,
        cpu_percent: row.try_get("cpu_percent")?,
        memory_bytes: row.try_get("memory_bytes")?,
        disk_percent: row.try_get("disk_percent")?,
        uptime_s: row.try_get("uptime_s")?,
    })
}

#[async_trait]
impl MetricRepository for PgUnitOfWork {
    #[tracing::instrument(name = "pg.metrics.save_batch", skip_all, fields(samples = samples.len()))]
    async fn save_peer_metrics_batch(
        &mut self,
        received_at: Timestamp,
        samples: &[PeerSample],
    ) -> RepositoryResult<Vec<(PeerId, Timestamp)>> {
        if samples.is_empty() {
            return Ok(Vec::new());
        }
        let peers: Vec<Uuid> = samples.iter().map(|sample| sample.peer.0).collect();
        let rows = sqlx::query(
            "SELECT stored_peer, stored_at
             FROM store_peer_metrics($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)",
        )
        .bind(received_at)
        .bind(&peers)
        .bind(column(samples, |sample| sample.at))
        .bind(column(samples, |sample| sample.latency_ms))
        .bind(column(samples, |sample| sample.messages_sent))
        .bind(column(samples, |sample| sample.messages_received))
        .bind(column(samples, |sample| sample.bytes_sent))
        .bind(column(samples, |sample| sample.bytes_received))
        .bind(column(samples, |sample| sample.requests_total))
        .bind(column(samples, |sample| sample.requests_failed))
        .bind(column(samples, |sample| sample.cpu_percent))
        .bind(column(samples, |sample| sample.memory_bytes))
        .bind(column(samples, |sample| sample.disk_percent))
        .bind(column(samples, |sample| sample.uptime_s))
        .fetch_all(self.conn())
        .await
        .map_err(store_error)?;
        rows.iter()
            .map(|row| Ok((PeerId(row.try_get("stored_peer")?), row.try_get("stored_at")?)))
            .collect::<Result<_, sqlx::Error>>()
            .map_err(store_error)
    }

    #[tracing::instrument(name = "pg.metrics.measured", skip_all, fields(peers = peers.len()))]
    async fn measured(
        &mut self,
        peers: &[PeerId],
        since: Timestamp,
        until: Timestamp,
    ) -> RepositoryResult<Vec<(PeerId, MeasuredWindow)>> {
        let ids: Vec<Uuid> = peers.iter().map(|peer| peer.0).collect();
        // A fall of one of the two request counters is a new start of both. Samples without them stand apart, so that
        // the reading before is always one that has both.
        let rows = sqlx::query(
            "WITH sample AS (
                 SELECT peer_id, latency_ms, requests_total AS total, requests_failed AS failed,
                        lag(requests_total) OVER counted AS total_before, lag(requests_failed) OVER counted AS failed_before
                 FROM peer_metrics
                 WHERE peer_id = ANY($1) AND at >= $2 AND at < $3
                 WINDOW counted AS (
                     PARTITION BY peer_id, requests_total IS NULL OR requests_failed IS NULL ORDER BY at)
             ), step AS (
                 SELECT *, total < total_before OR failed < failed_before AS fresh FROM sample
             ), summed AS (
                 SELECT peer_id, avg(latency_ms) AS latency_ms,
                        sum(CASE WHEN fresh THEN total ELSE total - total_before END) AS requests,
                        sum(CASE WHEN fresh THEN failed ELSE failed - failed_before END) AS failures
                 FROM step GROUP BY peer_id
             )
             SELECT peer_id, latency_ms,
                    CASE WHEN requests IS NOT NULL THEN least(requests, 9223372036854775807)::bigint END AS requests,
                    CASE WHEN failures IS NOT NULL THEN least(failures, 9223372036854775807)::bigint END AS failures
             FROM summed ORDER BY peer_id LIMIT $4",
        )
        .bind(&ids)
        .bind(since)
        .bind(until)
        .bind(i64::try_from(ids.len()).unwrap_or(i64::MAX))
        .fetch_all(self.conn())
        .await
        .map_err(store_error)?;
        rows.iter()
            .map(|row| {
                let window = MeasuredWindow {
                    latency_ms: row.try_get("latency_ms")?,
                    requests: row.try_get("requests")?,
                    failures: row.try_get("failures")?,
                };
                Ok((PeerId(row.try_get("peer_id")?), window))
            })
            .collect::<Result<_, sqlx::Error>>()
            .map_err(store_error)
    }

    #[tracing::instrument(name = "pg.metrics.points", skip_all)]
    async fn points(
        &mut self,
        peer: PeerId,
        since: Timestamp,
        until: Timestamp,
        bucket_seconds: i32,
    ) -> RepositoryResult<Vec<MetricPoint>> {
        // Each counter has its own window, so that its reading before is one that has it: a peer may send its
        // values in samples of different kinds. The last reading before the range begins is found in the bucket before it.
        let rows = sqlx::query(
            "WITH sample AS (
                 SELECT at, latency_ms, cpu_percent, memory_bytes, disk_percent,
                        counter_increase(lag(requests_total) OVER requests, requests_total) AS requests,
                        extract(epoch FROM at - lag(at) OVER requests) AS requests_s,
                        counter_increase(lag(requests_failed) OVER failures, requests_failed) AS failures,
                        extract(epoch FROM at - lag(at) OVER failures) AS failures_s,
                        counter_increase(lag(bytes_sent) OVER b_sent, bytes_sent) AS b_sent,
                        extract(epoch FROM at - lag(at) OVER b_sent) AS b_sent_s,
                        counter_increase(lag(bytes_received) OVER b_got, bytes_received) AS b_got,
                        extract(epoch FROM at - lag(at) OVER b_got) AS b_got_s,
                        counter_increase(lag(messages_sent) OVER m_sent, messages_sent) AS m_sent,
                        extract(epoch FROM at - lag(at) OVER m_sent) AS m_sent_s,
                        counter_increase(lag(messages_received) OVER m_got, messages_received) AS m_got,
                        extract(epoch FROM at - lag(at) OVER m_got) AS m_got_s
                 FROM peer_metrics
                 WHERE peer_id = $1 AND at >= $2 - make_interval(secs => $4) AND at < $3
                 WINDOW requests AS (PARTITION BY requests_total IS NULL ORDER BY at),
                        failures AS (PARTITION BY requests_failed IS NULL ORDER BY at),
                        b_sent AS (PARTITION BY bytes_sent IS NULL ORDER BY at),
                        b_got AS (PARTITION BY bytes_received IS NULL ORDER BY at),
                        m_sent AS (PARTITION BY messages_sent IS NULL ORDER BY at),
                        m_got AS (PARTITION BY messages_received IS NULL ORDER BY at)
             )
             SELECT date_bin(make_interval(secs => $4), at, $2) AS start, count(*) AS samples,
                    avg(latency_ms) AS latency_ms, avg(cpu_percent) AS cpu_percent,
                    avg(memory_bytes)::float8 AS memory_bytes, avg(disk_percent) AS disk_percent,
                    (sum(requests) / nullif(sum(requests_s) FILTER (WHERE requests IS NOT NULL), 0))::float8 AS requests,
                    (sum(failures) / nullif(sum(failures_s) FILTER (WHERE failures IS NOT NULL), 0))::float8 AS failures,
                    (sum(b_sent) / nullif(sum(b_sent_s) FILTER (WHERE b_sent IS NOT NULL), 0))::float8 AS bytes_sent,
                    (sum(b_got) / nullif(sum(b_got_s) FILTER (WHERE b_got IS NOT NULL), 0))::float8 AS bytes_received,
                    (sum(m_sent) / nullif(sum(m_sent_s) FILTER (WHERE m_sent IS NOT NULL), 0))::float8 AS messages_sent,
                    (sum(m_got) / nullif(sum(m_got_s) FILTER (WHERE m_got IS NOT NULL), 0))::float8 AS messages_received
             FROM sample WHERE at >= $2 GROUP BY start ORDER BY start LIMIT $5",
        )
        .bind(peer.0)
        .bind(since)
        .bind(until)
        .bind(f64::from(bucket_seconds.max(1)))
        .bind(MAX_POINTS)
        .fetch_all(self.conn())
        .await
        .map_err(store_error)?;
        rows.iter().map(point).collect::<Result<_, _>>().map_err(store_error)
    }

    #[tracing::instrument(name = "pg.metrics.latest", skip_all)]
    async fn latest(&mut self, peer: PeerId, until: Timestamp) -> RepositoryResult<Option<MetricSample>> {
        let row = sqlx::query("SELECT * FROM peer_metrics WHERE peer_id = $1 AND at <= $2 ORDER BY at DESC LIMIT 1")
            .bind(peer.0)
            .bind(until)
            .fetch_optional(self.conn())
            .await
            .map_err(store_error)?;
        row.as_ref().map(sample).transpose().map_err(store_error)
    }

    #[tracing::instrument(name = "pg.metrics.ensure_partitions", skip_all)]
    async fn ensure_partitions(&mut self, from: NaiveDate, to: NaiveDate) -> RepositoryResult<u32> {
        let made: i64 = sqlx::query_scalar(
            "SELECT count(*) FILTER (WHERE ensure_metric_partition(day::date))
             FROM (SELECT day FROM generate_series($1::date::timestamp, $2::date::timestamp, interval '1 day') AS g (day) LIMIT $3) AS days",
        )
        .bind(from)
        .bind(to)
        .bind(MAX_DAYS)
        .fetch_one(self.conn())
        .await
        .map_err(store_error)?;
        Ok(u32::try_from(made).unwrap_or(u32::MAX))
    }

    #[tracing::instrument(name = "pg.metrics.retire", skip_all)]
    async fn retire(&mut self, days_before: NaiveDate) -> RepositoryResult<u32> {
        let dropped: i64 = sqlx::query_scalar(
            "SELECT count(*) FILTER (WHERE drop_metric_partition(day, $1)) FROM (
                 SELECT day FROM metric_days
                 WHERE day < $1
                   AND (last_received_at IS NULL OR last_received_at < $1::timestamp AT TIME ZONE 'UTC')
                 ORDER BY day LIMIT $2) AS old",
        )
        .bind(days_before)
        .bind(MAX_DAYS)
        .fetch_one(self.conn())
        .await
        .map_err(store_error)?;
        Ok(u32::try_from(dropped).unwrap_or(u32::MAX))
    }
}
