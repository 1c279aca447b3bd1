//! What the server says about itself: metrics to be read, traces to be sent.

mod metrics;
mod traces;

pub use metrics::{CONTENT_TYPE, Metrics, Reading};
pub use traces::{Traces, adopt_parent};
