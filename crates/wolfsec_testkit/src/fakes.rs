//! Predictable stand-ins for time, ids and secrets. None of them is cryptography.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use wolfsec::Timestamp;
use wolfsec::ports::{
    AuditSealer, Clock, Digest, HasherError, IdSource, JudgedPack, PackError, PasswordHasher, RulePacks, RulesChanged,
    TokenKind, TokenMint,
};
use wolfsec::rules::{RefusedFile, Rule, RuleOrigin, RulePack, RuleState, RuleText};

use crate::build::scramble;

/// A clock that stands until it is set.
#[derive(Debug)]
pub struct FixedClock(Mutex<Timestamp>);

impl FixedClock {
    pub const fn new(now: Timestamp) -> Self {
        Self(Mutex::new(now))
    }
    pub fn set(&self, now: Timestamp) {
        *self.0.lock().unwrap() = now;
    }
    pub fn advance(&self, by: chrono::Duration) {
        *self.0.lock().unwrap() += by;
    }
}

impl Default for FixedClock {
    /// Stands at [`crate::build::at`]`(0)`.
    fn default() -> Self {
        Self::new(crate::build::at(0))
    }
}

impl Clock for FixedClock {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap()
    }
}

/// Ids 1, 2, 3 …
#[derive(Debug, Default)]
pub struct SequentialIds(AtomicU64);

impl IdSource for SequentialIds {
    fn new_id(&self) -> uuid::Uuid {
        uuid::Uuid::from_u128(u128::from(self.0.fetch_add(1, Ordering::Relaxed) + 1))
    }
}

/// "Hashes" by writing a mark before the password.
#[derive(Debug, Default)]
pub struct FakeHasher;

#[async_trait]
impl PasswordHasher for FakeHasher {
    async fn hash(&self, password: String) -> Result<String, HasherError> {
        Ok(format!("$fake${password}"))
    }
    async fn verify(&self, password: String, stored: Option<String>) -> Result<bool, HasherError> {
        Ok(stored.is_some_and(|stored| stored == format!("$fake${password}")))
    }
}

/// Tokens that name their kind and count up.
#[derive(Debug, Default)]
pub struct FakeMint(AtomicU64);

impl TokenMint for FakeMint {
    fn mint(&self, kind: TokenKind) -> (String, Digest) {
        let kind = match kind {
            TokenKind::PeerKey => "peer",
            TokenKind::ApiToken => "api",
            TokenKind::Enrolment => "enrol",
            TokenKind::Session => "session",
            TokenKind::Setup => "setup",
        };
        let text = format!("{kind}_{:032}", self.0.fetch_add(1, Ordering::Relaxed) + 1);
        let digest = self.digest(&text);
        (text, digest)
    }
    fn digest(&self, token: &str) -> Digest {
        scramble(&[token.as_bytes()])
    }
}

/// Seals with a checksum: good enough to see a change in a test.
#[derive(Debug, Default)]
pub struct FakeSealer;

impl AuditSealer for FakeSealer {
    fn seal(&self, seq: i64, prev: &[u8; 32], bytes: &[u8]) -> [u8; 32] {
        scramble(&[b"entry", &seq.to_be_bytes(), prev, bytes])
    }
    fn seal_head(&self, count: i64, last_mac: &[u8; 32]) -> [u8; 32] {
        scramble(&[b"head", &count.to_be_bytes(), last_mac])
    }
    fn genesis(&self) -> [u8; 32] {
        scramble(&[b"genesis"])
    }
}

/// Nobody listens.
#[derive(Debug, Default)]
pub struct SilentRules;

#[async_trait]
impl RulesChanged for SilentRules {
    async fn rules_changed(&self) {}
}

/// Packs whose files say in their text what becomes of them: `usable ID`, `needs_values ID`, and anything else is refused.
#[derive(Debug, Default)]
pub struct FakePacks;

#[async_trait]
impl RulePacks for FakePacks {
    /// An "archive" is lines of `path=text`.
    async fn unpack(&self, name: String, archive: Vec<u8>) -> Result<RulePack, PackError> {
        let text = String::from_utf8(archive).map_err(|_| PackError::Unreadable("not an archive".to_owned()))?;
        let file = |line: &str| {
            let (path, yaml) = line.split_once('=').unwrap();
            RuleText {
                path: path.to_owned(),
                yaml: yaml.to_owned(),
            }
        };
        Ok(RulePack {
            name,
            files: text.lines().map(file).collect(),
            refused: Vec::new(),
        })
    }
    async fn judge(&self, pack: RulePack, now: Timestamp) -> Result<JudgedPack, PackError> {
        let mut judged = JudgedPack {
            name: pack.name,
            refused: pack.refused,
            ..JudgedPack::default()
        };
        for file in pack.files {
            let (state, id) = file.yaml.split_once(' ').unwrap_or_default();
            let Ok(state) = state.parse::<RuleState>() else {
                judged.refused.push(RefusedFile {
                    path: file.path,
                    reason: file.yaml,
                });
                continue;
            };
            judged.rules.push(Rule {
                origin: RuleOrigin::Imported,
                state,
                enabled: false,
                pack: judged.name.clone(),
                path: file.path,
                yaml: file.yaml.clone(),
                updated_at: now,
                ..crate::build::rule(id.split(' ').next().unwrap(), id)
            });
        }
        Ok(judged)
    }
}
