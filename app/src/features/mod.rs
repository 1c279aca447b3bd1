//! One module a feature, the same words as in every layer.

pub mod account;
pub mod alerts;
pub mod audit;
pub mod events;
pub mod overview;
pub mod peers;
pub mod rules;
pub mod set_up;
pub mod sign_in;
pub mod tokens;
pub mod users;
