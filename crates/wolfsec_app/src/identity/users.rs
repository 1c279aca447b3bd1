//! Managing users.

use wolfsec::identity::{Name, Role, User, check_new_password};
use wolfsec::ids::UserId;

use crate::audit::Act;
use crate::failure::is_conflict;
use crate::{Action, Caller, Failure, UseCases};

impl UseCases {
    /// All users by name, at most 1000.
    #[tracing::instrument(name = "app.list_users", skip_all)]
    pub async fn list_users(&self, caller: &Caller) -> Result<Vec<User>, Failure> {
        self.permit(caller, Action::ManageUsers).await?;
        Ok(self.begin().await?.users().list().await?)
    }

    #[tracing::instrument(name = "app.add_user", skip_all)]
    pub async fn add_user(&self, caller: &Caller, name: &str, role: Role, password: String) -> Result<User, Failure> {
        self.permit(caller, Action::ManageUsers).await?;
        let name = Name::parse(name).map_err(|error| Failure::invalid("name", error.to_string()))?;
        check_new_password(name.as_str(), &password)
            .map_err(|error| Failure::invalid("password", error.to_string()))?;
        let hash = self.ports().hasher.hash(password).await?;
        let user = User {
            id: UserId(self.ports().ids.new_id()),
            name: name.to_string(),
            role,
            enabled: true,
            created_at: self.now(),
            last_sign_in: None,
        };
        let mut uow = self.begin().await?;
        match uow.users().insert(&user, &hash).await {
            Err(error) if is_conflict(&error, "users_name_key") => return Err(name_taken("user")),
            other => other?,
        }
        let act = Act::done(caller.actor(), "user.created", "user", user.name.clone()).change(
            "role",
            None,
            Some(role.as_str()),
        );
        self.record(uow.as_mut(), act).await?;
        uow.commit().await?;
        Ok(user)
    }

    /// Changes a role; the last enabled admin stays one.
    #[tracing::instrument(name = "app.set_user_role", skip_all)]
    pub async fn set_user_role(&self, caller: &Caller, id: UserId, role: Role) -> Result<(), Failure> {
        self.permit(caller, Action::ManageUsers).await?;
        let mut uow = self.begin().await?;
        let admins = uow.users().count_enabled_admins_locked().await?;
        let user = uow.users().get(id).await?.ok_or_else(|| Failure::not_found("user"))?;
        if user.role == role {
            return Ok(());
        }
        keep_an_admin(&user, admins)?;
        uow.users().set_role(id, role).await?;
        let act = Act::done(caller.actor(), "user.role_changed", "user", user.name.clone()).change(
            "role",
            Some(user.role.as_str()),
            Some(role.as_str()),
        );
        self.record(uow.as_mut(), act).await?;
        Ok(uow.commit().await?)
    }

    /// Lets a user in or keeps them out; keeping out ends their sessions.
    #[tracing::instrument(name = "app.set_user_enabled", skip_all)]
    pub async fn set_user_enabled(&self, caller: &Caller, id: UserId, enabled: bool) -> Result<(), Failure> {
        self.permit(caller, Action::ManageUsers).await?;
        let mut uow = self.begin().await?;
        let admins = uow.users().count_enabled_admins_locked().await?;
        let user = uow.users().get(id).await?.ok_or_else(|| Failure::not_found("user"))?;
        if user.enabled == enabled {
            return Ok(());
        }
        if !enabled {
            keep_an_admin(&user, admins)?;
            uow.sessions().remove_others(id, None).await?;
        }
        uow.users().set_enabled(id, enabled).await?;
        let action = if enabled { "user.enabled" } else { "user.disabled" };
        let word = |on: bool| if on { "enabled" } else { "disabled" };
        let act = Act::done(caller.actor(), action, "user", user.name.clone()).change(
            "state",
            Some(word(user.enabled)),
            Some(word(enabled)),
        );
        self.record(uow.as_mut(), act).await?;
        Ok(uow.commit().await?)
    }
}

fn keep_an_admin(user: &User, enabled_admins: i64) -> Result<(), Failure> {
    if user.role == Role::Admin && user.enabled && enabled_admins <= 1 {
        return Err(Failure::invalid(
            "role",
            "this is the last enabled admin; make another one first",
        ));
    }
    Ok(())
}

pub(crate) fn name_taken(what: &str) -> Failure {
    let message = format!("a {what} with this name exists already");
    let mut failure = Failure::conflict("name_taken", message.clone());
    failure.fields.push(("name", message));
    failure
}
