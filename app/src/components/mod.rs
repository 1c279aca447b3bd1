//! The kit: feature-blind parts. Components are rendered on the server only; what has to live in the browser is
//! an island. Parts that speak the domain's words (severity, status, times) are in `features/parts.rs`.

pub mod copy_button;
pub mod key_switch;
pub mod keyboard;
#[cfg(feature = "ssr")]
pub mod line_chart;
pub mod live;
pub mod local_times;
pub mod number;
#[cfg(feature = "ssr")]
pub mod shell;
#[cfg(feature = "ssr")]
pub mod sprite;
#[cfg(feature = "ssr")]
pub mod table;
pub mod theme_switch;
