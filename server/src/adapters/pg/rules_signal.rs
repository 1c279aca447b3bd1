//! How a process that changes rules and the server that runs them find each other, by way of the database: triggers count the
//! changes and notify; the server holds a lock while it lives and writes down which change it has loaded.

use std::time::Duration;

use sqlx::PgPool;
use sqlx::postgres::PgListener;

/// Notified by the triggers of `rules` at commit.
const CHANNEL: &str = "wolfsec_rules";
/// Held, shared, by the connection of a server that follows rule changes.
const SERVER_LOCK: i64 = 0x0077_6f6c_6672_756c;
const LOOK_AGAIN: Duration = Duration::from_millis(100);

/// Writes down that the running server uses this revision.
pub async fn announce_rules(pool: &PgPool, revision: i64) -> Result<(), sqlx::Error> {
    sqlx::query("UPDATE rules_state SET loaded_revision = $1 WHERE loaded_revision <> $1")
        .bind(revision)
        .execute(pool)
        .await?;
    Ok(())
}

/// Waits until a running server uses this revision; at once when none runs. False when it took longer than `patience`.
pub async fn await_rules(pool: &PgPool, revision: i64, patience: Duration) -> Result<bool, sqlx::Error> {
    let waiting = async {
        loop {
            let (loaded, runs): (i64, bool) = sqlx::query_as(
                "SELECT loaded_revision, EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND granted AND objsubid = 1
                     AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
                     AND (classid::bigint << 32) | objid::bigint = $1)
                 FROM rules_state LIMIT 1",
            )
            .bind(SERVER_LOCK)
            .fetch_one(pool)
            .await?;
            if !runs || loaded >= revision {
                return Ok(());
            }
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    };
    match tokio::time::timeout(patience, waiting).await {
        Ok(outcome) => outcome.map(|()| true),
        Err(_) => Ok(false),
    }
}

/// The server's ear: a connection of its own.
pub struct RulesListener(PgListener);

impl RulesListener {
    /// Connects, listens, and shows that a server runs.
    pub async fn connect(url: &str) -> Result<Self, sqlx::Error> {
        let mut listener = PgListener::connect(url).await?;
        listener.listen(CHANNEL).await?;
        sqlx::query("SELECT pg_advisory_lock_shared($1)")
            .bind(SERVER_LOCK)
            .execute(&mut listener)
            .await?;
        Ok(Self(listener))
    }

    /// Returns when rules changed. An error: the connection is gone, and with it the lock; connect anew.
    pub async fn changed(&mut self) -> Result<(), sqlx::Error> {
        match self.0.try_recv().await? {
            Some(_) => Ok(()),
            None => Err(std::io::Error::from(std::io::ErrorKind::UnexpectedEof).into()),
        }
    }
}
