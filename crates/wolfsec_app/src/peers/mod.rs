//! Peers: enrolment, keys, heartbeats, the list.

mod enrol;
mod manage;
pub(crate) use manage::surplus;

pub use enrol::{EnrolledPeer, OWN_PEER};
