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

pub(super) fn analyse(jobs: Vec<Job>, snapshot: Snapshot) -> AnalysedGroup {
    let began = Instant::now();
    let mut requests = Vec::with_capacity(jobs.len());
    let mut permits = Vec::with_capacity(jobs.len());
    for Job {
        request: raw,
        reply,
        bytes,
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
