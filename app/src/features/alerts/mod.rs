//! The alert queue, the alert and the work on it.

#[cfg(feature = "ssr")]
pub mod alert_page;
#[cfg(feature = "ssr")]
mod back;
#[cfg(feature = "ssr")]
mod bulk;
#[cfg(feature = "ssr")]
pub mod change_page;
#[cfg(feature = "ssr")]
mod dto;
#[cfg(feature = "ssr")]
mod evidence;
#[cfg(feature = "ssr")]
pub mod filter;
#[cfg(feature = "ssr")]
mod forms;
#[cfg(feature = "ssr")]
mod matches;
#[cfg(feature = "ssr")]
pub mod model;
#[cfg(feature = "ssr")]
pub mod queue_page;
pub mod server_fns;
pub mod view;
