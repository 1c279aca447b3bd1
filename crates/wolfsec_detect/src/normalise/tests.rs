use super::*;
use serde_json::json;
use uuid::Uuid;
use wolfsec::events::LogSource;
use wolfsec::severity::Severity;

fn received_at() -> Timestamp {
    "2026-11-20T12:00:00Z".parse().unwrap()
}

/// An event with its view as a tree.
struct Outcome {
    event: NewEvent,
    view: serde_json::Value,
    routes: Arc<Routes>,
}

fn normalise(text: &str) -> Outcome {
    let (arena, normaliser) = (Bump::new(), Normaliser::new().unwrap());
    let line = read_line(text.as_bytes(), 1, &arena).unwrap();
    let receipt = Receipt {
        id: EventId(Uuid::nil()),
        peer: PeerId(Uuid::nil()),
        received_at: received_at(),
    };
    let Normalised { event, view, routes } = normaliser.normalise(line, &receipt, &arena);
    let view = rsigma_eval::event::Event::to_json(&crate::json::View(view));
    Outcome { event, view, routes }
}

fn of(value: &serde_json::Value) -> Outcome {
    normalise(&value.to_string())
}

fn source(product: &str, category: &str, service: &str) -> LogSource {
    let word = |word: &str| (!word.is_empty()).then(|| word.to_owned());
    LogSource {
        product: word(product),
        category: word(category),
        service: word(service),
    }
}

const FAILED: &str = "Failed password for invalid user bob from 203.0.113.5 port 4242 ssh2";

#[test]
fn sshd_lines_of_every_shipper_become_the_same() {
    for value in [
        json!({"message": FAILED, "host": {"name": "web-01"}, "process": {"name": "sshd"}}),
        json!({"message": format!("Dec 10 06:55:46 web-01 sshd[24200]: {FAILED}")}),
        json!({"msg": FAILED, "programname": "sshd", "hostname": "web-01"}),
        json!({"msg": FAILED, "syslogtag": "sshd[123]:", "host": "web-01"}),
        json!({"MESSAGE": FAILED, "SYSLOG_IDENTIFIER": "sshd", "_HOSTNAME": "web-01"}),
        json!({"message": FAILED, "host.name": "web-01", "product": "linux", "service": "sshd"}),
    ] {
        let Outcome { event, view, routes } = of(&value);
        assert_eq!(event.logsource, source("linux", "", "sshd"), "{value}");
        assert_eq!(routes.sigma.len(), 2);
        assert_eq!(event.columns.host_name.as_deref(), Some("web-01"), "{value}");
        assert_eq!(event.columns.user_name.as_deref(), Some("bob"));
        assert_eq!(event.columns.source_ip.as_deref(), Some("203.0.113.5"));
        assert_eq!(event.columns.event_outcome.as_deref(), Some("failure"));
        assert!(event.message.contains(FAILED));
        assert_eq!(view["event.action"], "ssh_login");
    }
}

#[test]
fn what_is_stored_is_what_was_sent() {
    let text = r#"{ "b":1.0, "a":{"EventID":"1"}, "b":2 }"#;
    let event = normalise(text).event;
    assert_eq!(event.fields, text);
    assert!(!event.sanitised);
    assert_eq!(event.logsource, LogSource::default());
    assert!(event.message.contains("b="));
}

#[test]
fn hostile_values_are_stored_escaped() {
    let event = normalise(r#"{"message":"a\u0000b\ud800","n":1e999999}"#).event;
    assert!(event.sanitised);
    assert_eq!(event.message, "a\\u0000b\\ud800");
    assert_eq!(event.fields, r#"{"message":"a\\u0000b\\ud800","n":"1e999999"}"#);
}

#[test]
fn an_unknown_source_matches_no_named_one() {
    let routes = of(&json!({"hello": "world", "service": "api"})).routes;
    assert_eq!(routes.stored, LogSource::default());
    assert_eq!(routes.sigma.len(), 1);
    assert!(routes.sigma[0].is_empty());
}

#[test]
fn channel_and_id_decide_the_category() {
    let windows = |channel: &str, id: serde_json::Value, kind: &str| {
        let event = of(&json!({"Channel": channel, "EventID": id, "EventType": kind}));
        let categories: Vec<_> = event.routes.sigma.iter().filter_map(|s| s.category.clone()).collect();
        (event.event.logsource, categories)
    };
    let sysmon = "Microsoft-Windows-Sysmon/Operational";
    assert_eq!(
        windows(sysmon, json!(1), "").0,
        source("windows", "process_creation", "sysmon")
    );
    assert_eq!(
        windows("security", json!("4688"), "").0,
        source("windows", "process_creation", "security")
    );
    assert_eq!(
        windows("Security", json!(4624), "").0,
        source("windows", "", "security")
    );
    assert_eq!(
        windows(sysmon, json!(13), "SetValue").1,
        ["registry_event", "registry_set"]
    );
    assert_eq!(
        windows(sysmon, json!(12), "CreateKey").1,
        ["registry_add", "registry_event"]
    );
    assert_eq!(windows(sysmon, json!(12), "INFO").1, ["registry_event"]);
    assert_eq!(windows("Made-Up/Channel", json!(1), "").0, source("windows", "", ""));
}

#[test]
fn windows_names_are_those_of_the_rules() {
    let sent = json!({"Channel": "Security", "EventID": "4688", "Hostname": "WS05", "SourceName": "Audit",
        "NewProcessName": "C:\\Windows\\System32\\cmd.exe", "SubjectUserName": "EXAMPLE\\bob", "Threat Name": "x",
        "Keywords": "0x8010000000000000", "TimeCreated": "2026-11-20T08:00:00.123456789Z"});
    let Outcome { event, view, .. } = of(&sent);
    assert_eq!(view["EventID"], 4688);
    assert_eq!(view["Computer"], "WS05");
    assert_eq!(view["Provider_Name"], "Audit");
    assert_eq!(view["Image"], view["NewProcessName"]);
    assert_eq!(view["ThreatName"], "x");
    assert_eq!(event.columns.process_name.as_deref(), Some("cmd.exe"));
    assert_eq!(event.columns.user_name.as_deref(), Some("bob"));
    assert_eq!(event.columns.event_outcome.as_deref(), Some("failure"));
    assert_eq!(event.ts.timestamp_subsec_nanos(), 123_456_000);
    assert!(!event.time_adjusted);
    assert_eq!(event.message, "Audit 4688 C:\\Windows\\System32\\cmd.exe");
}

#[test]
fn access_lines_use_the_names_of_webserver_rules() {
    let line = r#"203.0.113.5 - - [20/Nov/2026:08:00:00 +0000] "GET /a.php?cmd=id HTTP/1.1" 200 5 "-" "curl/8""#;
    let Outcome { event, view, .. } = of(&json!({"message": line}));
    assert_eq!(event.logsource, source("", "webserver", ""));
    assert_eq!(view["cs-uri-query"], "cmd=id");
    assert_eq!(event.columns.source_ip.as_deref(), Some("203.0.113.5"));
    assert_eq!(
        (event.ts.to_rfc3339(), event.time_adjusted),
        ("2026-11-20T08:00:00+00:00".to_owned(), false)
    );
}

#[test]
fn requests_in_one_field_are_split() {
    for value in [
        json!({"remote_addr": "203.0.113.5", "request": "GET /a.php?cmd=id HTTP/1.1", "status": "200", "remote_user": "bob"}),
        json!({"remote_addr": "203.0.113.5", "request_uri": "/a.php?cmd=id", "request_method": "GET", "status": 200,
            "uri": "/rewritten", "remote_user": "bob"}),
        json!({"message": "www.example.org:443 203.0.113.5 - bob [20/Nov/2026:08:00:00 +0000] \"GET /a.php?cmd=id HTTP/1.1\" 200 5"}),
    ] {
        let Outcome { event, view, .. } = of(&value);
        assert_eq!(event.logsource, source("", "webserver", ""), "{value}");
        assert_eq!(
            (&view["cs-method"], &view["cs-uri-stem"], &view["cs-uri-query"]),
            (&json!("GET"), &json!("/a.php"), &json!("cmd=id")),
            "{value}"
        );
        assert_eq!(view["cs-username"], "bob", "{value}");
        assert_eq!(event.columns.source_ip.as_deref(), Some("203.0.113.5"), "{value}");
    }
    let other = json!({"request": {"uri": "/"}, "status": 200, "message": "handled request"});
    assert_eq!(of(&other).event.logsource, LogSource::default());
}

#[test]
fn times_outside_the_window_become_the_time_of_receipt() {
    for value in [
        json!({"@timestamp": "1999-01-01T00:00:00Z"}),
        json!({"@timestamp": "2026-11-20T12:10:01Z"}),
        json!({"@timestamp": "yesterday"}),
        json!({}),
    ] {
        let event = of(&value).event;
        assert_eq!((event.ts, event.time_adjusted), (received_at(), true), "{value}");
    }
    let event = of(&json!({"@timestamp": "nonsense", "time": 1_795_161_600})).event;
    assert!(!event.time_adjusted);
}

#[test]
fn the_journal_and_syslog_headers_say_when() {
    let journal = |fields: serde_json::Value| {
        let mut value = json!({"MESSAGE": FAILED, "SYSLOG_IDENTIFIER": "sshd", "_HOSTNAME": "web-01"});
        let more = fields.as_object().unwrap().clone();
        value.as_object_mut().unwrap().extend(more);
        of(&value).event
    };
    for (event, expected) in [
        (journal(json!({"__REALTIME_TIMESTAMP": "1795161600000000"})), "08:00:00"),
        // When the program logged goes before when the journal heard of it.
        (
            journal(json!({"__REALTIME_TIMESTAMP": "1795161600000000", "_SOURCE_REALTIME_TIMESTAMP": "1795161599500000"})),
            "07:59:59.500",
        ),
        (
            of(&json!({"message": format!("2026-11-20T09:00:00+01:00 web-01 sshd[1]: {FAILED}")})).event,
            "08:00:00",
        ),
        (
            of(&json!({"message": format!("<38>1 2026-11-20T08:00:00Z web-01 sshd 1 - - {FAILED}")})).event,
            "08:00:00",
        ),
        // The event's own field goes before the header.
        (
            of(&json!({"message": format!("2026-11-20T09:00:00+01:00 web-01 sshd[1]: {FAILED}"), "time": "2026-11-20T08:30:00Z"}))
                .event,
            "08:30:00",
        ),
    ] {
        let expected: Timestamp = format!("2026-11-20T{expected}Z").parse().unwrap();
        assert_eq!((event.ts, event.time_adjusted), (expected, false));
    }
    // Neither year nor zone, or no zone: a guess would be hours off.
    for message in [
        "Nov 20 08:00:00 web-01 sshd[1]: x",
        "2026-11-20T08:00:00 web-01 sshd[1]: x",
        "<38>1 - web-01 sshd 1 - - x",
    ] {
        assert!(of(&json!({"message": message})).event.time_adjusted, "{message}");
    }
}

#[test]
fn explicit_sources_outweigh_shapes() {
    let own = json!({"product": "Wolfsec", "service": "audit", "action": "session.sign_in_failed", "actor": "alice",
        "outcome": "failure", "source": {"ip": "203.0.113.5"}, "message": "x", "severity": "high"});
    let event = of(&own).event;
    assert_eq!(event.logsource, source("wolfsec", "", "audit"));
    assert_eq!(event.columns.user_name.as_deref(), Some("alice"));
    assert_eq!(event.columns.event_outcome.as_deref(), Some("failure"));
    assert_eq!(event.severity, Severity::High);
    let flat = json!({"logsource": {"product": "windows", "category": "process_creation"}, "CommandLine": "x"});
    assert_eq!(of(&flat).event.logsource, source("windows", "process_creation", ""));
    let foreign = json!({"product": "okta", "service": "okta", "Channel": "Security", "EventID": 1});
    assert_eq!(of(&foreign).event.logsource, source("okta", "", "okta"));
}

#[test]
fn other_programs_are_syslog() {
    let event = of(&json!({"message": "Nov 20 08:00:00 db-01 CRON[1]: (root) CMD (run-parts)"})).event;
    assert_eq!(event.logsource, source("linux", "", "cron"));
    assert_eq!(event.columns.process_name.as_deref(), Some("CRON"));
    let event = of(&json!({"message": "Nov 20 08:00:00 db-01 kernel: oops"})).event;
    assert_eq!(event.logsource, source("linux", "", "syslog"));
    let event = of(&json!({"message": "x", "process": {"name": "cmd.exe"}})).event;
    assert_eq!(event.logsource, LogSource::default());
}

#[test]
fn a_lone_service_counts_where_a_mapping_knows_it() {
    for (value, expected) in [
        (
            json!({"message": FAILED, "service": "sshd"}),
            source("linux", "", "sshd"),
        ),
        (json!({"message": "x", "service": "cron"}), source("linux", "", "cron")),
        (
            json!({"message": "x", "service": "VSFTPD"}),
            source("linux", "", "vsftpd"),
        ),
        (
            json!({"eventName": "x", "service": "cloudtrail"}),
            source("aws", "", "cloudtrail"),
        ),
        (
            json!({"EventID": 1, "Image": "x", "service": "sysmon"}),
            source("windows", "process_creation", "sysmon"),
        ),
        // Syslog's own shape leaves the service open.
        (
            json!({"message": "Nov 20 08:00:00 db-01 mydaemon[1]: x", "service": "vsftpd"}),
            source("linux", "", "vsftpd"),
        ),
        // A shape that says more is believed more.
        (
            json!({"@stream": "conn", "ts": 1_795_161_600, "service": "sshd"}),
            source("zeek", "", "conn"),
        ),
        // Everyday words of other programs.
        (json!({"message": "x", "service": "system"}), LogSource::default()),
        (json!({"message": "x", "service": "checkout"}), LogSource::default()),
    ] {
        assert_eq!(of(&value).event.logsource, expected, "{value}");
    }
}

#[test]
fn zeek_and_name_servers_share_the_dns_category() {
    let zeek = of(
        &json!({"_path": "dns", "ts": 1_795_161_600, "query": "a.example", "qtype_name": "TXT", "id.orig_h": "10.0.0.5"}),
    );
    assert_eq!(zeek.event.logsource, source("zeek", "dns", "dns"));
    assert_eq!(zeek.view["record_type"], "TXT");
    let nameless = |field: &str| {
        let mut value = json!({"ts": 1_795_161_600.5, "uid": "Cvf4XX17hSAgXDdGEd", "id.orig_h": "10.0.0.5"});
        value[field] = json!("x");
        of(&value).event.logsource
    };
    assert_eq!(nameless("query"), source("zeek", "dns", "dns"));
    assert_eq!(nameless("conn_state"), source("zeek", "", "conn"));
    assert_eq!(nameless("other"), source("zeek", "", ""));
    let foreign = json!({"ts": 1_795_161_600, "uid": "x", "query": "a.example"});
    assert_eq!(of(&foreign).event.logsource, LogSource::default());
    for line in [
        "dnsmasq[1]: query[TXT] a.example from 10.0.0.5",
        "dnsmasq[1]: 4242 10.0.0.5/53211 query[TXT] a.example from 10.0.0.5",
        "named[1]: client @0x7f00 10.0.0.5#4242 (a.example): query: a.example IN TXT +E(0)K (10.0.0.1)",
        "named[1]: queries: info: client 10.0.0.5#4242 (a.example): query: a.example IN TXT + (10.0.0.1)",
        "unbound[9:0]: [9:0] info: 10.0.0.5 a.example. TXT IN",
    ] {
        let Outcome { event, view, .. } = of(&json!({"message": format!("Nov 20 08:00:00 ns-01 {line}")}));
        assert_eq!(event.logsource, source("", "dns", ""), "{line}");
        assert_eq!(event.columns.source_ip.as_deref(), Some("10.0.0.5"), "{line}");
        assert_eq!(
            (&view["query"], &view["record_type"]),
            (&json!("a.example"), &json!("TXT")),
            "{line}"
        );
    }
}
