//! Between the queue and the commit: CPU only, on a blocking thread.

use std::time::Instant;

use sha2::{Digest as _, Sha256};
use tokio::sync::OwnedSemaphorePermit;
use wolfsec::detection::{Detector, RawBatch};
use wolfsec::ports::IngestRequest;
use wolfsec_app::events::AnalysedRequest;

use super::request::{RawRequest, Reply};
use crate::adapters::detector::Snapshot;

/// One request that waits.
pub(super) struct Job {
    pub request: RawRequest,
    pub reply: Reply,
    /// Its share of the queue's bytes, given back when it is answered.
    pub bytes: OwnedSemaphorePermit,
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

/// Analyses a group on a blocking thread. When that panics, each request is analysed alone: whoever sent what cannot be
/// analysed is told so by its dropped reply and must not take the others down.
pub(super) async fn analyse(jobs: Vec<Job>, snapshot: Snapshot) -> AnalysedGroup {
    let began = Instant::now();
    let raws: Vec<RawRequest> = jobs.iter().map(|job| job.request.clone()).collect();
    let group = blocking(raws, snapshot.clone()).await;
    let alone = group.is_none();
    let mut together = group.unwrap_or_default().into_iter();
    let mut requests = Vec::with_capacity(jobs.len());
    let mut permits = Vec::with_capacity(jobs.len());
    for Job {
        request: raw,
        reply,
        bytes,
    } in jobs
    {
        let request = if alone {
            let one = blocking(vec![raw.clone()], snapshot.clone()).await;
            one.and_then(|mut one| one.pop())
        } else {
            together.next()
        };
        if let Some(request) = request {
            requests.push(Analysed { raw, request, reply });
            permits.push(bytes);
        }
    }
    AnalysedGroup {
        requests,
        snapshot,
        began,
        _bytes: permits,
    }
}

/// Nothing when the analysis panics. Bodies are shared, not copied.
async fn blocking(raws: Vec<RawRequest>, snapshot: Snapshot) -> Option<Vec<AnalysedRequest>> {
    let analysis = move || raws.iter().map(|raw| analyse_request(raw, &snapshot)).collect();
    let analysed = tokio::task::spawn_blocking(analysis).await;
    analysed
        .inspect_err(|error| tracing::error!(%error, "analysis failed"))
        .ok()
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
