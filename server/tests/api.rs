//! What programs read and change.

#![allow(
    clippy::unwrap_used,
    clippy::print_stderr,
    clippy::too_many_lines,
    clippy::format_collect,
    reason = "a test ends with the panic; what it skips it says"
)]

mod support;

use http::StatusCode;
use serde_json::json;
use support::{TestServer, now_plus, sshd_failures};
use wolfsec::identity::Role;

async fn with_alert() -> Option<(TestServer, String)> {
    let server = TestServer::start().await?;
    let key = server.peer("bastion-01").await;
    server
        .ingest(&key, &sshd_failures(30, "bastion-01", "203.0.113.9"))
        .await;
    let token = server.token("operator", Role::Operator).await;
    Some((server, token))
}

#[tokio::test(flavor = "multi_thread")]
async fn an_alert_is_worked_to_its_end_and_a_stale_change_is_refused() {
    let Some((server, token)) = with_alert().await else {
        return;
    };
    let alert = server
        .get("/api/v1/alerts?status=open&peer=bastion-01", &token)
        .await
        .json()["items"][0]
        .clone();
    let path = format!("/api/v1/alerts/{}", alert["id"].as_str().unwrap());
    for field in [
        "id",
        "version",
        "rule_id",
        "rule_title",
        "severity",
        "status",
        "count",
        "first_seen",
        "last_seen",
        "peer",
        "entities",
        "techniques",
        "event_ids",
    ] {
        assert!(!alert[field].is_null(), "{field} is missing: {alert:#}");
    }
    let seen = alert["version"].as_i64().unwrap();
    let taken = server
        .json(
            "PATCH",
            &path,
            &token,
            &json!({ "status": "acknowledged", "version": seen }),
        )
        .await;
    assert_eq!(taken.status, StatusCode::OK, "{}", taken.text());
    assert_eq!(
        (taken.json()["status"].as_str(), taken.json()["version"].as_i64()),
        (Some("acknowledged"), Some(seen + 1))
    );
    let stale = server
        .json(
            "PATCH",
            &path,
            &token,
            &json!({ "status": "in_progress", "version": seen }),
        )
        .await;
    assert_eq!((stale.status, stale.code().as_str()), (StatusCode::CONFLICT, "stale"));
    assert_eq!(stale.json()["current"]["status"], "acknowledged");
    let half = server
        .json("PATCH", &path, &token, &json!({ "status": "resolved" }))
        .await;
    assert_eq!(half.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(half.json()["error"]["fields"]["resolution"].is_string());
    let back = server
        .json("PATCH", &path, &token, &json!({ "status": "acknowledged" }))
        .await;
    assert_eq!(back.status, StatusCode::UNPROCESSABLE_ENTITY);
    let done = server
        .json(
            "PATCH",
            &path,
            &token,
            &json!({ "status": "resolved", "resolution": "true_positive", "note": "blocked" }),
        )
        .await;
    assert_eq!(done.status, StatusCode::OK, "{}", done.text());
    let detail = server.get(&path, &token).await.json();
    assert_eq!(detail["resolution"], "true_positive");
    assert!(!detail["evidence"].as_array().unwrap().is_empty());
    assert_eq!(detail["activity"].as_array().unwrap().len(), 2);
    let viewer = server.token("viewer", Role::Viewer).await;
    let refused = server
        .json("PATCH", &path, &viewer, &json!({ "status": "open", "note": "why" }))
        .await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    let report = server
        .use_cases()
        .verify_audit(&wolfsec_app::Caller::command_line())
        .await
        .unwrap();
    assert!(report.is_intact(), "{:?}", report.defects);
    assert!(report.entries >= 4);
    server.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_parameters_and_unknown_ids_are_told_apart() {
    let Some(server) = TestServer::start().await else {
        return;
    };
    let token = server.token("reader", Role::Viewer).await;
    for path in [
        "/api/v1/alerts?limit=0",
        "/api/v1/alerts?limit=1001",
        "/api/v1/alerts?status=closed",
        "/api/v1/alerts?severity=urgent",
        "/api/v1/alerts?since=yesterday",
        "/api/v1/alerts?cursor=x",
        "/api/v1/alerts?stauts=open",
        "/api/v1/events?limit=abc",
        "/api/v1/events?cursor=1-zz",
        "/api/v1/peers?cursor=%21",
        "/api/v1/alerts?since=2026-11-24T00:00:00Z&until=2026-11-23T00:00:00Z",
        "/api/v1/events?since=2026-11-24T00:00:00Z&until=2026-11-24T00:00:00Z",
        "/api/v1/rules?cursor=nothing",
        "/api/v1/rules?enabled=perhaps",
    ] {
        let answer = server.get(path, &token).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{path}: {}", answer.text());
    }
    for path in [
        "/api/v1/alerts/00000000-0000-0000-0000-000000000000",
        "/api/v1/alerts/nonsense",
        "/api/v1/nonsense",
    ] {
        assert_eq!(server.get(path, &token).await.status, StatusCode::NOT_FOUND, "{path}");
    }
    for path in [
        "/api/v1/alerts",
        "/api/v1/events",
        "/api/v1/peers",
        "/api/v1/rules",
        "/api/v1/alerts/nonsense",
    ] {
        assert_eq!(
            server.get(path, "wst_wrong").await.status,
            StatusCode::UNAUTHORIZED,
            "{path}"
        );
    }
    server.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_page_to_their_end_without_a_row_twice() {
    let Some(server) = TestServer::start().await else {
        return;
    };
    let key = server.peer("web-01").await;
    let token = server.token("reader", Role::Viewer).await;
    let at = now_plus(-30);
    let lines: String = (0..25)
        .map(|i| format!("{{\"@timestamp\":\"{at}\",\"message\":\"Request number {i} of Zebra\"}}\n"))
        .collect();
    assert_eq!(server.ingest(&key, &lines).await.json()["accepted"], 25);
    let mut seen = std::collections::BTreeSet::new();
    let mut cursor = String::new();
    loop {
        let page = server
            .get(
                &format!("/api/v1/events?peer=web-01&q=zebra+REQUEST&limit=10{cursor}"),
                &token,
            )
            .await
            .json();
        for event in page["items"].as_array().unwrap() {
            assert!(seen.insert(event["id"].as_str().unwrap().to_owned()), "twice");
        }
        let Some(next) = page["next_cursor"].as_str() else {
            break;
        };
        assert!(
            next.bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
        );
        cursor = format!("&cursor={next}");
    }
    assert_eq!(seen.len(), 25);
    let none = server.get("/api/v1/events?peer=web-01&q=%25", &token).await.json();
    assert_eq!(
        none["items"],
        json!([]),
        "a per cent sign is a character, not a wildcard"
    );
    let rules = server.get("/api/v1/rules?limit=5", &token).await.json();
    assert_eq!(rules["items"].as_array().unwrap().len(), 5);
    let more = server
        .get(
            &format!(
                "/api/v1/rules?limit=1000&cursor={}",
                rules["next_cursor"].as_str().unwrap()
            ),
            &token,
        )
        .await
        .json();
    assert!(more["items"].as_array().unwrap().len() >= 7, "{more:#}");
    server.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_that_is_too_fast_is_told_to_wait() {
    let Some(server) = TestServer::start_with(&[("WOLFSEC_API_REQUESTS_PER_SECOND", "3")]).await else {
        return;
    };
    let token = server.token("reader", Role::Viewer).await;
    let mut statuses = Vec::new();
    for _ in 0..30 {
        statuses.push(server.get("/api/v1/peers?limit=1", &token).await.status);
    }
    assert_eq!(statuses[0], StatusCode::OK);
    assert!(statuses.contains(&StatusCode::TOO_MANY_REQUESTS));
    server.end().await;
}
