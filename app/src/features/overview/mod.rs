//! The overview: what needs a person now, and whether the server still hears its peers.

#[cfg(feature = "ssr")]
mod flow;
#[cfg(feature = "ssr")]
mod model;
#[cfg(feature = "ssr")]
pub mod page;
pub mod server_fns;
