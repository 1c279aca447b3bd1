//! The browser face: pages rendered on the server, plain forms that work before and without script, and islands
//! for what has to live in the browser. Server functions return the domain's own types.

pub mod components;
#[cfg(feature = "ssr")]
pub mod context;
pub mod error;
#[cfg(feature = "ssr")]
pub mod pages;
#[cfg(feature = "ssr")]
mod request;

pub mod features;
