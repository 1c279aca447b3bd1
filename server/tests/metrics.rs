//! `/metrics`: what is counted, for whom, and that no label names anybody.

#![allow(
    clippy::unwrap_used,
    clippy::print_stderr,
    clippy::too_many_lines,
    clippy::format_collect,
    reason = "a test ends with the panic; what it skips it says"
)]

mod support;

use http::StatusCode;
use support::{TestServer, sshd_failures};
use wolfsec::identity::Role;

/// The value of a sample, labels included in its name.
fn value(text: &str, sample: &str) -> f64 {
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix(sample)?.strip_prefix(' '));
    line.unwrap_or_else(|| panic!("no {sample} in\n{text}"))
        .parse()
        .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_happens_is_counted_and_nobody_is_named() {
    let Some(server) = TestServer::start().await else {
        return;
    };
    let key = server.peer("bastion-01").await;
    let token = server.token("prometheus", Role::Viewer).await;
    for wrong in ["", "wst_wrong", &key] {
        assert_eq!(server.get("/metrics", wrong).await.status, StatusCode::UNAUTHORIZED);
    }
    let before = server.get("/metrics", &token).await;
    assert_eq!(before.status, StatusCode::OK, "{}", before.text());
    let kind = before.headers["content-type"].to_str().unwrap();
    assert!(kind.starts_with("application/openmetrics-text"), "{kind}");
    let lines = format!("{}{{broken\n", sshd_failures(30, "bastion-01", "203.0.113.9"));
    assert_eq!(server.ingest(&key, &lines).await.json()["accepted"], 30);
    server.ingest(&key, &lines).await;
    server.get("/api/v1/alerts/none", &token).await;
    server.page("/no-such-page-of-ours", None).await;

    let (before, after) = (before.text(), server.get("/metrics", &token).await.text());
    let rise = |sample: &str| value(&after, sample) - value(&before, sample);
    // The server's own events are counted too, at times of their own.
    assert!(rise("wolfsec_ingest_events_total") >= 30.0, "{after}");
    assert!(rise("wolfsec_ingest_duplicates_total") >= 30.0);
    assert!(rise("wolfsec_ingest_rejects_total") >= 1.0);
    assert!(rise("wolfsec_ingest_bytes_total") >= lines.len() as f64);
    assert!(rise("wolfsec_ingest_batch_seconds_count") >= 2.0);
    assert!(rise("wolfsec_ingest_commit_seconds_count") >= 2.0);
    assert!(rise("wolfsec_detection_seconds_count") >= 1.0);
    let raised: f64 = wolfsec::severity::Severity::ALL
        .iter()
        .map(|severity| {
            rise(&format!(
                "wolfsec_alerts_raised_total{{severity=\"{}\"}}",
                severity.as_str()
            ))
        })
        .sum();
    assert!(raised >= 1.0, "{after}");
    assert!(value(&after, "wolfsec_rules_in_use") > 10.0);
    assert!(value(&after, "wolfsec_correlation_state_entries") >= 1.0);
    assert!(value(&after, "wolfsec_database_connections{state=\"idle\"}") >= 0.0);
    assert!(value(&after, "wolfsec_ingest_queue_requests") >= 0.0);
    assert!(value(&after, "wolfsec_ingest_queue_bytes") >= 0.0);
    assert!(value(&after, "process_resident_memory_bytes") > 1_000_000.0);
    let posts = "wolfsec_http_requests_total{method=\"POST\",route=\"/api/v1/events\",status=\"2xx\"}";
    assert!((value(&after, posts) - 2.0).abs() < f64::EPSILON);
    let missed = "wolfsec_http_requests_total{method=\"GET\",route=\"/api/v1/alerts/{id}\",status=\"4xx\"}";
    assert!((value(&after, missed) - 1.0).abs() < f64::EPSILON);
    assert!(
        value(
            &after,
            "wolfsec_http_request_seconds_count{method=\"GET\",route=\"pages\"}"
        ) >= 1.0
    );
    for private in [
        "bastion-01",
        "prometheus",
        "203.0.113.9",
        "192.0.2.7",
        "no-such-page-of-ours",
    ] {
        assert!(!after.contains(private), "{private} in\n{after}");
    }
    assert!(after.ends_with("# EOF\n"));
    server.end().await;
}
