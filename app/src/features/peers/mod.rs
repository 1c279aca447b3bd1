//! Peers: the fleet, the peer, how one is added.

#[cfg(feature = "ssr")]
pub mod add_page;
#[cfg(feature = "ssr")]
pub mod charts;
#[cfg(feature = "ssr")]
pub mod list_page;
#[cfg(feature = "ssr")]
pub mod measured;
#[cfg(feature = "ssr")]
pub mod model;
#[cfg(feature = "ssr")]
pub mod peer_page;
pub mod server_fns;
#[cfg(feature = "ssr")]
pub mod shippers;
pub mod view;
