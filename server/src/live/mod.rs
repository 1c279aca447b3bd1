//! Live updates inside this server: what the feed tells goes to every open stream through one bounded channel.

mod hub;
mod meter;

pub use hub::{LiveHub, LiveStream, Message, Refusal};
pub use meter::Meter;
