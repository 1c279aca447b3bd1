//! The HTTP face: pages and server functions, the API, ingest, probes, and the layers around all of them.

mod api;
mod assets;
mod body;
mod connections;
mod credentials;
mod elastic;
mod error;
mod form_errors;
mod layers;
mod limits;
mod live;
mod pages;
mod probes;
mod request;
mod router;
mod rule_import;
mod state;
mod traffic;

pub use assets::Assets;
pub use connections::{ConnectionLimits, Drained, serve};
pub use router::{paths_of_programs, router};
pub use state::{AppState, AppStateParts};
pub use traffic::{Traffic, TrafficReading};
