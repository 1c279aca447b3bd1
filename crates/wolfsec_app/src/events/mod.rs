//! Events: the write path and the reads.

mod keep_house;
mod replay;
mod search;
mod store_batch;

pub use store_batch::{AnalysedRequest, StoredBatch};
