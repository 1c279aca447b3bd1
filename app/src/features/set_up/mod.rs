//! First run: the first administrator.

#[cfg(feature = "ssr")]
mod dto;
#[cfg(feature = "ssr")]
pub mod page;
pub mod server_fns;
