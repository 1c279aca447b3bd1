//! API tokens of programs.

#[cfg(feature = "ssr")]
mod dto;
#[cfg(feature = "ssr")]
pub mod page;
pub mod server_fns;
