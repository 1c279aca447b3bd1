//! Queue and analysis.

use std::sync::Arc;
use std::time::Instant;

use axum::body::Bytes;
use sha2::{Digest as _, Sha256};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot};
use tokio::task::JoinHandle;
use wolfsec::Timestamp;
use wolfsec::detection::{Detector, RawBatch};
use wolfsec::events::{IngestOutcome, RejectedLine};
use wolfsec::ids::PeerId;
use wolfsec::ports::IngestRequest;
use wolfsec_app::events::AnalysedRequest;
use wolfsec_app::{Failure, FailureKind, UseCases};

use super::status_news::StatusNews;
use super::writer;
use crate::adapters::detector::{DetectorHandle, Snapshot};
use crate::telemetry::Metrics;

/// A group ends at this many requests …
const GROUP_REQUESTS: usize = 512;
/// … or at this many bytes: about 2,000 events of 2 kB, the knee of the write path.
const GROUP_BYTES: usize = 4 * 1024 * 1024;

/// One request after its protocol was taken off.
#[derive(Debug, Clone)]
pub struct RawRequest {
    pub peer: PeerId,
    pub received_at: Timestamp,
    pub address: Option<String>,
    /// NDJSON.
    pub body: Bytes,
    /// What the protocol's decoder took out, by its line in the body.
    pub refused: Vec<RejectedLine>,
}

/// Why a request was not stored. Nothing of it was.
#[derive(Debug, Clone, thiserror::Error)]
pub enum IngestError {
    #[error("the ingest queue is full; send again in a moment")]
    Full,
    #[error("the database cannot be reached; send again soon")]
    Unavailable,
    #[error("the batch could not be stored; the log has the reason")]
    Failed,
}

impl From<IngestError> for Failure {
    fn from(error: IngestError) -> Self {
        let (kind, code, retry_after) = match error {
            IngestError::Full => (FailureKind::TooFast, "queue_full", Some(1)),
            IngestError::Unavailable => (FailureKind::Unavailable, "unavailable", Some(5)),
            IngestError::Failed => (FailureKind::Internal, "internal", None),
        };
        let mut failure = Self::new(kind, code, error.to_string());
        failure.retry_after = retry_after;
        failure
    }
}

pub(super) type Reply = oneshot::Sender<Result<IngestOutcome, IngestError>>;

struct Job {
    request: RawRequest,
    reply: Reply,
    _bytes: OwnedSemaphorePermit,
}

/// One request between analysis and commit. The body is kept: should the group fail, each is tried alone.
pub(super) struct Analysed {
    pub raw: RawRequest,
    pub request: AnalysedRequest,
    pub reply: Reply,
}

/// A group between analysis and commit.
pub(super) struct AnalysedGroup {
    pub requests: Vec<Analysed>,
    pub snapshot: Snapshot,
    pub began: Instant,
    _bytes: Vec<OwnedSemaphorePermit>,
}

/// The sending side; cheap to clone.
#[derive(Clone)]
pub struct Pipeline {
    jobs: mpsc::Sender<Job>,
    kilobytes: Arc<Semaphore>,
    most_kilobytes: usize,
    metrics: Arc<Metrics>,
}

impl Pipeline {
    /// Starts the two stages. They end, all answered, when the last `Pipeline` is dropped.
    pub fn start(
        use_cases: UseCases,
        metrics: Arc<Metrics>,
        detector: Arc<DetectorHandle>,
        queue_requests: usize,
        queue_mb: u32,
        news: StatusNews,
    ) -> (Self, JoinHandle<()>) {
        let (jobs, incoming) = mpsc::channel(queue_requests);
        let (analysed, groups) = mpsc::channel(1);
        tokio::spawn(analyse_groups(incoming, analysed, detector));
        let writer = tokio::spawn(writer::write_groups(use_cases, Arc::clone(&metrics), groups, news));
        let most_kilobytes = queue_mb as usize * 1024;
        let pipeline = Self {
            jobs,
            kilobytes: Arc::new(Semaphore::new(most_kilobytes)),
            most_kilobytes,
            metrics,
        };
        (pipeline, writer)
    }

    /// Requests waiting, and kilobytes of bodies waiting or under way.
    pub fn waiting(&self) -> (usize, usize) {
        let requests = self.jobs.max_capacity() - self.jobs.capacity();
        (requests, self.most_kilobytes - self.kilobytes.available_permits())
    }

    /// Hands a request over and waits until it is committed.
    #[tracing::instrument(name = "ingest.submit", skip_all, fields(bytes = request.body.len()))]
    pub async fn submit(&self, request: RawRequest) -> Result<IngestOutcome, IngestError> {
        let bytes = request.body.len() as u64;
        let outcome = self.queue(request).await;
        if outcome.is_ok() {
            self.metrics.ingest_bytes.inc_by(bytes);
        } else {
            self.metrics.ingest_refused.inc();
        }
        outcome
    }

    async fn queue(&self, request: RawRequest) -> Result<IngestOutcome, IngestError> {
        let kilobytes = u32::try_from(request.body.len() / 1024 + 1).unwrap_or(u32::MAX);
        let bytes = Arc::clone(&self.kilobytes)
            .try_acquire_many_owned(kilobytes)
            .map_err(|_| IngestError::Full)?;
        let (reply, answer) = oneshot::channel();
        self.jobs
            .try_send(Job {
                request,
                reply,
                _bytes: bytes,
            })
            .map_err(|error| match error {
                mpsc::error::TrySendError::Full(_) => IngestError::Full,
                mpsc::error::TrySendError::Closed(_) => IngestError::Unavailable,
            })?;
        answer.await.map_err(|_| IngestError::Failed)?
    }
}

async fn analyse_groups(
    mut incoming: mpsc::Receiver<Job>,
    analysed: mpsc::Sender<AnalysedGroup>,
    detector: Arc<DetectorHandle>,
) {
    while let Some(first) = incoming.recv().await {
        let jobs = gather(first, &mut incoming);
        let snapshot = detector.snapshot();
        let group = tokio::task::spawn_blocking(move || analyse(jobs, snapshot)).await;
        match group {
            Ok(group) => {
                if analysed.send(group).await.is_err() {
                    return;
                }
            }
            // The jobs are gone with the panic; their senders are told `Failed` by the dropped replies.
            Err(error) => tracing::error!(%error, "analysis failed"),
        }
    }
}

/// Takes what is waiting, without waiting for more.
fn gather(first: Job, incoming: &mut mpsc::Receiver<Job>) -> Vec<Job> {
    let mut bytes = first.request.body.len();
    let mut jobs = vec![first];
    while jobs.len() < GROUP_REQUESTS && bytes < GROUP_BYTES {
        let Ok(job) = incoming.try_recv() else { break };
        bytes += job.request.body.len();
        jobs.push(job);
    }
    jobs
}

fn analyse(jobs: Vec<Job>, snapshot: Snapshot) -> AnalysedGroup {
    let began = Instant::now();
    let mut requests = Vec::with_capacity(jobs.len());
    let mut permits = Vec::with_capacity(jobs.len());
    for Job {
        request: raw,
        reply,
        _bytes: bytes,
    } in jobs
    {
        let request = analyse_request(&raw, &snapshot);
        requests.push(Analysed { raw, request, reply });
        permits.push(bytes);
    }
    AnalysedGroup {
        requests,
        snapshot,
        began,
        _bytes: permits,
    }
}

/// CPU only: belongs on a blocking thread.
pub(super) fn analyse_request(raw: &RawRequest, snapshot: &Snapshot) -> AnalysedRequest {
    let batch = RawBatch {
        peer: raw.peer,
        received_at: raw.received_at,
        body: &raw.body,
    };
    let (events, mut rejects) = snapshot.detector.analyse(batch);
    if !raw.refused.is_empty() {
        rejects.extend_from_slice(&raw.refused);
        rejects.sort_by_key(|reject| reject.line);
    }
    AnalysedRequest {
        request: IngestRequest {
            peer: raw.peer,
            body_digest: Sha256::digest(&raw.body).into(),
            received_at: raw.received_at,
        },
        address: raw.address.clone(),
        events,
        rejects,
    }
}
