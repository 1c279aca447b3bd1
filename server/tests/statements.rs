//! How many statements a page, a list and a batch cost: the number must not grow with the rows.

#![allow(
    clippy::unwrap_used,
    clippy::print_stderr,
    clippy::too_many_lines,
    clippy::format_collect,
    reason = "a test ends with the panic; what it skips it says"
)]

mod support;

use std::sync::atomic::{AtomicUsize, Ordering};

use support::{TestServer, now_plus, sshd_failures};
use tracing::subscriber::Interest;
use tracing_subscriber::layer::{Context, SubscriberExt as _};
use tracing_subscriber::util::SubscriberInitExt as _;
use wolfsec::identity::Role;

static STATEMENTS: AtomicUsize = AtomicUsize::new(0);

/// Counts what the driver reports: one event a statement.
struct Count;

impl<S: tracing::Subscriber> tracing_subscriber::Layer<S> for Count {
    fn register_callsite(&self, metadata: &'static tracing::Metadata<'static>) -> Interest {
        if metadata.target().starts_with("sqlx::query") {
            Interest::always()
        } else {
            Interest::never()
        }
    }
    fn on_event(&self, _event: &tracing::Event<'_>, _context: Context<'_, S>) {
        STATEMENTS.fetch_add(1, Ordering::SeqCst);
    }
}

/// Of the least of six tries: workers run statements of their own between ours.
macro_rules! statements {
    ($act:expr) => {{
        let mut least = usize::MAX;
        for _ in 0..6 {
            let before = STATEMENTS.load(Ordering::SeqCst);
            let answer = $act;
            assert!(answer.status.is_success(), "{}", answer.text());
            least = least.min(STATEMENTS.load(Ordering::SeqCst) - before);
        }
        least
    }};
}

#[tokio::test(flavor = "multi_thread")]
async fn no_page_list_or_batch_costs_more_statements_for_more_rows() {
    tracing_subscriber::registry().with(Count).init();
    let Some(server) = TestServer::start().await else {
        return;
    };
    server.user("ada", Role::Admin).await;
    let cookie = server.sign_in("ada").await;
    let token = server.token("reader", Role::Viewer).await;
    let key = server.peer("bastion-00").await;
    assert_eq!(
        server
            .ingest(&key, &sshd_failures(30, "bastion-00", "203.0.113.9"))
            .await
            .json()["accepted"],
        30
    );

    let pages = [
        "/",
        "/alerts",
        "/events",
        "/rules",
        "/peers",
        "/audit",
        "/admin/users",
        "/admin/tokens",
        "/account",
    ];
    let lists = ["/api/v1/alerts", "/api/v1/events", "/api/v1/peers", "/api/v1/rules"];
    let few_pages = counted_pages(&server, &pages, &cookie).await;
    let few_lists = counted_lists(&server, &lists, &token).await;
    assert!(
        few_pages.iter().chain(&few_lists).all(|count| *count > 0),
        "nothing was counted"
    );

    for n in 1..12 {
        let name = format!("bastion-{n:02}");
        let key = server.peer(&name).await;
        let lines = sshd_failures(30, &name, &format!("203.0.113.{n}"));
        assert_eq!(server.ingest(&key, &lines).await.json()["accepted"], 30);
        server.user(&format!("user-{n}"), Role::Viewer).await;
        server.token(&format!("token-{n}"), Role::Viewer).await;
    }
    assert_eq!(few_pages, counted_pages(&server, &pages, &cookie).await, "{pages:?}");
    assert_eq!(few_lists, counted_lists(&server, &lists, &token).await, "{lists:?}");

    let small = statements!(server.ingest(&key, &plain_lines(2)).await);
    let large = statements!(server.ingest(&key, &plain_lines(2000)).await);
    assert_eq!(small, large, "a batch");
    server.end().await;
}

async fn counted_pages(server: &TestServer, pages: &[&str], cookie: &str) -> Vec<usize> {
    let mut counts = Vec::new();
    for page in pages {
        counts.push(statements!(server.page(page, Some(cookie)).await));
    }
    counts
}

async fn counted_lists(server: &TestServer, lists: &[&str], token: &str) -> Vec<usize> {
    let mut counts = Vec::new();
    for list in lists {
        counts.push(statements!(server.get(list, token).await));
    }
    counts
}

/// `n` lines that no rule cares about.
fn plain_lines(n: usize) -> String {
    let at = now_plus(-5);
    (0..n)
        .map(|i| {
            format!(
                r#"{{"@timestamp":"{at}","message":"plain line {i} of {n} at {}"}}"#,
                now_plus(0)
            ) + "\n"
        })
        .collect()
}
