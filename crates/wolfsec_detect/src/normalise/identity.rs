//! Event identity: the same event sent twice gets the same id, whatever else was in the request.

use std::borrow::Cow;
use std::collections::HashMap;

use sha2::{Digest, Sha256};
use wolfsec::ids::{EventId, PeerId};

use super::path;
use crate::json::{Object, Value};

/// Names of the client's own id, in order.
const CLIENT_ID_FIELDS: [&str; 2] = ["_id", "event.id"];

/// Gives ids to the lines of one request.
pub(crate) struct Identities {
    peer: PeerId,
    /// How often a raw line came before in this request.
    seen: HashMap<[u8; 32], u32>,
}

impl Identities {
    pub fn new(peer: PeerId) -> Self {
        Self {
            peer,
            seen: HashMap::new(),
        }
    }

    /// SHA-256 over (peer, client id) or over (peer, raw line, which occurrence of it), as a version 8 UUID.
    pub fn identify(&mut self, map: Object<'_>, raw: &[u8]) -> EventId {
        let client_id = CLIENT_ID_FIELDS
            .iter()
            .filter_map(|name| path::lookup(map, name))
            .find_map(|value| match value {
                Value::Text(text) => Some(Cow::Borrowed(text)).filter(|text| !text.is_empty()),
                other => other.number().map(Cow::Owned),
            });
        if let Some(id) = client_id {
            return to_id(&self.digest(&[b"client", id.as_bytes()]));
        }
        let line = self.digest(&[b"line", raw]);
        let count = self.seen.entry(line).or_insert(0);
        let occurrence = count.to_be_bytes();
        *count += 1;
        to_id(&self.digest(&[b"occurrence", &line, &occurrence]))
    }

    /// Length-prefixed, so that no two lists of parts give the same bytes.
    fn digest(&self, parts: &[&[u8]]) -> [u8; 32] {
        let mut hasher = Sha256::new();
        hasher.update(self.peer.0.as_bytes());
        for part in parts {
            hasher.update((part.len() as u64).to_be_bytes());
            hasher.update(part);
        }
        hasher.finalize().into()
    }
}

fn to_id(digest: &[u8; 32]) -> EventId {
    let mut bytes = [0; 16];
    for (to, from) in bytes.iter_mut().zip(digest) {
        *to = *from;
    }
    EventId(uuid::Builder::from_custom_bytes(bytes).into_uuid())
}

#[cfg(test)]
mod tests {
    use super::*;
    use bumpalo::Bump;
    use uuid::Uuid;

    use crate::json::parse;

    fn nobody() -> PeerId {
        PeerId(Uuid::nil())
    }

    fn identify(identities: &mut Identities, line: &str) -> EventId {
        let arena = Bump::new();
        let object = parse(line, &arena).unwrap().as_object().unwrap();
        identities.identify(object, line.as_bytes())
    }

    fn ids(lines: &[&str]) -> Vec<EventId> {
        let mut identities = Identities::new(nobody());
        lines.iter().map(|line| identify(&mut identities, line)).collect()
    }

    #[test]
    fn identical_lines_of_one_request_differ_and_a_repeat_agrees() {
        let first = ids(&[r#"{"a":1}"#, r#"{"a":1}"#, r#"{"a":2}"#]);
        assert_ne!(first[0], first[1]);
        assert_ne!(first[0], first[2]);
        assert_eq!(first, ids(&[r#"{"a":1}"#, r#"{"a":1}"#, r#"{"a":2}"#]));
        assert_eq!(first[0].0.get_version_num(), 8);
    }

    #[test]
    fn a_client_id_outweighs_the_line() {
        let all = ids(&[
            r#"{"_id":"7","a":1}"#,
            r#"{"_id":"7","a":2}"#,
            r#"{"event":{"id":7}}"#,
            r#"{"event.id":"8"}"#,
        ]);
        assert_eq!(all[0], all[1]);
        assert_eq!(all[0], all[2]);
        assert_ne!(all[0], all[3]);
    }

    #[test]
    fn another_peer_gets_another_id() {
        let line = r#"{"_id": "7"}"#;
        let other = identify(&mut Identities::new(PeerId(Uuid::from_u128(1))), line);
        assert_ne!(other, identify(&mut Identities::new(nobody()), line));
    }
}
