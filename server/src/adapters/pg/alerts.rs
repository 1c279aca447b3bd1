//! Alerts: reading the queue and working it. Filters are in `alerts_filter.rs`, changes of many in `alerts_work.rs`.

use async_trait::async_trait;
use sqlx::postgres::PgRow;
use sqlx::{Postgres, QueryBuilder, Row as _};
use wolfsec::Timestamp;
use wolfsec::alerts::{
    Alert, AlertActivity, AlertCounts, AlertDetail, AlertOrder, AlertQuery, AlertStatus, AlertTally, BulkChange,
    BulkRow, Evidence, FOLD_WINDOW, FoldOutcome, LockedAlert, OpenAlert, Resolution,
};
use wolfsec::ids::{AlertId, BulkId, EventId, UserId};
use wolfsec::page::Page;
use wolfsec::ports::{AlertRepository, RepositoryResult};

use super::PgUnitOfWork;
use super::alerts_filter::{push_filter, push_page};
use super::error::{from_json, store_error, stored, stored_severity, to_json};

/// Everything of an alert in one statement; the page is cut before the rest is joined.
const READ: &str = "
    SELECT a.id, a.version, a.rule_id, a.rule_title, a.severity, a.status, a.resolution, a.count, a.first_seen,
           a.last_seen, a.created_at, p.name AS peer, a.entities::text AS entities, a.techniques,
           ARRAY(SELECT e.event_id FROM alert_evidence e WHERE e.alert_id = a.id ORDER BY e.ts, e.event_id) AS event_ids,
           u.name AS assignee, a.previous_id
    FROM (SELECT * FROM alerts WHERE ";
const JOINS: &str = ") a JOIN peers p ON p.id = a.peer_id LEFT JOIN users u ON u.id = a.assignee_id";

fn alert(row: &PgRow) -> RepositoryResult<Alert> {
    let status = stored("status", row.try_get("status").map_err(store_error)?)?;
    let severity = stored_severity(row.try_get("severity").map_err(store_error)?)?;
    let resolution = stored_resolution(row)?;
    let entities = from_json("entities", row.try_get("entities").map_err(store_error)?)?;
    let read = || {
        let event_ids: Vec<uuid::Uuid> = row.try_get("event_ids")?;
        Ok(Alert {
            id: AlertId(row.try_get("id")?),
            version: row.try_get("version")?,
            rule_id: row.try_get("rule_id")?,
            rule_title: row.try_get("rule_title")?,
            severity,
            status,
            resolution,
            count: row.try_get("count")?,
            first_seen: row.try_get("first_seen")?,
            last_seen: row.try_get("last_seen")?,
            created_at: row.try_get("created_at")?,
            peer: row.try_get("peer")?,
            entities,
            techniques: row.try_get("techniques")?,
            event_ids: event_ids.into_iter().map(EventId).collect(),
            assignee: row.try_get("assignee")?,
            previous: row.try_get::<Option<_>, _>("previous_id")?.map(AlertId),
        })
    };
    read().map_err(store_error)
}

fn stored_resolution(row: &PgRow) -> RepositoryResult<Option<Resolution>> {
    let text: Option<&str> = row.try_get("resolution").map_err(store_error)?;
    text.map(|text| stored("resolution", text)).transpose()
}

fn activity(row: &PgRow) -> RepositoryResult<AlertActivity> {
    let status = |column: &'static str| -> RepositoryResult<Option<AlertStatus>> {
        let text: Option<&str> = row.try_get(column).map_err(store_error)?;
        text.map(|text| stored(column, text)).transpose()
    };
    Ok(AlertActivity {
        at: row.try_get("at").map_err(store_error)?,
        actor: row.try_get("actor").map_err(store_error)?,
        kind: stored("kind", row.try_get("kind").map_err(store_error)?)?,
        from: status("from_status")?,
        to: status("to_status")?,
        resolution: stored_resolution(row)?,
        note: row.try_get("note").map_err(store_error)?,
    })
}

fn evidence(row: &PgRow) -> RepositoryResult<Evidence> {
    Ok(Evidence {
        event_id: EventId(row.try_get("event_id").map_err(store_error)?),
        ts: row.try_get("ts").map_err(store_error)?,
        message: row.try_get("message").map_err(store_error)?,
        fields: row.try_get("fields").map_err(store_error)?,
        matched: from_json("matched", row.try_get("matched").map_err(store_error)?)?,
    })
}

fn list_statement(query: &AlertQuery) -> QueryBuilder<Postgres> {
    let mut sql = QueryBuilder::new(READ);
    push_filter(&mut sql, query);
    push_page(&mut sql, query, i64::from(query.limit.get()) + 1);
    sql.push(JOINS).push(match query.order {
        AlertOrder::Newest => " ORDER BY a.last_seen DESC, a.id DESC",
        AlertOrder::Waiting => " ORDER BY a.created_at, a.id",
    });
    sql
}

#[async_trait]
impl AlertRepository for PgUnitOfWork {
    #[tracing::instrument(name = "pg.alerts.lock_open", skip_all, fields(keys = keys.len()))]
    async fn lock_open(
        &mut self,
        keys: &[String],
        since: Timestamp,
        until: Timestamp,
    ) -> RepositoryResult<Vec<OpenAlert>> {
        self.lock_near(keys, since - FOLD_WINDOW, until + FOLD_WINDOW).await
    }

    #[tracing::instrument(name = "pg.alerts.apply_fold", skip_all, fields(new = outcome.new.len(), repeats = outcome.repeats.len()))]
    async fn apply_fold(&mut self, outcome: &FoldOutcome, ids: &[AlertId], now: Timestamp) -> RepositoryResult<()> {
        self.write_fold(outcome, ids, now).await
    }

    #[tracing::instrument(name = "pg.alerts.list", skip_all)]
    async fn list(&mut self, query: &AlertQuery) -> RepositoryResult<Page<Alert>> {
        let mut sql = list_statement(query);
        let rows = sql
            .build()
            .persistent(false)
            .fetch_all(self.conn())
            .await
            .map_err(store_error)?;
        let items = rows.iter().map(alert).collect::<RepositoryResult<_>>()?;
        Ok(Page::from_surplus(items, query.limit, |alert: &Alert| {
            alert.cursor(query.order)
        }))
    }

    #[tracing::instrument(name = "pg.alerts.counts", skip_all)]
    async fn counts(&mut self) -> RepositoryResult<AlertCounts> {
        let rows: Vec<(i16, i64, i64)> = sqlx::query_as(
            "SELECT severity, count(*) FILTER (WHERE status = 'open'), count(*)
             FROM alerts WHERE status <> 'resolved' GROUP BY severity ORDER BY severity",
        )
        .fetch_all(self.conn())
        .await
        .map_err(store_error)?;
        let mut counts = AlertCounts::default();
        for (rank, open, unresolved) in rows {
            let severity = stored_severity(rank)?;
            if open > 0 {
                counts.open.push((severity, open));
            }
            counts.unresolved.push((severity, unresolved));
        }
        Ok(counts)
    }

    #[tracing::instrument(name = "pg.alerts.detail", skip_all)]
    async fn detail(&mut self, id: AlertId) -> RepositoryResult<Option<AlertDetail>> {
        let mut sql = QueryBuilder::<Postgres>::new(READ);
        sql.push("id = ").push_bind(id.0).push(JOINS);
        let Some(row) = sql.build().fetch_optional(self.conn()).await.map_err(store_error)? else {
            return Ok(None);
        };
        let proofs = sqlx::query(
            "SELECT event_id, ts, message, fields::text AS fields, matched::text AS matched FROM alert_evidence
             WHERE alert_id = $1 ORDER BY ts, event_id",
        )
        .bind(id.0)
        .fetch_all(self.conn())
        .await
        .map_err(store_error)?;
        let steps = sqlx::query(
            "SELECT at, actor, kind, from_status, to_status, resolution, note FROM alert_activity
             WHERE alert_id = $1 ORDER BY at, id",
        )
        .bind(id.0)
        .fetch_all(self.conn())
        .await
        .map_err(store_error)?;
        Ok(Some(AlertDetail {
            alert: alert(&row)?,
            evidence: proofs.iter().map(evidence).collect::<RepositoryResult<_>>()?,
            activity: steps.iter().map(activity).collect::<RepositoryResult<_>>()?,
        }))
    }

    #[tracing::instrument(name = "pg.alerts.lock", skip_all)]
    async fn lock(&mut self, id: AlertId) -> RepositoryResult<Option<Alert>> {
        let mut sql = QueryBuilder::<Postgres>::new(READ);
        sql.push("id = ").push_bind(id.0).push(" FOR UPDATE").push(JOINS);
        let row = sql.build().fetch_optional(self.conn()).await.map_err(store_error)?;
        row.as_ref().map(alert).transpose()
    }

    #[tracing::instrument(name = "pg.alerts.lock_many", skip_all, fields(ids = ids.len()))]
    async fn lock_many(&mut self, ids: &[AlertId]) -> RepositoryResult<Vec<LockedAlert>> {
        self.lock_alerts(ids).await
    }

    #[tracing::instrument(name = "pg.alerts.set_status_of", skip_all, fields(ids = ids.len()))]
    async fn set_status_of(
        &mut self,
        ids: &[AlertId],
        status: AlertStatus,
        resolution: Option<Resolution>,
        assignee: Option<UserId>,
    ) -> RepositoryResult<()> {
        self.move_alerts(ids, status, resolution, assignee).await
    }

    #[tracing::instrument(name = "pg.alerts.add_activities", skip_all, fields(activities = activities.len()))]
    async fn add_activities(&mut self, activities: &[(AlertId, AlertActivity)]) -> RepositoryResult<()> {
        self.write_activities(activities).await
    }

    #[tracing::instrument(name = "pg.alerts.rows", skip_all)]
    async fn rows(&mut self, query: &AlertQuery) -> RepositoryResult<Vec<BulkRow>> {
        self.select_rows(query).await
    }

    #[tracing::instrument(name = "pg.alerts.tally", skip_all)]
    async fn tally(&mut self, query: &AlertQuery) -> RepositoryResult<AlertTally> {
        self.tally_alerts(query).await
    }

    #[tracing::instrument(name = "pg.alerts.keep_bulk_change", skip_all)]
    async fn keep_bulk_change(&mut self, change: &BulkChange) -> RepositoryResult<()> {
        sqlx::query("INSERT INTO alert_bulk_changes (id, at, change) VALUES ($1, $2, $3::json)")
            .bind(change.id.0)
            .bind(change.at)
            .bind(to_json(change)?)
            .execute(self.conn())
            .await
            .map_err(store_error)?;
        Ok(())
    }

    #[tracing::instrument(name = "pg.alerts.forget_bulk_changes", skip_all)]
    async fn forget_bulk_changes(&mut self, before: Timestamp) -> RepositoryResult<()> {
        sqlx::query("DELETE FROM alert_bulk_changes WHERE at < $1")
            .bind(before)
            .execute(self.conn())
            .await
            .map_err(store_error)?;
        Ok(())
    }

    #[tracing::instrument(name = "pg.alerts.bulk_change", skip_all)]
    async fn bulk_change(&mut self, id: BulkId) -> RepositoryResult<Option<BulkChange>> {
        let text: Option<String> = sqlx::query_scalar("SELECT change::text FROM alert_bulk_changes WHERE id = $1")
            .bind(id.0)
            .fetch_optional(self.conn())
            .await
            .map_err(store_error)?;
        text.map(|text| from_json("change", &text)).transpose()
    }
}
