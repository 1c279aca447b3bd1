//! A user's own sessions.

use chrono::Duration;
use wolfsec::identity::{SESSION_ABSOLUTE_HOURS, SESSION_IDLE_MINUTES, Session};
use wolfsec::ids::SessionId;

use crate::audit::Act;
use crate::{Action, Caller, Failure, UseCases};

impl UseCases {
    /// The caller's live sessions, last used first.
    #[tracing::instrument(name = "app.list_own_sessions", skip_all)]
    pub async fn list_own_sessions(&self, caller: &Caller) -> Result<Vec<Session>, Failure> {
        self.permit(caller, Action::OwnAccount).await?;
        let Some(user) = caller.user_id() else {
            return Ok(Vec::new());
        };
        let now = self.now();
        let mut sessions = self.begin().await?.sessions().list_for_user(user).await?;
        sessions.retain(|session| session.is_live(now));
        Ok(sessions)
    }

    /// Ends one of the caller's sessions.
    #[tracing::instrument(name = "app.revoke_own_session", skip_all)]
    pub async fn revoke_own_session(&self, caller: &Caller, id: SessionId) -> Result<(), Failure> {
        self.permit(caller, Action::OwnAccount).await?;
        let user = caller.user_id().ok_or_else(|| Failure::not_found("session"))?;
        let mut uow = self.begin().await?;
        if !uow.sessions().remove(user, id).await? {
            return Err(Failure::not_found("session"));
        }
        self.record(
            uow.as_mut(),
            Act::done(caller.actor(), "session.revoked", "session", id.to_string()),
        )
        .await?;
        Ok(uow.commit().await?)
    }

    /// Removes what has ended by itself; run by a timer.
    pub async fn remove_expired_sessions(&self) -> Result<u64, Failure> {
        let now = self.now();
        let mut uow = self.begin().await?;
        let created_before = now - Duration::hours(SESSION_ABSOLUTE_HOURS);
        let removed = uow
            .sessions()
            .remove_expired(created_before, now - Duration::minutes(SESSION_IDLE_MINUTES))
            .await?;
        uow.commit().await?;
        Ok(removed)
    }
}
