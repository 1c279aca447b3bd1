//! The audit chain: every record carries a MAC over its number, its content and the MAC before it, and a sealed head
//! says how many records there are. Whoever can write the store but lacks the key cannot change, reorder, remove or add
//! a record unseen.
//!
//! What it cannot see: an older state of the whole store put back, or all records and the head removed. Compare
//! the count and the last MAC with a copy kept elsewhere for that.
//!
//! The MAC is HMAC-SHA-256 (RFC 2104, FIPS 198-1) over an encoding in which each part is preceded by its length in
//! bytes (u64, big endian), and whose first part names the purpose, so that no two inputs share an encoding:
//!
//! | MAC of | parts |
//! |---|---|
//! | a record | `wolfsec/audit-record/1`, number (u64, big endian), MAC before (32 bytes), content |
//! | the head | `wolfsec/audit-head/1`, count (u64, big endian), MAC of the last record (32 bytes) |

use std::fmt;

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use zeroize::Zeroizing;

/// The MAC before the first record.
pub const GENESIS: [u8; 32] = [0; 32];

const RECORD_DOMAIN: &[u8] = b"wolfsec/audit-record/1";
const HEAD_DOMAIN: &[u8] = b"wolfsec/audit-head/1";
/// Block of SHA-256 (bytes).
const BLOCK_BYTES: usize = 64;

/// Key of the chain, 32 bytes. Wiped from memory when dropped; `Debug` hides it.
#[derive(Clone)]
pub struct ChainKey(Zeroizing<[u8; 32]>);

impl ChainKey {
    /// Takes a key's bytes.
    pub fn from_bytes(bytes: Zeroizing<[u8; 32]>) -> Self {
        Self(bytes)
    }
}

impl fmt::Debug for ChainKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ChainKey([redacted])")
    }
}

/// MAC of record `seq` (from 1, without gaps) with content `bytes`, after the record of MAC `prev`
/// ([`GENESIS`] before the first).
pub fn seal(key: &ChainKey, seq: u64, prev: &[u8; 32], bytes: &[u8]) -> [u8; 32] {
    mac(key, &[RECORD_DOMAIN, &seq.to_be_bytes(), prev, bytes])
}

/// MAC of the head of a chain of `count` records whose last has the MAC `last_mac`.
pub fn seal_head(key: &ChainKey, count: u64, last_mac: &[u8; 32]) -> [u8; 32] {
    mac(key, &[HEAD_DOMAIN, &count.to_be_bytes(), last_mac])
}

fn mac(key: &ChainKey, parts: &[&[u8]]) -> [u8; 32] {
    let mut mac = keyed(key);
    for part in parts {
        // usize has at most 64 bits on every platform of Rust.
        mac.update(&(part.len() as u64).to_be_bytes());
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

/// HMAC fills a key up to the block with zeros (RFC 2104, section 2): doing it here leaves no length to go wrong.
fn keyed(key: &ChainKey) -> Hmac<Sha256> {
    let mut block = Zeroizing::new([0; BLOCK_BYTES]);
    block[..32].copy_from_slice(key.0.as_slice());
    Hmac::new((&*block).into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hex::tests::bytes32;

    fn key(bytes: &[u8]) -> ChainKey {
        let mut key = Zeroizing::new([0; 32]);
        key[..bytes.len()].copy_from_slice(bytes);
        ChainKey::from_bytes(key)
    }

    fn hmac(key: &ChainKey, bytes: &[u8]) -> [u8; 32] {
        let mut mac = keyed(key);
        mac.update(bytes);
        mac.finalize().into_bytes().into()
    }

    #[test]
    fn hmac_is_that_of_rfc_4231() {
        // Cases 1 to 4; a key shorter than 32 bytes equals itself filled up with zeros.
        assert_eq!(
            hmac(&key(&[0x0b; 20]), b"Hi There"),
            bytes32("b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7")
        );
        assert_eq!(
            hmac(&key(b"Jefe"), b"what do ya want for nothing?"),
            bytes32("5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843")
        );
        assert_eq!(
            hmac(&key(&[0xaa; 20]), &[0xdd; 50]),
            bytes32("773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe")
        );
        let counting: Vec<u8> = (1..=25).collect();
        assert_eq!(
            hmac(&key(&counting), &[0xcd; 50]),
            bytes32("82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b")
        );
    }

    #[test]
    fn encoding_is_the_documented_one() {
        let key = key(&[7; 32]);
        let mut bytes = Vec::new();
        bytes.extend_from_slice(b"\0\0\0\0\0\0\0\x16wolfsec/audit-record/1");
        bytes.extend_from_slice(b"\0\0\0\0\0\0\0\x08\0\0\0\0\0\0\0\x05");
        bytes.extend_from_slice(b"\0\0\0\0\0\0\0\x20");
        bytes.extend_from_slice(&[9; 32]);
        bytes.extend_from_slice(b"\0\0\0\0\0\0\0\x03abc");
        assert_eq!(seal(&key, 5, &[9; 32], b"abc"), hmac(&key, &bytes));

        let mut bytes = Vec::new();
        bytes.extend_from_slice(b"\0\0\0\0\0\0\0\x14wolfsec/audit-head/1");
        bytes.extend_from_slice(b"\0\0\0\0\0\0\0\x08\0\0\0\0\0\0\0\x05");
        bytes.extend_from_slice(b"\0\0\0\0\0\0\0\x20");
        bytes.extend_from_slice(&[9; 32]);
        assert_eq!(seal_head(&key, 5, &[9; 32]), hmac(&key, &bytes));
    }

    #[test]
    fn every_input_matters() {
        let one = key(&[1; 32]);
        let mac = seal(&one, 1, &GENESIS, b"x");
        assert_ne!(mac, seal(&key(&[2; 32]), 1, &GENESIS, b"x"));
        assert_ne!(mac, seal(&one, 2, &GENESIS, b"x"));
        assert_ne!(mac, seal(&one, 1, &[1; 32], b"x"));
        assert_ne!(mac, seal(&one, 1, &GENESIS, b"y"));
        assert_ne!(seal(&one, 1, &GENESIS, b""), seal_head(&one, 1, &GENESIS));
        assert_ne!(seal_head(&one, 1, &mac), seal_head(&one, 2, &mac));
    }

    #[test]
    fn debug_hides_the_key() {
        assert_eq!(format!("{:?}", key(b"Jefe")), "ChainKey([redacted])");
    }
}
