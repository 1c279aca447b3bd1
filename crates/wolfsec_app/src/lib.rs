//! Use cases: one file per verb. Each asks first whether the caller may, opens one transaction, changes,
//! audits and commits. It knows ports, never adapters.

pub mod alerts;
pub mod audit;
mod authorise;
mod caller;
pub mod events;
mod failure;
pub mod identity;
mod live;
pub mod overview;
pub mod peers;
pub mod rules;
mod use_cases;

pub use authorise::{Action, Forbidden, authorise};
pub use caller::{Caller, Principal};
pub use failure::{Failure, FailureKind, TOO_SLOW};
pub use use_cases::{Ports, UseCases};
