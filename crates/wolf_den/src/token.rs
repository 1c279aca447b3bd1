//! Secret tokens: made here, shown once, kept by the store as a digest only.
//!
//! A token is a prefix that tells what it is for (so that a leak is recognised by a secret scanner) and 32 random bytes
//! in base64url without padding (RFC 4648, section 5): 47 characters of `A-Za-z0-9_-`. With 256 random bits a plain
//! SHA-256 is enough as digest; the slow hashing of [`crate::password`] is for secrets that people choose.

use std::fmt;
use std::hash::{Hash, Hasher};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};
use subtle::{Choice, ConstantTimeEq};
use zeroize::Zeroizing;

use crate::random::{self, RandomError};

/// Random bytes in a token.
const SECRET_BYTES: usize = 32;
/// Characters those bytes take in base64url without padding.
const SECRET_CHARS: usize = 43;
/// Characters of every prefix.
const PREFIX_CHARS: usize = 4;
/// Characters (and bytes) of a whole token.
pub const TOKEN_CHARS: usize = PREFIX_CHARS + SECRET_CHARS;

/// What a token is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TokenKind {
    /// A peer's key: `wsp_`.
    PeerKey,
    /// A program's token of the API: `wst_`.
    ApiToken,
    /// A single-use token for a peer to come: `wse_`.
    Enrolment,
    /// A signed-in browser's cookie: `wss_`.
    Session,
    /// The right to make the first administrator: `wsu_`.
    Setup,
}

impl TokenKind {
    /// Every kind.
    pub const ALL: [Self; 5] = [
        Self::PeerKey,
        Self::ApiToken,
        Self::Enrolment,
        Self::Session,
        Self::Setup,
    ];

    /// The first four characters of every token of this kind.
    pub const fn prefix(self) -> &'static str {
        match self {
            Self::PeerKey => "wsp_",
            Self::ApiToken => "wst_",
            Self::Enrolment => "wse_",
            Self::Session => "wss_",
            Self::Setup => "wsu_",
        }
    }

    /// The kind that `token` claims by its prefix; says nothing about whether it is valid.
    pub fn of(token: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| token.starts_with(kind.prefix()))
    }
}

/// Why a text is no token. Never contains the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// The prefix is none or another kind's.
    #[error("the token does not start with {expected}")]
    WrongPrefix {
        /// The prefix that was wanted.
        expected: &'static str,
    },
    /// Not 43 characters of base64url after the prefix: cut, with blanks, or mistyped.
    #[error("the token is incomplete or mistyped")]
    Malformed,
}

/// A token's text. Wiped from memory when dropped; `Debug` shows the prefix only.
#[derive(Clone)]
pub struct SecretToken {
    kind: TokenKind,
    text: Zeroizing<String>,
}

impl SecretToken {
    /// A new token of 256 random bits.
    ///
    /// # Errors
    /// [`RandomError`] when the operating system's generator fails.
    pub fn generate(kind: TokenKind) -> Result<Self, RandomError> {
        let mut secret = Zeroizing::new([0; SECRET_BYTES]);
        random::fill(secret.as_mut_slice())?;
        Ok(Self::from_secret(kind, &secret))
    }

    fn from_secret(kind: TokenKind, secret: &[u8; SECRET_BYTES]) -> Self {
        // Room for all of it: growing would leave a copy behind that is not wiped.
        let mut text = Zeroizing::new(String::with_capacity(TOKEN_CHARS));
        text.push_str(kind.prefix());
        URL_SAFE_NO_PAD.encode_string(secret, &mut text);
        Self { kind, text }
    }

    /// Takes a token's text, as from a settings file, when it has the shape of this kind.
    /// Whether it is valid is for the store to say.
    ///
    /// # Errors
    /// [`TokenError::WrongPrefix`] or [`TokenError::Malformed`].
    pub fn parse(kind: TokenKind, text: &str) -> Result<Self, TokenError> {
        let expected = kind.prefix();
        let rest = text
            .strip_prefix(expected)
            .ok_or(TokenError::WrongPrefix { expected })?;
        let mut secret = Zeroizing::new([0; SECRET_BYTES]);
        if rest.len() != SECRET_CHARS || URL_SAFE_NO_PAD.decode_slice(rest, secret.as_mut_slice()).is_err() {
            return Err(TokenError::Malformed);
        }
        Ok(Self::from_secret(kind, &secret))
    }

    /// The secret text, to show once or to send; never to log.
    pub fn expose(&self) -> &str {
        &self.text
    }

    /// What it is for.
    pub fn kind(&self) -> TokenKind {
        self.kind
    }

    /// The digest that the store keeps.
    pub fn digest(&self) -> TokenDigest {
        digest(&self.text)
    }
}

impl fmt::Debug for SecretToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SecretToken({}[redacted])", self.kind.prefix())
    }
}

/// SHA-256 of a whole token's text, prefix included. Comparison takes the same time wherever digests differ.
#[derive(Clone, Copy, Eq)]
pub struct TokenDigest([u8; 32]);

impl TokenDigest {
    /// A digest as the store kept it.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The 32 bytes for the store.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The 32 bytes for the store.
    pub const fn into_bytes(self) -> [u8; 32] {
        self.0
    }
}

impl ConstantTimeEq for TokenDigest {
    fn ct_eq(&self, other: &Self) -> Choice {
        self.0.ct_eq(&other.0)
    }
}

impl PartialEq for TokenDigest {
    fn eq(&self, other: &Self) -> bool {
        self.ct_eq(other).into()
    }
}

// Equal digests hash equally, as `HashMap` needs: both look at the same 32 bytes.
impl Hash for TokenDigest {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}

impl fmt::Debug for TokenDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenDigest([redacted])")
    }
}

/// The digest of any text offered as a token (FIPS 180-4, SHA-256 of its UTF-8 bytes).
pub fn digest(token: &str) -> TokenDigest {
    TokenDigest(Sha256::digest(token.as_bytes()).into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hex::tests::bytes32;

    #[test]
    fn digest_is_sha256() {
        // FIPS 180-4 examples.
        assert_eq!(
            digest("abc").into_bytes(),
            bytes32("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
        );
        assert_eq!(
            digest("").into_bytes(),
            bytes32("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
        );
        assert_eq!(
            digest("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq").into_bytes(),
            bytes32("248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1")
        );
    }

    #[test]
    fn every_kind_has_its_prefix_and_the_alphabet() {
        for (kind, prefix) in TokenKind::ALL.into_iter().zip(["wsp_", "wst_", "wse_", "wss_", "wsu_"]) {
            let token = SecretToken::generate(kind).unwrap();
            let text = token.expose();
            assert!(text.starts_with(prefix));
            assert_eq!(text.len(), TOKEN_CHARS);
            assert!(
                text.bytes()
                    .all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
            );
            assert_eq!(TokenKind::of(text), Some(kind));
            assert_eq!(token.kind(), kind);
            let read = SecretToken::parse(kind, text).unwrap();
            assert_eq!(read.expose(), text);
            assert_eq!(read.digest(), token.digest());
            assert_eq!(token.digest(), digest(text));
        }
    }

    #[test]
    fn encoding_is_base64url_without_padding() {
        let token = SecretToken::from_secret(TokenKind::ApiToken, &[0xff; 32]);
        assert_eq!(token.expose(), "wst___________________________________________8");
        let token = SecretToken::from_secret(TokenKind::ApiToken, &[0; 32]);
        assert_eq!(token.expose(), "wst_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
    }

    #[test]
    fn tokens_differ() {
        let one = SecretToken::generate(TokenKind::Session).unwrap();
        let two = SecretToken::generate(TokenKind::Session).unwrap();
        assert_ne!(one.digest(), two.digest());
        assert!(!bool::from(one.digest().ct_eq(&two.digest())));
    }

    #[test]
    fn debug_hides_the_secret() {
        let token = SecretToken::generate(TokenKind::PeerKey).unwrap();
        assert_eq!(format!("{token:?}"), "SecretToken(wsp_[redacted])");
        assert_eq!(format!("{:?}", token.digest()), "TokenDigest([redacted])");
    }

    #[test]
    fn other_texts_are_refused() {
        let token = SecretToken::generate(TokenKind::PeerKey).unwrap();
        let text = token.expose();
        let parse = |text: &str| SecretToken::parse(TokenKind::PeerKey, text).map(|_| ()).unwrap_err();
        assert_eq!(
            SecretToken::parse(TokenKind::Session, text).map(|_| ()),
            Err(TokenError::WrongPrefix { expected: "wss_" })
        );
        assert_eq!(parse(""), TokenError::WrongPrefix { expected: "wsp_" });
        assert_eq!(parse(&text[..46]), TokenError::Malformed);
        assert_eq!(parse(&format!("{text}A")), TokenError::Malformed);
        assert_eq!(parse(&format!("{}=", &text[..46])), TokenError::Malformed);
        assert_eq!(parse(&format!("wsp_{}", "é".repeat(22))), TokenError::Malformed);
        // 43 characters hold 258 bits: the two left over must be zero, or one token had four spellings.
        assert_eq!(parse(&format!("wsp_{}B", "A".repeat(42))), TokenError::Malformed);
        assert_eq!(TokenKind::of("wsx_abc"), None);
    }
}
