//! Peers: the fleet, the peer, how one is added.

#[cfg(feature = "ssr")]
pub mod model;
pub mod server_fns;
pub mod view;
