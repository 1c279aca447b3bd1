//! The one way in for what peers say of themselves: a bounded queue and one writer, which takes what is waiting,
//! without waiting for more, and stores it in one transaction of two statements.

use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use wolfsec_app::peers::{PeerReport, StoredReports};
use wolfsec_app::{FailureKind, UseCases};

use super::request::IngestError;
use super::status_news::StatusNews;

/// A group ends at this many reports …
const GROUP_REPORTS: usize = 1000;
/// … or at this many samples.
const GROUP_SAMPLES: usize = 20_000;

/// What a committed report did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReportAnswer {
    /// Samples that were new.
    pub fresh: u64,
    /// Seconds after which the peer is expected to report again; `None` when it is gone.
    pub interval_seconds: Option<i32>,
}

type Reply = oneshot::Sender<Result<ReportAnswer, IngestError>>;

struct Job {
    report: PeerReport,
    reply: Reply,
}

/// The sending side; cheap to clone.
#[derive(Clone)]
pub struct Reports {
    jobs: mpsc::Sender<Job>,
}

impl Reports {
    /// Starts the writer. It ends, all answered, when the last `Reports` is dropped.
    pub fn start(use_cases: UseCases, queue_reports: usize, news: StatusNews) -> (Self, JoinHandle<()>) {
        let (jobs, incoming) = mpsc::channel(queue_reports);
        (Self { jobs }, tokio::spawn(write_groups(use_cases, incoming, news)))
    }

    /// Hands a report over and waits until it is committed.
    #[tracing::instrument(name = "reports.submit", skip_all, fields(samples = report.samples.len()))]
    pub async fn submit(&self, report: PeerReport) -> Result<ReportAnswer, IngestError> {
        let (reply, answer) = oneshot::channel();
        self.jobs.try_send(Job { report, reply }).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => IngestError::Full,
            mpsc::error::TrySendError::Closed(_) => IngestError::Unavailable,
        })?;
        answer.await.map_err(|_| IngestError::Failed)?
    }
}

async fn write_groups(use_cases: UseCases, mut incoming: mpsc::Receiver<Job>, news: StatusNews) {
    while let Some(first) = incoming.recv().await {
        let mut samples = first.report.samples.len();
        let mut group = vec![first];
        while group.len() < GROUP_REPORTS && samples < GROUP_SAMPLES {
            let Ok(job) = incoming.try_recv() else { break };
            samples += job.report.samples.len();
            group.push(job);
        }
        write_group(&use_cases, &news, group).await;
    }
}

/// Stores a group in one transaction. When the store refuses it, each report is stored alone: whoever sent what cannot
/// be stored must not take the others down.
async fn write_group(use_cases: &UseCases, news: &StatusNews, group: Vec<Job>) {
    let (reports, replies): (Vec<PeerReport>, Vec<Reply>) =
        group.into_iter().map(|job| (job.report, job.reply)).unzip();
    match store(use_cases, news, &reports).await {
        Err(IngestError::Failed) if reports.len() > 1 => {
            tracing::warn!(reports = reports.len(), "storing each report of the group alone");
            for (report, reply) in reports.iter().zip(replies) {
                let stored = store(use_cases, news, std::slice::from_ref(report)).await;
                answer(std::slice::from_ref(report), vec![reply], stored);
            }
        }
        stored => answer(&reports, replies, stored),
    }
}

fn answer(reports: &[PeerReport], replies: Vec<Reply>, stored: Result<StoredReports, IngestError>) {
    let stored = stored.map(|stored| {
        let intervals: std::collections::HashMap<_, _> = stored
            .peers
            .iter()
            .map(|peer| (peer.peer, peer.interval_seconds))
            .collect();
        (stored.fresh, intervals)
    });
    for (place, (report, reply)) in reports.iter().zip(replies).enumerate() {
        let answer = match &stored {
            Ok((fresh, intervals)) => Ok(ReportAnswer {
                fresh: fresh.get(place).copied().unwrap_or(0),
                interval_seconds: intervals.get(&report.peer).copied(),
            }),
            Err(error) => Err(error.clone()),
        };
        // A client that went away has its report stored all the same.
        let _ = reply.send(answer);
    }
}

async fn store(use_cases: &UseCases, news: &StatusNews, reports: &[PeerReport]) -> Result<StoredReports, IngestError> {
    match use_cases.store_reports(reports).await {
        Ok(stored) => {
            tracing::debug!(reports = reports.len(), "reports committed");
            news.tell(use_cases.now(), &stored.peers);
            Ok(stored)
        }
        Err(failure) => {
            let cause = failure
                .source
                .as_deref()
                .map(|source| format!("{source:?}"))
                .unwrap_or_default();
            tracing::error!(%failure, cause, "reports rolled back");
            Err(match failure.kind {
                FailureKind::Unavailable => IngestError::Unavailable,
                _ => IngestError::Failed,
            })
        }
    }
}
