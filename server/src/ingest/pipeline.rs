//! The queue, and the stages behind it.

use std::sync::Arc;

use tokio::sync::{Semaphore, mpsc, oneshot};
use tokio::task::JoinHandle;
use wolfsec::events::IngestOutcome;
use wolfsec_app::UseCases;

use super::analysis::{AnalysedGroup, Job, analyse};
use super::request::{IngestError, RawRequest};
use super::status_news::StatusNews;
use super::writer;
use crate::adapters::detector::DetectorHandle;
use crate::telemetry::Metrics;

/// A group ends at this many requests …
const GROUP_REQUESTS: usize = 512;
/// … or at this many bytes: about 2,000 events of 2 kB, the knee of the write path.
const GROUP_BYTES: usize = 4 * 1024 * 1024;

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

    /// Whether requests are still taken: false when a stage behind the queue has ended.
    pub fn is_running(&self) -> bool {
        !self.jobs.is_closed()
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
            .try_send(Job { request, reply, bytes })
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
        if analysed.send(analyse(jobs, snapshot).await).await.is_err() {
            return;
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
