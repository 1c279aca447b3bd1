//! Tokens of programs.

use async_trait::async_trait;
use sqlx::Row as _;
use sqlx::postgres::PgRow;
use wolfsec::Timestamp;
use wolfsec::identity::ApiToken;
use wolfsec::ids::ApiTokenId;
use wolfsec::ports::{Digest, RepositoryResult, TokenRepository};

use super::PgUnitOfWork;
use super::error::{store_error, stored};

fn token(row: &PgRow) -> RepositoryResult<ApiToken> {
    let role: &str = row.try_get("role").map_err(store_error)?;
    let role = stored("role", role)?;
    let read = || {
        Ok(ApiToken {
            id: ApiTokenId(row.try_get("id")?),
            name: row.try_get("name")?,
            role,
            created_at: row.try_get("created_at")?,
            expires_at: row.try_get("expires_at")?,
            last_used_at: row.try_get("last_used_at")?,
            revoked_at: row.try_get("revoked_at")?,
        })
    };
    read().map_err(store_error)
}

#[async_trait]
impl TokenRepository for PgUnitOfWork {
    #[tracing::instrument(name = "pg.tokens.insert", skip_all)]
    async fn insert(&mut self, token: &ApiToken, digest: &Digest) -> RepositoryResult<()> {
        sqlx::query(
            "INSERT INTO api_tokens (id, name, role, digest, created_at, expires_at, last_used_at, revoked_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        )
        .bind(token.id.0)
        .bind(&token.name)
        .bind(token.role.as_str())
        .bind(digest.as_slice())
        .bind(token.created_at)
        .bind(token.expires_at)
        .bind(token.last_used_at)
        .bind(token.revoked_at)
        .execute(self.conn())
        .await
        .map_err(store_error)?;
        Ok(())
    }

    #[tracing::instrument(name = "pg.tokens.find_by_digest", skip_all)]
    async fn find_by_digest(&mut self, digest: &Digest) -> RepositoryResult<Option<ApiToken>> {
        let row = sqlx::query(
            "SELECT id, name, role, created_at, expires_at, last_used_at, revoked_at FROM api_tokens WHERE digest = $1",
        )
        .bind(digest.as_slice())
        .fetch_optional(self.conn())
        .await
        .map_err(store_error)?;
        row.as_ref().map(token).transpose()
    }

    #[tracing::instrument(name = "pg.tokens.touch", skip_all)]
    async fn touch(&mut self, id: ApiTokenId, at: Timestamp) -> RepositoryResult<()> {
        sqlx::query("UPDATE api_tokens SET last_used_at = greatest(last_used_at, $2) WHERE id = $1")
            .bind(id.0)
            .bind(at)
            .execute(self.conn())
            .await
            .map_err(store_error)?;
        Ok(())
    }

    #[tracing::instrument(name = "pg.tokens.list", skip_all)]
    async fn list(&mut self) -> RepositoryResult<Vec<ApiToken>> {
        let rows = sqlx::query(
            "SELECT id, name, role, created_at, expires_at, last_used_at, revoked_at
             FROM api_tokens ORDER BY created_at DESC, id DESC LIMIT 1000",
        )
        .fetch_all(self.conn())
        .await
        .map_err(store_error)?;
        rows.iter().map(token).collect()
    }

    #[tracing::instrument(name = "pg.tokens.revoke", skip_all)]
    async fn revoke(&mut self, id: ApiTokenId, at: Timestamp) -> RepositoryResult<Option<ApiToken>> {
        let row = sqlx::query(
            "UPDATE api_tokens SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL
             RETURNING id, name, role, created_at, expires_at, last_used_at, revoked_at",
        )
        .bind(id.0)
        .bind(at)
        .fetch_optional(self.conn())
        .await
        .map_err(store_error)?;
        row.as_ref().map(token).transpose()
    }
}
