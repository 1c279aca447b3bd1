//! Changing passwords: one's own, or somebody's by an admin.

use wolfsec::identity::check_new_password;
use wolfsec::ids::UserId;

use crate::audit::Act;
use crate::{Action, Caller, Failure, UseCases};

impl UseCases {
    /// Replaces the caller's password after checking the current one, and ends their other sessions.
    #[tracing::instrument(name = "app.change_own_password", skip_all)]
    pub async fn change_own_password(&self, caller: &Caller, current: String, new: String) -> Result<(), Failure> {
        self.permit(caller, Action::OwnAccount).await?;
        let id = caller
            .user_id()
            .ok_or_else(|| Failure::invalid("current", "only a signed-in user has a password"))?;
        check_new_password(caller.name(), &new).map_err(|error| Failure::invalid("new", error.to_string()))?;
        let keys = [format!("password:{id}")];
        let wait = self.throttle().wait_seconds(&keys, self.now());
        if wait > 0 {
            return Err(Failure::invalid(
                "current",
                format!("too many wrong tries; try again in {wait} seconds"),
            ));
        }
        let found = self.begin().await?.users().find_by_name(caller.name()).await?;
        let (_, stored) = found.ok_or_else(Failure::unauthenticated)?;
        if !self.ports().hasher.verify(current, Some(stored)).await? {
            self.throttle().record_failure(&keys, self.now());
            let mut uow = self.begin().await?;
            let act = Act::done(caller.actor(), "user.password_change_failed", "user", caller.name())
                .failed("the current password is wrong");
            self.record(uow.as_mut(), act).await?;
            uow.commit().await?;
            return Err(Failure::invalid("current", "the current password is wrong"));
        }
        let hash = self.ports().hasher.hash(new).await?;
        let mut uow = self.begin().await?;
        uow.users().set_password(id, &hash).await?;
        let ended = uow.sessions().remove_others(id, caller.session_id()).await?;
        let act = Act::done(caller.actor(), "user.password_changed", "user", caller.name())
            .note(format!("{ended} other sessions ended"));
        self.record(uow.as_mut(), act).await?;
        Ok(uow.commit().await?)
    }

    /// Sets a user's password and ends all their sessions.
    #[tracing::instrument(name = "app.reset_password", skip_all)]
    pub async fn reset_password(&self, caller: &Caller, id: UserId, new: String) -> Result<(), Failure> {
        self.permit(caller, Action::ManageUsers).await?;
        let user = self
            .begin()
            .await?
            .users()
            .get(id)
            .await?
            .ok_or_else(|| Failure::not_found("user"))?;
        check_new_password(&user.name, &new).map_err(|error| Failure::invalid("password", error.to_string()))?;
        let hash = self.ports().hasher.hash(new).await?;
        let mut uow = self.begin().await?;
        uow.users().set_password(id, &hash).await?;
        uow.sessions().remove_others(id, None).await?;
        self.record(
            uow.as_mut(),
            Act::done(caller.actor(), "user.password_reset", "user", user.name),
        )
        .await?;
        Ok(uow.commit().await?)
    }
}
