//! Passwords of people: Argon2id (RFC 9106) with the parameters that OWASP's Password Storage Cheat Sheet recommends.
//!
//! Every call takes [`Argon2Params::CURRENT`]`.memory_kib` KiB of memory and tens of milliseconds of one core: call
//! off the async threads, and few at a time.

use std::fmt;
use std::hint::black_box;

use argon2::password_hash::phc;
use argon2::{ARGON2ID_IDENT, Algorithm, Argon2, Params, PasswordHasher as _, PasswordVerifier as _, Version};
use zeroize::Zeroizing;

use crate::random::{self, RandomError};

/// Longest password that is hashed (bytes of UTF-8).
pub const MAX_PASSWORD_BYTES: usize = 1024;
/// Salt of a new hash (bytes), as RFC 9106, section 3.1, recommends.
const SALT_BYTES: usize = 16;
/// Output of a new hash (bytes).
const HASH_BYTES: usize = 32;

/// Cost of one Argon2id computation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Argon2Params {
    /// Memory (KiB), Argon2's `m`.
    pub memory_kib: u32,
    /// Passes over the memory, Argon2's `t`.
    pub iterations: u32,
    /// Lanes, Argon2's `p`.
    pub lanes: u32,
}

impl Argon2Params {
    /// Cost of new hashes: OWASP's 19 MiB, two passes, one lane.
    pub const CURRENT: Self = Self {
        memory_kib: 19_456,
        iterations: 2,
        lanes: 1,
    };
    /// The most that a stored hash may ask for, so that a changed row cannot exhaust the server.
    pub const LIMIT: Self = Self {
        memory_kib: 65_536,
        iterations: 8,
        lanes: 4,
    };

    fn of(params: &Params) -> Self {
        Self {
            memory_kib: params.m_cost(),
            iterations: params.t_cost(),
            lanes: params.p_cost(),
        }
    }

    fn within(self, limit: Self) -> bool {
        self.memory_kib <= limit.memory_kib && self.iterations <= limit.iterations && self.lanes <= limit.lanes
    }

    fn hasher(self) -> Result<Argon2<'static>, PasswordError> {
        let params = Params::new(self.memory_kib, self.iterations, self.lanes, Some(HASH_BYTES))
            .map_err(|error| PasswordError::Hashing(error.into()))?;
        Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
    }
}

/// Why a password was not hashed or checked. A wrong password is no error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PasswordError {
    /// More than [`MAX_PASSWORD_BYTES`].
    #[error("the password is longer than {MAX_PASSWORD_BYTES} bytes")]
    TooLong,
    /// The stored text is no Argon2id PHC string with salt and hash.
    #[error("the stored password hash is malformed")]
    Malformed,
    /// The stored hash asks for more than [`Argon2Params::LIMIT`].
    #[error("the stored password hash asks for too much work")]
    TooCostly,
    /// No salt could be made.
    #[error(transparent)]
    Random(#[from] RandomError),
    /// The computation failed, as when memory is short.
    #[error("the password hash could not be computed: {0}")]
    Hashing(argon2::password_hash::Error),
}

/// A password as typed. Wiped from memory when dropped; `Debug` hides it.
#[derive(Clone)]
pub struct Password(Zeroizing<String>);

impl Password {
    /// Takes the text over without copying it.
    pub fn new(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    /// The secret text, for the password policy; never to log.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl From<String> for Password {
    fn from(text: String) -> Self {
        Self::new(text)
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password([redacted])")
    }
}

/// A hash for the store, `$argon2id$v=19$m=…,t=…,p=…$salt$hash` (PHC string format). `Debug` hides it.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash(String);

impl PasswordHash {
    /// The PHC string.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The PHC string.
    pub fn into_string(self) -> String {
        self.0
    }
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHash([redacted])")
    }
}

/// Hashes a new password with a fresh random salt and [`Argon2Params::CURRENT`].
///
/// # Errors
/// [`PasswordError::TooLong`], [`PasswordError::Random`] or [`PasswordError::Hashing`].
pub fn hash(password: &Password) -> Result<PasswordHash, PasswordError> {
    if password.0.len() > MAX_PASSWORD_BYTES {
        return Err(PasswordError::TooLong);
    }
    let mut salt = [0; SALT_BYTES];
    random::fill(&mut salt)?;
    hash_with(Argon2Params::CURRENT, password, &salt)
}

fn hash_with(params: Argon2Params, password: &Password, salt: &[u8]) -> Result<PasswordHash, PasswordError> {
    let hash: phc::PasswordHash = params
        .hasher()?
        .hash_password_with_salt(password.0.as_bytes(), salt)
        .map_err(PasswordError::Hashing)?;
    Ok(PasswordHash(hash.to_string()))
}

/// Whether `password` is the one of the stored PHC string, computed at the cost written there and compared in
/// constant time.
///
/// # Errors
/// [`PasswordError::Malformed`] or [`PasswordError::TooCostly`] for what is stored, [`PasswordError::Hashing`].
pub fn verify(password: &Password, stored: &str) -> Result<bool, PasswordError> {
    let (hash, params) = parse(stored)?;
    if !params.within(Argon2Params::LIMIT) {
        return Err(PasswordError::TooCostly);
    }
    match params.hasher()?.verify_password(password.0.as_bytes(), &hash) {
        Ok(()) => Ok(true),
        Err(argon2::password_hash::Error::PasswordInvalid) => Ok(false),
        Err(error) => Err(PasswordError::Hashing(error)),
    }
}

/// Does the work of [`verify`] at [`Argon2Params::CURRENT`] and answers false: for a user who does not exist, so that
/// the time of the answer does not tell.
///
/// # Errors
/// [`PasswordError::Hashing`].
pub fn dummy_verify(password: &Password) -> Result<bool, PasswordError> {
    black_box(hash_with(Argon2Params::CURRENT, password, &[0; SALT_BYTES])?);
    Ok(false)
}

/// Whether the stored PHC string was made otherwise than [`hash`] makes it today; the next sign-in should replace it.
/// True as well for text that is no hash.
pub fn needs_rehash(stored: &str) -> bool {
    parse(stored).map_or(true, |(hash, params)| {
        params != Argon2Params::CURRENT
            || hash.version != Some(Version::V0x13.into())
            || hash.hash.is_none_or(|output| output.len() != HASH_BYTES)
            || hash.salt.is_none_or(|salt| salt.len() < SALT_BYTES)
    })
}

/// An Argon2id hash with salt and output, and its cost.
fn parse(stored: &str) -> Result<(phc::PasswordHash, Argon2Params), PasswordError> {
    let hash = phc::PasswordHash::new(stored).map_err(|_| PasswordError::Malformed)?;
    if hash.algorithm != ARGON2ID_IDENT || hash.salt.is_none() || hash.hash.is_none() {
        return Err(PasswordError::Malformed);
    }
    let params = Params::try_from(&hash).map_err(|_| PasswordError::Malformed)?;
    Ok((hash, Argon2Params::of(&params)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// From the test vectors of the reference implementation, <https://github.com/P-H-C/phc-winner-argon2>.
    const REFERENCE: &str = "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc";

    fn password(text: &str) -> Password {
        Password::new(text.to_owned())
    }

    #[test]
    fn known_answers_of_the_reference() {
        let params = Argon2Params {
            memory_kib: 65_536,
            iterations: 2,
            lanes: 1,
        };
        let hash = hash_with(params, &password("password"), b"somesalt").unwrap();
        assert_eq!(hash.as_str(), REFERENCE);
        let small = "$argon2id$v=19$m=256,t=2,p=2$c29tZXNhbHQ$bQk8UB/VmZZF4Oo79iDXuL5/0ttZwg2f/5U52iv1cDc";
        assert_eq!(verify(&password("password"), small), Ok(true));
        assert_eq!(verify(&password("Password"), small), Ok(false));
        assert!(needs_rehash(REFERENCE) && needs_rehash(small));
    }

    #[test]
    fn hashes_and_verifies() {
        let hash = hash(&password("correct horse battery")).unwrap();
        assert!(hash.as_str().starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
        assert_eq!(verify(&password("correct horse battery"), hash.as_str()), Ok(true));
        assert_eq!(verify(&password("correct horse batterz"), hash.as_str()), Ok(false));
        assert_eq!(verify(&password(""), hash.as_str()), Ok(false));
        assert!(!needs_rehash(hash.as_str()));
    }

    #[test]
    fn salts_differ() {
        let password = password("correct horse battery");
        assert_ne!(hash(&password).unwrap(), hash(&password).unwrap());
    }

    #[test]
    fn dummy_verify_never_matches() {
        assert_eq!(dummy_verify(&password("anything")), Ok(false));
        assert_eq!(dummy_verify(&password("")), Ok(false));
    }

    #[test]
    fn too_long_is_refused_and_never_matches() {
        let long = password(&"x".repeat(MAX_PASSWORD_BYTES + 1));
        assert_eq!(hash(&long), Err(PasswordError::TooLong));
        assert_eq!(verify(&long, REFERENCE), Ok(false));
    }

    #[test]
    fn what_is_stored_is_not_trusted() {
        let check = |stored: &str| verify(&password("password"), stored);
        for stored in [
            "",
            "password",
            "$2b$12$abcdefghijklmnopqrstuv",
            "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHQ",
            "$argon2id$v=19$m=none,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
            "$argon2i$v=19$m=256,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
        ] {
            assert_eq!(check(stored), Err(PasswordError::Malformed), "{stored}");
            assert!(needs_rehash(stored));
        }
        for cost in ["m=65537,t=2,p=1", "m=19456,t=9,p=1", "m=19456,t=2,p=5"] {
            let stored = REFERENCE.replace("m=65536,t=2,p=1", cost);
            assert_eq!(check(&stored), Err(PasswordError::TooCostly), "{cost}");
        }
    }

    #[test]
    fn debug_hides_secrets() {
        assert_eq!(format!("{:?}", password("hunter2")), "Password([redacted])");
        assert_eq!(
            format!("{:?}", PasswordHash(REFERENCE.to_owned())),
            "PasswordHash([redacted])"
        );
    }
}
