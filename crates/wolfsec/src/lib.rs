//! Wolfsec's security domain: entities, value objects, state machines, read models and the ports
//! through which the domain reaches the world. It knows no database, no web framework and no clock,
//! and it builds for the browser too: server functions and pages share these types.

#[macro_use]
mod slug;

pub mod alerts;
pub mod attack;
pub mod audit;
pub mod detection;
pub mod events;
pub mod identity;
pub mod ids;
pub mod live;
pub mod overview;
pub mod page;
pub mod peers;
pub mod ports;
pub mod rules;
pub mod severity;

/// UTC time, kept to the microsecond everywhere (PostgreSQL's resolution).
pub type Timestamp = chrono::DateTime<chrono::Utc>;

/// A text that names no value of an enum.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{kind} must be one of: {}", expected.join(", "))]
pub struct UnknownSlug {
    pub kind: &'static str,
    pub expected: &'static [&'static str],
}
