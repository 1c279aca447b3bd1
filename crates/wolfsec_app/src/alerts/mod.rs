//! Alerts: reading the queue and working it.

mod change_many;
mod change_status;
mod comment;
mod list;

pub use change_status::ChangeStatusError;
