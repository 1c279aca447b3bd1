use zeroize::Zeroizing;

use super::*;

#[derive(Debug, Clone)]
struct Record {
    seq: u64,
    prev: [u8; 32],
    bytes: Vec<u8>,
    mac: [u8; 32],
}

fn key(byte: u8) -> ChainKey {
    ChainKey::from_bytes(Zeroizing::new([byte; 32]))
}

fn head(key: &ChainKey, records: &[Record]) -> Head {
    let count = records.len() as u64;
    let last_mac = records.last().map_or(GENESIS, |record| record.mac);
    Head {
        count,
        last_mac,
        seal: seal_head(key, count, &last_mac),
    }
}

fn chain(key: &ChainKey, count: u64) -> (Vec<Record>, Head) {
    let mut records = Vec::new();
    let mut prev = GENESIS;
    for seq in 1..=count {
        let bytes = format!("entry {seq}").into_bytes();
        let mac = seal(key, seq, &prev, &bytes);
        records.push(Record { seq, prev, bytes, mac });
        prev = mac;
    }
    let head = head(key, &records);
    (records, head)
}

fn verdict(key: &ChainKey, records: &[Record], head: Option<&Head>) -> ChainVerdict {
    let mut verifier = Verifier::new(key);
    for record in records {
        verifier.push(record.seq, &record.prev, &record.bytes, &record.mac);
    }
    verifier.finish(head)
}

fn defects(records: &[Record], head: Option<&Head>) -> Vec<ChainDefect> {
    verdict(&key(1), records, head).defects
}

#[test]
fn an_untouched_chain_is_intact() {
    for count in [0, 1, 2, 50] {
        let (records, head) = chain(&key(1), count);
        let verdict = verdict(&key(1), &records, Some(&head));
        assert!(verdict.is_intact());
        assert_eq!(verdict.first_defect(), None);
        assert_eq!(verdict.records, count);
        assert_eq!(verdict.last_mac, head.last_mac);
    }
    assert!(defects(&[], None).is_empty());
}

#[test]
fn an_edit_is_named_once() {
    for index in 0..5 {
        let (mut records, head) = chain(&key(1), 5);
        records[index].bytes.push(b'!');
        let seq = records[index].seq;
        assert_eq!(defects(&records, Some(&head)), [ChainDefect::Edited { seq }]);
    }
}

#[test]
fn an_edit_with_another_mac_is_named() {
    let (mut records, head) = chain(&key(1), 5);
    records[2].bytes = b"forged".to_vec();
    records[2].mac = seal(&key(2), 3, &records[2].prev, &records[2].bytes);
    assert_eq!(
        defects(&records, Some(&head)),
        [ChainDefect::Edited { seq: 3 }, ChainDefect::PrevMismatch { seq: 4 }]
    );
    let (mut records, head) = chain(&key(1), 5);
    records[4].mac = [0; 32];
    assert_eq!(defects(&records, Some(&head)), [ChainDefect::Edited { seq: 5 }]);
}

#[test]
fn a_changed_link_is_named() {
    let (mut records, head) = chain(&key(1), 5);
    records[2].prev = [0; 32];
    assert_eq!(
        defects(&records, Some(&head)),
        [ChainDefect::PrevMismatch { seq: 3 }, ChainDefect::Edited { seq: 3 }]
    );
}

#[test]
fn a_swap_with_renumbering_is_named() {
    let (mut records, head) = chain(&key(1), 5);
    records.swap(1, 2);
    records[1].seq = 2;
    records[2].seq = 3;
    let found = defects(&records, Some(&head));
    assert_eq!(found[0], ChainDefect::PrevMismatch { seq: 2 });
    assert!(found.contains(&ChainDefect::Edited { seq: 2 }));
    assert!(found.contains(&ChainDefect::Edited { seq: 3 }));
}

#[test]
fn a_swap_of_contents_is_named() {
    let (mut records, head) = chain(&key(1), 5);
    let first = records[1].bytes.clone();
    records[1].bytes = std::mem::replace(&mut records[2].bytes, first);
    assert_eq!(
        defects(&records, Some(&head)),
        [ChainDefect::Edited { seq: 2 }, ChainDefect::Edited { seq: 3 }]
    );
}

#[test]
fn records_out_of_order_are_gaps() {
    let (mut records, head) = chain(&key(1), 5);
    records.swap(1, 2);
    assert_eq!(
        defects(&records, Some(&head)),
        [
            ChainDefect::Gap { expected: 2, found: 3 },
            ChainDefect::Gap { expected: 4, found: 2 }
        ]
    );
    let (mut records, head) = chain(&key(1), 3);
    records.push(records[2].clone());
    assert_eq!(
        defects(&records, Some(&head)),
        [ChainDefect::Gap { expected: 4, found: 3 }]
    );
}

#[test]
fn a_deletion_in_the_middle_is_named_once() {
    let (mut records, head) = chain(&key(1), 5);
    records.remove(2);
    assert_eq!(
        defects(&records, Some(&head)),
        [ChainDefect::Gap { expected: 3, found: 4 }]
    );
}

#[test]
fn a_deletion_with_renumbering_is_named() {
    let (mut records, head) = chain(&key(1), 4);
    records.remove(1);
    records[1].seq = 2;
    records[2].seq = 3;
    assert_eq!(
        defects(&records, Some(&head)),
        [
            ChainDefect::PrevMismatch { seq: 2 },
            ChainDefect::Edited { seq: 2 },
            ChainDefect::Edited { seq: 3 },
            ChainDefect::TailCut {
                expected_count: 4,
                found_count: 3
            }
        ]
    );
}

#[test]
fn a_deletion_at_the_start_is_named() {
    let (mut records, head) = chain(&key(1), 5);
    records.remove(0);
    assert_eq!(
        defects(&records, Some(&head)),
        [ChainDefect::Gap { expected: 1, found: 2 }]
    );
}

#[test]
fn a_cut_tail_is_named() {
    let (mut records, head) = chain(&key(1), 5);
    records.truncate(3);
    assert_eq!(
        defects(&records, Some(&head)),
        [ChainDefect::TailCut {
            expected_count: 5,
            found_count: 3
        }]
    );
    assert_eq!(
        defects(&[], Some(&head)),
        [ChainDefect::TailCut {
            expected_count: 5,
            found_count: 0
        }]
    );
}

#[test]
fn a_forged_head_is_named() {
    let (mut records, genuine) = chain(&key(1), 5);
    records.truncate(3);
    // Cut, with a head to match, but without the key.
    let mut forged = head(&key(2), &records);
    assert_eq!(defects(&records, Some(&forged)), [ChainDefect::HeadForged]);
    forged.seal = genuine.seal;
    assert_eq!(defects(&records, Some(&forged)), [ChainDefect::HeadForged]);
    assert_eq!(defects(&records, None), [ChainDefect::HeadForged]);
}

#[test]
fn an_older_head_is_named() {
    let (records, _) = chain(&key(1), 5);
    let older = head(&key(1), &records[..3]);
    assert_eq!(defects(&records, Some(&older)), [ChainDefect::HeadForged]);
}

#[test]
fn a_record_added_without_the_key_is_named() {
    let (mut records, genuine) = chain(&key(1), 3);
    let bytes = b"added".to_vec();
    let prev = records[2].mac;
    let mac = seal(&key(2), 4, &prev, &bytes);
    records.push(Record {
        seq: 4,
        prev,
        bytes,
        mac,
    });
    assert_eq!(defects(&records, Some(&genuine)), [ChainDefect::Edited { seq: 4 }]);
}

#[test]
fn another_key_finds_everything_wrong() {
    let (records, head) = chain(&key(1), 3);
    assert_eq!(
        verdict(&key(2), &records, Some(&head)).defects,
        [
            ChainDefect::Edited { seq: 1 },
            ChainDefect::Edited { seq: 2 },
            ChainDefect::Edited { seq: 3 },
            ChainDefect::HeadForged
        ]
    );
}

#[test]
fn the_list_of_defects_is_bounded() {
    let (records, head) = chain(&key(1), 250);
    let verdict = verdict(&key(2), &records, Some(&head));
    assert_eq!(verdict.defects.len(), MAX_DEFECTS);
    assert_eq!(verdict.defect_count, 251);
    assert_eq!(verdict.first_defect(), Some(ChainDefect::Edited { seq: 1 }));
}

#[test]
fn the_greatest_number_does_not_overflow() {
    let key = key(1);
    let mut verifier = Verifier::new(&key);
    verifier.push(u64::MAX, &GENESIS, b"", &GENESIS);
    verifier.push(u64::MAX, &GENESIS, b"", &GENESIS);
    assert!(!verifier.finish(None).is_intact());
}
