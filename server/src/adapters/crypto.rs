//! wolf_den behind the token and audit ports.

use wolf_den::chain::{self, ChainKey};
use wolf_den::token::{self, SecretToken};
use wolfsec::ports::{AuditSealer, Digest, TokenKind, TokenMint};

/// Random bytes from the operating system. Without them no secret can be made: the process ends at once rather
/// than go on with guessable ones.
pub fn random_16() -> [u8; 16] {
    wolf_den::random::uuid_bytes().unwrap_or_else(|error| end_without_randomness(&error))
}

/// The key under which this process tags what it sends through a browser.
pub fn tag_key() -> wolf_den::TagKey {
    wolf_den::TagKey::generate().unwrap_or_else(|error| end_without_randomness(&error))
}

fn end_without_randomness(error: &dyn std::error::Error) -> ! {
    tracing::error!(%error, "the operating system gives no random bytes");
    std::process::abort()
}

/// Tokens of 32 random bytes and their SHA-256.
pub struct DenMint;

impl TokenMint for DenMint {
    fn mint(&self, kind: TokenKind) -> (String, Digest) {
        let kind = match kind {
            TokenKind::PeerKey => token::TokenKind::PeerKey,
            TokenKind::ApiToken => token::TokenKind::ApiToken,
            TokenKind::Enrolment => token::TokenKind::Enrolment,
            TokenKind::Session => token::TokenKind::Session,
            TokenKind::Setup => token::TokenKind::Setup,
        };
        let secret = SecretToken::generate(kind).unwrap_or_else(|error| end_without_randomness(&error));
        (secret.expose().to_owned(), secret.digest().into_bytes())
    }

    fn digest(&self, token: &str) -> Digest {
        token::digest(token).into_bytes()
    }
}

/// The audit chain's key, loaded once from the key ring.
pub struct DenSealer {
    key: ChainKey,
}

impl DenSealer {
    pub const fn new(key: ChainKey) -> Self {
        Self { key }
    }
}

impl AuditSealer for DenSealer {
    fn seal(&self, seq: i64, prev: &[u8; 32], bytes: &[u8]) -> [u8; 32] {
        chain::seal(&self.key, seq.unsigned_abs(), prev, bytes)
    }
    fn seal_head(&self, count: i64, last_mac: &[u8; 32]) -> [u8; 32] {
        chain::seal_head(&self.key, count.unsigned_abs(), last_mac)
    }
    fn genesis(&self) -> [u8; 32] {
        chain::GENESIS
    }
}
