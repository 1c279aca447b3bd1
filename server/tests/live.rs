//! Live updates: who gets them, what they say, and that they end.

#![allow(
    clippy::unwrap_used,
    clippy::print_stderr,
    clippy::too_many_lines,
    clippy::format_collect,
    reason = "a test ends with the panic; what it skips it says"
)]

mod support;

use std::time::Duration;

use axum::body::{Body, BodyDataStream};
use axum::response::Response;
use futures::StreamExt as _;
use http::{Request, StatusCode};
use serde_json::Value;
use support::{TestServer, open, sshd_failures};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::sync::oneshot;
use wolf_server::http::{ConnectionLimits, Drained};
use wolf_server::startup::serve_until;
use wolfsec::identity::Role;
use wolfsec_app::Caller;

/// An event that does not come fails the test instead of hanging it.
const PATIENCE: Duration = Duration::from_secs(30);

fn live(cookie: &str, query: &str) -> Request<Body> {
    let request = Request::get(format!("/live{query}")).header("cookie", cookie);
    request.body(Body::empty()).unwrap()
}

/// Reads a stream of server-sent events.
struct Events {
    body: BodyDataStream,
    text: String,
}

#[derive(Debug)]
struct Event {
    name: String,
    id: Option<i64>,
    data: Value,
}

impl Events {
    fn of(response: Response) -> Self {
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        assert_eq!(response.headers()["x-accel-buffering"], "no");
        assert_eq!(response.headers()["cache-control"], "no-cache");
        Self {
            body: response.into_body().into_data_stream(),
            text: String::new(),
        }
    }

    /// The next event; `None` at the end of the stream.
    async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some(end) = self.text.find("\n\n") {
                let block: String = self.text.drain(..end + 2).collect();
                let field = |name: &str| block.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
                let event = Event {
                    name: field("event:").unwrap_or_default().to_owned(),
                    id: field("id:").map(|id| id.parse().unwrap()),
                    data: field("data:")
                        .and_then(|data| serde_json::from_str(data).ok())
                        .unwrap_or_default(),
                };
                if !event.name.is_empty() {
                    return Some(event);
                }
                continue;
            }
            let chunk = tokio::time::timeout(PATIENCE, self.body.next())
                .await
                .unwrap()?
                .unwrap();
            self.text.push_str(std::str::from_utf8(&chunk).unwrap());
        }
    }

    /// The next event of this name; figures may come between.
    async fn named(&mut self, name: &str) -> Event {
        loop {
            let event = self
                .next()
                .await
                .unwrap_or_else(|| panic!("the stream ended before {name}"));
            if event.name == name {
                return event;
            }
        }
    }

    /// Reads to the end of the stream.
    async fn end(&mut self) {
        while self.next().await.is_some() {}
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_alert_reaches_the_stream_and_what_was_missed_is_counted() {
    let Some(server) = TestServer::start().await else {
        return;
    };
    server.user("ada", Role::Viewer).await;
    let cookie = server.sign_in("ada").await;
    let key = server.peer("bastion-01").await;
    let mut events = Events::of(server.open(live(&cookie, "")).await);
    let start = events.next().await.unwrap();
    assert_eq!(
        (start.name.as_str(), &start.data["new"], &start.data["complete"]),
        ("missed", &0.into(), &true.into())
    );

    let answer = server
        .ingest(&key, &sshd_failures(30, "bastion-01", "203.0.113.9"))
        .await;
    assert_eq!(answer.json()["accepted"], 30);
    let told = events.named("alerts").await;
    assert_eq!((&told.data["new"], &told.data["changed"]), (&1.into(), &0.into()));
    let alert = &told.data["alerts"][0];
    assert_eq!(
        (&alert["peer"], &alert["status"], &alert["new"]),
        (&"bastion-01".into(), &"open".into(), &true.into())
    );
    assert!(told.id > start.id);
    assert_eq!(told.data["cursor"], told.id.unwrap());
    let mut keys: Vec<&str> = alert.as_object().unwrap().keys().map(String::as_str).collect();
    keys.sort_unstable();
    assert_eq!(
        keys,
        ["id", "last_seen", "new", "peer", "severity", "status", "title"],
        "no more than this"
    );
    let severity = alert["severity"].as_str().unwrap();
    loop {
        let counters = events.named("counters").await;
        assert_eq!(
            counters.data["events_last_minute"],
            Value::Null,
            "no minute was watched yet"
        );
        if counters.data["open"][severity] == 1 {
            break;
        }
    }

    // A page that was away: by the query, by the browser's own header, and as one question.
    let since = format!("?since={}", start.id.unwrap());
    let mut late = Events::of(server.open(live(&cookie, &since)).await);
    let missed = late.next().await.unwrap();
    assert_eq!((&missed.data["new"], missed.id), (&1.into(), told.id));
    assert_eq!(
        late.next().await.unwrap().name,
        "counters",
        "the last figures come at once"
    );
    let mut again = live(&cookie, &since);
    again
        .headers_mut()
        .insert("last-event-id", told.id.unwrap().to_string().parse().unwrap());
    let mut again = Events::of(server.open(again).await);
    assert_eq!(again.next().await.unwrap().data["new"], 0);
    let answer = server
        .page(&format!("/live/since?cursor={}", start.id.unwrap()), Some(&cookie))
        .await;
    assert_eq!(answer.json(), missed.data);
    drop((events, late, again));
    server.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_a_session_gets_updates_and_a_strange_cursor_is_named() {
    let Some(server) = TestServer::start().await else {
        return;
    };
    server.user("ada", Role::Viewer).await;
    let cookie = server.sign_in("ada").await;
    for path in ["/live", "/live/since", "/live?since=1", "/live/since?cursor=1"] {
        for cookie in [None, Some("wolfsec_session=nonsense")] {
            let answer = server.page(path, cookie).await;
            assert_eq!(
                (answer.status, answer.code().as_str()),
                (StatusCode::UNAUTHORIZED, "unauthenticated"),
                "{path}"
            );
        }
    }
    for path in ["/live?since=yesterday", "/live/since?cursor=-1"] {
        let answer = server.page(path, Some(&cookie)).await;
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (StatusCode::BAD_REQUEST, "bad_parameter"),
            "{path}"
        );
    }
    server.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn streams_are_limited_by_session_and_in_all() {
    let limits = [("WOLFSEC_LIVE_STREAMS", "3"), ("WOLFSEC_LIVE_STREAMS_PER_SESSION", "2")];
    let Some(server) = TestServer::start_with(&limits).await else {
        return;
    };
    server.user("ada", Role::Viewer).await;
    let (first, second) = (server.sign_in("ada").await, server.sign_in("ada").await);
    let one = server.open(live(&first, "")).await;
    let two = server.open(live(&first, "")).await;
    assert_eq!((one.status(), two.status()), (StatusCode::OK, StatusCode::OK));
    let refused = server.send(live(&first, "")).await;
    assert_eq!(
        (refused.status, refused.headers["retry-after"].as_bytes()),
        (StatusCode::TOO_MANY_REQUESTS, &b"30"[..])
    );
    let three = server.open(live(&second, "")).await;
    assert_eq!(three.status(), StatusCode::OK);
    assert_eq!(
        server.send(live(&second, "")).await.status,
        StatusCode::TOO_MANY_REQUESTS
    );
    drop(one);
    assert_eq!(server.open(live(&second, "")).await.status(), StatusCode::OK);
    drop((two, three));
    server.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_ends_with_its_session() {
    let Some(server) = TestServer::start().await else {
        return;
    };
    server.user("ada", Role::Admin).await;
    server.user("jo", Role::Viewer).await;
    let key = server.peer("bastion-01").await;
    let (leaving, staying, jo) = (
        server.sign_in("ada").await,
        server.sign_in("ada").await,
        server.sign_in("jo").await,
    );
    let mut left = Events::of(server.open(live(&leaving, "")).await);
    let mut stays = Events::of(server.open(live(&staying, "")).await);
    let mut disabled = Events::of(server.open(live(&jo, "")).await);
    server.form("/api/sign_out", Some(&leaving), "").await;
    left.end().await;
    let users = server.use_cases().list_users(&Caller::command_line()).await.unwrap();
    let id = users.iter().find(|user| user.name == "jo").unwrap().id;
    server
        .use_cases()
        .set_user_enabled(&Caller::command_line(), id, false)
        .await
        .unwrap();
    disabled.end().await;
    server
        .ingest(&key, &sshd_failures(30, "bastion-01", "203.0.113.9"))
        .await;
    assert_eq!(stays.named("alerts").await.data["new"], 1);
    server.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_server_on_the_database_tells_it() {
    let Some(server) = TestServer::start().await else {
        return;
    };
    server.user("ada", Role::Viewer).await;
    let cookie = server.sign_in("ada").await;
    let key = server.peer("bastion-01").await;
    let twin = server.twin().await;
    let mut events = Events::of(open(twin.router.clone(), live(&cookie, "")).await);
    server
        .ingest(&key, &sshd_failures(30, "bastion-01", "203.0.113.9"))
        .await;
    assert_eq!(events.named("alerts").await.data["new"], 1);
    twin.shut_down().await;
    events.end().await;
    server.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_listener_listens_again_and_says_that_something_was_missed() {
    let Some(server) = TestServer::start().await else {
        return;
    };
    server.user("ada", Role::Viewer).await;
    let cookie = server.sign_in("ada").await;
    let key = server.peer("bastion-01").await;
    let mut events = Events::of(server.open(live(&cookie, "")).await);
    server
        .sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN %'")
        .await;
    events.named("resync").await;
    server
        .ingest(&key, &sshd_failures(30, "bastion-01", "203.0.113.9"))
        .await;
    assert_eq!(events.named("alerts").await.data["new"], 1);
    server.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn open_streams_do_not_hold_the_server_up() {
    let Some(server) = TestServer::start().await else {
        return;
    };
    server.user("ada", Role::Viewer).await;
    let cookie = server.sign_in("ada").await;
    let (server, leftovers) = server.split();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel::<()>();
    let running = tokio::spawn(serve_until(listener, server, ConnectionLimits::default(), async {
        let _ = stopped.await;
    }));
    let mut streams = Vec::new();
    for _ in 0..2 {
        let socket = tokio::net::TcpStream::connect(address).await.unwrap();
        let mut stream = BufReader::new(socket);
        let request = format!("GET /live HTTP/1.1\r\nhost: {address}\r\ncookie: {cookie}\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut line = String::new();
        while !line.contains("missed") {
            line.clear();
            assert!(stream.read_line(&mut line).await.unwrap() > 0, "the stream ended");
        }
        streams.push(stream);
    }
    stop.send(()).unwrap();
    for mut stream in streams {
        let mut rest = Vec::new();
        stream.read_to_end(&mut rest).await.unwrap();
        assert!(
            rest.ends_with(b"0\r\n\r\n"),
            "the answer is whole: {}",
            String::from_utf8_lossy(&rest)
        );
    }
    assert_eq!(running.await.unwrap(), Drained::All);
    leftovers.remove().await;
}
