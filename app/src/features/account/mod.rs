//! One's own account: sessions and password.

#[cfg(feature = "ssr")]
mod device;
#[cfg(feature = "ssr")]
mod dto;
#[cfg(feature = "ssr")]
pub mod page;
pub mod server_fns;
