//! The one way in for events: a bounded queue, a group analysed on a blocking thread while the group before it
//! is committed, one transaction a group.

mod own_events;
mod pipeline;
mod writer;

pub use own_events::forward_audit;
pub use pipeline::{IngestError, Pipeline, RawRequest};
