//! The alert queue, the alert and the work on it.

#[cfg(feature = "ssr")]
pub mod alert_page;
#[cfg(feature = "ssr")]
mod dto;
#[cfg(feature = "ssr")]
mod evidence;
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
