//! The description of the API against the API: same paths and methods, same words, and answers that fit their schemas.

#![allow(
    clippy::unwrap_used,
    clippy::print_stderr,
    clippy::too_many_lines,
    clippy::format_collect,
    reason = "a test ends with the panic; what it skips it says"
)]

mod support;

use std::collections::BTreeSet;

use axum::body::Body;
use http::{Method, Request, StatusCode};
use serde_json::{Value, json};
use support::{Answer, TestServer, now_plus, sshd_failures};
use wolfsec::alerts::{ActivityKind, AlertStatus, Resolution};
use wolfsec::events::RejectCode;
use wolfsec::identity::Role;
use wolfsec::peers::{HeartbeatState, PeerMark, PeerStatus, SampleFault};
use wolfsec::rules::{RuleKind, RuleOrigin, RuleState};
use wolfsec::severity::Severity;

const DOCUMENT: &str = include_str!("../src/http/openapi.json");
const METHODS: [Method; 5] = [Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE];

fn document() -> Value {
    serde_json::from_str(DOCUMENT).unwrap()
}

/// `(method, path)` of every operation.
fn described() -> BTreeSet<(String, String)> {
    let document = document();
    let paths = document["paths"].as_object().unwrap();
    let mut all = BTreeSet::new();
    for (path, item) in paths {
        for method in &METHODS {
            if item.get(method.as_str().to_lowercase()).is_some() {
                all.insert((method.to_string(), path.clone()));
            }
        }
    }
    all
}

/// What does not fit the schema that an operation names for a status.
fn misfits(method: &str, path: &str, status: StatusCode, body: &Value) -> Vec<String> {
    let mut document = document();
    let mut response = document["paths"][path][method]["responses"][status.as_str()].clone();
    if let Some(name) = response["$ref"].as_str() {
        response = document.pointer(name.trim_start_matches('#')).unwrap().clone();
    }
    let schema = &response["content"]["application/json"]["schema"];
    assert!(
        schema.is_object(),
        "{method} {path} {status} is not described: {body:#}"
    );
    document["allOf"] = json!([schema]);
    let options = jsonschema::options().should_validate_formats(true);
    let validator = options.build(&document).unwrap();
    let errors = validator.iter_errors(body);
    errors
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect()
}

fn fits(method: &str, path: &str, answer: &Answer) {
    let body = answer.json();
    let errors = misfits(method, path, answer.status, &body);
    assert!(
        errors.is_empty(),
        "{method} {path} {}: {errors:#?}\n{body:#}",
        answer.status
    );
}

#[test]
fn what_is_not_as_described_is_noticed() {
    let found = |body: Value| misfits("post", "/api/v1/events", StatusCode::OK, &body).len();
    assert_eq!(found(json!({ "accepted": 1, "duplicates": 0, "rejected": [] })), 0);
    assert_eq!(found(json!({ "accepted": "1", "duplicates": 0, "rejected": [] })), 1);
    assert_eq!(found(json!({ "accepted": 1, "rejected": [] })), 1);
    let reject = json!({ "line": 0, "code": "odd", "reason": "r" });
    assert_eq!(
        found(json!({ "accepted": 1, "duplicates": 0, "rejected": [reject] })),
        2
    );
}

#[test]
fn enums_have_the_domains_words() {
    let document = document();
    let words = |pointer: &str| -> Vec<String> {
        let found = document.pointer(&format!("/components/schemas/{pointer}/enum"));
        let found = found.unwrap_or_else(|| panic!("{pointer}"));
        serde_json::from_value(found.clone()).unwrap()
    };
    macro_rules! same {
        ($($pointer:literal = $kind:ty),* $(,)?) => {$(
            let domain: Vec<&str> = <$kind>::ALL.iter().map(|word| word.as_str()).collect();
            assert_eq!(words($pointer), domain, $pointer);
        )*};
    }
    same!(
        "Severity" = Severity,
        "AlertStatus" = AlertStatus,
        "Resolution" = Resolution,
        "RejectCode" = RejectCode,
        "PeerMark" = PeerMark,
        "PeerStatus" = PeerStatus,
        "SampleFault" = SampleFault,
        "Rule/properties/kind" = RuleKind,
        "Rule/properties/origin" = RuleOrigin,
        "Rule/properties/state" = RuleState,
        "AlertDetail/allOf/1/properties/activity/items/properties/kind" = ActivityKind,
    );
    let heartbeat =
        "/paths/~1api~1v1~1heartbeat/post/requestBody/content/application~1json/schema/properties/state/enum";
    let heartbeat: Vec<String> = serde_json::from_value(document.pointer(heartbeat).unwrap().clone()).unwrap();
    let states: Vec<&str> = HeartbeatState::ALL.iter().map(|state| state.as_str()).collect();
    assert_eq!(heartbeat, states);
}

#[test]
fn every_reference_leads_somewhere() {
    fn walk(document: &Value, value: &Value) {
        match value {
            Value::Object(map) => {
                if let Some(name) = map.get("$ref").and_then(Value::as_str) {
                    assert!(document.pointer(name.trim_start_matches('#')).is_some(), "{name}");
                }
                map.values().for_each(|inner| walk(document, inner));
            }
            Value::Array(items) => items.iter().for_each(|inner| walk(document, inner)),
            _ => {}
        }
    }
    let document = document();
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1."));
    walk(&document, &document);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_routed_path_and_method_is_described_and_the_other_way_round() {
    let Some(server) = TestServer::start().await else {
        return;
    };
    let mut routed = BTreeSet::new();
    for path in wolf_server::http::paths_of_programs() {
        for method in &METHODS {
            let at = path.replace("{id}", "x").replace("{index}", "i").replace("{type}", "t");
            let request = Request::builder().method(method).uri(&at).body(Body::empty()).unwrap();
            let answer = server.send(request).await;
            // Pages' forms are refused elsewhere than by method.
            let refused = answer.status == StatusCode::METHOD_NOT_ALLOWED
                || (answer.status == StatusCode::FORBIDDEN && answer.code() == "foreign_origin");
            assert_ne!(answer.status, StatusCode::NOT_FOUND, "{method} {path}");
            if !refused {
                routed.insert((method.to_string(), path.clone()));
            }
        }
    }
    assert_eq!(routed, described());
    server.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn real_answers_fit_their_schemas() {
    let Some(server) = TestServer::start().await else {
        return;
    };
    let served = server.get("/api/openapi.json", "").await;
    assert_eq!(served.json(), document());
    let key = server.peer("bastion-01").await;
    let token = server.token("worker", Role::Operator).await;
    let viewer = server.token("reader", Role::Viewer).await;
    let (enrolment, _) = server
        .use_cases()
        .create_enrolment(&wolfsec_app::Caller::command_line())
        .await
        .unwrap();
    let enroll = json!({ "token": enrolment, "name": "web-01" });
    for status in [201, 401] {
        let answer = server.json("POST", "/api/v1/enroll", "", &enroll).await;
        assert_eq!(answer.status.as_u16(), status);
        fits("post", "/api/v1/enroll", &answer);
    }
    let lines = format!("{}{{broken\n", sshd_failures(30, "bastion-01", "203.0.113.9"));
    fits("post", "/api/v1/events", &server.ingest(&key, &lines).await);
    fits("post", "/api/v1/events", &server.ingest("wsp_wrong", &lines).await);
    let bulk = |body: String| {
        Request::post("/_bulk")
            .header("authorization", format!("ApiKey {key}"))
            .header("content-type", "application/x-ndjson")
            .body(Body::from(body))
            .unwrap()
    };
    let at = now_plus(-5);
    let one = format!("{{\"create\":{{\"_id\":\"1\"}}}}\n{{\"@timestamp\":\"{at}\"}}\n");
    let actions = format!("{one}{one}{{\"delete\":{{}}}}\n");
    fits("post", "/_bulk", &server.send(bulk(actions)).await);
    fits("post", "/_bulk", &server.send(bulk(String::new())).await);
    fits("get", "/", &server.get("/", &key).await);
    fits("get", "/_cluster/health", &server.get("/_cluster/health", &key).await);
    fits("get", "/readyz", &server.get("/readyz", "").await);
    let samples = json!([{ "at": now_plus(-5), "latency_ms": 12.5, "requests_total": 9, "requests_failed": 1 }, { "at": 1, "x": 2 }, 7]);
    for samples in [samples, json!({})] {
        let answer = server.json("POST", "/api/v1/metrics", &key, &samples).await;
        fits("post", "/api/v1/metrics", &answer);
    }
    for path in ["events", "alerts", "peers", "rules"] {
        let template = format!("/api/v1/{path}");
        for query in ["", "?limit=1", "?limit=0", "?nonsense=1"] {
            fits(
                "get",
                &template,
                &server.get(&format!("{template}{query}"), &token).await,
            );
        }
        fits("get", &template, &server.get(&template, "wst_wrong").await);
    }
    let alerts = server.get("/api/v1/alerts?peer=bastion-01", &token).await.json();
    let id = alerts["items"][0]["id"].as_str().unwrap();
    let at = format!("/api/v1/alerts/{id}");
    let template = "/api/v1/alerts/{id}";
    fits("get", template, &server.get("/api/v1/alerts/none", &token).await);
    for (who, change, status) in [
        (&viewer, json!({ "status": "acknowledged" }), 403),
        (&token, json!({ "status": "acknowledged", "version": 99 }), 409),
        (&token, json!({ "status": "resolved" }), 422),
        (&token, json!({ "status": "asleep" }), 400),
        (&token, json!({ "status": "acknowledged", "note": "mine" }), 200),
    ] {
        let answer = server.json("PATCH", &at, who, &change).await;
        assert_eq!(answer.status.as_u16(), status, "{}", answer.text());
        fits("patch", template, &answer);
    }
    fits("get", template, &server.get(&at, &token).await);
    server.end().await;
}
