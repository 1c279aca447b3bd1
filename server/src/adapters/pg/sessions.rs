//! Sessions of browsers.

use async_trait::async_trait;
use sqlx::Row as _;
use sqlx::postgres::PgRow;
use wolfsec::Timestamp;
use wolfsec::identity::{Session, User};
use wolfsec::ids::{SessionId, UserId};
use wolfsec::ports::{Digest, RepositoryResult, SessionRepository};

use super::PgUnitOfWork;
use super::error::store_error;
use super::text::storable;
use super::users::user;

fn session(row: &PgRow) -> Result<Session, sqlx::Error> {
    Ok(Session {
        id: SessionId(row.try_get("id")?),
        user_id: UserId(row.try_get("user_id")?),
        created_at: row.try_get("created_at")?,
        last_used_at: row.try_get("last_used_at")?,
        address: row.try_get("address")?,
        user_agent: row.try_get("user_agent")?,
    })
}

#[async_trait]
impl SessionRepository for PgUnitOfWork {
    #[tracing::instrument(name = "pg.sessions.insert", skip_all)]
    async fn insert(&mut self, session: &Session, digest: &Digest) -> RepositoryResult<()> {
        sqlx::query(
            "INSERT INTO sessions (id, user_id, digest, created_at, last_used_at, address, user_agent)
             VALUES ($1, $2, $3, $4, $5, $6, $7)",
        )
        .bind(session.id.0)
        .bind(session.user_id.0)
        .bind(digest.as_slice())
        .bind(session.created_at)
        .bind(session.last_used_at)
        .bind(storable(&session.address))
        .bind(storable(&session.user_agent))
        .execute(self.conn())
        .await
        .map_err(store_error)?;
        Ok(())
    }

    #[tracing::instrument(name = "pg.sessions.find_by_digest", skip_all)]
    async fn find_by_digest(&mut self, digest: &Digest) -> RepositoryResult<Option<(Session, User)>> {
        let row = sqlx::query(
            "SELECT s.id, s.user_id, s.created_at, s.last_used_at, s.address, s.user_agent,
                    u.name, u.role, u.enabled, u.created_at AS user_created_at, u.last_sign_in
             FROM sessions s JOIN users u ON u.id = s.user_id WHERE s.digest = $1",
        )
        .bind(digest.as_slice())
        .fetch_optional(self.conn())
        .await
        .map_err(store_error)?;
        row.map(|row| Ok((session(&row).map_err(store_error)?, user(&row, "user_id")?)))
            .transpose()
    }

    #[tracing::instrument(name = "pg.sessions.touch", skip_all)]
    async fn touch(&mut self, id: SessionId, at: Timestamp) -> RepositoryResult<()> {
        sqlx::query("UPDATE sessions SET last_used_at = $2 WHERE id = $1 AND last_used_at < $2")
            .bind(id.0)
            .bind(at)
            .execute(self.conn())
            .await
            .map_err(store_error)?;
        Ok(())
    }

    #[tracing::instrument(name = "pg.sessions.get_many", skip_all, fields(ids = ids.len()))]
    async fn get_many(&mut self, ids: &[SessionId]) -> RepositoryResult<Vec<(Session, User)>> {
        let ids: Vec<_> = ids.iter().map(|id| id.0).collect();
        let rows = sqlx::query(
            "SELECT s.id, s.user_id, s.created_at, s.last_used_at, s.address, s.user_agent,
                    u.name, u.role, u.enabled, u.created_at AS user_created_at, u.last_sign_in
             FROM sessions s JOIN users u ON u.id = s.user_id WHERE s.id = ANY($1) LIMIT $2",
        )
        .bind(&ids)
        .bind(i64::try_from(ids.len()).unwrap_or(i64::MAX))
        .fetch_all(self.conn())
        .await
        .map_err(store_error)?;
        rows.iter()
            .map(|row| Ok((session(row).map_err(store_error)?, user(row, "user_id")?)))
            .collect()
    }

    #[tracing::instrument(name = "pg.sessions.list_for_user", skip_all)]
    async fn list_for_user(&mut self, user: UserId) -> RepositoryResult<Vec<Session>> {
        let rows = sqlx::query(
            "SELECT id, user_id, created_at, last_used_at, address, user_agent FROM sessions
             WHERE user_id = $1 ORDER BY last_used_at DESC, id DESC LIMIT 100",
        )
        .bind(user.0)
        .fetch_all(self.conn())
        .await
        .map_err(store_error)?;
        rows.iter().map(session).collect::<Result<_, _>>().map_err(store_error)
    }

    #[tracing::instrument(name = "pg.sessions.remove", skip_all)]
    async fn remove(&mut self, user: UserId, id: SessionId) -> RepositoryResult<bool> {
        let done = sqlx::query("DELETE FROM sessions WHERE id = $1 AND user_id = $2")
            .bind(id.0)
            .bind(user.0)
            .execute(self.conn())
            .await
            .map_err(store_error)?;
        self.touched.access |= done.rows_affected() > 0;
        Ok(done.rows_affected() == 1)
    }

    #[tracing::instrument(name = "pg.sessions.remove_others", skip_all)]
    async fn remove_others(&mut self, user: UserId, keep: Option<SessionId>) -> RepositoryResult<u64> {
        let done = sqlx::query("DELETE FROM sessions WHERE user_id = $1 AND id IS DISTINCT FROM $2")
            .bind(user.0)
            .bind(keep.map(|id| id.0))
            .execute(self.conn())
            .await
            .map_err(store_error)?;
        self.touched.access |= done.rows_affected() > 0;
        Ok(done.rows_affected())
    }

    #[tracing::instrument(name = "pg.sessions.remove_expired", skip_all)]
    async fn remove_expired(&mut self, created_before: Timestamp, used_before: Timestamp) -> RepositoryResult<u64> {
        let done = sqlx::query("DELETE FROM sessions WHERE created_at < $1 OR last_used_at < $2")
            .bind(created_before)
            .bind(used_before)
            .execute(self.conn())
            .await
            .map_err(store_error)?;
        self.touched.access |= done.rows_affected() > 0;
        Ok(done.rows_affected())
    }
}
