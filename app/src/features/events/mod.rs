//! The event search and the event.

#[cfg(feature = "ssr")]
pub mod event_page;
#[cfg(feature = "ssr")]
pub mod model;
#[cfg(feature = "ssr")]
pub mod search_page;
pub mod server_fns;
pub mod view;
