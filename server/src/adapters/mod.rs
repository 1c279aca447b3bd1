//! One adapter a port.

pub mod clock;
pub mod crypto;
pub mod detector;
pub mod hasher;
pub mod host;
pub mod pg;
pub mod rule_packs;
