//! One module a feature, the same words as in every layer.

pub mod account;
pub mod alerts;
pub mod audit;
pub mod events;
#[cfg(feature = "ssr")]
pub mod layout;
pub mod overview;
#[cfg(feature = "ssr")]
pub mod parts;
pub mod peers;
pub mod rules;
pub mod set_up;
pub mod sign_in;
pub mod tokens;
#[cfg(feature = "ssr")]
pub mod url_query;
pub mod users;

/// Server functions that need no session: they check a secret themselves, or end a session that is already gone.
/// The server's authorisation test calls every other one without a session and expects a refusal.
pub const PUBLIC_SERVER_FNS: &[&str] = &["sign_in", "sign_out", "set_up_admin"];
