//! API tokens: shown once, kept as digests.

use chrono::Duration;
use wolfsec::identity::{ApiToken, Name, Role};
use wolfsec::ids::ApiTokenId;
use wolfsec::ports::TokenKind;

use crate::audit::Act;
use crate::failure::is_conflict;
use crate::identity::users::name_taken;
use crate::{Action, Caller, Failure, UseCases};

impl UseCases {
    /// All tokens, newest first; never their text.
    #[tracing::instrument(name = "app.list_tokens", skip_all)]
    pub async fn list_tokens(&self, caller: &Caller) -> Result<Vec<ApiToken>, Failure> {
        self.permit(caller, Action::ManageTokens).await?;
        Ok(self.begin().await?.tokens().list().await?)
    }

    /// Makes a token and returns its text, this once. `days` of `None` never expires.
    #[tracing::instrument(name = "app.create_token", skip_all)]
    pub async fn create_token(
        &self,
        caller: &Caller,
        name: &str,
        role: Role,
        days: Option<u16>,
    ) -> Result<String, Failure> {
        self.permit(caller, Action::ManageTokens).await?;
        let name = Name::parse(name).map_err(|error| Failure::invalid("name", error.to_string()))?;
        let now = self.now();
        let (text, digest) = self.ports().mint.mint(TokenKind::ApiToken);
        let token = ApiToken {
            id: ApiTokenId(self.ports().ids.new_id()),
            name: name.to_string(),
            role,
            created_at: now,
            expires_at: days.map(|days| now + Duration::days(i64::from(days))),
            last_used_at: None,
            revoked_at: None,
        };
        let mut uow = self.begin().await?;
        match uow.tokens().insert(&token, &digest).await {
            Err(error) if is_conflict(&error, "api_tokens_name_key") => return Err(name_taken("token")),
            other => other?,
        }
        let act = Act::done(caller.actor(), "api_token.created", "api_token", token.name.clone()).change(
            "role",
            None,
            Some(role.as_str()),
        );
        self.record(uow.as_mut(), act).await?;
        uow.commit().await?;
        Ok(text)
    }

    #[tracing::instrument(name = "app.revoke_token", skip_all)]
    pub async fn revoke_token(&self, caller: &Caller, id: ApiTokenId) -> Result<(), Failure> {
        self.permit(caller, Action::ManageTokens).await?;
        let now = self.now();
        let mut uow = self.begin().await?;
        let token = uow
            .tokens()
            .revoke(id, now)
            .await?
            .ok_or_else(|| Failure::not_found("token"))?;
        self.record(
            uow.as_mut(),
            Act::done(caller.actor(), "api_token.revoked", "api_token", token.name),
        )
        .await?;
        Ok(uow.commit().await?)
    }
}
