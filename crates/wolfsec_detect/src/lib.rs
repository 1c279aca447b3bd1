//! Detection adapter: raw NDJSON in, normalised events with their Sigma matches out.
//!
//! CPU only: no I/O, no clock, no runtime. [`SigmaDetector`] is an immutable snapshot behind the domain's
//! `Detector` port; [`bundled_rules`] are the rules that come with the product.

mod bundled;
mod correlate;
mod engine;
mod json;
mod matches;
mod normalise;
mod pack;

pub use bundled::{BundledRule, bundled_rules};
pub use engine::{DetectError, LoadedKind, LoadedRule, RuleSource, SigmaDetector};
pub use normalise::{MappingError, parse_time};
pub use pack::{JudgedDocument, judge};
