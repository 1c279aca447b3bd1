//! Events over the wire: stored once, whatever is sent again; bad lines named, good ones kept.

#![allow(
    clippy::unwrap_used,
    clippy::print_stderr,
    clippy::too_many_lines,
    clippy::format_collect,
    reason = "a test ends with the panic; what it skips it says"
)]

mod support;

use std::io::Write as _;

use axum::body::Body;
use http::{Request, StatusCode};
use serde_json::json;
use support::{TestServer, now_plus, sshd_failures};
use wolfsec::identity::Role;

#[tokio::test(flavor = "multi_thread")]
async fn a_brute_force_raises_one_alert_and_sending_it_again_adds_nothing() {
    let Some(server) = TestServer::start().await else {
        return;
    };
    let key = server.peer("bastion-01").await;
    let token = server.token("reader", Role::Viewer).await;
    let lines = sshd_failures(30, "bastion-01", "203.0.113.9");
    let first = server.ingest(&key, &lines).await;
    assert_eq!(first.status, StatusCode::OK, "{}", first.text());
    assert_eq!(first.json(), json!({ "accepted": 30, "duplicates": 0, "rejected": [] }));
    let alerts = server.get("/api/v1/alerts?peer=bastion-01", &token).await.json();
    let items = alerts["items"].as_array().unwrap().clone();
    assert_eq!(items.len(), 1, "{alerts:#}");
    assert_eq!(items[0]["count"], 1);
    assert_eq!(items[0]["status"], "open");
    assert!(
        items[0]["techniques"]
            .as_array()
            .unwrap()
            .iter()
            .any(|t| t.as_str().unwrap().starts_with("T1110"))
    );

    let again = server.ingest(&key, &lines).await;
    assert_eq!(again.json(), json!({ "accepted": 0, "duplicates": 30, "rejected": [] }));
    // The same lines in another batch are recognised one by one.
    let half: String = lines.lines().take(10).map(|line| format!("{line}\n")).collect();
    assert_eq!(server.ingest(&key, &half).await.json()["duplicates"], 10);
    let server = server.restart().await;
    let third = server.ingest(&key, &lines).await;
    assert_eq!(third.json(), json!({ "accepted": 0, "duplicates": 30, "rejected": [] }));
    let after = server.get("/api/v1/alerts?peer=bastion-01", &token).await.json();
    assert_eq!(after["items"][0]["count"], items[0]["count"]);
    assert_eq!(after["items"].as_array().unwrap().len(), 1);
    server.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn correlation_state_survives_a_restart() {
    let Some(server) = TestServer::start().await else {
        return;
    };
    let key = server.peer("bastion-02").await;
    let token = server.token("reader", Role::Viewer).await;
    let lines = sshd_failures(30, "bastion-02", "203.0.113.10");
    let few: String = lines.lines().take(6).map(|line| format!("{line}\n")).collect();
    let rest: String = lines.lines().skip(6).take(6).map(|line| format!("{line}\n")).collect();
    server.ingest(&key, &few).await;
    assert_eq!(
        server.get("/api/v1/alerts?peer=bastion-02", &token).await.json()["items"],
        json!([])
    );
    let server = server.restart().await;
    server.ingest(&key, &rest).await;
    let alerts = server.get("/api/v1/alerts?peer=bastion-02", &token).await.json();
    assert_eq!(alerts["items"].as_array().unwrap().len(), 1, "{alerts:#}");
    // The failures of before the restart are evidence too.
    assert_eq!(
        alerts["items"][0]["event_ids"].as_array().unwrap().len(),
        10,
        "{alerts:#}"
    );
    server.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_line_is_named_and_its_neighbours_are_stored() {
    let Some(server) = TestServer::start().await else {
        return;
    };
    let key = server.peer("web-01").await;
    let token = server.token("reader", Role::Viewer).await;
    let at = now_plus(-5);
    let deep = format!("{}1{}", "[".repeat(70), "]".repeat(70));
    let body = format!(
        "{{\"@timestamp\":\"{at}\",\"message\":\"first good\"}}\n{{broken\n\n[1]\n{{\"message\":\"deep\",\"x\":{deep}}}\n\
         {{\"@timestamp\":\"{at}\",\"message\":\"nul \\u0000 inside\"}}\n{{\"@timestamp\":\"2001-01-01T00:00:00Z\",\"message\":\"old clock\"}}\n"
    );
    let answer = server.ingest(&key, &body).await.json();
    assert_eq!(answer["accepted"], 3, "{answer:#}");
    let rejected: Vec<(u64, &str)> = answer["rejected"]
        .as_array()
        .unwrap()
        .iter()
        .map(|reject| (reject["line"].as_u64().unwrap(), reject["code"].as_str().unwrap()))
        .collect();
    assert_eq!(
        rejected,
        [(2, "malformed_json"), (4, "not_an_object"), (5, "nesting_too_deep")]
    );
    let events = server.get("/api/v1/events?peer=web-01", &token).await.json();
    let find = |word: &str| {
        let items = events["items"].as_array().unwrap();
        items
            .iter()
            .find(|e| e["message"].as_str().unwrap().contains(word))
            .cloned()
            .unwrap_or_else(|| panic!("{word}: {events:#}"))
    };
    assert_eq!(find("nul")["sanitised"], true);
    assert_eq!(find("old clock")["time_adjusted"], true);
    assert_eq!(find("first good")["fields"]["message"], "first good");
    let peers = server.get("/api/v1/peers", &token).await.json();
    let peer = peers["items"]
        .as_array()
        .unwrap()
        .iter()
        .find(|peer| peer["name"] == "web-01")
        .unwrap()
        .clone();
    assert_eq!(
        (
            peer["event_count"].as_i64(),
            peer["reject_count"].as_i64(),
            peer["status"].as_str()
        ),
        (Some(3), Some(3), Some("online"))
    );
    server.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_are_bounded_and_typed() {
    let Some(server) = TestServer::start_with(&[("WOLFSEC_MAX_BODY_MB", "1"), ("WOLFSEC_MAX_DECODED_MB", "2")]).await
    else {
        return;
    };
    let key = server.peer("web-01").await;
    let post = |kind: &str, encoding: Option<&str>, body: Vec<u8>| {
        let mut request = Request::post("/api/v1/events")
            .header("authorization", format!("Bearer {key}"))
            .header("content-type", kind);
        if let Some(encoding) = encoding {
            request = request.header("content-encoding", encoding);
        }
        request.body(Body::from(body)).unwrap()
    };
    let gzip = |plain: &[u8]| {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        encoder.write_all(plain).unwrap();
        encoder.finish().unwrap()
    };
    let line = format!("{{\"@timestamp\":\"{}\",\"message\":\"zipped\"}}\n", now_plus(-1)).into_bytes();
    let ndjson = "application/x-ndjson";
    assert_eq!(
        server.send(post(ndjson, Some("gzip"), gzip(&line))).await.json()["accepted"],
        1
    );
    for (request, status, code) in [
        (post("text/plain", None, line.clone()), 415, "unsupported_media_type"),
        (post(ndjson, Some("br"), line.clone()), 415, "unsupported_encoding"),
        (post(ndjson, Some("gzip"), line.clone()), 400, "bad_request"),
        (post(ndjson, None, vec![b' '; 1024 * 1024 + 1]), 413, "body_too_large"),
        (
            post(ndjson, Some("gzip"), gzip(&vec![b' '; 3 * 1024 * 1024])),
            413,
            "body_too_large",
        ),
        // A line of two bytes weighs hundreds once it is read.
        (
            post(ndjson, Some("gzip"), gzip(&b"x\n".repeat(100_001))),
            413,
            "too_many_lines",
        ),
    ] {
        let answer = server.send(request).await;
        assert_eq!(
            (answer.status.as_u16(), answer.code().as_str()),
            (status, code),
            "{}",
            answer.text()
        );
        assert!(!answer.json()["error"]["request_id"].as_str().unwrap().is_empty());
    }
    server.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_are_checked_in_every_form_and_a_blocked_peer_is_refused() {
    let Some(server) = TestServer::start().await else {
        return;
    };
    let key = server.peer("web-01").await;
    let encode = |text: String| base64::Engine::encode(&base64::engine::general_purpose::STANDARD, text);
    for header in [
        format!("Bearer {key}"),
        format!("Basic {}", encode(format!("any:{key}"))),
        format!("ApiKey {key}"),
        format!("ApiKey {}", encode(format!("id:{key}"))),
        format!("Splunk {key}"),
    ] {
        let request = Request::post("/api/v1/heartbeat")
            .header("authorization", &header)
            .body(Body::from(r#"{"state":"running"}"#));
        assert_eq!(
            server.send(request.unwrap()).await.status,
            StatusCode::NO_CONTENT,
            "{header}"
        );
    }
    for header in ["Bearer wsp_wrong", "Basic ???", "", "Digest x"] {
        let request = Request::post("/api/v1/heartbeat")
            .header("authorization", header)
            .body(Body::from(r#"{"state":"running"}"#));
        assert_eq!(
            server.send(request.unwrap()).await.status,
            StatusCode::UNAUTHORIZED,
            "{header}"
        );
    }
    let admin = wolfsec_app::Caller::command_line();
    server
        .use_cases()
        .mark_peer(&admin, "web-01", wolfsec::peers::PeerMark::Blocked)
        .await
        .unwrap();
    let refused = server.ingest(&key, "{}\n").await;
    assert_eq!(
        (refused.status, refused.code().as_str()),
        (StatusCode::FORBIDDEN, "peer_blocked")
    );
    server.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_enrolment_token_works_once() {
    let Some(server) = TestServer::start().await else {
        return;
    };
    let (token, _) = server
        .use_cases()
        .create_enrolment(&wolfsec_app::Caller::command_line())
        .await
        .unwrap();
    server.peer("taken").await;
    let enroll = |token: &str, name: &str| {
        let body = json!({ "token": token, "name": name }).to_string();
        Request::post("/api/v1/enroll")
            .header("content-type", "application/json")
            .body(Body::from(body))
            .unwrap()
    };
    assert_eq!(server.send(enroll(&token, "Taken")).await.status, StatusCode::CONFLICT);
    assert_eq!(
        server.send(enroll(&token, "not a name")).await.status,
        StatusCode::UNPROCESSABLE_ENTITY
    );
    let made = server.send(enroll(&token, "web-09")).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text());
    let key = made.json()["api_key"].as_str().unwrap().to_owned();
    assert!(key.len() >= 32 && key.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-'));
    assert_eq!(
        server.ingest(&key, "{\"message\":\"hello\"}\n").await.json()["accepted"],
        1
    );
    assert_eq!(
        server.send(enroll(&token, "web-10")).await.status,
        StatusCode::UNAUTHORIZED
    );
    assert_eq!(
        server.send(enroll("wse_unknown", "web-10")).await.status,
        StatusCode::UNAUTHORIZED
    );
    server.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_attack_of_a_single_line_raises_one_alert() {
    let Some(server) = TestServer::start().await else {
        return;
    };
    let token = server.token("reader", Role::Viewer).await;
    let at = now_plus(-1);
    let attacks = [
        (
            "web-01",
            json!({ "@timestamp": at, "host": { "name": "web-01" },
                "message": "Nov 20 08:00:00 web-01 sudo[812]:   alice : TTY=pts/0 ; PWD=/home/alice ; USER=root ; COMMAND=/bin/bash" }),
            "sudo",
        ),
        (
            "web-02",
            json!({ "@timestamp": at, "host": { "name": "web-02" },
                "message": "203.0.113.5 - - [20/Nov/2026:08:00:00 +0000] \"GET /uploads/shell.php?cmd=id HTTP/1.1\" 200 512 \"-\" \"curl/8.5\"" }),
            "web shell",
        ),
        (
            "ws-05",
            json!({ "@timestamp": at, "Channel": "Microsoft-Windows-Sysmon/Operational", "EventID": 1, "Hostname": "WS05",
                "Image": "C:\\Users\\bob\\m.exe", "CommandLine": "m.exe \"privilege::debug\" \"sekurlsa::logonpasswords\" exit" }),
            "mimikatz",
        ),
    ];
    for (name, event, title) in attacks {
        let key = server.peer(name).await;
        let line = event.to_string();
        for accepted in [1, 0, 0] {
            assert_eq!(server.ingest(&key, &line).await.json()["accepted"], accepted, "{name}");
        }
        let alerts = server.get(&format!("/api/v1/alerts?peer={name}"), &token).await.json();
        let items = alerts["items"].as_array().unwrap();
        assert_eq!(items.len(), 1, "{name}: {alerts:#}");
        let found = items[0]["rule_title"].as_str().unwrap().to_lowercase();
        assert!(found.contains(title), "{found}");
        assert_eq!(
            (items[0]["count"].as_u64(), items[0]["peer"].as_str()),
            (Some(1), Some(name))
        );
        assert!(!items[0]["techniques"].as_array().unwrap().is_empty(), "{name}");
    }
    server.end().await;
}
