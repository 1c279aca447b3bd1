//! Walking the chain: an edit, a swap, a deletion and a cut tail are each found and named.

use wolfsec::audit::{ChainHead, ChainReport, SealedEntry, canonical_bytes};
use wolfsec::page::Limit;
use wolfsec::ports::AuditSealer;

use crate::{Action, Caller, Failure, UseCases};

/// Defects named at most; the rest is only counted by their absence from the list.
const MAX_DEFECTS: usize = 50;

impl UseCases {
    /// Reads the whole trail in order, in pages, and checks every link and the head.
    #[tracing::instrument(name = "app.verify_audit", skip_all)]
    pub async fn verify_audit(&self, caller: &Caller) -> Result<ChainReport, Failure> {
        self.permit(caller, Action::ReadAudit).await?;
        let mut uow = self.begin().await?;
        // The head first: entries appended meanwhile come after its count and are left to the next run.
        let head = uow.audit().head().await?;
        let page = Limit::new(Limit::MAX).unwrap_or_default();
        let mut walk = Walk::new(self.ports().sealer.as_ref(), head);
        loop {
            let entries = uow.audit().sealed_after(walk.last_seq, page).await?;
            if entries.is_empty() || !entries.iter().all(|entry| walk.step(entry)) {
                break;
            }
        }
        Ok(walk.finish())
    }
}

struct Walk<'a> {
    sealer: &'a dyn AuditSealer,
    head: Option<ChainHead>,
    last_seq: i64,
    last_mac: [u8; 32],
    entries: i64,
    defects: Vec<String>,
}

impl<'a> Walk<'a> {
    fn new(sealer: &'a dyn AuditSealer, head: Option<ChainHead>) -> Self {
        let last_mac = sealer.genesis();
        Self {
            sealer,
            head,
            last_seq: 0,
            last_mac,
            entries: 0,
            defects: Vec::new(),
        }
    }

    /// Checks one entry; false when the walk is over.
    fn step(&mut self, entry: &SealedEntry) -> bool {
        if self.head.as_ref().is_some_and(|head| entry.seq > head.count) {
            return false;
        }
        let expected = self.last_seq + 1;
        if entry.seq != expected {
            self.defect(format!("entries {expected} to {} are missing", entry.seq - 1));
        } else if entry.prev_mac != self.last_mac {
            self.defect(format!(
                "entry {} does not follow entry {}: swapped or replaced",
                entry.seq, self.last_seq
            ));
        }
        if canonical_bytes(&entry.entry) != entry.bytes {
            self.defect(format!(
                "entry {} was edited: its columns differ from its sealed bytes",
                entry.seq
            ));
        }
        if self.sealer.seal(entry.seq, &entry.prev_mac, &entry.bytes) != entry.mac {
            self.defect(format!("entry {} was edited: its seal does not fit", entry.seq));
        }
        self.last_seq = entry.seq;
        self.last_mac = entry.mac;
        self.entries += 1;
        self.defects.len() < MAX_DEFECTS
    }

    fn defect(&mut self, text: String) {
        if self.defects.len() < MAX_DEFECTS {
            self.defects.push(text);
        }
    }

    fn finish(mut self) -> ChainReport {
        match self.head.take() {
            None if self.entries > 0 => self.defect("the chain's head is missing".to_owned()),
            None => {}
            Some(head) => {
                if self.sealer.seal_head(head.count, &head.last_mac) != head.seal {
                    self.defect("the chain's head was forged: its seal does not fit".to_owned());
                }
                if self.last_seq < head.count && self.defects.len() < MAX_DEFECTS {
                    self.defect(format!(
                        "the tail is cut: entries {} to {} are missing",
                        self.last_seq + 1,
                        head.count
                    ));
                } else if self.last_seq == head.count && self.last_mac != head.last_mac {
                    self.defect("the last entry is not the one the head names".to_owned());
                }
            }
        }
        ChainReport {
            entries: self.entries,
            defects: self.defects,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use wolfsec_testkit::{FakeSealer, build};

    fn chain(length: i64) -> (Vec<SealedEntry>, ChainHead) {
        let mut prev_mac = FakeSealer.genesis();
        let entries: Vec<SealedEntry> = (1..=length)
            .map(|seq| {
                let entry = build::audit_entry("alert.commented", &format!("user{seq}"));
                let bytes = canonical_bytes(&entry);
                let mac = FakeSealer.seal(seq, &prev_mac, &bytes);
                let sealed = SealedEntry {
                    seq,
                    entry,
                    bytes,
                    prev_mac,
                    mac,
                };
                prev_mac = mac;
                sealed
            })
            .collect();
        let seal = FakeSealer.seal_head(length, &prev_mac);
        (
            entries,
            ChainHead {
                count: length,
                last_mac: prev_mac,
                seal,
            },
        )
    }

    fn defects(entries: &[SealedEntry], head: Option<ChainHead>) -> String {
        let mut walk = Walk::new(&FakeSealer, head);
        let _ = entries.iter().all(|entry| walk.step(entry));
        walk.finish().defects.join("; ")
    }

    #[test]
    fn an_honest_chain_verifies_and_later_entries_wait_for_the_next_run() {
        let (entries, head) = chain(5);
        assert_eq!(defects(&entries, Some(head)), "");
        assert_eq!(defects(&[], None), "");
        let (longer, _) = chain(7);
        let (_, head) = chain(5);
        assert_eq!(defects(&longer, Some(head)), "");
    }

    #[test]
    fn an_edit_a_swap_a_deletion_and_a_cut_tail_are_each_named() {
        let (entries, head) = chain(5);
        let mut columns = entries.clone();
        columns[2].entry.note = "changed".into();
        assert!(defects(&columns, Some(head.clone())).contains("entry 3 was edited: its columns"));

        let mut sealed = entries.clone();
        sealed[2].entry.note = "changed".into();
        sealed[2].bytes = canonical_bytes(&sealed[2].entry);
        assert!(defects(&sealed, Some(head.clone())).contains("entry 3 was edited: its seal"));

        let mut swapped = entries.clone();
        swapped.swap(1, 2);
        swapped[1].seq = 2;
        swapped[2].seq = 3;
        assert!(defects(&swapped, Some(head.clone())).contains("entry 2 does not follow entry 1"));

        let mut deleted = entries.clone();
        deleted.remove(2);
        assert!(defects(&deleted, Some(head.clone())).contains("entries 3 to 3 are missing"));

        assert!(defects(&entries[..3], Some(head.clone())).contains("the tail is cut: entries 4 to 5 are missing"));
        assert!(defects(&[], Some(head)).contains("entries 1 to 5 are missing"));
    }

    #[test]
    fn a_forged_or_missing_head_is_named() {
        let (entries, head) = chain(3);
        let shorter = ChainHead {
            count: 2,
            last_mac: entries[1].mac,
            seal: head.seal,
        };
        assert!(defects(&entries[..2], Some(shorter)).contains("head was forged"));
        assert!(defects(&entries, None).contains("head is missing"));
    }
}
