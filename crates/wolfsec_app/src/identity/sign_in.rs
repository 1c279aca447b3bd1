//! Signing in and out.

use std::net::Ipv6Addr;

use wolfsec::identity::{Session, User};
use wolfsec::ids::SessionId;
use wolfsec::ports::{RepositoryResult, TokenKind, UnitOfWork};

use crate::audit::Act;
use crate::caller::anonymous;
use crate::{Caller, Failure, FailureKind, UseCases};

/// Where a browser asks from.
#[derive(Debug, Clone, Default)]
pub struct ClientInfo {
    pub address: Option<String>,
    pub user_agent: String,
}

/// Of IPv6 the network of 64 bits: one host may have all its addresses.
fn network(address: &str) -> String {
    match address.parse::<Ipv6Addr>() {
        Ok(address) => Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX)).to_string(),
        Err(_) => address.to_owned(),
    }
}

impl UseCases {
    /// Checks name and password and opens a session with a fresh id; returns its token, which is shown to the
    /// browser only. Unknown names cost the same work as known ones.
    #[tracing::instrument(name = "app.sign_in", skip_all)]
    pub async fn sign_in(&self, name: &str, password: String, client: &ClientInfo) -> Result<String, Failure> {
        let name = name.trim();
        let now = self.now();
        let account_key = format!("account:{}", name.to_lowercase());
        let mut keys = vec![account_key.clone()];
        keys.extend(
            client
                .address
                .as_deref()
                .map(|address| format!("address:{}", network(address))),
        );
        let wait = self.throttle().wait_seconds(&keys, now);
        if wait > 0 {
            let mut failure = Failure::new(
                FailureKind::TooFast,
                "too_many_failures",
                format!("too many failed sign-ins; try again in {wait} seconds"),
            );
            failure.retry_after = Some(wait);
            return Err(failure);
        }
        // Of an account before the work is done, so that many guesses at once are many; taken back when it was right.
        self.throttle().record_failure(std::slice::from_ref(&account_key), now);
        let found = self.begin().await?.users().find_by_name(name).await?;
        let (user, stored) = found.map_or((None, None), |(user, hash)| (Some(user), Some(hash)));
        let fits = self.ports().hasher.verify(password, stored).await?;
        match user {
            Some(user) if fits && user.enabled => {
                self.throttle().record_success(&account_key);
                self.open_session(&user, client).await
            }
            _ => {
                self.throttle().record_failure(&keys[1..], self.now());
                self.record_failed_sign_in(name, client).await?;
                Err(Failure::new(
                    FailureKind::Unauthenticated,
                    "wrong_credentials",
                    "name or password is wrong",
                ))
            }
        }
    }

    async fn record_failed_sign_in(&self, name: &str, client: &ClientInfo) -> Result<(), Failure> {
        let shown: String = name.chars().take(64).collect();
        let mut uow = self.begin().await?;
        let actor = anonymous(&shown, client.address.as_deref());
        let act = Act::done(actor, "session.sign_in_failed", "user", shown).failed("name or password is wrong");
        self.record(uow.as_mut(), act).await?;
        Ok(uow.commit().await?)
    }

    async fn open_session(&self, user: &User, client: &ClientInfo) -> Result<String, Failure> {
        let mut uow = self.begin().await?;
        let token = self.insert_session(uow.as_mut(), user, client).await?;
        uow.commit().await?;
        Ok(token)
    }

    /// Opens a session inside a transaction and records it.
    pub(crate) async fn insert_session(
        &self,
        uow: &mut dyn UnitOfWork,
        user: &User,
        client: &ClientInfo,
    ) -> RepositoryResult<String> {
        let now = self.now();
        let (token, digest) = self.ports().mint.mint(TokenKind::Session);
        let session = Session {
            id: SessionId(self.ports().ids.new_id()),
            user_id: user.id,
            created_at: now,
            last_used_at: now,
            address: client.address.clone().unwrap_or_default(),
            user_agent: client.user_agent.chars().take(300).collect(),
        };
        uow.sessions().insert(&session, &digest).await?;
        uow.users().record_sign_in(user.id, now).await?;
        let mut actor = anonymous(&user.name, client.address.as_deref());
        "user".clone_into(&mut actor.kind);
        self.record(uow, Act::done(actor, "session.signed_in", "user", user.name.clone()))
            .await?;
        Ok(token)
    }

    /// Ends the caller's own session.
    #[tracing::instrument(name = "app.sign_out", skip_all)]
    pub async fn sign_out(&self, caller: &Caller) -> Result<(), Failure> {
        let (Some(user), Some(session)) = (caller.user_id(), caller.session_id()) else {
            return Ok(());
        };
        let mut uow = self.begin().await?;
        if uow.sessions().remove(user, session).await? {
            self.record(
                uow.as_mut(),
                Act::done(caller.actor(), "session.signed_out", "user", caller.name()),
            )
            .await?;
        }
        Ok(uow.commit().await?)
    }
}
