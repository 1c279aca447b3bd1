//! Loading, switching and explaining, and requests with bad lines in them.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use std::collections::HashSet;

use common::{analyse, analyse_at, bundled, load, received_at};
use wolfsec::events::RejectCode;
use wolfsec::rules::RuleState;
use wolfsec_detect::LoadedKind;

const WHOAMI: &str = "
title: whoami
id: rule-1
logsource: {product: windows, category: process_creation}
detection: {selection: {CommandLine|contains: whoami}, condition: selection}
level: low
tags: [attack.discovery, attack.t1033]
";
const EXCEPTION: &str = "
title: not the monitor
id: filter-1
logsource: {product: windows, category: process_creation}
filter:
  rules: [rule-1]
  selection: {User: monitor}
  condition: not selection
";
const EVENT: &str = r#"{"@timestamp":"2026-11-20T08:00:00Z","Channel":"Security","EventID":4688,"CommandLine":"cmd /c whoami /all","User":"bob"}"#;

#[test]
fn a_broken_rule_stops_no_other() {
    let placeholder = WHOAMI
        .replace("rule-1", "rule-2")
        .replace("contains: whoami", "expand: '%admins%'");
    let files = [
        ("broken.yml", "title: [unclosed"),
        ("no-id.yml", &WHOAMI.replace("id: rule-1\n", "")),
        ("good.yml", WHOAMI),
        ("twice.yml", WHOAMI),
        (
            "condition.yml",
            &WHOAMI
                .replace("rule-1", "rule-3")
                .replace("condition: selection", "condition: nothing"),
        ),
        ("placeholder.yml", &placeholder),
        ("empty.yml", ""),
    ];
    let (detector, rules) = load(&files);
    let state = |path: &str| {
        rules
            .iter()
            .find(|rule| rule.path == path)
            .map(|rule| (rule.state, rule.reason.clone()))
    };
    assert_eq!(state("good.yml"), Some((RuleState::Usable, String::new())));
    assert_eq!(
        state("placeholder.yml"),
        Some((RuleState::NeedsValues, "needs values for %admins%".to_owned()))
    );
    for path in ["broken.yml", "no-id.yml", "twice.yml", "condition.yml", "empty.yml"] {
        let (state, reason) = state(path).unwrap();
        assert_eq!(state, RuleState::Refused, "{path}");
        assert!(!reason.is_empty(), "{path}");
    }
    let events = analyse(&detector, EVENT);
    assert_eq!(events[0].matches.len(), 1);
}

#[test]
fn a_match_explains_itself() {
    let (detector, rules) = load(&[("good.yml", WHOAMI)]);
    assert_eq!(rules[0].logsource, "windows/process_creation/*");
    let found = &analyse(&detector, EVENT)[0].matches[0];
    assert_eq!(
        (found.rule_id.as_str(), found.techniques[0].as_str()),
        ("rule-1", "T1033")
    );
    let field = &found.selections[0].fields[0];
    assert_eq!(found.selections[0].selection, "selection");
    assert_eq!(field.field, "CommandLine");
    assert_eq!(field.value, "cmd /c whoami /all");
    assert_eq!(field.pattern.as_deref(), Some("contains whoami"));
}

#[test]
fn switching_is_a_mask_and_exceptions_narrow() {
    let (detector, _) = load(&[("good.yml", WHOAMI)]);
    let off = detector.with_disabled(HashSet::from(["rule-1".to_owned()]));
    assert!(analyse(&off, EVENT)[0].matches.is_empty());
    assert_eq!(analyse(&off.with_disabled(HashSet::new()), EVENT)[0].matches.len(), 1);

    let (detector, rules) = load(&[("good.yml", WHOAMI), ("exception.yml", EXCEPTION)]);
    assert_eq!((rules[1].kind, rules[1].reason.as_str()), (LoadedKind::Filter, ""));
    assert_eq!(analyse(&detector, EVENT)[0].matches.len(), 1);
    assert!(
        analyse(&detector, &EVENT.replace("bob", "monitor"))[0]
            .matches
            .is_empty()
    );
}

#[test]
fn a_rule_sees_the_events_of_its_log_source_and_no_others() {
    let rule = |id: &str, source: &str| {
        format!("title: {id}\nid: {id}\nlogsource: {{{source}}}\ndetection:\n  s: {{m: x}}\n  condition: s\n")
    };
    let rules = [
        ("all", "category: Antivirus"),
        ("product", "product: windows"),
        ("service", "product: Windows, service: sysmon"),
        ("kind", "category: process_creation, product: windows"),
        ("elsewhere", "product: linux, category: process_creation"),
        ("nameless", "product: ''"),
    ]
    .map(|(id, source)| (id, rule(id, source)));
    let files: Vec<_> = rules.iter().map(|(id, text)| (*id, text.as_str())).collect();
    let (detector, _) = load(&files);
    let found = |source: &str| {
        let events = analyse(&detector, &format!("{{\"m\": \"x\", \"logsource\": {{}}{source}}}"));
        let mut ids: Vec<_> = events[0].matches.iter().map(|found| found.rule_id.clone()).collect();
        ids.sort_unstable();
        ids
    };
    assert_eq!(
        found(r#", "product": "Windows", "category": "process_creation", "service": "Sysmon""#),
        ["kind", "product", "service"]
    );
    assert_eq!(found(r#", "category": "antivirus""#), ["all"]);
    assert_eq!(found(""), Vec::<String>::new());
}

#[test]
fn one_bad_line_costs_nobody_else() {
    let (detector, _) = bundled();
    let deep = format!("{}1{}", "{\"a\":".repeat(65), "}".repeat(65));
    let body = [EVENT, "", "{", "7", &deep, "{\"m\":\"\\u0000\\ud800\"}", EVENT].join("\n");
    let (events, rejected) = analyse_at(&detector, body.as_bytes(), received_at());
    let lines: Vec<_> = events.iter().map(|event| event.line).collect();
    assert_eq!(lines, [1, 6, 7]);
    assert!(events[1].event.sanitised && !events[0].event.sanitised);
    assert_ne!(events[0].event.id, events[2].event.id);
    let codes: Vec<_> = rejected.iter().map(|reject| (reject.line, reject.code)).collect();
    assert_eq!(
        codes,
        [
            (3, RejectCode::MalformedJson),
            (4, RejectCode::NotAnObject),
            (5, RejectCode::TooDeep)
        ]
    );
    let (again, _) = analyse_at(&detector, body.as_bytes(), received_at());
    assert_eq!(again, events);
}
