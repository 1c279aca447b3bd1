//! wolf_server: the adapters behind the ports, the HTTP face, the ingest pipeline and the workers, put together in
//! [`startup`]. The binary only parses its arguments.

pub mod adapters;
pub mod cli;
pub mod config;
mod database;
pub mod http;
pub mod ingest;
pub mod live;
mod output;
pub mod startup;
pub mod telemetry;
pub mod workers;
