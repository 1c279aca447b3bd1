//! Alerts: reading the queue and working it.

use async_trait::async_trait;
use sqlx::postgres::PgRow;
use sqlx::{Postgres, QueryBuilder, Row as _};
use wolfsec::Timestamp;
use wolfsec::alerts::{
    Alert, AlertActivity, AlertCounts, AlertDetail, AlertQuery, AlertStatus, Evidence, FoldOutcome, OpenAlert,
    Resolution,
};
use wolfsec::ids::{AlertId, EventId, UserId};
use wolfsec::page::Page;
use wolfsec::ports::{AlertRepository, RepositoryResult};

use super::PgUnitOfWork;
use super::error::{from_json, store_error, stored, stored_severity};
use super::text::storable;

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
    sql.push("true");
    if !query.statuses.is_empty() {
        if !query.statuses.contains(&AlertStatus::Resolved) {
            // Said as the partial index says it.
            sql.push(" AND status <> 'resolved'");
        }
        let statuses: Vec<&str> = query.statuses.iter().map(|status| status.as_str()).collect();
        sql.push(" AND status = ANY(").push_bind(statuses).push(")");
    }
    if !query.severities.is_empty() {
        let ranks: Vec<i16> = query.severities.iter().map(|severity| severity.rank()).collect();
        sql.push(" AND severity = ANY(").push_bind(ranks).push(")");
    }
    if let Some(rule) = &query.rule {
        sql.push(" AND rule_id = ").push_bind(storable(rule).into_owned());
    }
    if let Some(peer) = &query.peer {
        sql.push(" AND peer_id = (SELECT id FROM peers WHERE lower(name) COLLATE \"C\" = lower(");
        sql.push_bind(storable(peer).into_owned()).push("))");
    }
    if let Some(assignee) = query.assignee {
        sql.push(" AND assignee_id = ").push_bind(assignee.0);
    }
    if let Some(since) = query.since {
        sql.push(" AND last_seen >= ").push_bind(since);
    }
    if let Some(until) = query.until {
        sql.push(" AND last_seen < ").push_bind(until);
    }
    if let Some(cursor) = query.after {
        sql.push(" AND (last_seen, id) < (")
            .push_bind(cursor.at)
            .push(", ")
            .push_bind(cursor.id)
            .push(")");
    }
    sql.push(" ORDER BY last_seen DESC, id DESC LIMIT ")
        .push_bind(i64::from(query.limit.get()) + 1);
    sql.push(JOINS).push(" ORDER BY a.last_seen DESC, a.id DESC");
    sql
}

#[async_trait]
impl AlertRepository for PgUnitOfWork {
    #[tracing::instrument(name = "pg.alerts.lock_open", skip_all, fields(keys = keys.len()))]
    async fn lock_open(&mut self, keys: &[String]) -> RepositoryResult<Vec<OpenAlert>> {
        self.lock_collecting(keys).await
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
        Ok(Page::from_surplus(items, query.limit, Alert::cursor))
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

    #[tracing::instrument(name = "pg.alerts.set_status", skip_all)]
    async fn set_status(
        &mut self,
        id: AlertId,
        status: AlertStatus,
        resolution: Option<Resolution>,
        assignee: Option<UserId>,
    ) -> RepositoryResult<()> {
        // A reopened alert collects again unless another one has taken over since.
        let done = sqlx::query(
            "UPDATE alerts a SET
                 status = $2, resolution = $3, assignee_id = $4, version = version + 1,
                 collecting = CASE
                     WHEN $2 = 'resolved' THEN false
                     WHEN a.status = 'resolved' THEN NOT EXISTS (
                         SELECT FROM alerts o WHERE key_digest(o.dedup_key) = key_digest(a.dedup_key)
                         AND o.collecting AND o.status <> 'resolved')
                     ELSE a.collecting
                 END
             WHERE id = $1",
        )
        .bind(id.0)
        .bind(status.as_str())
        .bind(resolution.map(Resolution::as_str))
        .bind(assignee.map(|user| user.0))
        .execute(self.conn())
        .await
        .map_err(store_error)?;
        if done.rows_affected() > 0 {
            self.touched.changed.insert(id);
        }
        Ok(())
    }

    #[tracing::instrument(name = "pg.alerts.add_activity", skip_all)]
    async fn add_activity(&mut self, id: AlertId, activity: &AlertActivity) -> RepositoryResult<()> {
        sqlx::query(
            "INSERT INTO alert_activity (alert_id, at, actor, kind, from_status, to_status, resolution, note)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        )
        .bind(id.0)
        .bind(activity.at)
        .bind(storable(&activity.actor))
        .bind(activity.kind.as_str())
        .bind(activity.from.map(AlertStatus::as_str))
        .bind(activity.to.map(AlertStatus::as_str))
        .bind(activity.resolution.map(Resolution::as_str))
        .bind(storable(&activity.note))
        .execute(self.conn())
        .await
        .map_err(store_error)?;
        Ok(())
    }
}
