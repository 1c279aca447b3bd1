//! Users.

use async_trait::async_trait;
use sqlx::Row as _;
use sqlx::postgres::PgRow;
use wolfsec::Timestamp;
use wolfsec::identity::{Role, User};
use wolfsec::ids::UserId;
use wolfsec::ports::{RepositoryResult, UserRepository};

use super::PgUnitOfWork;
use super::error::{store_error, stored};

/// Reads a user; `id` is the name of the column that holds the user's id.
pub(super) fn user(row: &PgRow, id: &str) -> RepositoryResult<User> {
    let role: &str = row.try_get("role").map_err(store_error)?;
    let read = || {
        Ok(User {
            id: UserId(row.try_get(id)?),
            name: row.try_get("name")?,
            role: Role::Viewer,
            enabled: row.try_get("enabled")?,
            created_at: row.try_get("user_created_at")?,
            last_sign_in: row.try_get("last_sign_in")?,
        })
    };
    let user = read().map_err(store_error)?;
    Ok(User {
        role: stored("role", role)?,
        ..user
    })
}

#[async_trait]
impl UserRepository for PgUnitOfWork {
    #[tracing::instrument(name = "pg.users.insert", skip_all)]
    async fn insert(&mut self, user: &User, password_hash: &str) -> RepositoryResult<()> {
        sqlx::query(
            "INSERT INTO users (id, name, role, enabled, created_at, last_sign_in, password_hash)
             VALUES ($1, $2, $3, $4, $5, $6, $7)",
        )
        .bind(user.id.0)
        .bind(&user.name)
        .bind(user.role.as_str())
        .bind(user.enabled)
        .bind(user.created_at)
        .bind(user.last_sign_in)
        .bind(password_hash)
        .execute(self.conn())
        .await
        .map_err(store_error)?;
        Ok(())
    }

    #[tracing::instrument(name = "pg.users.get", skip_all)]
    async fn get(&mut self, id: UserId) -> RepositoryResult<Option<User>> {
        let row = sqlx::query(
            "SELECT id, name, role, enabled, created_at AS user_created_at, last_sign_in FROM users WHERE id = $1",
        )
        .bind(id.0)
        .fetch_optional(self.conn())
        .await
        .map_err(store_error)?;
        row.map(|row| user(&row, "id")).transpose()
    }

    #[tracing::instrument(name = "pg.users.find_by_name", skip_all)]
    async fn find_by_name(&mut self, name: &str) -> RepositoryResult<Option<(User, String)>> {
        let row = sqlx::query(
            "SELECT id, name, role, enabled, created_at AS user_created_at, last_sign_in, password_hash
             FROM users WHERE lower(name) COLLATE \"C\" = lower($1)",
        )
        .bind(super::text::storable(name))
        .fetch_optional(self.conn())
        .await
        .map_err(store_error)?;
        row.map(|row| Ok((user(&row, "id")?, row.try_get("password_hash").map_err(store_error)?)))
            .transpose()
    }

    #[tracing::instrument(name = "pg.users.list", skip_all)]
    async fn list(&mut self) -> RepositoryResult<Vec<User>> {
        let rows = sqlx::query(
            "SELECT id, name, role, enabled, created_at AS user_created_at, last_sign_in
             FROM users ORDER BY lower(name) COLLATE \"C\" LIMIT 1000",
        )
        .fetch_all(self.conn())
        .await
        .map_err(store_error)?;
        rows.iter().map(|row| user(row, "id")).collect()
    }

    #[tracing::instrument(name = "pg.users.set_role", skip_all)]
    async fn set_role(&mut self, id: UserId, role: Role) -> RepositoryResult<bool> {
        let done = sqlx::query("UPDATE users SET role = $2 WHERE id = $1")
            .bind(id.0)
            .bind(role.as_str())
            .execute(self.conn())
            .await
            .map_err(store_error)?;
        self.touched.access |= done.rows_affected() > 0;
        Ok(done.rows_affected() == 1)
    }

    #[tracing::instrument(name = "pg.users.set_enabled", skip_all)]
    async fn set_enabled(&mut self, id: UserId, enabled: bool) -> RepositoryResult<bool> {
        let done = sqlx::query("UPDATE users SET enabled = $2 WHERE id = $1")
            .bind(id.0)
            .bind(enabled)
            .execute(self.conn())
            .await
            .map_err(store_error)?;
        self.touched.access |= done.rows_affected() > 0;
        Ok(done.rows_affected() == 1)
    }

    #[tracing::instrument(name = "pg.users.set_password", skip_all)]
    async fn set_password(&mut self, id: UserId, password_hash: &str) -> RepositoryResult<bool> {
        let done = sqlx::query("UPDATE users SET password_hash = $2 WHERE id = $1")
            .bind(id.0)
            .bind(password_hash)
            .execute(self.conn())
            .await
            .map_err(store_error)?;
        Ok(done.rows_affected() == 1)
    }

    #[tracing::instrument(name = "pg.users.record_sign_in", skip_all)]
    async fn record_sign_in(&mut self, id: UserId, at: Timestamp) -> RepositoryResult<()> {
        sqlx::query("UPDATE users SET last_sign_in = $2 WHERE id = $1")
            .bind(id.0)
            .bind(at)
            .execute(self.conn())
            .await
            .map_err(store_error)?;
        Ok(())
    }

    #[tracing::instrument(name = "pg.users.count_enabled_admins_locked", skip_all)]
    async fn count_enabled_admins_locked(&mut self) -> RepositoryResult<i64> {
        // Rows that a concurrent transaction has just demoted are looked at again once their lock is got.
        sqlx::query_scalar(
            "SELECT count(*) FROM
             (SELECT FROM users WHERE role = 'admin' AND enabled ORDER BY id FOR UPDATE) AS admins",
        )
        .fetch_one(self.conn())
        .await
        .map_err(store_error)
    }

    #[tracing::instrument(name = "pg.users.any_admin", skip_all)]
    async fn any_admin(&mut self) -> RepositoryResult<bool> {
        sqlx::query_scalar("SELECT EXISTS (SELECT FROM users WHERE role = 'admin')")
            .fetch_one(self.conn())
            .await
            .map_err(store_error)
    }
}
