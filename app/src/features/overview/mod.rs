//! The overview: what needs a person now, and whether the server still hears its peers.

pub mod server_fns;
