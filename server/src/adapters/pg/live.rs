//! Live updates by LISTEN and NOTIFY. A transaction that touched alerts numbers its change and notifies last of all, so that
//! a rollback tells nothing; the numbers are in the order of the commits.

use std::collections::BTreeSet;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use sqlx::Row as _;
use sqlx::postgres::{PgListener, PgRow};
use wolfsec::Timestamp;
use wolfsec::ids::AlertId;
use wolfsec::live::{
    AlertChange, ChangedAlert, IngestTotals, LiveCursor, LiveNotice, MAX_CATCH_UP, MAX_NAMED_ALERTS,
    MAX_NAMED_TITLE_CHARS, Since,
};
use wolfsec::ports::{LiveFeed, LiveListener, LiveRepository, RepositoryError, RepositoryResult};

use super::PgUnitOfWork;
use super::error::{store_error, stored, stored_severity, to_json};

const CHANNEL: &str = "wolfsec_live";
/// PostgreSQL takes 7,999 bytes; the number is added to what is counted here.
const MAX_PAYLOAD: usize = 7_900;

/// What a transaction did that others want to know.
#[derive(Debug, Default)]
pub(super) struct Touched {
    pub(super) raised: BTreeSet<AlertId>,
    pub(super) changed: BTreeSet<AlertId>,
    /// Sessions ended or accounts changed.
    pub(super) access: bool,
}

/// A change on its way, before it has its number.
#[derive(Serialize)]
struct Facts {
    new: i64,
    changed: i64,
    alerts: Vec<ChangedAlert>,
}

/// What travels; `access` alone, or a change.
#[derive(Deserialize)]
#[serde(untagged)]
enum Payload {
    Alerts(AlertChange),
    Access {
        #[serde(rename = "access")]
        _access: bool,
    },
}

fn named(row: &PgRow) -> RepositoryResult<ChangedAlert> {
    let severity = stored_severity(row.try_get("severity").map_err(store_error)?)?;
    let status = stored("status", row.try_get("status").map_err(store_error)?)?;
    let read = || {
        Ok(ChangedAlert {
            id: AlertId(row.try_get("id")?),
            severity,
            status,
            title: row.try_get("title")?,
            peer: row.try_get("peer")?,
            last_seen: row.try_get("last_seen")?,
            new: row.try_get("new")?,
        })
    };
    read().map_err(store_error)
}

impl PgUnitOfWork {
    /// The last statements before the commit: nothing else waits for a lock after these.
    #[tracing::instrument(name = "pg.live.tell", skip_all)]
    pub(super) async fn tell(&mut self) -> RepositoryResult<()> {
        let Touched {
            raised,
            mut changed,
            access,
        } = std::mem::take(&mut self.touched);
        if access {
            sqlx::query("SELECT pg_notify($1, '{\"access\": true}')")
                .bind(CHANNEL)
                .execute(self.conn())
                .await
                .map_err(store_error)?;
        }
        changed.retain(|id| !raised.contains(id));
        if raised.is_empty() && changed.is_empty() {
            return Ok(());
        }
        let mut facts = Facts {
            new: count(raised.len()),
            changed: count(changed.len()),
            alerts: self.name_alerts(&raised, &changed).await?,
        };
        let mut text = to_json(&facts)?;
        while text.len() > MAX_PAYLOAD && facts.alerts.pop().is_some() {
            text = to_json(&facts)?;
        }
        // Held until the commit: who comes later gets a higher number.
        sqlx::query("SELECT pg_advisory_xact_lock(hashtextextended('wolfsec.alert_changes', 0))")
            .execute(self.conn())
            .await
            .map_err(store_error)?;
        sqlx::query(
            "WITH change AS (
                 INSERT INTO alert_changes (at, raised, changed) VALUES (clock_timestamp(), $2, $3) RETURNING seq)
             SELECT pg_notify($1, '{\"cursor\":' || seq || ',' || substr($4, 2)) FROM change",
        )
        .bind(CHANNEL)
        .bind(facts.new)
        .bind(facts.changed)
        .bind(&text)
        .execute(self.conn())
        .await
        .map_err(store_error)?;
        Ok(())
    }

    async fn name_alerts(
        &mut self,
        raised: &BTreeSet<AlertId>,
        changed: &BTreeSet<AlertId>,
    ) -> RepositoryResult<Vec<ChangedAlert>> {
        let ids = |set: &BTreeSet<AlertId>| set.iter().map(|id| id.0).collect::<Vec<_>>();
        let rows = sqlx::query(
            "SELECT a.id, a.severity, a.status, left(a.rule_title, $4) AS title, p.name AS peer, a.last_seen, t.new
             FROM (SELECT unnest($1::uuid[]) AS id, true AS new UNION ALL SELECT unnest($2::uuid[]), false) AS t
             JOIN alerts a USING (id) JOIN peers p ON p.id = a.peer_id
             ORDER BY t.new DESC, a.severity DESC, a.id LIMIT $3",
        )
        .bind(ids(raised))
        .bind(ids(changed))
        .bind(count(MAX_NAMED_ALERTS))
        .bind(i32::try_from(MAX_NAMED_TITLE_CHARS).unwrap_or(i32::MAX))
        .fetch_all(self.conn())
        .await
        .map_err(store_error)?;
        rows.iter().map(named).collect()
    }
}

fn count(length: usize) -> i64 {
    i64::try_from(length).unwrap_or(i64::MAX)
}

#[async_trait]
impl LiveRepository for PgUnitOfWork {
    #[tracing::instrument(name = "pg.live.head", skip_all)]
    async fn head(&mut self) -> RepositoryResult<LiveCursor> {
        sqlx::query_scalar("SELECT seq FROM alert_changes ORDER BY seq DESC LIMIT 1")
            .fetch_one(self.conn())
            .await
            .map(LiveCursor)
            .map_err(store_error)
    }

    #[tracing::instrument(name = "pg.live.since", skip_all)]
    async fn since(&mut self, cursor: LiveCursor) -> RepositoryResult<Since> {
        let (oldest, head, later, new, changed): (i64, i64, i64, i64, i64) = sqlx::query_as(
            "SELECT (SELECT min(seq) FROM alert_changes), (SELECT max(seq) FROM alert_changes), count(*),
                    coalesce(sum(raised) FILTER (WHERE place <= $2), 0)::bigint,
                    coalesce(sum(changed) FILTER (WHERE place <= $2), 0)::bigint
             FROM (SELECT raised, changed, row_number() OVER (ORDER BY seq) AS place
                   FROM alert_changes WHERE seq > $1 ORDER BY seq LIMIT $2 + 1) AS later",
        )
        .bind(cursor.0)
        .bind(i64::from(MAX_CATCH_UP))
        .fetch_one(self.conn())
        .await
        .map_err(store_error)?;
        Ok(Since {
            cursor: LiveCursor(head),
            new,
            changed,
            complete: later <= i64::from(MAX_CATCH_UP) && cursor.0 <= head && cursor.0 >= oldest,
        })
    }

    #[tracing::instrument(name = "pg.live.forget", skip_all)]
    async fn forget(&mut self, before: Timestamp) -> RepositoryResult<u64> {
        let done =
            sqlx::query("DELETE FROM alert_changes WHERE at < $1 AND seq < (SELECT max(seq) FROM alert_changes)")
                .bind(before)
                .execute(self.conn())
                .await
                .map_err(store_error)?;
        Ok(done.rows_affected())
    }

    #[tracing::instrument(name = "pg.live.totals", skip_all)]
    async fn totals(&mut self) -> RepositoryResult<IngestTotals> {
        let (events, rejects): (i64, i64) = sqlx::query_as(
            "SELECT coalesce(sum(event_count), 0)::bigint, coalesce(sum(reject_count), 0)::bigint FROM peers",
        )
        .fetch_one(self.conn())
        .await
        .map_err(store_error)?;
        Ok(IngestTotals { events, rejects })
    }
}

/// Listens on a connection of its own: the pool's are for work that ends.
#[derive(Debug, Clone)]
pub struct PgLiveFeed {
    url: String,
}

impl PgLiveFeed {
    /// `url` is the application role's.
    pub fn new(url: impl Into<String>) -> Self {
        Self { url: url.into() }
    }
}

#[async_trait]
impl LiveFeed for PgLiveFeed {
    #[tracing::instrument(name = "pg.live.listen", skip_all)]
    async fn listen(&self) -> RepositoryResult<Box<dyn LiveListener>> {
        let mut listener = PgListener::connect(&self.url).await.map_err(store_error)?;
        // A lost connection must be known: what was told meanwhile is taken up by cursor.
        listener.eager_reconnect(false);
        listener.listen(CHANNEL).await.map_err(store_error)?;
        Ok(Box::new(PgEar(listener)))
    }
}

struct PgEar(PgListener);

#[async_trait]
impl LiveListener for PgEar {
    async fn next(&mut self) -> RepositoryResult<LiveNotice> {
        let Some(notification) = self.0.try_recv().await.map_err(store_error)? else {
            return Err(RepositoryError::Unavailable(None));
        };
        match serde_json::from_str(notification.payload()) {
            Ok(Payload::Alerts(change)) => Ok(LiveNotice::Alerts(change)),
            Ok(Payload::Access { .. }) => Ok(LiveNotice::Access),
            Err(error) => Err(RepositoryError::Inconsistent(format!("{CHANNEL}: {error}"))),
        }
    }
}
