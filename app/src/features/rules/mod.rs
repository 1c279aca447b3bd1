//! Detection rules: the list, the rule, its switch.

#[cfg(feature = "ssr")]
pub mod model;
pub mod server_fns;
pub mod view;
