//! Every bundled rule against events in the raw form of its source: three at least that it must find, three
//! near misses at least that it must leave alone.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use std::collections::BTreeSet;
use std::path::Path;

use common::{analyse, bundled, correlate, repository};
use serde_json::Value;
use wolfsec::rules::{RuleKind, RuleState};
use wolfsec_detect::{LoadedRule, SigmaDetector, bundled_rules};

/// ATT&CK's tactics as Sigma writes them.
const TACTICS: [&str; 14] = [
    "reconnaissance",
    "resource-development",
    "initial-access",
    "execution",
    "persistence",
    "privilege-escalation",
    "defense-evasion",
    "credential-access",
    "discovery",
    "lateral-movement",
    "collection",
    "command-and-control",
    "exfiltration",
    "impact",
];

#[derive(Default)]
struct Tally {
    matches: usize,
    near_misses: usize,
    /// Cases that came out otherwise.
    wrong: Vec<String>,
}

/// Whether a plain rule finds the event, be it as a match of its own or for correlations to count.
fn finds(detector: &SigmaDetector, rule: &LoadedRule, event: &Value) -> bool {
    let events = analyse(detector, &event.to_string());
    assert_eq!(events.len(), 1);
    let own = events.iter().flat_map(|e| &e.matches).any(|m| m.rule_id == rule.id);
    let counted = events
        .iter()
        .filter_map(|e| e.hit.as_ref())
        .any(|hit| hit.rule_ids.contains(&rule.id));
    own || counted
}

/// How often a correlation fires over a sequence of events.
fn fires(detector: &SigmaDetector, rule: &LoadedRule, sequence: &[Value]) -> usize {
    let body: Vec<_> = sequence.iter().map(Value::to_string).collect();
    let events = analyse(detector, &body.join("\n"));
    assert_eq!(events.len(), sequence.len());
    let fired = correlate(detector, &events);
    fired.iter().filter(|fired| fired.rule_match.rule_id == rule.id).count()
}

fn check(detector: &SigmaDetector, rule: &LoadedRule) -> Tally {
    let path = repository()
        .join("rules")
        .join(rule.path.replace(".yml", ".events.ndjson"));
    let cases = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let mut tally = Tally::default();
    for (number, line) in cases.lines().enumerate() {
        let case: Value = serde_json::from_str(line).unwrap();
        let found = match rule.kind.rule_kind() {
            Some(RuleKind::Correlation) => fires(detector, rule, case["sequence"].as_array().unwrap()),
            _ => usize::from(finds(detector, rule, &case["event"])),
        };
        let expected = match case["expect"].as_str() {
            Some("match") => {
                tally.matches += 1;
                1
            }
            Some("near_miss") => {
                tally.near_misses += 1;
                0
            }
            other => panic!("{}: {other:?}", rule.path),
        };
        if found != expected {
            tally
                .wrong
                .push(format!("{} line {}: found {found}: {line:.300}", rule.path, number + 1));
        }
    }
    tally
}

#[test]
fn every_rule_finds_its_events_and_leaves_near_misses_alone() {
    let (detector, rules) = bundled();
    let mut wrong = Vec::new();
    for rule in &rules {
        assert_eq!(
            (rule.state, rule.reason.as_str()),
            (RuleState::Usable, ""),
            "{}",
            rule.path
        );
        let tally = check(&detector, rule);
        assert!(tally.matches >= 3, "{} needs three events that match", rule.path);
        assert!(tally.near_misses >= 3, "{} needs three near misses", rule.path);
        wrong.extend(tally.wrong);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The rules that raise alerts: all but those that only feed a correlation.
#[test]
fn the_pack_is_as_large_as_it_is_said_to_be() {
    let (detector, rules) = bundled();
    let of_kind = |kind| rules.iter().filter(|rule| rule.kind.rule_kind() == Some(kind)).count();
    let correlations = of_kind(RuleKind::Correlation);
    let held_back = rules.iter().filter(|rule| detector.holds_back(&rule.id)).count();
    assert!(correlations >= 6, "{correlations} correlations");
    assert!(
        rules.len() - held_back >= 40,
        "{} rules that alert",
        rules.len() - held_back
    );
    let areas: BTreeSet<_> = rules.iter().filter_map(|rule| rule.path.split('/').next()).collect();
    assert_eq!(
        areas.into_iter().collect::<Vec<_>>(),
        ["aws", "dns", "linux", "web", "windows", "wolfsec"]
    );
}

#[test]
fn every_rule_says_who_wrote_it_and_what_it_is_about() {
    let (_, rules) = bundled();
    let ids: BTreeSet<_> = rules.iter().map(|rule| &rule.id).collect();
    assert_eq!(ids.len(), bundled_rules().len());
    for rule in &rules {
        assert!(uuid::Uuid::parse_str(&rule.id).is_ok(), "{}", rule.path);
        assert_eq!(
            (rule.author.as_str(), rule.status.as_str()),
            ("Wolfsec", "stable"),
            "{}",
            rule.path
        );
        assert!(
            !rule.techniques.is_empty() && !rule.false_positives.is_empty(),
            "{}",
            rule.path
        );
        assert!(!rule.description.is_empty(), "{}", rule.path);
        let tactic = |tag: &String| {
            let name = tag.strip_prefix("attack.").unwrap_or_default();
            TACTICS.contains(&name)
        };
        assert!(rule.tags.iter().any(tactic), "{} names no tactic", rule.path);
    }
}

fn files_below(folder: &Path, root: &Path, found: &mut BTreeSet<String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files_below(&path, root, found);
        } else if path.extension().is_some_and(|extension| extension == "yml") {
            found.insert(path.strip_prefix(root).unwrap().to_string_lossy().replace('\\', "/"));
        }
    }
}

#[test]
fn every_rule_file_is_built_in() {
    let root = repository().join("rules");
    let mut files = BTreeSet::new();
    files_below(&root, &root, &mut files);
    let built_in: BTreeSet<_> = bundled_rules().iter().map(|rule| rule.path.to_owned()).collect();
    assert_eq!(files, built_in);
}
