//! Lower-case hexadecimal of 32-byte keys, in memory that is wiped.

use zeroize::Zeroizing;

const DIGITS: &[u8; 16] = b"0123456789abcdef";

/// 64 ASCII digits.
pub(crate) fn encode(bytes: &[u8; 32]) -> Zeroizing<[u8; 64]> {
    let mut text = Zeroizing::new([0; 64]);
    for (pair, byte) in text.chunks_exact_mut(2).zip(bytes) {
        pair[0] = DIGITS[usize::from(byte >> 4)];
        pair[1] = DIGITS[usize::from(byte & 0x0f)];
    }
    text
}

/// The 32 bytes of exactly 64 digits of either case; `None` for anything else.
pub(crate) fn decode(text: &[u8]) -> Option<Zeroizing<[u8; 32]>> {
    if text.len() != 64 {
        return None;
    }
    let mut bytes = Zeroizing::new([0; 32]);
    for (byte, pair) in bytes.iter_mut().zip(text.chunks_exact(2)) {
        *byte = (digit(pair[0])? << 4) | digit(pair[1])?;
    }
    Some(bytes)
}

fn digit(ascii: u8) -> Option<u8> {
    match ascii {
        b'0'..=b'9' => Some(ascii - b'0'),
        b'a'..=b'f' => Some(ascii - b'a' + 10),
        b'A'..=b'F' => Some(ascii - b'A' + 10),
        _ => None,
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// The 32 bytes of a known answer.
    pub(crate) fn bytes32(text: &str) -> [u8; 32] {
        *decode(text.as_bytes()).unwrap()
    }

    #[test]
    fn encodes_and_decodes() {
        let mut bytes = [0; 32];
        for (index, byte) in bytes.iter_mut().enumerate() {
            *byte = u8::try_from(index * 8 + 7).unwrap();
        }
        let text = encode(&bytes);
        assert!(text.starts_with(b"070f171f"));
        assert_eq!(*decode(text.as_slice()).unwrap(), bytes);
        assert_eq!(*decode(&text.to_ascii_uppercase()).unwrap(), bytes);
    }

    #[test]
    fn refuses_other_text() {
        assert!(decode(b"").is_none());
        assert!(decode(&[b'0'; 63]).is_none());
        assert!(decode(&[b'0'; 65]).is_none());
        assert!(decode(&[b'g'; 64]).is_none());
    }
}
