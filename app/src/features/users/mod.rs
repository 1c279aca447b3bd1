//! People who may sign in.

#[cfg(feature = "ssr")]
mod dto;
#[cfg(feature = "ssr")]
pub mod page;
pub mod server_fns;
