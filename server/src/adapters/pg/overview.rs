//! The overview's figures. None reads events: charts come from rollups, sizes from the catalogue.

use async_trait::async_trait;
use chrono::NaiveDate;
use wolfsec::Timestamp;
use wolfsec::alerts::TALLY_BOUND;
use wolfsec::detection::Entity;
use wolfsec::ids::UserId;
use wolfsec::overview::{
    AlertFigures, AlertMark, FIGURES_BOUND, FLEET_BOUND, FleetFigures, IngestFigures, IngestMeasure, Measured,
    RaisedCount, RankedEntity, RankedRule, Storage, TOP, Visit, WaitingCount, p95,
};
use wolfsec::peers::peer_status;
use wolfsec::ports::{OverviewRepository, RepositoryResult};

use super::PgUnitOfWork;
use super::error::{inconsistent, store_error, stored, stored_severity};

/// Kind, bucket, key, label, severity, alerts, occurrences.
type FigureRow = (String, Option<Timestamp>, String, String, i16, i64, i64);

/// One pass over the range's newest alerts.
const FIGURES: &str = "
    WITH recent AS MATERIALIZED (
        SELECT last_seen, severity, rule_id, rule_title, count, tactics, entities FROM alerts
        WHERE last_seen >= $1 ORDER BY last_seen DESC, id DESC LIMIT $3
    )
    SELECT 'total', NULL::timestamptz, '', '', 0::smallint, count(*), 0::bigint FROM recent
    UNION ALL
    SELECT 'mark', date_bin(make_interval(mins => $2), last_seen, 'epoch'), '', '', max(severity), count(*), 0
    FROM recent GROUP BY 2
    UNION ALL
    SELECT 'tactic', NULL, tactic, '', 0::smallint, count(*), 0 FROM recent, unnest(tactics) AS tactic GROUP BY tactic
    UNION ALL
    (SELECT 'rule', NULL, rule_id, max(rule_title), max(severity), count(*), sum(count)::bigint
     FROM recent GROUP BY rule_id ORDER BY count(*) DESC, rule_id COLLATE \"C\" LIMIT $4)
    UNION ALL
    (SELECT 'entity', NULL, e ->> 'type', e ->> 'value', 0::smallint, count(*), 0
     FROM recent, jsonb_array_elements(entities) AS e
     GROUP BY 3, 4 ORDER BY count(*) DESC, (e ->> 'value') COLLATE \"C\", (e ->> 'type') COLLATE \"C\" LIMIT $4)
    ORDER BY 1, 2";

fn figures(rows: Vec<FigureRow>) -> RepositoryResult<AlertFigures> {
    let mut figures = AlertFigures::default();
    for (kind, start, key, label, severity, alerts, occurrences) in rows {
        match (kind.as_str(), start) {
            ("total", _) => {
                figures.capped = alerts >= FIGURES_BOUND;
                figures.alerts = alerts;
            }
            ("mark", Some(start)) => figures.marks.push(AlertMark {
                start,
                count: alerts,
                worst: stored_severity(severity)?,
            }),
            ("tactic", _) => figures.tactics.push((stored("tactic", &key)?, alerts)),
            ("rule", _) => figures.rules.push(RankedRule {
                rule_id: key,
                title: label,
                severity: stored_severity(severity)?,
                alerts,
                occurrences,
            }),
            ("entity", _) => figures.entities.push(RankedEntity {
                entity: Entity {
                    kind: key,
                    value: label,
                },
                alerts,
            }),
            _ => return Err(inconsistent("figure", kind)),
        }
    }
    figures.tactics.sort_unstable();
    figures
        .rules
        .sort_by(|a, b| b.alerts.cmp(&a.alerts).then_with(|| a.rule_id.cmp(&b.rule_id)));
    figures.entities.sort_by(|a, b| {
        let key = |of: &RankedEntity| (of.entity.value.clone(), of.entity.kind.clone());
        b.alerts.cmp(&a.alerts).then_with(|| key(a).cmp(&key(b)))
    });
    Ok(figures)
}

#[async_trait]
impl OverviewRepository for PgUnitOfWork {
    #[tracing::instrument(name = "pg.overview.waiting", skip_all)]
    async fn waiting(&mut self, user: Option<UserId>) -> RepositoryResult<Vec<WaitingCount>> {
        let rows: Vec<(i16, i64, i64, Option<Timestamp>)> = sqlx::query_as(
            "SELECT severity, count(*) FILTER (WHERE status = 'open'), count(*) FILTER (WHERE assignee_id = $1),
                    min(created_at) FILTER (WHERE status = 'open')
             FROM alerts WHERE status <> 'resolved' AND (status = 'open' OR assignee_id = $1)
             GROUP BY severity ORDER BY severity DESC",
        )
        .bind(user.map(|user| user.0))
        .fetch_all(self.conn())
        .await
        .map_err(store_error)?;
        rows.into_iter()
            .map(|(severity, open, mine, oldest)| {
                Ok(WaitingCount {
                    severity: stored_severity(severity)?,
                    open,
                    mine,
                    oldest,
                })
            })
            .collect()
    }

    #[tracing::instrument(name = "pg.overview.raised_since", skip_all)]
    async fn raised_since(&mut self, since: Timestamp) -> RepositoryResult<RaisedCount> {
        let (alerts, severe): (i64, i64) = sqlx::query_as(
            "SELECT count(*), count(*) FILTER (WHERE severity >= 3)
             FROM (SELECT severity FROM alerts WHERE created_at >= $1 LIMIT $2) AS raised",
        )
        .bind(since)
        .bind(TALLY_BOUND)
        .fetch_one(self.conn())
        .await
        .map_err(store_error)?;
        Ok(RaisedCount {
            alerts,
            severe,
            capped: alerts >= TALLY_BOUND,
        })
    }

    #[tracing::instrument(name = "pg.overview.alert_figures", skip_all)]
    async fn alert_figures(&mut self, since: Timestamp, minutes: i32) -> RepositoryResult<AlertFigures> {
        let rows: Vec<FigureRow> = sqlx::query_as(FIGURES)
            .bind(since)
            .bind(minutes.max(1))
            .bind(FIGURES_BOUND)
            .bind(i64::try_from(TOP).unwrap_or(i64::MAX))
            .fetch_all(self.conn())
            .await
            .map_err(store_error)?;
        figures(rows)
    }

    #[tracing::instrument(name = "pg.overview.fleet", skip_all)]
    async fn fleet(&mut self, now: Timestamp) -> RepositoryResult<FleetFigures> {
        let rows: Vec<(String, String, Option<Timestamp>, i32)> = sqlx::query_as(
            "SELECT name, mark, last_seen, interval_seconds FROM peers ORDER BY lower(name) COLLATE \"C\" LIMIT $1",
        )
        .bind(FLEET_BOUND)
        .fetch_all(self.conn())
        .await
        .map_err(store_error)?;
        let peers = rows
            .into_iter()
            .map(|(name, mark, last_seen, interval)| {
                Ok((name, peer_status(stored("mark", &mark)?, last_seen, interval, now)))
            })
            .collect::<RepositoryResult<Vec<_>>>()?;
        Ok(FleetFigures::of(peers))
    }

    #[tracing::instrument(name = "pg.overview.ingest", skip_all)]
    async fn ingest(&mut self, since: Timestamp, rejects_since: Timestamp) -> RepositoryResult<IngestFigures> {
        let rows: Vec<(String, i16, i64)> = sqlx::query_as(
            "SELECT measure, step, sum(count)::bigint FROM ingest_measures
             WHERE measure IN ('lag', 'detection') AND minute >= $1 GROUP BY measure, step
             UNION ALL
             SELECT 'reject', 0::smallint, coalesce(sum(count), 0)::bigint FROM ingest_measures
             WHERE measure = 'reject' AND minute >= $2",
        )
        .bind(since)
        .bind(rejects_since)
        .fetch_all(self.conn())
        .await
        .map_err(store_error)?;
        let of = |measure: IngestMeasure| -> Vec<(i16, i64)> {
            let wanted = rows.iter().filter(|(name, _, _)| name == measure.as_str());
            wanted.map(|(_, step, n)| (*step, *n)).collect()
        };
        Ok(IngestFigures {
            lag_p95: p95(&of(IngestMeasure::Lag)),
            detection_p95: p95(&of(IngestMeasure::Detection)),
            rejects: of(IngestMeasure::Reject).iter().map(|(_, n)| n).sum(),
        })
    }

    #[tracing::instrument(name = "pg.overview.add_measured", skip_all, fields(measured = measured.len()))]
    async fn add_measured(&mut self, measured: &[Measured]) -> RepositoryResult<()> {
        if measured.is_empty() {
            return Ok(());
        }
        let measures: Vec<_> = measured.iter().map(|of| of.measure.as_str()).collect();
        let minutes: Vec<_> = measured.iter().map(|of| of.minute).collect();
        let steps: Vec<_> = measured.iter().map(|of| of.step).collect();
        let counts: Vec<_> = measured.iter().map(|of| of.count).collect();
        // In the order of their keys, so that two writers do not wait for each other.
        sqlx::query(
            "INSERT INTO ingest_measures AS m (measure, minute, step, count)
             SELECT measure, minute, step, sum(count)
             FROM unnest($1::text[], $2::timestamptz[], $3::smallint[], $4::bigint[]) AS n (measure, minute, step, count)
             GROUP BY measure, minute, step ORDER BY measure, minute, step
             ON CONFLICT (measure, minute, step) DO UPDATE SET count = m.count + excluded.count",
        )
        .bind(&measures)
        .bind(&minutes)
        .bind(&steps)
        .bind(&counts)
        .execute(self.conn())
        .await
        .map_err(store_error)?;
        Ok(())
    }

    #[tracing::instrument(name = "pg.overview.forget_measured", skip_all)]
    async fn forget_measured(&mut self, before: Timestamp) -> RepositoryResult<()> {
        sqlx::query("DELETE FROM ingest_measures WHERE minute < $1")
            .bind(before)
            .execute(self.conn())
            .await
            .map_err(store_error)?;
        Ok(())
    }

    #[tracing::instrument(name = "pg.overview.storage", skip_all)]
    async fn storage(&mut self) -> RepositoryResult<Storage> {
        let (bytes, days, oldest_day, last_event_at): (i64, i64, Option<NaiveDate>, Option<Timestamp>) =
            sqlx::query_as(
                "SELECT (SELECT coalesce(sum(pg_total_relation_size(inhrelid)), 0)::bigint FROM pg_inherits
                     WHERE inhparent = 'events'::regclass),
                    count(*), min(day), max(last_received_at)
             FROM event_days WHERE last_received_at IS NOT NULL",
            )
            .fetch_one(self.conn())
            .await
            .map_err(store_error)?;
        Ok(Storage {
            bytes,
            days,
            oldest_day,
            last_event_at,
        })
    }

    #[tracing::instrument(name = "pg.overview.visit", skip_all)]
    async fn visit(&mut self, user: UserId) -> RepositoryResult<Option<Visit>> {
        let row: Option<(Timestamp, Option<Timestamp>)> =
            sqlx::query_as("SELECT last_at, before FROM user_visits WHERE user_id = $1")
                .bind(user.0)
                .fetch_optional(self.conn())
                .await
                .map_err(store_error)?;
        Ok(row.map(|(last_at, before)| Visit { last_at, before }))
    }

    #[tracing::instrument(name = "pg.overview.set_visit", skip_all)]
    async fn set_visit(&mut self, user: UserId, visit: &Visit) -> RepositoryResult<()> {
        sqlx::query(
            "INSERT INTO user_visits (user_id, last_at, before) VALUES ($1, $2, $3)
             ON CONFLICT (user_id) DO UPDATE SET last_at = excluded.last_at, before = excluded.before",
        )
        .bind(user.0)
        .bind(visit.last_at)
        .bind(visit.before)
        .execute(self.conn())
        .await
        .map_err(store_error)?;
        Ok(())
    }
}
