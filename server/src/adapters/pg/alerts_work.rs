//! Changing and counting many alerts: one statement each, however many there are.

use sqlx::{Postgres, QueryBuilder, Row as _};
use wolfsec::alerts::{
    ActivityKind, AlertActivity, AlertQuery, AlertStatus, AlertTally, BulkRow, LockedAlert, Resolution, TALLY_BOUND,
};
use wolfsec::ids::{AlertId, UserId};
use wolfsec::ports::RepositoryResult;

use super::PgUnitOfWork;
use super::alerts_filter::{push_filter, push_filter_of_any_severity, push_page};
use super::error::{store_error, stored, stored_severity};
use super::text::storable;

impl PgUnitOfWork {
    /// In the order of their ids, as the fold locks them: two writers do not wait for each other.
    pub(super) async fn lock_alerts(&mut self, ids: &[AlertId]) -> RepositoryResult<Vec<LockedAlert>> {
        let ids: Vec<_> = ids.iter().map(|id| id.0).collect();
        let rows =
            sqlx::query("SELECT id, version, status, resolution FROM alerts WHERE id = ANY($1) ORDER BY id FOR UPDATE")
                .bind(&ids)
                .fetch_all(self.conn())
                .await
                .map_err(store_error)?;
        rows.iter()
            .map(|row| {
                let resolution: Option<&str> = row.try_get("resolution").map_err(store_error)?;
                Ok(LockedAlert {
                    id: AlertId(row.try_get("id").map_err(store_error)?),
                    version: row.try_get("version").map_err(store_error)?,
                    status: stored("status", row.try_get("status").map_err(store_error)?)?,
                    resolution: resolution.map(|text| stored("resolution", text)).transpose()?,
                })
            })
            .collect()
    }

    /// A reopened alert collects again unless another one of its key does; of several reopened ones, the newest.
    pub(super) async fn move_alerts(
        &mut self,
        ids: &[AlertId],
        status: AlertStatus,
        resolution: Option<Resolution>,
        assignee: Option<UserId>,
    ) -> RepositoryResult<()> {
        let moved: Vec<_> = ids.iter().map(|id| id.0).collect();
        let moved: Vec<uuid::Uuid> = sqlx::query_scalar(
            "UPDATE alerts a SET
                 status = $2, resolution = $3, assignee_id = CASE WHEN $2 <> 'open' THEN coalesce(a.assignee_id, $4) END, version = version + 1,
                 collecting = CASE
                     WHEN $2 = 'resolved' THEN false
                     WHEN a.status = 'resolved' THEN r.place = 1 AND NOT EXISTS (
                         SELECT FROM alerts o WHERE key_digest(o.dedup_key) = key_digest(a.dedup_key)
                         AND o.collecting AND o.status <> 'resolved')
                     ELSE a.collecting
                 END
             FROM (SELECT id, row_number() OVER (PARTITION BY key_digest(dedup_key) ORDER BY last_seen DESC, id DESC) AS place
                   FROM alerts WHERE id = ANY($1)) AS r
             WHERE a.id = r.id
             RETURNING a.id",
        )
        .bind(&moved)
        .bind(status.as_str())
        .bind(resolution.map(Resolution::as_str))
        .bind(assignee.map(|user| user.0))
        .fetch_all(self.conn())
        .await
        .map_err(store_error)?;
        self.touched.changed.extend(moved.into_iter().map(AlertId));
        Ok(())
    }

    pub(super) async fn write_activities(&mut self, activities: &[(AlertId, AlertActivity)]) -> RepositoryResult<()> {
        let alerts: Vec<_> = activities.iter().map(|(id, _)| id.0).collect();
        let column = |read: fn(&AlertActivity) -> Option<&'static str>| -> Vec<Option<&'static str>> {
            activities.iter().map(|(_, activity)| read(activity)).collect()
        };
        let times: Vec<_> = activities.iter().map(|(_, activity)| activity.at).collect();
        let actors: Vec<_> = activities
            .iter()
            .map(|(_, activity)| storable(&activity.actor))
            .collect();
        let notes: Vec<_> = activities
            .iter()
            .map(|(_, activity)| storable(&activity.note))
            .collect();
        sqlx::query(
            "INSERT INTO alert_activity (alert_id, at, actor, kind, from_status, to_status, resolution, note)
             SELECT alert_id, at, actor, kind, from_status, to_status, resolution, note
             FROM unnest($1::uuid[], $2::timestamptz[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[])
                  WITH ORDINALITY AS n (alert_id, at, actor, kind, from_status, to_status, resolution, note, place)
             ORDER BY place",
        )
        .bind(&alerts)
        .bind(&times)
        .bind(&actors)
        .bind(column(|activity| Some(ActivityKind::as_str(activity.kind))))
        .bind(column(|activity| activity.from.map(AlertStatus::as_str)))
        .bind(column(|activity| activity.to.map(AlertStatus::as_str)))
        .bind(column(|activity| activity.resolution.map(Resolution::as_str)))
        .bind(&notes)
        .execute(self.conn())
        .await
        .map_err(store_error)?;
        Ok(())
    }

    pub(super) async fn select_rows(&mut self, query: &AlertQuery) -> RepositoryResult<Vec<BulkRow>> {
        let mut sql = QueryBuilder::<Postgres>::new("SELECT id, version FROM alerts WHERE ");
        push_filter(&mut sql, query);
        push_page(&mut sql, query, i64::from(query.limit.get()));
        let rows: Vec<(uuid::Uuid, i64)> = sql
            .build_query_as()
            .persistent(false)
            .fetch_all(self.conn())
            .await
            .map_err(store_error)?;
        Ok(rows
            .into_iter()
            .map(|(id, version)| BulkRow {
                id: AlertId(id),
                version,
            })
            .collect())
    }

    pub(super) async fn tally_alerts(&mut self, query: &AlertQuery) -> RepositoryResult<AlertTally> {
        let mut sql = QueryBuilder::<Postgres>::new(
            "SELECT status, severity, count(*) FROM (SELECT status, severity FROM alerts WHERE ",
        );
        push_filter_of_any_severity(&mut sql, query);
        sql.push(" LIMIT ")
            .push_bind(TALLY_BOUND + 1)
            .push(") AS found GROUP BY status, severity ORDER BY status, severity");
        let rows: Vec<(String, i16, i64)> = sql
            .build_query_as()
            .persistent(false)
            .fetch_all(self.conn())
            .await
            .map_err(store_error)?;
        let counts = rows
            .iter()
            .map(|(status, severity, n)| Ok((stored("status", status)?, stored_severity(*severity)?, *n)))
            .collect::<RepositoryResult<Vec<_>>>()?;
        let capped = counts.iter().map(|(_, _, n)| n).sum::<i64>() > TALLY_BOUND;
        Ok(AlertTally { counts, capped })
    }
}
