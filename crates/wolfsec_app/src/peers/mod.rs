//! Peers: enrolment, keys, heartbeats, the list.

mod enrol;
mod manage;

pub use enrol::{EnrolledPeer, OWN_PEER};
