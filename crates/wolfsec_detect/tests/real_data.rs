//! Real telemetry: nothing is rejected, sources are recognised, and the bundled rules find the attacks in it.
//! The data is not part of the repository; without it these tests say so and pass.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use std::collections::BTreeMap;
use std::io::Read;
use std::path::PathBuf;
use std::time::Instant;

use common::{analyse_at, bundled, correlate, repository};
use flate2::read::GzDecoder;
use wolfsec::Timestamp;
use wolfsec::detection::AnalysedEvent;

/// Unpacked, or `None` (and a word about it) when the file is not there.
#[expect(clippy::print_stderr, reason = "a skipped test must say so")]
fn data(name: &str) -> Option<String> {
    let folder =
        std::env::var_os("WOLFSEC_SHARED_DATA").map_or_else(|| repository().join("../shared/data"), PathBuf::from);
    let path = folder.join(name);
    let Ok(file) = std::fs::File::open(&path) else {
        eprintln!("SKIPPED: {} is not there (set WOLFSEC_SHARED_DATA)", path.display());
        return None;
    };
    let mut text = String::new();
    GzDecoder::new(file).read_to_string(&mut text).unwrap();
    Some(text)
}

struct Outcome {
    events: Vec<AnalysedEvent>,
    /// Rule title to matches.
    matches: BTreeMap<String, usize>,
    recognised: usize,
}

#[expect(
    clippy::print_stderr,
    reason = "measurements are for the reader of the test's output"
)]
fn run(name: &str, at: &str) -> Option<Outcome> {
    let text = data(name)?;
    let at: Timestamp = at.parse().unwrap();
    let (detector, _) = bundled();
    let started = Instant::now();
    let (events, rejected) = analyse_at(&detector, text.as_bytes(), at);
    let spent = started.elapsed();
    eprintln!(
        "{name}: {} events, {:.1} µs each",
        events.len(),
        spent.as_secs_f64() * 1e6 / events.len() as f64
    );
    assert_eq!(rejected, [], "{name}");
    assert_eq!(events.len(), text.lines().count());
    let mut matches = BTreeMap::new();
    for found in events.iter().flat_map(|event| &event.matches) {
        *matches.entry(found.title.clone()).or_insert(0) += 1;
    }
    eprintln!("{name}: {matches:?}");
    let recognised = events
        .iter()
        .filter(|event| event.event.logsource.service.is_some() || event.event.logsource.category.is_some())
        .count();
    assert_eq!(
        events.iter().filter(|event| event.event.time_adjusted).count(),
        0,
        "{name}"
    );
    assert_eq!(
        events.iter().filter(|event| event.event.message.is_empty()).count(),
        0,
        "{name}"
    );
    Some(Outcome {
        events,
        matches,
        recognised,
    })
}

fn share(outcome: &Outcome) -> f64 {
    outcome.recognised as f64 / outcome.events.len() as f64
}

#[test]
fn mimikatz_is_found_in_powershell_logging() {
    let Some(outcome) = run("events/win-mimikatz-sam.ndjson.gz", "2020-12-01T00:00:00Z") else {
        return;
    };
    assert!(share(&outcome) > 0.95, "{}", share(&outcome));
    assert!(outcome.matches["Mimikatz command"] >= 2);
}

#[test]
fn the_payload_that_reads_lsass_is_found() {
    let Some(outcome) = run("events/win-lsass-logonpasswords.ndjson.gz", "2023-12-01T00:00:00Z") else {
        return;
    };
    assert!(share(&outcome) > 0.95, "{}", share(&outcome));
    let lsass = outcome.matches["LSASS memory opened for reading"];
    assert!((1..=5).contains(&lsass), "{lsass}");
    assert_eq!(outcome.matches["Windows event log cleared"], 2);
}

#[test]
fn an_encoded_command_is_found_in_lateral_movement() {
    let Some(outcome) = run("events/win-psexec.ndjson.gz", "2020-12-01T00:00:00Z") else {
        return;
    };
    assert!(share(&outcome) > 0.95, "{}", share(&outcome));
    assert_eq!(outcome.matches["PowerShell with an encoded command"], 4);
}

#[test]
fn stopped_trails_are_found_in_cloudtrail() {
    let Some(outcome) = run("events/aws-cloudtrail.ndjson.gz", "2023-12-01T00:00:00Z") else {
        return;
    };
    assert_eq!(outcome.recognised, outcome.events.len());
    // Two deleted, one told to leave out management calls.
    assert_eq!(outcome.matches["CloudTrail stopped, deleted or narrowed"], 3);
    assert_eq!(outcome.matches["AWS remote administration opened to the world"], 1);
}

#[test]
fn zeek_and_linux_records_are_recognised() {
    for (name, at) in [
        ("events/zeek-apt29-day1.ndjson.gz", "2020-06-01T00:00:00Z"),
        ("events/linux-sysmon-flat.ndjson.gz", "2022-06-01T00:00:00Z"),
    ] {
        if let Some(outcome) = run(name, at) {
            assert_eq!(outcome.recognised, outcome.events.len(), "{name}");
        }
    }
}

#[test]
fn sshd_lines_raise_brute_force_alerts() {
    let Some(text) = data("logs/openssh.log.gz") else {
        return;
    };
    let body: Vec<_> = text
        .lines()
        .map(|line| {
            let line = line.trim_end();
            let clock = line.get(7..15).unwrap();
            serde_json::json!({"@timestamp": format!("2025-12-10T{clock}Z"), "message": line}).to_string()
        })
        .collect();
    let (detector, _) = bundled();
    let (events, rejected) = analyse_at(
        &detector,
        body.join("\n").as_bytes(),
        "2025-12-11T00:00:00Z".parse().unwrap(),
    );
    assert_eq!(rejected, []);
    let sshd = events
        .iter()
        .filter(|e| e.event.logsource.service.as_deref() == Some("sshd"))
        .count();
    assert_eq!(sshd, events.len());
    assert!(
        events
            .iter()
            .all(|e| e.event.columns.host_name.as_deref() == Some("LabSZ"))
    );
    let failed = text
        .lines()
        .filter(|line| line.contains("Failed password for "))
        .count();
    // One login that was let in, and the lines about user names that the host does not have.
    let unknown = text.lines().filter(|line| line.contains("]: Invalid user ")).count();
    assert_eq!(events.iter().filter(|e| e.hit.is_some()).count(), failed + unknown + 1);
    let fired = correlate(&detector, &events);
    let brute_force = fired.iter().filter(|m| m.rule_match.title == "SSH brute force");
    assert!(brute_force.clone().count() >= 5);
    assert!(brute_force.clone().all(|m| m.rule_match.group_by[0].0 == "source.ip"));
}

/// Files, the time of receipt, and how many alerts of the bundled rules they may raise at most. What is found in them was looked
/// at: nearly all of it belongs to the recorded attack. More would be noise.
const ALERTS: [(&str, &str, usize); 15] = [
    ("events/aws-cloudtrail.ndjson.gz", "2023-12-01T00:00:00Z", 15),
    ("events/linux-log4shell.ndjson.gz", "2022-06-01T00:00:00Z", 0),
    ("events/linux-sysmon-flat.ndjson.gz", "2022-06-01T00:00:00Z", 0),
    ("events/win-ad-playbook.ndjson.gz", "2020-12-01T00:00:00Z", 0),
    ("events/win-dcom-dll-hijack.ndjson.gz", "2020-12-01T00:00:00Z", 0),
    ("events/win-lsass-logonpasswords.ndjson.gz", "2023-12-01T00:00:00Z", 8),
    ("events/win-mimikatz-sam.ndjson.gz", "2020-12-01T00:00:00Z", 2),
    ("events/win-ntds-shadow-copy.ndjson.gz", "2023-12-01T00:00:00Z", 4),
    ("events/win-proxylogon.ndjson.gz", "2021-06-01T00:00:00Z", 0),
    ("events/win-psexec.ndjson.gz", "2020-12-01T00:00:00Z", 6),
    ("events/win-stop-eventlog.ndjson.gz", "2022-12-01T00:00:00Z", 0),
    ("events/zeek-apt29-day1.ndjson.gz", "2020-06-01T00:00:00Z", 0),
    ("logs/linux-syslog.log.gz", "2020-06-01T00:00:00Z", 0),
    ("logs/macos-syslog.log.gz", "2020-06-01T00:00:00Z", 0),
    ("logs/linux-auditd.log.gz", "2020-12-01T00:00:00Z", 0),
];

/// A line of a log file, wrapped as a shipper would; others are events already.
fn wrapped(name: &str, text: &str, at: Timestamp) -> String {
    if name.starts_with("events/") {
        return text.to_owned();
    }
    let wrap = |(number, line): (usize, &str)| {
        let ts = at - chrono::Duration::seconds(i64::try_from(20_000 - number).unwrap());
        serde_json::json!({"@timestamp": ts.to_rfc3339(), "message": line.trim_end()}).to_string()
    };
    text.lines().enumerate().map(wrap).collect::<Vec<_>>().join("\n")
}

#[test]
#[expect(
    clippy::print_stderr,
    reason = "measurements are for the reader of the test's output"
)]
fn bundled_rules_are_not_noisy() {
    let (detector, _) = bundled();
    let mut noisy = Vec::new();
    for (name, at, most) in ALERTS {
        let Some(text) = data(name) else { continue };
        let at: Timestamp = at.parse().unwrap();
        let (events, _) = analyse_at(&detector, wrapped(name, &text, at).as_bytes(), at);
        let mut found: BTreeMap<String, usize> = BTreeMap::new();
        let plain = events
            .iter()
            .flat_map(|event| &event.matches)
            .map(|found| found.title.clone());
        let fired = correlate(&detector, &events)
            .into_iter()
            .map(|found| found.rule_match.title);
        for title in plain.chain(fired) {
            *found.entry(title).or_default() += 1;
        }
        let total: usize = found.values().sum();
        eprintln!("{name}: {} events, {total} alerts: {found:?}", events.len());
        if total > most {
            noisy.push(format!("{name}: {total} instead of {most}"));
        }
    }
    assert!(noisy.is_empty(), "{noisy:?}");
}
