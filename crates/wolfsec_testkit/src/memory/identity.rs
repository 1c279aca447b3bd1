//! Users, sessions, tokens.

use std::cmp::Reverse;

use async_trait::async_trait;
use wolfsec::Timestamp;
use wolfsec::identity::{ApiToken, Role, Session, User};
use wolfsec::ids::{ApiTokenId, SessionId, UserId};
use wolfsec::ports::{Digest, RepositoryResult, SessionRepository, TokenRepository, UserRepository};

use super::{MemoryUnitOfWork, conflict, same_name};

impl MemoryUnitOfWork {
    fn change_user(&mut self, id: UserId, change: impl FnOnce(&mut (User, String))) -> bool {
        self.state.users.get_mut(&id).map(change).is_some()
    }
}

#[async_trait]
impl UserRepository for MemoryUnitOfWork {
    async fn insert(&mut self, user: &User, password_hash: &str) -> RepositoryResult<()> {
        if self
            .state
            .users
            .values()
            .any(|(other, _)| same_name(&other.name, &user.name))
        {
            return conflict("users_name_key");
        }
        self.state
            .users
            .insert(user.id, (user.clone(), password_hash.to_owned()));
        Ok(())
    }
    async fn get(&mut self, id: UserId) -> RepositoryResult<Option<User>> {
        Ok(self.state.users.get(&id).map(|(user, _)| user.clone()))
    }
    async fn find_by_name(&mut self, name: &str) -> RepositoryResult<Option<(User, String)>> {
        Ok(self
            .state
            .users
            .values()
            .find(|(user, _)| same_name(&user.name, name))
            .cloned())
    }
    async fn list(&mut self) -> RepositoryResult<Vec<User>> {
        let mut users: Vec<User> = self.state.users.values().map(|(user, _)| user.clone()).collect();
        users.sort_by_key(|user| user.name.to_lowercase());
        users.truncate(1000);
        Ok(users)
    }
    async fn set_role(&mut self, id: UserId, role: Role) -> RepositoryResult<bool> {
        let done = self.change_user(id, |(user, _)| user.role = role);
        self.touched.access |= done;
        Ok(done)
    }
    async fn set_enabled(&mut self, id: UserId, enabled: bool) -> RepositoryResult<bool> {
        let done = self.change_user(id, |(user, _)| user.enabled = enabled);
        self.touched.access |= done;
        Ok(done)
    }
    async fn set_password(&mut self, id: UserId, password_hash: &str) -> RepositoryResult<bool> {
        Ok(self.change_user(id, |(_, hash)| password_hash.clone_into(hash)))
    }
    async fn record_sign_in(&mut self, id: UserId, at: Timestamp) -> RepositoryResult<()> {
        self.change_user(id, |(user, _)| user.last_sign_in = Some(at));
        Ok(())
    }
    async fn count_enabled_admins_locked(&mut self) -> RepositoryResult<i64> {
        let admins = self
            .state
            .users
            .values()
            .filter(|(user, _)| user.role == Role::Admin && user.enabled);
        Ok(i64::try_from(admins.count()).unwrap())
    }
    async fn any_admin(&mut self) -> RepositoryResult<bool> {
        Ok(self.state.users.values().any(|(user, _)| user.role == Role::Admin))
    }
}

#[async_trait]
impl SessionRepository for MemoryUnitOfWork {
    async fn insert(&mut self, session: &Session, digest: &Digest) -> RepositoryResult<()> {
        if !self.state.users.contains_key(&session.user_id) {
            return conflict("sessions_user_id_fkey");
        }
        self.state.sessions.insert(session.id, (session.clone(), *digest));
        Ok(())
    }
    async fn find_by_digest(&mut self, digest: &Digest) -> RepositoryResult<Option<(Session, User)>> {
        let found = self.state.sessions.values().find(|(_, known)| known == digest);
        Ok(found.map(|(session, _)| (session.clone(), self.state.users[&session.user_id].0.clone())))
    }
    async fn touch(&mut self, id: SessionId, at: Timestamp) -> RepositoryResult<()> {
        if let Some((session, _)) = self.state.sessions.get_mut(&id) {
            session.last_used_at = session.last_used_at.max(at);
        }
        Ok(())
    }
    async fn get_many(&mut self, ids: &[SessionId]) -> RepositoryResult<Vec<(Session, User)>> {
        let found = ids.iter().filter_map(|id| self.state.sessions.get(id));
        Ok(found
            .map(|(session, _)| (session.clone(), self.state.users[&session.user_id].0.clone()))
            .collect())
    }
    async fn list_for_user(&mut self, user: UserId) -> RepositoryResult<Vec<Session>> {
        let all = self.state.sessions.values().map(|(session, _)| session);
        let mut sessions: Vec<Session> = all.filter(|session| session.user_id == user).cloned().collect();
        sessions.sort_by_key(|session| Reverse((session.last_used_at, session.id)));
        sessions.truncate(100);
        Ok(sessions)
    }
    async fn remove(&mut self, user: UserId, id: SessionId) -> RepositoryResult<bool> {
        let theirs = self
            .state
            .sessions
            .get(&id)
            .is_some_and(|(session, _)| session.user_id == user);
        if theirs {
            self.state.sessions.remove(&id);
            self.touched.access = true;
        }
        Ok(theirs)
    }
    async fn remove_others(&mut self, user: UserId, keep: Option<SessionId>) -> RepositoryResult<u64> {
        let before = self.state.sessions.len();
        self.state
            .sessions
            .retain(|id, (session, _)| session.user_id != user || Some(*id) == keep);
        let removed = (before - self.state.sessions.len()) as u64;
        self.touched.access |= removed > 0;
        Ok(removed)
    }
    async fn remove_expired(&mut self, created_before: Timestamp, used_before: Timestamp) -> RepositoryResult<u64> {
        let before = self.state.sessions.len();
        self.state
            .sessions
            .retain(|_, (session, _)| session.created_at >= created_before && session.last_used_at >= used_before);
        let removed = (before - self.state.sessions.len()) as u64;
        self.touched.access |= removed > 0;
        Ok(removed)
    }
}

#[async_trait]
impl TokenRepository for MemoryUnitOfWork {
    async fn insert(&mut self, token: &ApiToken, digest: &Digest) -> RepositoryResult<()> {
        let mut live = self
            .state
            .tokens
            .values()
            .filter(|(other, _)| other.revoked_at.is_none());
        if token.revoked_at.is_none() && live.any(|(other, _)| same_name(&other.name, &token.name)) {
            return conflict("api_tokens_name_key");
        }
        self.state.tokens.insert(token.id, (token.clone(), *digest));
        Ok(())
    }
    async fn find_by_digest(&mut self, digest: &Digest) -> RepositoryResult<Option<ApiToken>> {
        let found = self.state.tokens.values().find(|(_, known)| known == digest);
        Ok(found.map(|(token, _)| token.clone()))
    }
    async fn touch(&mut self, id: ApiTokenId, at: Timestamp) -> RepositoryResult<()> {
        if let Some((token, _)) = self.state.tokens.get_mut(&id) {
            token.last_used_at = token.last_used_at.max(Some(at));
        }
        Ok(())
    }
    async fn list(&mut self) -> RepositoryResult<Vec<ApiToken>> {
        let mut tokens: Vec<ApiToken> = self.state.tokens.values().map(|(token, _)| token.clone()).collect();
        tokens.sort_by_key(|token| Reverse((token.created_at, token.id)));
        tokens.truncate(1000);
        Ok(tokens)
    }
    async fn revoke(&mut self, id: ApiTokenId, at: Timestamp) -> RepositoryResult<Option<ApiToken>> {
        let live = self
            .state
            .tokens
            .get_mut(&id)
            .filter(|(token, _)| token.revoked_at.is_none());
        Ok(live.map(|(token, _)| {
            token.revoked_at = Some(at);
            token.clone()
        }))
    }
}
