//! The load: connections that each send batch after batch and wait for the answer, which comes after COMMIT.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use chrono::Utc;
use http::{Request, StatusCode, header};
use hyper::body::Bytes;
use tokio::task::JoinHandle;

use crate::client::Client;
use crate::report::Quantiles;
use crate::server::Running;
use crate::telemetry::Telemetry;

#[derive(Default)]
struct Counts {
    stored: AtomicU64,
    refused: AtomicU64,
    bytes: AtomicU64,
    /// Since the last reset.
    window: AtomicU64,
    seconds: Mutex<Vec<f64>>,
}

pub struct Load {
    counts: Arc<Counts>,
    since: Mutex<Instant>,
    stop: Arc<AtomicBool>,
    tasks: Vec<JoinHandle<Result<()>>>,
}

pub struct Figures {
    pub rate: f64,
    pub p50: f64,
    pub p95: f64,
    pub p99: f64,
    pub refused: u64,
    pub bytes_per_event: f64,
}

pub async fn start(
    server: &Running,
    telemetry: &Arc<Telemetry>,
    connections: usize,
    batch: usize,
    stop: &Arc<AtomicBool>,
) -> Result<Load> {
    let counts = Arc::new(Counts::default());
    let mut tasks = Vec::with_capacity(connections);
    for number in 0..connections {
        let key = server.add_peer(&format!("load-{number}")).await?;
        let client = Client::connect(server.url()).await?;
        let from = telemetry.len() / connections.max(1) * number;
        let sender = Sender {
            client,
            authorization: format!("Bearer {key}"),
            telemetry: telemetry.clone(),
            counts: counts.clone(),
            stop: stop.clone(),
        };
        tasks.push(tokio::spawn(sender.run(number, from, batch)));
    }
    Ok(Load {
        counts,
        since: Mutex::new(Instant::now()),
        stop: stop.clone(),
        tasks,
    })
}

struct Sender {
    client: Client,
    authorization: String,
    telemetry: Arc<Telemetry>,
    counts: Arc<Counts>,
    stop: Arc<AtomicBool>,
}

impl Sender {
    async fn run(mut self, number: usize, mut from: usize, batch: usize) -> Result<()> {
        for round in 0_u64.. {
            if self.stop.load(Ordering::Relaxed) {
                break;
            }
            let salt = format!("{number}-{round}");
            let body = self.telemetry.body(from, batch, &salt, &Utc::now().to_rfc3339());
            from += batch;
            let bytes = body.len() as u64;
            let request = Request::post("/api/v1/events")
                .header(header::AUTHORIZATION, &self.authorization)
                .header(header::CONTENT_TYPE, "application/x-ndjson");
            let started = Instant::now();
            let answer = self.client.send(request, Bytes::from(body)).await?;
            match answer.status() {
                StatusCode::OK => {}
                StatusCode::TOO_MANY_REQUESTS => {
                    self.counts.refused.fetch_add(1, Ordering::Relaxed);
                    tokio::time::sleep(Duration::from_millis(50)).await;
                    continue;
                }
                other => bail!(
                    "the server answered {other}: {}",
                    String::from_utf8_lossy(answer.body())
                ),
            }
            let value: serde_json::Value = serde_json::from_slice(answer.body())?;
            let accepted = value["accepted"].as_u64().unwrap_or(0);
            if accepted != batch as u64 {
                bail!("of {batch} fresh events {accepted} were stored: {value}");
            }
            self.counts.stored.fetch_add(accepted, Ordering::Relaxed);
            self.counts.window.fetch_add(accepted, Ordering::Relaxed);
            self.counts.bytes.fetch_add(bytes, Ordering::Relaxed);
            let mut seconds = self.counts.seconds.lock().unwrap_or_else(PoisonError::into_inner);
            seconds.push(started.elapsed().as_secs_f64());
        }
        Ok(())
    }
}

impl Load {
    /// Starts counting anew.
    pub fn reset(&self) {
        self.counts.window.store(0, Ordering::Relaxed);
        self.counts
            .seconds
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clear();
        *self.since.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
    }

    pub fn figures(&self) -> Figures {
        let since = self.since.lock().unwrap_or_else(PoisonError::into_inner).elapsed();
        let seconds = self
            .counts
            .seconds
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        let quantiles = Quantiles::of(seconds);
        let stored = self.counts.stored.load(Ordering::Relaxed);
        Figures {
            rate: self.counts.window.load(Ordering::Relaxed) as f64 / since.as_secs_f64(),
            p50: quantiles.p50,
            p95: quantiles.p95,
            p99: quantiles.p99,
            refused: self.counts.refused.load(Ordering::Relaxed),
            bytes_per_event: self.counts.bytes.load(Ordering::Relaxed) as f64 / stored.max(1) as f64,
        }
    }

    pub fn stored(&self) -> u64 {
        self.counts.stored.load(Ordering::Relaxed)
    }

    pub async fn until(&self, stored: u64) {
        while self.stored() < stored && self.tasks.iter().any(|task| !task.is_finished()) {
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }

    /// Ends the load and tells the first error there was.
    pub async fn stop(self) -> Result<u64> {
        self.stop.store(true, Ordering::Relaxed);
        for task in self.tasks {
            task.await??;
        }
        Ok(self.counts.stored.load(Ordering::Relaxed))
    }
}
