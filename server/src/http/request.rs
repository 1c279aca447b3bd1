//! What belongs to the request at hand.

use std::net::IpAddr;

use http::{HeaderMap, header};

tokio::task_local! {
    /// Set around everything that answers a request.
    pub(super) static CURRENT_REQUEST_ID: String;
}

/// The id of the request that this task answers.
pub(super) fn current_request_id() -> String {
    CURRENT_REQUEST_ID.try_with(Clone::clone).unwrap_or_default()
}

/// The client's address, proxies considered.
#[derive(Clone, Copy, Debug)]
pub(super) struct ClientAddress(pub Option<IpAddr>);

/// Whom a limit by address is for: of IPv6 the network of 64 bits, of which one host may have all addresses.
pub(super) fn limited(address: IpAddr) -> String {
    match address {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => {
            let network = address.to_bits() & !u128::from(u64::MAX);
            format!("{}/64", std::net::Ipv6Addr::from_bits(network))
        }
    }
}

/// One cookie of a request.
pub(super) fn cookie(headers: &HeaderMap, name: &str) -> Option<String> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(key, _)| *key == name)
        .map(|(_, value)| value.to_owned())
}
