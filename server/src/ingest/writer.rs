//! Commit: one transaction a group; correlation state that is never ahead of it.

use tokio::sync::mpsc;
use wolfsec::detection::{Correlator, Detector};
use wolfsec_app::events::AnalysedRequest;
use wolfsec_app::{Failure, FailureKind, UseCases};

use super::pipeline::{AnalysedGroup, IngestError, Reply};
use crate::adapters::detector::Snapshot;

/// The correlator and the rules it was made for; absent after a rollback until it is replayed.
#[derive(Default)]
struct State {
    correlator: Option<(u64, Box<dyn Correlator>)>,
}

pub(super) async fn write_groups(use_cases: UseCases, mut groups: mpsc::Receiver<AnalysedGroup>) {
    let mut state = State::default();
    while let Some(AnalysedGroup { requests, snapshot, .. }) = groups.recv().await {
        let (requests, replies): (Vec<AnalysedRequest>, Vec<Reply>) = requests.into_iter().unzip();
        store(&use_cases, &mut state, &snapshot, requests, replies).await;
    }
}

async fn store(
    use_cases: &UseCases,
    state: &mut State,
    snapshot: &Snapshot,
    requests: Vec<AnalysedRequest>,
    replies: Vec<Reply>,
) {
    let outcome = match correlator(use_cases, state, snapshot).await {
        Ok(correlator) => use_cases.store_batch(requests, correlator).await,
        Err(failure) => Err(failure),
    };
    match outcome {
        Ok(stored) => {
            tracing::debug!(
                events = stored.events,
                raised = stored.alerts_raised,
                repeated = stored.alerts_repeated,
                "batch committed"
            );
            for (reply, answer) in replies.into_iter().zip(stored.answers) {
                // A client that went away has its batch stored all the same.
                let _ = reply.send(Ok(answer));
            }
        }
        Err(failure) => {
            state.correlator = None;
            let error = match failure.kind {
                FailureKind::Unavailable => IngestError::Unavailable,
                _ => IngestError::Failed,
            };
            let cause = failure
                .source
                .as_deref()
                .map(|source| format!("{source:?}"))
                .unwrap_or_default();
            tracing::error!(%failure, cause, "batch rolled back");
            for reply in replies {
                let _ = reply.send(Err(error.clone()));
            }
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
        fresh.replay(&hits);
        state.correlator = Some((snapshot.generation, fresh));
    }
    match &mut state.correlator {
        Some((_, correlator)) => Ok(correlator.as_mut()),
        None => Err(Failure::new(FailureKind::Internal, "internal", "no correlator")),
    }
}
