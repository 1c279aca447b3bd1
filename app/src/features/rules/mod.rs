//! Detection rules: the list, the rule, its switch.

#[cfg(feature = "ssr")]
pub mod brief;
#[cfg(feature = "ssr")]
pub mod import_page;
#[cfg(feature = "ssr")]
pub mod list_page;
#[cfg(feature = "ssr")]
pub mod model;
#[cfg(feature = "ssr")]
pub mod rule_page;
pub mod server_fns;
pub mod view;
