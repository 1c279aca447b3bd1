//! First run: a token printed by the server lets one person make the first admin.

use wolfsec::identity::{Name, Role, User, check_new_password};
use wolfsec::ids::UserId;
use wolfsec::ports::TokenKind;

use crate::audit::Act;
use crate::caller::anonymous;
use crate::identity::ClientInfo;
use crate::{Failure, FailureKind, UseCases};

const SETUP_DIGEST: &str = "setup_token_digest";

impl UseCases {
    /// True until an admin exists.
    pub async fn needs_set_up(&self) -> Result<bool, Failure> {
        Ok(!self.begin().await?.users().any_admin().await?)
    }

    /// A new set-up token in place of the old one; `None` once an admin exists.
    #[tracing::instrument(name = "app.issue_setup_token", skip_all)]
    pub async fn issue_setup_token(&self) -> Result<Option<String>, Failure> {
        let mut uow = self.begin().await?;
        if uow.users().any_admin().await? {
            return Ok(None);
        }
        let (token, digest) = self.ports().mint.mint(TokenKind::Setup);
        uow.settings().set(SETUP_DIGEST, &hex(&digest)).await?;
        uow.commit().await?;
        Ok(Some(token))
    }

    /// Creates the first admin and signs them in; returns the session's token.
    #[tracing::instrument(name = "app.set_up_admin", skip_all)]
    pub async fn set_up_admin(
        &self,
        token: &str,
        name: &str,
        password: String,
        client: &ClientInfo,
    ) -> Result<String, Failure> {
        let name = Name::parse(name).map_err(|error| Failure::invalid("name", error.to_string()))?;
        check_new_password(name.as_str(), &password)
            .map_err(|error| Failure::invalid("password", error.to_string()))?;
        self.check_setup_token(token).await?;
        let hash = self.ports().hasher.hash(password).await?;

        let mut uow = self.begin().await?;
        // The first form takes the token away; a second one at the same moment waits for that and finds it gone.
        let token_was_there = uow.settings().remove(SETUP_DIGEST).await?;
        if !token_was_there || uow.users().count_enabled_admins_locked().await? > 0 || uow.users().any_admin().await? {
            return Err(Failure::conflict(
                "already_set_up",
                "an admin exists already; sign in instead",
            ));
        }
        let now = self.now();
        let id = UserId(self.ports().ids.new_id());
        let user = User {
            id,
            name: name.to_string(),
            role: Role::Admin,
            enabled: true,
            created_at: now,
            last_sign_in: None,
        };
        uow.users().insert(&user, &hash).await?;
        let actor = anonymous(&user.name, client.address.as_deref());
        let act = Act::done(actor, "user.created", "user", user.name.clone())
            .change("role", None, Some("admin"))
            .note("first admin, by the set-up form");
        self.record(uow.as_mut(), act).await?;
        let session = self.insert_session(uow.as_mut(), &user, client).await?;
        uow.commit().await?;
        Ok(session)
    }

    async fn check_setup_token(&self, token: &str) -> Result<(), Failure> {
        let stored = self.begin().await?.settings().get(SETUP_DIGEST).await?;
        // Both sides are digests of 32 random bytes: comparing them tells nothing about the token.
        if stored.is_some_and(|stored| stored == hex(&self.ports().mint.digest(token))) {
            return Ok(());
        }
        Err(Failure::new(
            FailureKind::Unauthenticated,
            "setup_token_wrong",
            "the set-up link is not valid any more; use the newest one that the server printed",
        ))
    }
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes
        .iter()
        .fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        })
}
