//! For tests only: the ports in memory, predictable stand-ins, builders, and the contract that every store keeps.
#![expect(clippy::unwrap_used, reason = "a test ends where something unforeseen happens")]
#![expect(clippy::missing_panics_doc, reason = "the contract's cases are assertions")]

pub mod build;
pub mod contract;
mod fakes;
mod memory;

pub use fakes::{FakeHasher, FakeMint, FakePacks, FakeSealer, FixedClock, SequentialIds, SilentRules};
pub use memory::MemoryStore;
