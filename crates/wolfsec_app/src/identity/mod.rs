//! Users, sessions, API tokens, set-up.

mod authenticate;
mod password;
mod sessions;
mod set_up;
mod sign_in;
mod throttle;
mod tokens;
pub(crate) mod users;

pub use authenticate::SignedIn;
pub use sign_in::ClientInfo;
pub use throttle::SignInThrottle;
