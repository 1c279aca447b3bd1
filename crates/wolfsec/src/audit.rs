//! The audit trail: who did what, when, from where, before and after, in a chain that shows any tampering.

use serde::{Deserialize, Serialize};

use crate::Timestamp;

/// Who did it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditActor {
    /// `user`, `api_token`, `peer`, `command_line`, `system`, `anonymous`.
    pub kind: String,
    /// Name at the time.
    pub name: String,
    /// Client address, when there was one.
    pub address: Option<String>,
}

/// One act, before it is sealed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewAuditEntry {
    pub at: Timestamp,
    pub actor: AuditActor,
    /// `alert.status_changed`, `session.sign_in_failed` …: object and past verb.
    pub action: String,
    /// What it was done to: kind and name or id.
    pub object_kind: String,
    pub object: String,
    pub success: bool,
    /// Changed values as (name, before, after); never a secret.
    pub changes: Vec<Change>,
    pub note: String,
}

/// One value before and after.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    pub name: String,
    pub before: Option<String>,
    pub after: Option<String>,
}

impl Change {
    pub fn new(name: impl Into<String>, before: Option<&str>, after: Option<&str>) -> Self {
        Self {
            name: name.into(),
            before: before.map(Into::into),
            after: after.map(Into::into),
        }
    }
}

impl NewAuditEntry {
    /// The entry as the store can keep it: PostgreSQL's text has no NUL, so it is replaced *before* sealing. Otherwise
    /// a name with one byte in it would make an honest trail look edited.
    #[must_use]
    pub fn storable(mut self) -> Self {
        let clean = |text: &mut String| {
            if text.contains('\0') {
                *text = text.replace('\0', "\u{fffd}");
            }
        };
        for text in [
            &mut self.actor.kind,
            &mut self.actor.name,
            &mut self.action,
            &mut self.object_kind,
            &mut self.object,
            &mut self.note,
        ] {
            clean(text);
        }
        self.actor.address.iter_mut().for_each(clean);
        for change in &mut self.changes {
            clean(&mut change.name);
            change.before.iter_mut().chain(change.after.iter_mut()).for_each(clean);
        }
        self
    }
}

/// Canonical bytes of an entry: every part length-prefixed (u32 big endian), absent parts as length `u32::MAX`,
/// so that no two entries share their bytes. Stored as `bytea`: jsonb would reorder.
pub fn canonical_bytes(entry: &NewAuditEntry) -> Vec<u8> {
    let mut out = Vec::with_capacity(256);
    let mut put = |part: Option<&str>| match part {
        Some(text) => {
            out.extend_from_slice(&u32::try_from(text.len()).unwrap_or(u32::MAX - 1).to_be_bytes());
            out.extend_from_slice(text.as_bytes());
        }
        None => out.extend_from_slice(&u32::MAX.to_be_bytes()),
    };
    put(Some("wolfsec-audit-1"));
    put(Some(&entry.at.timestamp_micros().to_string()));
    put(Some(&entry.actor.kind));
    put(Some(&entry.actor.name));
    put(entry.actor.address.as_deref());
    put(Some(&entry.action));
    put(Some(&entry.object_kind));
    put(Some(&entry.object));
    put(Some(if entry.success { "success" } else { "failure" }));
    put(Some(&entry.note));
    put(Some(&entry.changes.len().to_string()));
    for change in &entry.changes {
        put(Some(&change.name));
        put(change.before.as_deref());
        put(change.after.as_deref());
    }
    out
}

/// A MAC of the chain.
pub type Mac = [u8; 32];

/// The chain's end: how many entries there are and the last one's MAC, sealed itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChainHead {
    pub count: i64,
    pub last_mac: Mac,
    pub seal: Mac,
}

/// A sealed entry as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedEntry {
    /// From 1, without gaps.
    pub seq: i64,
    pub entry: NewAuditEntry,
    /// [`canonical_bytes`] of `entry` at the time of writing.
    pub bytes: Vec<u8>,
    pub prev_mac: Mac,
    pub mac: Mac,
}

/// An entry as the audit page and the API show it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditRecord {
    pub seq: i64,
    #[serde(flatten)]
    pub entry: NewAuditEntry,
}

/// Bounds of an audit list; newest first, keyset by `seq`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AuditQuery {
    /// Prefix of the action, such as `alert.`.
    pub action: Option<String>,
    pub actor: Option<String>,
    /// Only entries before this sequence number.
    pub before_seq: Option<i64>,
    pub limit: crate::page::Limit,
}

/// The outcome of a verification.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChainReport {
    pub entries: i64,
    /// Each defect in words; empty when the chain verifies. Bounded.
    pub defects: Vec<String>,
}

impl ChainReport {
    pub fn is_intact(&self) -> bool {
        self.defects.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry() -> NewAuditEntry {
        NewAuditEntry {
            at: Timestamp::from_timestamp_micros(1).unwrap(),
            actor: AuditActor {
                kind: "user".into(),
                name: "ab".into(),
                address: None,
            },
            action: "c".into(),
            object_kind: "d".into(),
            object: "e".into(),
            success: true,
            changes: Vec::new(),
            note: String::new(),
        }
    }

    #[test]
    fn a_nul_is_replaced_before_sealing() {
        let mut dirty = entry();
        dirty.actor.name = "a\0b".into();
        dirty.note = "\0".into();
        let clean = dirty.storable();
        assert!(!canonical_bytes(&clean).windows(3).any(|bytes| bytes == b"a\0b"));
        assert_eq!(
            (clean.actor.name.as_str(), clean.note.as_str()),
            ("a\u{fffd}b", "\u{fffd}")
        );
    }

    #[test]
    fn shifting_text_between_parts_changes_the_bytes() {
        let (mut left, mut right) = (entry(), entry());
        left.actor.name = "ab".into();
        left.action = "c".into();
        right.actor.name = "a".into();
        right.action = "bc".into();
        assert_ne!(canonical_bytes(&left), canonical_bytes(&right));
        let mut absent = entry();
        absent.actor.address = Some(String::new());
        assert_ne!(canonical_bytes(&entry()), canonical_bytes(&absent));
    }
}
