//! Connections: bounded in number, and in how long one may keep the server waiting for a request's head.

use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tower::Service as _;

/// Bounds of one listener.
#[derive(Debug, Clone, Copy)]
pub struct ConnectionLimits {
    /// From one answer, or the connection's start, until the next request's head is there whole. Longer than shippers
    /// and heartbeats pause, so that those keep their connection.
    pub head: Duration,
    /// Further clients wait in the system's own queue.
    pub most: usize,
    /// Requests under way have this long to end once the server is told to stop.
    pub drain: Duration,
}

impl Default for ConnectionLimits {
    fn default() -> Self {
        Self {
            head: Duration::from_secs(75),
            most: 4096,
            drain: Duration::from_secs(10),
        }
    }
}

/// How the connections ended when the server was told to stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Drained {
    /// Each came to its end.
    All,
    /// Some had to be cut off.
    Forced,
}

/// After a failed accept, which is as a rule a want of file descriptors.
const PAUSE: Duration = Duration::from_secs(1);

/// Serves until `stop` is done, then lets the requests under way end.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    limits: ConnectionLimits,
    stop: impl Future<Output = ()>,
) -> Drained {
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(limits.head);
    let mut services = router.into_make_service_with_connect_info::<SocketAddr>();
    let open = GracefulShutdown::new();
    let places = Arc::new(Semaphore::new(limits.most));
    let mut stop = pin!(stop);
    loop {
        let (stream, from, place) = tokio::select! {
            accepted = accept(&listener, &places) => accepted,
            () = &mut stop => break,
        };
        // Always ready, and never fails.
        let Ok(service) = services.call(from).await;
        let connection = http.serve_connection(TokioIo::new(stream), TowerToHyperService::new(service));
        let connection = open.watch(connection);
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%from, %error, "connection ended early");
            }
            drop(place);
        });
    }
    drop(listener);
    tokio::select! {
        () = open.shutdown() => Drained::All,
        () = tokio::time::sleep(limits.drain) => {
            tracing::warn!("connections did not end in time");
            Drained::Forced
        }
    }
}

/// The next connection for which there is a place.
async fn accept(listener: &TcpListener, places: &Arc<Semaphore>) -> (TcpStream, SocketAddr, OwnedSemaphorePermit) {
    loop {
        // Never closed.
        let Ok(place) = Arc::clone(places).acquire_owned().await else {
            std::future::pending().await
        };
        match listener.accept().await {
            Ok((stream, from)) => {
                // Live updates are small and must not wait for more.
                if let Err(error) = stream.set_nodelay(true) {
                    tracing::debug!(%from, %error, "small packets may be delayed");
                }
                return (stream, from, place);
            }
            Err(error) if is_of_the_client(&error) => {}
            Err(error) => {
                tracing::error!(%error, "a connection could not be accepted");
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}

/// The client went away before it was accepted.
fn is_of_the_client(error: &std::io::Error) -> bool {
    use std::io::ErrorKind;
    matches!(
        error.kind(),
        ErrorKind::ConnectionRefused | ErrorKind::ConnectionAborted | ErrorKind::ConnectionReset
    )
}
