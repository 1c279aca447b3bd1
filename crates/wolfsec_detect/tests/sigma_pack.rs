//! The whole SigmaHQ pack, when it is there: every rule loads or says what it needs, and routing keeps rules of
//! other sources away from an event.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use std::collections::BTreeMap;
use std::io::Read;
use std::path::PathBuf;
use std::time::Instant;

use common::{analyse_at, load, repository};
use flate2::read::{DeflateDecoder, GzDecoder};
use wolfsec::rules::RuleState;

fn folder() -> PathBuf {
    std::env::var_os("WOLFSEC_SHARED_DATA").map_or_else(|| repository().join("../shared/data"), PathBuf::from)
}

fn number(bytes: &[u8], at: usize, length: usize) -> usize {
    bytes[at..at + length]
        .iter()
        .rev()
        .fold(0, |sum, byte| sum * 256 + usize::from(*byte))
}

/// The YAML files of a zip archive, by way of its central directory (APPNOTE.TXT, 4.3.12).
fn unzip(archive: &[u8]) -> Vec<(String, String)> {
    let end = archive.windows(4).rposition(|bytes| bytes == b"PK\x05\x06").unwrap();
    let (count, mut at) = (number(archive, end + 10, 2), number(archive, end + 16, 4));
    let mut files = Vec::new();
    for _ in 0..count {
        let (method, packed) = (number(archive, at + 10, 2), number(archive, at + 20, 4));
        let name_length = number(archive, at + 28, 2);
        let name = String::from_utf8_lossy(&archive[at + 46..at + 46 + name_length]).into_owned();
        let local = number(archive, at + 42, 4);
        let start = local + 30 + number(archive, local + 26, 2) + number(archive, local + 28, 2);
        let data = &archive[start..start + packed];
        if std::path::Path::new(&name).extension().is_some_and(|e| e == "yml") {
            let mut text = String::new();
            if method == 0 {
                text = String::from_utf8_lossy(data).into_owned();
            } else {
                DeflateDecoder::new(data).read_to_string(&mut text).unwrap();
            }
            files.push((name, text));
        }
        at += 46 + name_length + number(archive, at + 30, 2) + number(archive, at + 32, 2);
    }
    files
}

#[test]
#[ignore = "half a minute without optimisation: run with --release -- --ignored --nocapture"]
#[expect(clippy::print_stderr, reason = "measurements, and a skipped test must say so")]
fn every_rule_loads_and_few_fire() {
    let Ok(archive) = std::fs::read(folder().join("sigmahq-rules.zip")) else {
        eprintln!("SKIPPED: sigmahq-rules.zip is not below {}", folder().display());
        return;
    };
    let files = unzip(&archive);
    let borrowed: Vec<_> = files
        .iter()
        .map(|(path, yaml)| (path.as_str(), yaml.as_str()))
        .collect();
    let started = Instant::now();
    let (detector, rules) = load(&borrowed);
    eprintln!(
        "{} rules loaded in {:.2} s",
        rules.len(),
        started.elapsed().as_secs_f64()
    );
    let in_state = |state: RuleState| rules.iter().filter(move |rule| rule.state == state);
    for refused in in_state(RuleState::Refused) {
        eprintln!("refused: {}: {}", refused.path, refused.reason);
    }
    assert_eq!(in_state(RuleState::Refused).count(), 0);
    assert_eq!(in_state(RuleState::NeedsValues).count(), 25);
    assert!(rules.len() >= 3780 && detector.rule_count() + 25 + 10 >= rules.len());

    for (name, at) in [
        ("events/win-mimikatz-sam.ndjson.gz", "2020-12-01T00:00:00Z"),
        ("events/aws-cloudtrail.ndjson.gz", "2023-12-01T00:00:00Z"),
        ("events/zeek-apt29-day1.ndjson.gz", "2020-06-01T00:00:00Z"),
    ] {
        let mut text = String::new();
        let file = std::fs::File::open(folder().join(name)).unwrap();
        GzDecoder::new(file).read_to_string(&mut text).unwrap();
        let started = Instant::now();
        let (events, _) = analyse_at(&detector, text.as_bytes(), at.parse().unwrap());
        let each = started.elapsed().as_secs_f64() * 1e6 / events.len() as f64;
        let mut found: BTreeMap<&str, usize> = BTreeMap::new();
        for found_rule in events.iter().flat_map(|event| &event.matches) {
            *found.entry(&found_rule.title).or_default() += 1;
        }
        let total: usize = found.values().sum();
        let noisy: Vec<_> = found.iter().filter(|(_, count)| **count > events.len() / 20).collect();
        eprintln!(
            "{name}: {} events, {each:.1} µs each, {total} matches of {} rules; noisy: {noisy:?}",
            events.len(),
            found.len()
        );
        assert!(noisy.len() <= 1, "{noisy:?}");
    }
}
