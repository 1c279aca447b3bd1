//! Verification of a chain, record by record in order, in constant memory.

use super::{ChainKey, FIRST_SEQ, GENESIS, Head, same, seal, seal_head};

/// Most defects that a verdict lists; all are counted.
pub const MAX_DEFECTS: usize = 100;

/// Something in a chain that the holder of the key did not write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ChainDefect {
    /// Records are missing or out of order.
    #[error("record {expected} is missing: record {found} came instead")]
    Gap {
        /// Number that should have come.
        expected: u64,
        /// Number that came.
        found: u64,
    },
    /// The record does not follow the one before it: one of the two was replaced or moved.
    #[error("record {seq} does not follow the record before it")]
    PrevMismatch {
        /// Number of the record.
        seq: u64,
    },
    /// The record's content, number or MAC is not what was sealed (or the key is another one).
    #[error("record {seq} was changed after it was sealed")]
    Edited {
        /// Number of the record.
        seq: u64,
    },
    /// The genuine head counts more records than there are.
    #[error("the end was cut off: {expected_count} records were sealed, the last one found is {found_count}")]
    TailCut {
        /// Number of the last sealed record.
        expected_count: u64,
        /// Number of the last record found.
        found_count: u64,
    },
    /// The head is missing, was changed, or is an older one than the records (or the key is another one).
    #[error("the head was removed, changed or put back to an older one")]
    HeadForged,
}

/// Outcome of a verification.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChainVerdict {
    /// Records looked at.
    pub records: u64,
    /// MAC of the last record in order, [`GENESIS`] without records.
    pub last_mac: [u8; 32],
    /// The first [`MAX_DEFECTS`] defects in the order they were met.
    pub defects: Vec<ChainDefect>,
    /// All defects, listed or not.
    pub defect_count: u64,
}

impl ChainVerdict {
    /// Whether nothing is wrong.
    pub fn is_intact(&self) -> bool {
        self.defect_count == 0
    }

    /// The first defect met.
    pub fn first_defect(&self) -> Option<ChainDefect> {
        self.defects.first().copied()
    }
}

/// Checks a chain: [`push`](Self::push) every record by number, then [`finish`](Self::finish) with the head.
/// Records and head must come from one snapshot of the store, or an append in between looks like a forged head.
#[derive(Debug)]
pub struct Verifier<'key> {
    key: &'key ChainKey,
    expected: u64,
    last_seq: u64,
    last_mac: [u8; 32],
    last_edited: bool,
    records: u64,
    defects: Vec<ChainDefect>,
    defect_count: u64,
}

impl<'key> Verifier<'key> {
    /// Starts before the first record.
    pub fn new(key: &'key ChainKey) -> Self {
        Self {
            key,
            expected: FIRST_SEQ,
            last_seq: 0,
            last_mac: GENESIS,
            last_edited: false,
            records: 0,
            defects: Vec::new(),
            defect_count: 0,
        }
    }

    /// Checks the next stored record: its number, the stored MAC before it, its content and its own stored MAC.
    pub fn push(&mut self, seq: u64, prev: &[u8; 32], bytes: &[u8], mac: &[u8; 32]) {
        self.records = self.records.saturating_add(1);
        if seq != self.expected {
            let expected = self.expected;
            self.note(ChainDefect::Gap { expected, found: seq });
        } else if !same(prev, &self.last_mac) {
            self.note(ChainDefect::PrevMismatch { seq });
        }
        let edited = !same(&seal(self.key, seq, prev, bytes), mac);
        if edited {
            self.note(ChainDefect::Edited { seq });
        }
        // A record from before, out of order, does not move the end.
        if seq >= self.expected {
            self.expected = seq.saturating_add(1);
            self.last_seq = seq;
            self.last_mac = *mac;
            self.last_edited = edited;
        }
    }

    /// Checks the stored head against the records; `None` is right only for a chain without records.
    pub fn finish(mut self, head: Option<&Head>) -> ChainVerdict {
        match head {
            None if self.records == 0 => {}
            None => self.note(ChainDefect::HeadForged),
            Some(head) => self.check_head(head),
        }
        ChainVerdict {
            records: self.records,
            last_mac: self.last_mac,
            defects: self.defects,
            defect_count: self.defect_count,
        }
    }

    fn check_head(&mut self, head: &Head) {
        if !same(&seal_head(self.key, head.count, &head.last_mac), &head.seal) {
            self.note(ChainDefect::HeadForged);
        } else if head.count > self.last_seq {
            self.note(ChainDefect::TailCut {
                expected_count: head.count,
                found_count: self.last_seq,
            });
        } else if !self.last_edited && (head.count < self.last_seq || !same(&head.last_mac, &self.last_mac)) {
            // Genuine, but of another time. With an edited or added last record, that record is to blame.
            self.note(ChainDefect::HeadForged);
        }
    }

    fn note(&mut self, defect: ChainDefect) {
        self.defect_count = self.defect_count.saturating_add(1);
        if self.defects.len() < MAX_DEFECTS {
            self.defects.push(defect);
        }
    }
}

#[cfg(test)]
mod tests;
