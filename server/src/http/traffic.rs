//! What the server itself answers, counted: its own peer reports it as its metrics.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Instant;

use axum::body::{Body, Bytes, HttpBody};
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use http_body::{Frame, SizeHint};

/// Counters since the start, of bodies and requests of all routes.
#[derive(Debug, Default)]
pub struct Traffic {
    requests: AtomicU64,
    failures: AtomicU64,
    bytes_received: AtomicU64,
    bytes_sent: AtomicU64,
    /// Of the answers since the last reading.
    answers: AtomicU64,
    answer_micros: AtomicU64,
}

/// A reading of [`Traffic`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TrafficReading {
    pub requests: i64,
    /// Answered with 5xx.
    pub failures: i64,
    pub bytes_received: i64,
    pub bytes_sent: i64,
    /// Mean time to the answer's head since the reading before, milliseconds; `None` without answers.
    pub latency_ms: Option<f64>,
}

impl Traffic {
    /// The counters now; the latency's mean begins anew.
    pub fn read(&self) -> TrafficReading {
        let whole = |counter: &AtomicU64| i64::try_from(counter.load(Ordering::Relaxed)).unwrap_or(i64::MAX);
        let answers = self.answers.swap(0, Ordering::Relaxed);
        let micros = self.answer_micros.swap(0, Ordering::Relaxed);
        TrafficReading {
            requests: whole(&self.requests),
            failures: whole(&self.failures),
            bytes_received: whole(&self.bytes_received),
            bytes_sent: whole(&self.bytes_sent),
            latency_ms: (answers > 0).then(|| micros as f64 / answers as f64 / 1000.0),
        }
    }
}

/// Outermost of all layers.
pub(super) async fn count(State(traffic): State<Arc<Traffic>>, request: Request, next: Next) -> Response {
    let started = Instant::now();
    let request = request.map(|body| counted(body, traffic.clone(), |traffic| &traffic.bytes_received));
    let response = next.run(request).await;
    let micros = u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX);
    traffic.requests.fetch_add(1, Ordering::Relaxed);
    traffic.answers.fetch_add(1, Ordering::Relaxed);
    traffic.answer_micros.fetch_add(micros, Ordering::Relaxed);
    if response.status().is_server_error() {
        traffic.failures.fetch_add(1, Ordering::Relaxed);
    }
    response.map(|body| counted(body, traffic, |traffic| &traffic.bytes_sent))
}

fn counted(body: Body, traffic: Arc<Traffic>, counter: fn(&Traffic) -> &AtomicU64) -> Body {
    Body::new(Counted { body, traffic, counter })
}

/// A body that counts what passes; everything else is the inner one's, its size above all.
struct Counted {
    body: Body,
    traffic: Arc<Traffic>,
    counter: fn(&Traffic) -> &AtomicU64,
}

impl HttpBody for Counted {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let this = self.get_mut();
        let polled = Pin::new(&mut this.body).poll_frame(cx);
        if let Poll::Ready(Some(Ok(frame))) = &polled
            && let Some(data) = frame.data_ref()
        {
            (this.counter)(&this.traffic).fetch_add(data.len() as u64, Ordering::Relaxed);
        }
        polled
    }
    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }
    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use axum::Router;
    use axum::body::to_bytes;
    use axum::middleware::from_fn_with_state;
    use axum::routing::post;
    use http::StatusCode;
    use tower::ServiceExt as _;

    use super::*;

    #[tokio::test]
    async fn requests_failures_and_bytes_are_counted() {
        let traffic = Arc::new(Traffic::default());
        let router = Router::new()
            .route("/echo", post(|body: Bytes| async move { body }))
            .route("/fail", post(|| async { StatusCode::INTERNAL_SERVER_ERROR }))
            .layer(from_fn_with_state(traffic.clone(), count));
        assert_eq!(traffic.read().latency_ms, None);
        for (path, body) in [("/echo", "hello"), ("/fail", ""), ("/none", "")] {
            let request = Request::post(path).body(Body::from(body)).unwrap();
            let response = router.clone().oneshot(request).await.unwrap();
            to_bytes(response.into_body(), 100).await.unwrap();
        }
        let reading = traffic.read();
        assert_eq!((reading.requests, reading.failures), (3, 1));
        assert_eq!((reading.bytes_received, reading.bytes_sent), (5, 5));
        assert!(reading.latency_ms.is_some());
        // The counters stay; the mean is of what came since.
        assert_eq!(
            traffic.read(),
            TrafficReading {
                latency_ms: None,
                ..reading
            }
        );
    }
}
