//! Tags: a short proof that this process wrote a text, for texts that travel through a browser and come back.
//!
//! The tag is HMAC-SHA-256 (RFC 2104) in base64url without padding (RFC 4648, section 5): 43 characters. Its input is an
//! encoding in which each part is preceded by its length in bytes (u64, big endian), so that parts cannot be moved
//! from one to the other. The key is made at start and never stored: a tag ends with the process.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::random::{self, RandomError};

/// Block of SHA-256 (bytes): a key of exactly one block is taken as it is.
const BLOCK_BYTES: usize = 64;

/// Key of tags. Wiped from memory when dropped; `Debug` hides it.
#[derive(Clone)]
pub struct TagKey(Zeroizing<[u8; BLOCK_BYTES]>);

impl TagKey {
    /// A new random key.
    ///
    /// # Errors
    /// [`RandomError`] when the operating system's generator fails.
    pub fn generate() -> Result<Self, RandomError> {
        let mut key = Zeroizing::new([0; BLOCK_BYTES]);
        random::fill(key.as_mut_slice())?;
        Ok(Self(key))
    }

    /// The tag of `parts`, in this order.
    pub fn tag(&self, parts: &[&[u8]]) -> String {
        URL_SAFE_NO_PAD.encode(self.mac(parts).finalize().into_bytes())
    }

    /// Whether `tag` is the tag of `parts`; compared in constant time.
    pub fn verify(&self, parts: &[&[u8]], tag: &str) -> bool {
        URL_SAFE_NO_PAD
            .decode(tag)
            .is_ok_and(|bytes| self.mac(parts).verify_slice(&bytes).is_ok())
    }

    fn mac(&self, parts: &[&[u8]]) -> Hmac<Sha256> {
        let block: &[u8; BLOCK_BYTES] = &self.0;
        let mut mac = <Hmac<Sha256>>::new(block.into());
        for part in parts {
            mac.update(&(part.len() as u64).to_be_bytes());
            mac.update(part);
        }
        mac
    }
}

impl fmt::Debug for TagKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TagKey([redacted])")
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test ends with the panic")]

    use super::TagKey;

    #[test]
    fn only_the_same_parts_under_the_same_key_have_the_tag() {
        let key = TagKey::generate().unwrap();
        let tag = key.tag(&[b"session", b"text"]);
        assert_eq!(tag.len(), 43);
        assert!(key.verify(&[b"session", b"text"], &tag));
        for other in [
            [b"session".as_slice(), b"texT"],
            [b"sessiont", b"ext"],
            [b"text", b"session"],
        ] {
            assert!(!key.verify(&other, &tag), "{other:?}");
        }
        assert!(!TagKey::generate().unwrap().verify(&[b"session", b"text"], &tag));
        for broken in ["", "=", &tag[..42], "not base64url!"] {
            assert!(!key.verify(&[b"session", b"text"], broken), "{broken}");
        }
    }

    #[test]
    fn debug_hides_the_key() {
        assert_eq!(format!("{:?}", TagKey::generate().unwrap()), "TagKey([redacted])");
    }
}
