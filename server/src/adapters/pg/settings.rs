//! What the server remembers about itself.

use async_trait::async_trait;
use wolfsec::ports::{RepositoryResult, SettingsRepository};

use super::PgUnitOfWork;
use super::error::store_error;

#[async_trait]
impl SettingsRepository for PgUnitOfWork {
    #[tracing::instrument(name = "pg.settings.get", skip_all)]
    async fn get(&mut self, name: &str) -> RepositoryResult<Option<String>> {
        sqlx::query_scalar("SELECT value FROM settings WHERE name = $1")
            .bind(name)
            .fetch_optional(self.conn())
            .await
            .map_err(store_error)
    }

    #[tracing::instrument(name = "pg.settings.set", skip_all)]
    async fn set(&mut self, name: &str, value: &str) -> RepositoryResult<()> {
        sqlx::query(
            "INSERT INTO settings (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        )
        .bind(name)
        .bind(value)
        .execute(self.conn())
        .await
        .map_err(store_error)?;
        Ok(())
    }

    #[tracing::instrument(name = "pg.settings.remove", skip_all)]
    async fn remove(&mut self, name: &str) -> RepositoryResult<bool> {
        let done = sqlx::query("DELETE FROM settings WHERE name = $1")
            .bind(name)
            .execute(self.conn())
            .await
            .map_err(store_error)?;
        Ok(done.rows_affected() == 1)
    }
}
