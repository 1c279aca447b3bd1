//! The accept loop: what one client may take from the others.

#![allow(clippy::unwrap_used, reason = "a test ends with the panic")]

use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::routing::get;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use wolf_server::http::{ConnectionLimits, Drained, serve};

const WHOLE: &[u8] = b"GET / HTTP/1.1\r\nhost: here\r\n\r\n";
const HEAD: &[u8] = b"GET / HTTP/1.1\r\nhost: ";

/// An answer that does not come fails the test instead of hanging it.
const PATIENCE: Duration = Duration::from_secs(30);

struct Running {
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    ended: JoinHandle<Drained>,
}

async fn start(router: Router, limits: ConnectionLimits) -> Running {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel::<()>();
    let ended = tokio::spawn(serve(listener, router, limits, async {
        let _ = stopped.await;
    }));
    Running { address, stop, ended }
}

fn greeting() -> Router {
    Router::new().route("/", get(|| async { "here" }))
}

async fn answer_on(stream: &mut TcpStream) -> String {
    let mut answer = vec![0; 1024];
    let read = tokio::time::timeout(PATIENCE, stream.read(&mut answer)).await.unwrap();
    String::from_utf8_lossy(&answer[..read.unwrap()]).into_owned()
}

async fn rest_of(stream: &mut TcpStream) -> Vec<u8> {
    let mut rest = Vec::new();
    let read = tokio::time::timeout(PATIENCE, stream.read_to_end(&mut rest)).await;
    read.unwrap().unwrap();
    rest
}

#[tokio::test]
async fn who_never_ends_a_head_gives_the_place_to_the_next() {
    let limits = ConnectionLimits {
        head: Duration::from_millis(50),
        most: 1,
        ..ConnectionLimits::default()
    };
    let running = start(greeting(), limits).await;
    let mut silent = TcpStream::connect(running.address).await.unwrap();
    silent.write_all(HEAD).await.unwrap();
    let mut next = TcpStream::connect(running.address).await.unwrap();
    next.write_all(WHOLE).await.unwrap();
    assert!(answer_on(&mut next).await.ends_with("here"));
    assert_eq!(rest_of(&mut silent).await, b"");
}

#[tokio::test]
async fn who_says_nothing_at_all_is_let_go() {
    let limits = ConnectionLimits {
        head: Duration::from_millis(50),
        ..ConnectionLimits::default()
    };
    let running = start(greeting(), limits).await;
    let mut silent = TcpStream::connect(running.address).await.unwrap();
    assert_eq!(rest_of(&mut silent).await, b"");
}

#[tokio::test]
async fn who_says_nothing_more_after_an_answer_is_let_go() {
    let limits = ConnectionLimits {
        head: Duration::from_millis(50),
        ..ConnectionLimits::default()
    };
    let running = start(greeting(), limits).await;
    let mut idle = TcpStream::connect(running.address).await.unwrap();
    idle.write_all(WHOLE).await.unwrap();
    assert!(answer_on(&mut idle).await.ends_with("here"));
    assert_eq!(rest_of(&mut idle).await, b"");
}

#[tokio::test]
async fn an_answer_may_take_longer_than_a_head() {
    let head = Duration::from_millis(50);
    let limits = ConnectionLimits {
        head,
        ..ConnectionLimits::default()
    };
    // As a stream of live updates does: the limit is for the client's silence, not for the server's.
    let slow = get(move || async move {
        tokio::time::sleep(head * 4).await;
        "late"
    });
    let running = start(Router::new().route("/", slow), limits).await;
    let mut waiting = TcpStream::connect(running.address).await.unwrap();
    waiting.write_all(WHOLE).await.unwrap();
    assert!(answer_on(&mut waiting).await.ends_with("late"));
}

#[tokio::test]
async fn idle_connections_do_not_hold_the_server_up() {
    let running = start(greeting(), ConnectionLimits::default()).await;
    let mut idle = TcpStream::connect(running.address).await.unwrap();
    idle.write_all(WHOLE).await.unwrap();
    assert!(answer_on(&mut idle).await.ends_with("here"));
    running.stop.send(()).unwrap();
    assert_eq!(rest_of(&mut idle).await, b"");
    assert_eq!(running.ended.await.unwrap(), Drained::All);
}

#[tokio::test]
async fn an_answer_that_never_comes_is_cut_off() {
    let (begun, under_way) = oneshot::channel::<()>();
    let begun = std::sync::Arc::new(std::sync::Mutex::new(Some(begun)));
    let never = move || {
        let begun = begun.lock().unwrap().take();
        async move {
            let _ = begun.unwrap().send(());
            std::future::pending::<()>().await;
        }
    };
    let limits = ConnectionLimits {
        drain: Duration::from_millis(50),
        ..ConnectionLimits::default()
    };
    let running = start(Router::new().route("/", get(never)), limits).await;
    let mut waiting = TcpStream::connect(running.address).await.unwrap();
    waiting.write_all(WHOLE).await.unwrap();
    under_way.await.unwrap();
    running.stop.send(()).unwrap();
    assert_eq!(running.ended.await.unwrap(), Drained::Forced);
}
