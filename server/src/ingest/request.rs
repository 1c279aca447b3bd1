//! What comes in, and what is answered.

use axum::body::Bytes;
use tokio::sync::oneshot;
use wolfsec::Timestamp;
use wolfsec::events::{IngestOutcome, RejectedLine};
use wolfsec::ids::PeerId;
use wolfsec_app::{Failure, FailureKind};

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
