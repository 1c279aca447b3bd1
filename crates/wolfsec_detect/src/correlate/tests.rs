use std::collections::HashSet;

use uuid::Uuid;
use wolfsec::Timestamp;
use wolfsec::detection::{CorrelationHit, Detector, RawBatch};
use wolfsec::ids::PeerId;

use crate::{RuleSource, SigmaDetector, bundled_rules};

const FAILED: &str = "sshd_failed_login";

fn id_of(path: &str) -> String {
    let rule = bundled_rules().iter().find(|rule| rule.path == path).unwrap();
    let line = rule.yaml.lines().find(|line| line.starts_with("id: ")).unwrap();
    line["id: ".len()..].to_owned()
}

fn detector() -> SigmaDetector {
    let sources: Vec<_> = bundled_rules()
        .iter()
        .map(|rule| RuleSource {
            path: rule.path,
            yaml: rule.yaml,
            enabled: true,
        })
        .collect();
    SigmaDetector::load(&sources).unwrap().0
}

fn received_at() -> Timestamp {
    "2026-11-20T12:00:00Z".parse().unwrap()
}

fn hits(detector: &SigmaDetector, count: usize, last: &str) -> Vec<CorrelationHit> {
    let failed = "Failed password for root from 203.0.113.5 port 4242 ssh2";
    let lines: Vec<_> = (0..count)
        .map(|i| (i, failed))
        .chain(std::iter::once((count, last)))
        .map(|(second, message)| {
            format!(r#"{{"@timestamp":"2026-11-20T08:00:{second:02}Z","message":"sshd[1]: {message}"}}"#)
        })
        .collect();
    let (events, rejected) = detector.analyse(RawBatch {
        peer: PeerId(Uuid::nil()),
        received_at: received_at(),
        body: lines.join("\n").as_bytes(),
    });
    assert!(rejected.is_empty());
    events.into_iter().filter_map(|event| event.hit).collect()
}

#[test]
fn a_match_says_what_it_grouped_by_and_counted() {
    let detector = detector();
    let hits = hits(
        &detector,
        30,
        "Accepted password for root from 203.0.113.5 port 4242 ssh2",
    );
    let fired = detector.correlator().feed(&hits);
    let titles: Vec<_> = fired.iter().map(|m| m.rule_match.title.as_str()).collect();
    assert_eq!(titles, ["SSH brute force", "SSH login after brute force"]);
    let burst = &fired[0].rule_match;
    assert_eq!(burst.group_by, [("source.ip".to_owned(), "203.0.113.5".to_owned())]);
    assert_eq!(fired[0].event_id, hits[9].event_id);
    let first_ten: Vec<_> = hits[..10].iter().map(|hit| hit.event_id).collect();
    assert_eq!(burst.contributing, first_ten);
    assert_eq!(burst.selections[0].fields[0].value, "10");
    assert_eq!(
        burst.selections[0].fields[0].pattern.as_deref(),
        Some("at least 10 within 5 min")
    );
    let source = &burst.selections[0].fields[1];
    assert_eq!(
        (source.field.as_str(), source.value.as_str()),
        ("source.ip", "203.0.113.5")
    );
    let login = &fired[1].rule_match;
    assert_eq!(login.contributing.len(), 11);
    assert_eq!(login.contributing[10], hits[30].event_id);
    assert_eq!(login.techniques, ["T1110.001", "T1078"]);
}

#[test]
fn replayed_hits_rebuild_the_state_without_reporting() {
    let detector = detector();
    let hits = hits(
        &detector,
        12,
        "Accepted password for root from 203.0.113.5 port 4242 ssh2",
    );
    let mut correlator = detector.correlator();
    correlator.replay(&hits[..12]);
    let fired = correlator.feed(&hits[12..]);
    assert_eq!(fired.len(), 1);
    assert_eq!(fired[0].rule_match.title, "SSH login after brute force");
    assert_eq!(correlator.longest_window_seconds(), 15 * 60 + 5 * 60);
}

#[test]
fn switched_off_correlations_stay_silent_but_feed_others() {
    let all = detector();
    let hits = hits(&all, 12, "Accepted password for root from 203.0.113.5 port 4242 ssh2");
    let off = all.with_disabled(HashSet::from([id_of("linux/sshd_brute_force.yml")]));
    let fired = off.correlator().feed(&hits);
    assert_eq!(fired.len(), 1);
    assert_eq!(fired[0].rule_match.title, "SSH login after brute force");
    let base_off = all.with_disabled(HashSet::from([id_of("linux/sshd_failed_login.yml")]));
    assert!(base_off.correlator().feed(&hits).is_empty());
    assert_eq!(base_off.correlator().longest_window_seconds(), 20 * 60);
}

#[test]
fn base_rules_raise_no_alert_by_themselves() {
    let detector = detector();
    let hits = hits(&detector, 1, "Failed password for bob from 203.0.113.5 port 1 ssh2");
    assert_eq!(hits.len(), 2);
    let fields: serde_json::Value = serde_json::from_str(&hits[1].fields).unwrap();
    assert_eq!(fields["source.ip"], "203.0.113.5");
    assert_eq!(fields["user.name"], "bob");
}

#[test]
fn events_without_a_host_are_grouped_by_their_sender() {
    let detector = detector();
    let hits = |peer: u128, seconds: std::ops::Range<u32>| -> Vec<CorrelationHit> {
        let line = |second| {
            format!(
                r#"{{"@timestamp":"2026-11-20T08:00:{second:02}Z","message":"su[1]: FAILED SU (to root) bob on pts/0"}}"#
            )
        };
        let (events, rejected) = detector.analyse(RawBatch {
            peer: PeerId(Uuid::from_u128(peer)),
            received_at: received_at(),
            body: seconds.map(line).collect::<Vec<_>>().join("\n").as_bytes(),
        });
        assert!(rejected.is_empty());
        events.into_iter().filter_map(|event| event.hit).collect()
    };
    let fired = detector.correlator().feed(&hits(1, 0..5));
    let titles: Vec<_> = fired.iter().map(|m| m.rule_match.title.as_str()).collect();
    assert_eq!(titles, ["su refused again and again"]);
    let two_senders = [hits(1, 0..4), hits(2, 4..8)].concat();
    assert!(detector.correlator().feed(&two_senders).is_empty());
}

fn load_texts(texts: &[&str]) -> Vec<(String, String)> {
    let sources: Vec<_> = texts
        .iter()
        .map(|yaml| RuleSource {
            path: "x.yml",
            yaml,
            enabled: true,
        })
        .collect();
    let (_, rules) = SigmaDetector::load(&sources).unwrap();
    rules.into_iter().map(|rule| (rule.id, rule.reason)).collect()
}

#[test]
fn correlations_without_their_rules_or_in_a_circle_are_refused() {
    let one = |id: &str, refers: &str| {
        format!(
            "title: {id}\nid: {id}\ncorrelation:\n  type: event_count\n  rules:\n    - {refers}\n  group-by:\n    - a\n  \
             timespan: 1m\n  condition:\n    gte: 2\n"
        )
    };
    let texts = [one("a", "b"), one("b", "a"), one("c", FAILED)];
    let reasons = load_texts(&texts.each_ref().map(String::as_str));
    for (id, reason) in reasons {
        assert!(reason.starts_with("refers to rules"), "{id}: {reason}");
    }
}

#[test]
fn a_window_longer_than_hits_are_remembered_is_refused() {
    let count = |timespan: &str| {
        let base = "title: base\nid: base\nlogsource: {product: linux}\ndetection: {selection: {a: b}, condition: selection}\n";
        let correlation = format!(
            "title: many\nid: many\ncorrelation:\n  type: event_count\n  rules: [base]\n  group-by: [a]\n  timespan: {timespan}\n  \
             condition: {{gte: 2}}\n"
        );
        let loaded = load_texts(&[base, &correlation]);
        loaded.into_iter().find(|(id, _)| id == "many").unwrap().1
    };
    assert_eq!(count("24h"), "");
    for long in ["25h", "300000y", "9000000000000000000s"] {
        assert!(
            count(long).contains("timespan is longer than 24 hours"),
            "{long}: {}",
            count(long)
        );
    }
}

#[test]
fn values_of_a_hit_are_bounded() {
    let detector = detector();
    let user = "u".repeat(10_000);
    let hits = hits(
        &detector,
        0,
        &format!("Failed password for invalid user {user} from 203.0.113.5 port 4242 ssh2"),
    );
    assert_eq!(hits.len(), 1);
    assert!(hits[0].fields.len() < 2_000, "{}", hits[0].fields.len());
}

const ALIASED: &str = r"
title: failed logon
id: base-1
logsource: {product: windows, service: security}
detection: {selection: {EventID: 4625}, condition: selection}
---
title: failed vpn
id: base-2
logsource: {product: vpn}
detection: {selection: {result: denied}, condition: selection}
---
title: both
id: corr
correlation:
  type: temporal
  rules: [base-1, base-2]
  group-by: [address]
  timespan: 5m
  aliases:
    address:
      base-1: IpAddress
      base-2: peer_address
";

#[test]
fn aliases_bring_events_of_two_sources_together() {
    let source = RuleSource {
        path: "aliased.yml",
        yaml: ALIASED,
        enabled: true,
    };
    let (detector, rules) = SigmaDetector::load(&[source]).unwrap();
    assert!(rules.iter().all(|rule| rule.reason.is_empty()), "{rules:?}");
    let body = concat!(
        r#"{"@timestamp":"2026-11-20T08:00:00Z","Channel":"Security","EventID":4625,"IpAddress":"203.0.113.5"}"#,
        "\n",
        r#"{"@timestamp":"2026-11-20T08:01:00Z","product":"vpn","result":"denied","peer_address":"203.0.113.9"}"#,
        "\n",
        r#"{"@timestamp":"2026-11-20T08:01:00Z","product":"vpn","result":"denied","peer_address":"203.0.113.5"}"#
    );
    let (events, _) = detector.analyse(RawBatch {
        peer: PeerId(Uuid::nil()),
        received_at: received_at(),
        body: body.as_bytes(),
    });
    let hits: Vec<_> = events.into_iter().filter_map(|event| event.hit).collect();
    let fired = detector.correlator().feed(&hits);
    assert_eq!(fired.len(), 1);
    assert_eq!(
        fired[0].rule_match.group_by,
        [("address".to_owned(), "203.0.113.5".to_owned())]
    );
}
