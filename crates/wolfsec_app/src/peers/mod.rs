//! Peers: enrolment, keys, reports, the fleet.

mod enrol;
mod fleet;
mod manage;
mod report;

pub use enrol::EnrolledPeer;
pub use fleet::{Fleet, PeerPage};
pub use report::{PeerReport, StoredReports};
