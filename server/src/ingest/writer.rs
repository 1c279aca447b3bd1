//! Commit: one transaction a group; correlation state that is never ahead of it.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::FutureExt as _;
use tokio::sync::mpsc;
use wolfsec::Timestamp;
use wolfsec::detection::{Correlator, Detector};
use wolfsec::events::IngestOutcome;
use wolfsec_app::events::{AnalysedRequest, StoredBatch};
use wolfsec_app::{Failure, FailureKind, TOO_SLOW, UseCases};

use super::analysis::{Analysed, AnalysedGroup, analyse_request};
use super::request::{IngestError, RawRequest, Reply};
use super::status_news::StatusNews;
use crate::adapters::detector::Snapshot;
use crate::telemetry::Metrics;

/// The correlator and the rules it was made for; absent after a rollback until it is replayed.
#[derive(Default)]
struct State {
    correlator: Option<(u64, Box<dyn Correlator>)>,
    news: Option<StatusNews>,
    metrics: Arc<Metrics>,
}

pub(super) async fn write_groups(
    use_cases: UseCases,
    metrics: Arc<Metrics>,
    mut groups: mpsc::Receiver<AnalysedGroup>,
    news: StatusNews,
) {
    let mut state = State {
        correlator: None,
        news: Some(news),
        metrics,
    };
    while let Some(group) = groups.recv().await {
        // A group whose storing panics tells its senders so by their dropped replies, and harms no group after it.
        let written = AssertUnwindSafe(write_group(&use_cases, &mut state, &group.snapshot, group.requests));
        if written.catch_unwind().await.is_err() {
            tracing::error!("storing a group panicked");
            state.correlator = None;
        }
        state.metrics.batch_seconds.observe(group.began.elapsed().as_secs_f64());
    }
}

/// What a committed batch adds to the metrics.
fn count(metrics: &Metrics, stored: &StoredBatch, now: Timestamp, took: Duration) {
    metrics.commit_seconds.observe(took.as_secs_f64());
    metrics.ingest_events.inc_by(stored.events);
    for outcome in &stored.outcomes {
        metrics.ingest_duplicates.inc_by(outcome.answer.duplicates);
        metrics.ingest_rejects.inc_by(outcome.answer.rejected.len() as u64);
    }
    for severity in &stored.raised {
        metrics.alert_raised(*severity);
    }
    for received_at in &stored.detected {
        let waited = (now - received_at).to_std().unwrap_or_default();
        metrics.detection_seconds.observe(waited.as_secs_f64());
    }
}

/// Stores a group in one transaction. When the store refuses it, each request is stored alone: whoever sent what
/// cannot be stored must not take the others down.
async fn write_group(use_cases: &UseCases, state: &mut State, snapshot: &Snapshot, group: Vec<Analysed>) {
    let mut requests = Vec::with_capacity(group.len());
    let mut waiting: Vec<(RawRequest, Reply)> = Vec::with_capacity(group.len());
    for Analysed { raw, request, reply } in group {
        requests.push(request);
        waiting.push((raw, reply));
    }
    match store(use_cases, state, snapshot, requests).await {
        Ok(stored) => {
            for ((_, reply), outcome) in waiting.into_iter().zip(stored.outcomes) {
                // A client that went away has its batch stored all the same.
                let _ = reply.send(Ok(outcome));
            }
        }
        Err(IngestError::Failed) if waiting.len() > 1 => {
            tracing::warn!(requests = waiting.len(), "storing each request of the group alone");
            for (raw, reply) in waiting {
                let _ = reply.send(store_alone(use_cases, state, snapshot, raw).await);
            }
        }
        Err(error) => {
            for (_, reply) in waiting {
                let _ = reply.send(Err(error.clone()));
            }
        }
    }
}

async fn store_alone(
    use_cases: &UseCases,
    state: &mut State,
    snapshot: &Snapshot,
    raw: RawRequest,
) -> Result<IngestOutcome, IngestError> {
    let again = snapshot.clone();
    let analysis = tokio::task::spawn_blocking(move || analyse_request(&raw, &again)).await;
    let request = analysis.map_err(|_| IngestError::Failed)?;
    let stored = store(use_cases, state, snapshot, vec![request]).await?;
    stored.outcomes.into_iter().next().ok_or(IngestError::Failed)
}

async fn store(
    use_cases: &UseCases,
    state: &mut State,
    snapshot: &Snapshot,
    requests: Vec<AnalysedRequest>,
) -> Result<StoredBatch, IngestError> {
    let began = Instant::now();
    let outcome = match correlator(use_cases, state, snapshot).await {
        Ok(correlator) => use_cases.store_batch(requests, correlator).await,
        Err(failure) => Err(failure),
    };
    match outcome {
        Ok(stored) => {
            count(&state.metrics, &stored, use_cases.now(), began.elapsed());
            let entries = state
                .correlator
                .as_ref()
                .map_or(0, |(_, correlator)| correlator.entries());
            state
                .metrics
                .correlation_entries
                .set(i64::try_from(entries).unwrap_or(i64::MAX));
            tracing::debug!(
                events = stored.events,
                raised = stored.raised.len(),
                repeated = stored.alerts_repeated,
                "batch committed"
            );
            if let Some(news) = &state.news {
                news.tell(use_cases.now(), &stored.peers);
            }
            Ok(stored)
        }
        Err(failure) => {
            state.correlator = None;
            let cause = failure
                .source
                .as_deref()
                .map(|source| format!("{source:?}"))
                .unwrap_or_default();
            tracing::error!(%failure, cause, "batch rolled back");
            Err(match failure.kind {
                FailureKind::Unavailable => IngestError::Unavailable,
                // The store was busy with something else.
                _ if failure.code == TOO_SLOW => IngestError::Unavailable,
                _ => IngestError::Failed,
            })
        }
    }
}

/// The correlator for these rules; made anew and replayed from the store when the rules changed or a batch failed.
async fn correlator<'a>(
    use_cases: &UseCases,
    state: &'a mut State,
    snapshot: &Snapshot,
) -> Result<&'a mut dyn Correlator, Failure> {
    let fits = state
        .correlator
        .as_ref()
        .is_some_and(|(generation, _)| *generation == snapshot.generation);
    if !fits {
        let mut fresh = snapshot.detector.correlator();
        let hits = use_cases.correlation_hits(fresh.longest_window_seconds()).await?;
        tracing::info!(
            hits = hits.len(),
            generation = snapshot.generation,
            "correlation state replayed"
        );
        let replayed = tokio::task::spawn_blocking(move || {
            fresh.replay(&hits);
            fresh
        });
        let replayed = replayed
            .await
            .map_err(|error| Failure::new(FailureKind::Internal, "internal", format!("replaying hits: {error}")))?;
        state.correlator = Some((snapshot.generation, replayed));
    }
    match &mut state.correlator {
        Some((_, correlator)) => Ok(correlator.as_mut()),
        None => Err(Failure::new(FailureKind::Internal, "internal", "no correlator")),
    }
}

#[cfg(test)]
mod tests;
