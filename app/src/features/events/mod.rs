//! The event search and the event.

#[cfg(feature = "ssr")]
pub mod model;
pub mod server_fns;
pub mod view;
