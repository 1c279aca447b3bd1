//! Turning what a request carries into a caller.

use chrono::Duration;
use wolfsec::identity::{Session, User};
use wolfsec::ports::UnitOfWork;

use crate::{Caller, Failure, Principal, UseCases};

/// A live session's caller and user.
#[derive(Debug, Clone)]
pub struct SignedIn {
    pub caller: Caller,
    pub user: User,
}

impl UseCases {
    /// The caller of a session token; `None` when it is unknown, ended or its user disabled.
    #[tracing::instrument(name = "app.authenticate_session", skip_all)]
    pub async fn authenticate_session(&self, token: &str, address: Option<&str>) -> Result<Option<SignedIn>, Failure> {
        let now = self.now();
        let mut uow = self.begin().await?;
        let Some((session, user)) = self.live_session(uow.as_mut(), token).await? else {
            return Ok(None);
        };
        // One write a minute is enough to keep the idle limit honest.
        if now - session.last_used_at > Duration::minutes(1) {
            uow.sessions().touch(session.id, now).await?;
            uow.commit().await?;
        }
        Ok(Some(signed_in(&session, user, address)))
    }

    /// The same for what a page asks by itself: it keeps no session alive.
    #[tracing::instrument(name = "app.look_at_session", skip_all)]
    pub async fn look_at_session(&self, token: &str, address: Option<&str>) -> Result<Option<SignedIn>, Failure> {
        let mut uow = self.begin().await?;
        let found = self.live_session(uow.as_mut(), token).await?;
        Ok(found.map(|(session, user)| signed_in(&session, user, address)))
    }

    async fn live_session(&self, uow: &mut dyn UnitOfWork, token: &str) -> Result<Option<(Session, User)>, Failure> {
        let digest = self.ports().mint.digest(token);
        let found = uow.sessions().find_by_digest(&digest).await?;
        Ok(found.filter(|(session, user)| user.enabled && session.is_live(self.now())))
    }

    /// The caller of an API token.
    #[tracing::instrument(name = "app.authenticate_token", skip_all)]
    pub async fn authenticate_token(&self, token: &str, address: Option<&str>) -> Result<Caller, Failure> {
        let now = self.now();
        let digest = self.ports().mint.digest(token);
        let mut uow = self.begin().await?;
        let found = uow
            .tokens()
            .find_by_digest(&digest)
            .await?
            .ok_or_else(Failure::unauthenticated)?;
        if found.revoked_at.is_some() || found.expires_at.is_some_and(|end| end <= now) {
            return Err(Failure::unauthenticated());
        }
        if found.last_used_at.is_none_or(|last| now - last > Duration::minutes(1)) {
            uow.tokens().touch(found.id, now).await?;
            uow.commit().await?;
        }
        Ok(Caller::new(
            Principal::ApiToken { id: found.id },
            found.name,
            found.role,
            address.map(ToOwned::to_owned),
        ))
    }
}

fn signed_in(session: &Session, user: User, address: Option<&str>) -> SignedIn {
    let principal = Principal::User {
        id: user.id,
        session: session.id,
    };
    let caller = Caller::new(principal, user.name.clone(), user.role, address.map(ToOwned::to_owned));
    SignedIn { caller, user }
}
