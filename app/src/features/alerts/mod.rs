//! The alert queue, the alert and the work on it.

#[cfg(feature = "ssr")]
mod dto;
#[cfg(feature = "ssr")]
pub mod model;
pub mod server_fns;
pub mod view;
