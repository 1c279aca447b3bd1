//! The one way in for events: a bounded queue, a group analysed on a blocking thread while the group before it
//! is committed, one transaction a group. What peers say of themselves has a queue and a writer of its own.

mod analysis;
mod own_events;
mod pipeline;
mod reports;
mod request;
mod status_news;
mod writer;

pub use own_events::{forward_audit, forward_changes};
pub use pipeline::Pipeline;
pub use reports::{ReportAnswer, Reports};
pub use request::{IngestError, RawRequest};
pub use status_news::{StatusChange, StatusNews};
