//! The cryptography of Wolfsec, in one place: passwords, secret tokens, the audit chain and the keys outside the store.
//!
//! Everything is built from audited crates (Argon2id, SHA-256, HMAC-SHA-256, the operating system's generator);
//! this crate only chooses parameters and encodings. All of it is synchronous; [`password`] is slow on purpose and
//! belongs off the async threads. The crate is for Unix (file modes in [`keyring`]) and never for the browser.

#![forbid(unsafe_code)]
#![warn(missing_docs)]

pub mod chain;
pub mod keyring;
pub mod password;
pub mod random;
pub mod tag;
pub mod token;

mod hex;

pub use chain::{ChainKey, GENESIS, seal, seal_head};
pub use keyring::{KeyRing, KeyRingError};
pub use password::{Password, PasswordError, PasswordHash};
pub use random::RandomError;
pub use tag::TagKey;
pub use token::{SecretToken, TokenDigest, TokenError, TokenKind};
