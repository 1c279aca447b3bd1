//! The database goes away and comes back while the server runs.

#![allow(
    clippy::unwrap_used,
    clippy::print_stderr,
    clippy::too_many_lines,
    clippy::format_collect,
    reason = "a test ends with the panic; what it skips it says"
)]

mod support;

use std::net::SocketAddr;

use http::StatusCode;
use support::{Line, TestServer, sshd_failures};
use wolfsec::identity::Role;

#[tokio::test(flavor = "multi_thread")]
async fn without_a_database_everything_says_so_and_it_recovers_without_a_restart() {
    let Some((server, mut line)) = TestServer::start_on_a_line().await else {
        return;
    };
    let key = server.peer("bastion-01").await;
    let token = server.token("reader", Role::Viewer).await;
    server.user("ada", Role::Admin).await;
    let cookie = server.sign_in("ada").await;
    let before = sshd_failures(2, "bastion-01", "198.51.100.7");
    assert_eq!(server.ingest(&key, &before).await.json()["accepted"], 2);

    line.cut().await;
    let during = sshd_failures(3, "bastion-01", "203.0.113.9");
    let (ingest, list, page, ready) = tokio::join!(
        server.ingest(&key, &during),
        server.get("/api/v1/alerts", &token),
        server.page("/", Some(&cookie)),
        server.page("/readyz", None),
    );
    for (what, answer) in [
        ("ingest", &ingest),
        ("list", &list),
        ("page", &page),
        ("readiness", &ready),
    ] {
        assert_eq!(
            answer.status,
            StatusCode::SERVICE_UNAVAILABLE,
            "{what}: {}",
            answer.text()
        );
        let seconds: u32 = answer.headers["retry-after"].to_str().unwrap().parse().unwrap();
        assert!(seconds > 0, "{what}");
    }
    assert_eq!(
        (ingest.code(), list.code()),
        ("unavailable".to_owned(), "unavailable".to_owned())
    );
    assert_eq!(ready.json()["checks"]["database"], false);
    assert_eq!(
        server.page("/healthz", None).await.status,
        StatusCode::OK,
        "the process lives"
    );

    line.restore().await;
    // Each attempt waits for the database itself.
    for attempt in 0.. {
        if server.page("/readyz", None).await.status == StatusCode::OK {
            break;
        }
        assert!(attempt < 20, "not ready again");
    }
    let again = server.ingest(&key, &during).await;
    assert_eq!(
        again.json()["accepted"],
        3,
        "what was refused was not half stored: {}",
        again.text()
    );
    let repeated = server.ingest(&key, &during).await.json();
    assert_eq!(
        (repeated["accepted"].as_u64(), repeated["duplicates"].as_u64()),
        (Some(0), Some(3))
    );
    assert_eq!(server.get("/api/v1/alerts", &token).await.status, StatusCode::OK);
    assert_eq!(server.page("/", Some(&cookie)).await.status, StatusCode::OK);
    server.end().await;
}

#[tokio::test]
async fn a_line_that_is_cut_refuses_until_it_is_restored() {
    let Some(cluster) = support::test_cluster() else {
        return;
    };
    let mut line = Line::to(&cluster).await;
    let address: SocketAddr = line.address();
    assert!(tokio::net::TcpStream::connect(address).await.is_ok());
    line.cut().await;
    assert!(tokio::net::TcpStream::connect(address).await.is_err());
    line.restore().await;
    assert!(tokio::net::TcpStream::connect(address).await.is_ok());
}
