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

/// Asks within two seconds; what does not answer is not ready.
pub async fn readiness(pool: &PgPool, today: NaiveDate) -> Readiness {
    let mut found = Readiness::default();
    let checks = async {
        sqlx::query("SELECT 1").execute(pool).await?;
        found.database = true;
        found.migrations = sqlx::query_scalar("SELECT to_regclass('events') IS NOT NULL")
            .fetch_one(pool)
            .await?;
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
