//! What peers say of themselves over the wire, and how programs and people see it.

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
use serde_json::{Value, json};
use support::{Answer, TestServer, now_plus};
use wolfsec::identity::Role;

async fn send(server: &TestServer, key: &str, body: &Value) -> Answer {
    server.json("POST", "/api/v1/metrics", key, body).await
}

/// The peer as programs see it.
async fn seen(server: &TestServer, token: &str, name: &str) -> Value {
    let list = server.get(&format!("/api/v1/peers?q={name}"), token).await.json();
    list["items"]
        .as_array()
        .unwrap()
        .iter()
        .find(|peer| peer["name"] == name)
        .cloned()
        .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn samples_are_stored_once_and_a_bad_one_is_named() {
    let Some(server) = TestServer::start().await else {
        return;
    };
    let key = server.peer("web-01").await;
    let token = server.token("reader", Role::Viewer).await;
    assert_eq!(seen(&server, &token, "web-01").await["status"], "pending");
    let body = json!([
        { "at": now_plus(-60), "latency_ms": 210, "requests_total": 100, "requests_failed": 2, "cpu_percent": 5.5 },
        { "at": now_plus(-30), "cpu_percent": 101 },
        { "at": now_plus(-10), "latency_ms": 210, "requests_total": 200, "requests_failed": 20, "memory_bytes": 1_000_000 },
    ]);
    let first = send(&server, &key, &body).await;
    assert_eq!(first.status, StatusCode::OK, "{}", first.text());
    let answer = first.json();
    assert_eq!(
        (answer["accepted"].as_u64(), answer["duplicates"].as_u64()),
        (Some(2), Some(0)),
        "{answer}"
    );
    assert_eq!(answer["rejected"].as_array().unwrap().len(), 1);
    assert_eq!(
        (
            answer["rejected"][0]["index"].as_u64(),
            answer["rejected"][0]["code"].as_str()
        ),
        (Some(1), Some("out_of_range"))
    );
    assert!(
        answer["rejected"][0]["reason"]
            .as_str()
            .unwrap()
            .contains("cpu_percent")
    );
    let again = send(&server, &key, &body).await.json();
    assert_eq!(
        (again["accepted"].as_u64(), again["duplicates"].as_u64()),
        (Some(0), Some(2))
    );

    let peer = seen(&server, &token, "web-01").await;
    assert_eq!(peer["status"], "online");
    let health = &peer["health"];
    assert!(
        (health["success_ratio"].as_f64().unwrap() - 0.82).abs() < 1e-9,
        "{health}"
    );
    assert!((health["score"].as_f64().unwrap() - 0.692).abs() < 1e-9, "{health}");

    // Another peer measures latency only: its whole is no data, and the part is there.
    let quick = server.peer("quick").await;
    send(&server, &quick, &json!([{ "at": now_plus(0), "latency_ms": 10 }])).await;
    let health = seen(&server, &token, "quick").await["health"].clone();
    assert_eq!(
        (&health["score"], &health["success_ratio"]),
        (&Value::Null, &Value::Null)
    );
    assert_eq!(health["latency_score"], 1.0);
    server.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_that_cannot_be_taken_say_why() {
    let Some(server) = TestServer::start_with(&[("WOLFSEC_INGEST_REQUESTS_PER_SECOND", "20")]).await else {
        return;
    };
    let key = server.peer("web-01").await;
    let post = |key: &str, kind: Option<&str>, encoding: Option<&str>, body: Vec<u8>| {
        let mut request = Request::post("/api/v1/metrics").header("authorization", format!("Bearer {key}"));
        if let Some(kind) = kind {
            request = request.header("content-type", kind);
        }
        if let Some(encoding) = encoding {
            request = request.header("content-encoding", encoding);
        }
        server.send(request.body(Body::from(body)).unwrap())
    };
    let json_type = Some("application/json");
    let list = json!([{ "at": now_plus(0), "cpu_percent": 1 }])
        .to_string()
        .into_bytes();
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(&list).unwrap();
    let zipped = post(&key, json_type, Some("gzip"), gzip.finish().unwrap()).await;
    assert_eq!(zipped.json()["accepted"], 1, "{}", zipped.text());
    assert_eq!(
        post(&key, Some("application/json; charset=utf-8"), None, b"[]".to_vec())
            .await
            .status,
        StatusCode::OK
    );
    let long = format!("[{}1]", "1,".repeat(1000)).into_bytes();
    let large = format!("[\"{}\"]", "a".repeat(3 << 20)).into_bytes();
    for (key, kind, encoding, body, status, code) in [
        (
            "wsp_nobody",
            json_type,
            None,
            list.clone(),
            StatusCode::UNAUTHORIZED,
            "unauthenticated",
        ),
        (
            &*key,
            None,
            None,
            list.clone(),
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "unsupported_media_type",
        ),
        (
            &*key,
            Some("application/x-ndjson"),
            None,
            list.clone(),
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "unsupported_media_type",
        ),
        (
            &*key,
            json_type,
            Some("br"),
            list.clone(),
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "unsupported_encoding",
        ),
        (
            &*key,
            json_type,
            None,
            b"{}".to_vec(),
            StatusCode::BAD_REQUEST,
            "bad_request",
        ),
        (
            &*key,
            json_type,
            None,
            b"[{\"at\":1,\"cpu_percent\":NaN}]".to_vec(),
            StatusCode::BAD_REQUEST,
            "bad_request",
        ),
        (
            &*key,
            json_type,
            None,
            long,
            StatusCode::PAYLOAD_TOO_LARGE,
            "too_many_samples",
        ),
        (
            &*key,
            json_type,
            None,
            large,
            StatusCode::PAYLOAD_TOO_LARGE,
            "body_too_large",
        ),
    ] {
        let answer = post(key, kind, encoding, body).await;
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (status, code),
            "{}",
            answer.text()
        );
    }
    let mut statuses = Vec::new();
    for _ in 0..40 {
        statuses.push(post(&key, json_type, None, b"[]".to_vec()).await.status);
    }
    assert!(statuses.contains(&StatusCode::TOO_MANY_REQUESTS), "{statuses:?}");
    server.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn many_peers_at_once_are_all_answered() {
    let Some(server) = TestServer::start().await else {
        return;
    };
    let mut keys = Vec::new();
    for n in 0..40 {
        keys.push(server.peer(&format!("peer-{n:02}")).await);
    }
    let at = now_plus(0);
    let body = json!([{ "at": at, "cpu_percent": 1 }]);
    let answers = futures::future::join_all(keys.iter().map(|key| send(&server, key, &body))).await;
    for answer in answers {
        assert_eq!(
            (answer.status, answer.json()["accepted"].as_u64()),
            (StatusCode::OK, Some(1))
        );
    }
    let token = server.token("reader", Role::Viewer).await;
    // All of them, over pages of seven, filtered by what the store says.
    let mut met = Vec::new();
    let mut path = "/api/v1/peers?status=online&q=PEER-&limit=7".to_owned();
    loop {
        let page = server.get(&path, &token).await.json();
        met.extend(
            page["items"]
                .as_array()
                .unwrap()
                .iter()
                .map(|peer| peer["name"].as_str().unwrap().to_owned()),
        );
        let Some(cursor) = page["next_cursor"].as_str() else {
            break;
        };
        path = format!("/api/v1/peers?status=online&q=PEER-&limit=7&cursor={cursor}");
    }
    assert_eq!(met, (0..40).map(|n| format!("peer-{n:02}")).collect::<Vec<_>>());
    for bad in ["status=asleep", "cursor=x", "mark=active"] {
        let answer = server.get(&format!("/api/v1/peers?{bad}"), &token).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{bad}");
    }
    server.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn admins_block_maintain_and_set_the_interval_and_the_trail_knows() {
    let Some(server) = TestServer::start().await else {
        return;
    };
    server.user("ada", Role::Admin).await;
    server.user("vera", Role::Viewer).await;
    let (admin, viewer) = (server.sign_in("ada").await, server.sign_in("vera").await);
    let token = server.token("reader", Role::Viewer).await;
    let key = server.peer("web-01").await;
    for (path, body) in [
        ("/api/mark_peer", "name=web-01&mark=blocked"),
        ("/api/set_peer_interval", "name=web-01&interval=60"),
    ] {
        server.form(path, Some(&viewer), body).await;
    }
    let untouched = seen(&server, &token, "web-01").await;
    assert_eq!(
        (untouched["status"].as_str(), untouched["interval_seconds"].as_i64()),
        (Some("pending"), Some(15))
    );

    server
        .form("/api/set_peer_interval", Some(&admin), "name=web-01&interval=60")
        .await;
    assert_eq!(seen(&server, &token, "web-01").await["interval_seconds"], 60);
    for bad in ["0", "86401", "soon", ""] {
        let answer = server
            .form(
                "/api/set_peer_interval",
                Some(&admin),
                &format!("name=web-01&interval={bad}"),
            )
            .await;
        assert!(answer.headers["location"].to_str().unwrap().contains("__err"), "{bad}");
    }
    assert_eq!(seen(&server, &token, "web-01").await["interval_seconds"], 60);

    for (mark, status) in [
        ("maintenance", "maintenance"),
        ("blocked", "blocked"),
        ("active", "online"),
    ] {
        server
            .form("/api/mark_peer", Some(&admin), &format!("name=web-01&mark={mark}"))
            .await;
        assert_eq!(seen(&server, &token, "web-01").await["status"], status);
        let answer = send(&server, &key, &json!([])).await;
        if mark == "blocked" {
            assert_eq!(
                (answer.status, answer.code().as_str()),
                (StatusCode::FORBIDDEN, "peer_blocked")
            );
            assert!(answer.text().contains("unblock"), "{}", answer.text());
        }
        if mark == "maintenance" {
            assert_eq!(answer.status, StatusCode::OK);
            assert_eq!(
                seen(&server, &token, "web-01").await["status"],
                "maintenance",
                "a sign of life does not end it"
            );
        }
    }
    let trail = server.page("/audit?action=peer.", Some(&admin)).await.text();
    assert!(
        trail.contains("peer.interval_set") && trail.contains("peer.marked"),
        "the trail does not say so"
    );
    server.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_peer_that_comes_and_stops_is_an_event_and_one_that_stays_is_none() {
    let Some(server) = TestServer::start().await else {
        return;
    };
    let token = server.token("reader", Role::Viewer).await;
    let key = server.peer("web-01").await;
    let beat = async |state: &str| {
        server
            .json("POST", "/api/v1/heartbeat", &key, &json!({ "state": state }))
            .await
    };
    for state in ["running", "running", "stopping", "stopping"] {
        assert_eq!(beat(state).await.status, StatusCode::NO_CONTENT);
    }
    // A worker makes events of what was committed; the last one is what is waited for.
    let messages = loop {
        let events = server
            .get("/api/v1/events?peer=wolfsec&q=web-01%20status_changed", &token)
            .await
            .json();
        let items = events["items"].as_array().unwrap().iter();
        let messages: Vec<String> = items
            .map(|event| event["message"].as_str().unwrap().to_owned())
            .collect();
        if messages.iter().any(|message| message.contains("stopped, was")) {
            break messages;
        }
        tokio::task::yield_now().await;
    };
    assert_eq!(
        messages,
        [
            "web-01 peer.status_changed: stopped, was online",
            "web-01 peer.status_changed: online, was pending"
        ]
    );
    server.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_peer_takes_the_address_of_a_page() {
    let Some(server) = TestServer::start().await else {
        return;
    };
    let enrolment = server
        .use_cases()
        .create_enrolment(&wolfsec_app::Caller::command_line())
        .await
        .unwrap()
        .0;
    let enrol = |name: &str| {
        let body = json!({ "token": enrolment.clone(), "name": name });
        let request = Request::post("/api/v1/enroll").header("content-type", "application/json");
        server.send(request.body(Body::from(body.to_string())).unwrap())
    };
    let refused = enrol("Add").await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", refused.text());
    assert!(refused.json()["error"]["fields"]["name"].is_string());
    // Whoever had the key of the server's own peer would speak as the server.
    assert_eq!(enrol("Wolfsec").await.status, StatusCode::UNPROCESSABLE_ENTITY);
    let admin = wolfsec_app::Caller::command_line();
    assert!(server.use_cases().rotate_peer_key(&admin, "wolfsec").await.is_err());
    let blocked = wolfsec::peers::PeerMark::Blocked;
    assert!(server.use_cases().mark_peer(&admin, "wolfsec", blocked).await.is_err());
    // The token was not spent.
    assert_eq!(enrol("adder").await.status, StatusCode::CREATED);
    server.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_server_reports_its_own_host_and_router() {
    let Some(server) = TestServer::start().await else {
        return;
    };
    server.user("ada", Role::Admin).await;
    let cookie = server.sign_in("ada").await;
    let token = server.token("reader", Role::Viewer).await;
    // Its first report is on its way since the start.
    while seen(&server, &token, "wolfsec").await["status"] == "pending" {
        tokio::task::yield_now().await;
    }
    let page = server.page("/peers/wolfsec?range=1h", Some(&cookie)).await;
    assert_eq!(page.status, StatusCode::OK);
    let text = page.text();
    assert!(
        text.contains("chart-4-title") && text.contains(">Memory<"),
        "memory has a chart: {text}"
    );
    assert!(!text.contains("This peer has not sent samples"));
    server.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_show_measured_values_and_say_what_is_missing() {
    let Some(server) = TestServer::start().await else {
        return;
    };
    server.user("ada", Role::Admin).await;
    let cookie = server.sign_in("ada").await;
    let key = server.peer("web-01").await;
    let empty = server.page("/peers/web-01", Some(&cookie)).await.text();
    assert!(
        empty.contains("This peer has not sent samples") && empty.contains("/api/v1/metrics"),
        "{empty}"
    );
    // Fifteen minutes on, a hole of half an hour, and the last one twenty minutes ago.
    let sample = |seconds: i64| json!({ "at": now_plus(seconds), "cpu_percent": 12.5, "requests_total": 100 + seconds / 60 + 90 });
    let body: Vec<Value> = (0..60)
        .map(|n| sample(-5400 + n * 15))
        .chain((0..20).map(|n| sample(-1500 + n * 15)))
        .collect();
    let stored = send(&server, &key, &json!(body)).await;
    assert_eq!(stored.json()["accepted"], 80, "{}", stored.text());
    let day = server.page("/peers/web-01?range=24h", Some(&cookie)).await.text();
    assert!(day.contains("Stale since"), "the newest sample is old");
    assert!(day.contains("No data from"), "holes are named");
    assert!(day.contains("<desc") && day.contains("Table of these values"));
    assert!(day.contains("– no data"), "latency was never measured");
    let hour = server.page("/peers/web-01?range=1h", Some(&cookie)).await;
    assert_eq!(hour.status, StatusCode::OK);
    assert!(
        server
            .page("/peers/web-01?range=9h", Some(&cookie))
            .await
            .text()
            .contains("This filter cannot be used")
    );
    let list = server.page("/peers?status=online&q=web", Some(&cookie)).await.text();
    assert!(list.contains("web-01") && !list.contains(">wolfsec<"), "{list}");
    let none = server.page("/peers?status=late&q=web", Some(&cookie)).await.text();
    assert!(none.contains("No peer matches this filter"));
    server.end().await;
}
