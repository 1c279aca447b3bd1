//! Random bytes of the operating system's generator, the only source of randomness in Wolfsec.

/// The operating system gave no random bytes; nothing secret can be made until it does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the operating system's random generator failed: {0}")]
pub struct RandomError(#[from] getrandom::Error);

/// Fills all of `bytes` with random bytes fit for keys.
///
/// # Errors
/// [`RandomError`] when the operating system's generator fails; `bytes` is then not to be used.
pub fn fill(bytes: &mut [u8]) -> Result<(), RandomError> {
    getrandom::fill(bytes).map_err(RandomError)
}

/// The 16 bytes of a random UUID, version 4: 122 random bits with version and variant set as in RFC 9562, section 5.4.
///
/// # Errors
/// [`RandomError`] when the operating system's generator fails.
pub fn uuid_bytes() -> Result<[u8; 16], RandomError> {
    let mut bytes = [0; 16];
    fill(&mut bytes)?;
    bytes[6] = (bytes[6] & 0x0f) | 0x40;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fills_every_part() {
        let mut bytes = [0; 4096];
        fill(&mut bytes).unwrap();
        // 64 zero bytes in a row by chance: 2^-512.
        assert!(bytes.chunks(64).all(|part| part.iter().any(|byte| *byte != 0)));
    }

    #[test]
    fn uuids_carry_version_and_variant() {
        for _ in 0..256 {
            let bytes = uuid_bytes().unwrap();
            assert_eq!(bytes[6] >> 4, 4);
            assert_eq!(bytes[8] >> 6, 0b10);
        }
        assert_ne!(uuid_bytes().unwrap(), uuid_bytes().unwrap());
    }
}
