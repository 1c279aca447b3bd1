//! What readiness asks of the store.

use std::time::Duration;

use chrono::NaiveDate;
use sqlx::PgPool;

/// Each check by itself; the first failure leaves the rest false.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Readiness {
    pub database: bool,
    pub migrations: bool,
    pub partitions: bool,
}

const PATIENCE: Duration = Duration::from_secs(2);

/// Whether the database answers within two seconds.
pub async fn answers(pool: &PgPool) -> bool {
    let asked = tokio::time::timeout(PATIENCE, sqlx::query("SELECT 1").execute(pool)).await;
    matches!(asked, Ok(Ok(_)))
}

/// The newest migration that this server ships.
fn newest_migration() -> i64 {
    super::MIGRATIONS
        .iter()
        .map(|migration| migration.version)
        .max()
        .unwrap_or_default()
}

/// The newest migration that the database has; 0 before the first. A newer server may have gone further: that is fine,
/// migrations only ever add before they take away.
async fn applied(pool: &PgPool) -> Result<i64, sqlx::Error> {
    let there: bool = sqlx::query_scalar("SELECT to_regclass('_sqlx_migrations') IS NOT NULL")
        .fetch_one(pool)
        .await?;
    if !there {
        return Ok(0);
    }
    sqlx::query_scalar("SELECT coalesce(max(version), 0) FROM _sqlx_migrations WHERE success")
        .fetch_one(pool)
        .await
}

/// Asks within two seconds; what does not answer is not ready.
pub async fn readiness(pool: &PgPool, today: NaiveDate) -> Readiness {
    let mut found = Readiness::default();
    let checks = async {
        sqlx::query("SELECT 1").execute(pool).await?;
        found.database = true;
        found.migrations = applied(pool).await? >= newest_migration();
        found.partitions = sqlx::query_scalar("SELECT to_regclass($1) IS NOT NULL")
            .bind(format!("events_{}", today.format("%Y%m%d")))
            .fetch_one(pool)
            .await?;
        Ok::<(), sqlx::Error>(())
    };
    match tokio::time::timeout(PATIENCE, checks).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::warn!(%error, "not ready"),
        Err(_) => tracing::warn!("not ready: the database does not answer"),
    }
    found
}
