//! The fleet's state in the URL, and the commands that a new peer is set up with.

use wolfsec::Timestamp;
use wolfsec::peers::{Peer, PeerMark, PeerStatus};

use crate::features::url_query::UrlQuery;

/// Where the fleet lives.
pub const FLEET: &str = "/peers";
/// Where a peer is added.
pub const ADD: &str = "/peers/add";

/// The fleet filter as the URL has it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FleetFilter {
    pub status: Option<PeerStatus>,
    /// Lower case; occurs in name or address.
    pub words: Option<String>,
    pub after: Option<String>,
}

/// Reads the filter; every value that cannot be used is named.
pub fn fleet_filter(url: &UrlQuery) -> Result<FleetFilter, Vec<(&'static str, String)>> {
    let status = url
        .get("status")
        .map(|text| {
            text.parse()
                .map_err(|error: wolfsec::UnknownSlug| vec![("status", error.to_string())])
        })
        .transpose()?;
    Ok(FleetFilter {
        status,
        words: url.get("q").map(str::to_lowercase),
        after: url.get("after").map(ToOwned::to_owned),
    })
}

impl FleetFilter {
    pub fn shows(&self, peer: &Peer, now: Timestamp) -> bool {
        let status_fits = self.status.is_none_or(|status| peer.status(now) == status);
        let words_fit = self.words.as_deref().is_none_or(|words| {
            peer.name.to_lowercase().contains(words)
                || peer.address.as_deref().is_some_and(|address| address.contains(words))
        });
        status_fits && words_fit
    }
}

/// How many peers stand how, in the order of the statuses; statuses without peers are absent.
pub fn by_status(peers: &[Peer], now: Timestamp) -> Vec<(PeerStatus, usize)> {
    PeerStatus::ALL
        .iter()
        .map(|&status| (status, peers.iter().filter(|peer| peer.status(now) == status).count()))
        .filter(|(_, count)| *count > 0)
        .collect()
}

/// Peers that need a person first: silent ones, then the rest, each by name.
pub fn attention_first(peers: &mut [Peer], now: Timestamp) {
    let rank = |peer: &Peer| match peer.status(now) {
        PeerStatus::Offline => 0,
        PeerStatus::Late => 1,
        PeerStatus::Pending => 2,
        PeerStatus::Blocked => 3,
        PeerStatus::Maintenance => 4,
        PeerStatus::Online => 5,
        PeerStatus::Stopped => 6,
    };
    peers.sort_by_key(rank);
}

/// The page of one peer; names consist of characters that a path takes as they are.
pub fn peer_href(name: &str) -> String {
    format!("{FLEET}/{}", crate::features::url_query::encode(name))
}

/// What the buttons of a peer offer: the mark, the word on the button, what it means.
pub const fn marks(current: PeerMark) -> &'static [(PeerMark, &'static str)] {
    match current {
        PeerMark::Active | PeerMark::Stopped => &[
            (PeerMark::Maintenance, "Start maintenance"),
            (PeerMark::Blocked, "Block"),
        ],
        PeerMark::Maintenance => &[(PeerMark::Active, "End maintenance"), (PeerMark::Blocked, "Block")],
        PeerMark::Blocked => &[(PeerMark::Active, "Unblock")],
    }
}

/// What the notice after a form says.
pub fn done_message(slug: &str) -> Option<&'static str> {
    match slug {
        "active" => Some("The peer is watched again."),
        "maintenance" => Some("The peer is in maintenance: its silence is expected."),
        "blocked" => Some("The peer is blocked: its key is refused."),
        "rotated" => Some("The peer has a new key; the old one stopped working."),
        "created" => Some("The token is made: it works once, within 24 hours."),
        _ => None,
    }
}

/// Trades the enrolment token for a key.
pub fn enrol_command(url: &str, token: &str) -> String {
    format!(
        "curl -sS -X POST {url}/api/v1/enroll \\\n  -H 'content-type: application/json' \\\n  -d '{{\"token\":\"{token}\",\"name\":\"web-01\"}}'"
    )
}

/// Sends one event.
pub fn event_command(url: &str, now: Timestamp) -> String {
    let time = now.to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
    format!(
        "curl -sS {url}/api/v1/events \\\n  -H \"authorization: Bearer $KEY\" \\\n  -H 'content-type: application/x-ndjson' \\\n  \
         --data-binary '{{\"@timestamp\":\"{time}\",\"message\":\"hello from a new peer\"}}'"
    )
}

/// Says that the peer is alive.
pub fn heartbeat_command(url: &str) -> String {
    format!(
        "curl -sS -X POST {url}/api/v1/heartbeat \\\n  -H \"authorization: Bearer $KEY\" \\\n  -H 'content-type: application/json' \\\n  \
         -d '{{\"state\":\"running\"}}'"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use wolfsec::ids::PeerId;

    fn now() -> Timestamp {
        Timestamp::from_timestamp(1_700_000_000, 0).unwrap()
    }

    fn peer(name: &str, silent_seconds: i64) -> Peer {
        Peer {
            id: PeerId(uuid::Uuid::nil()),
            name: name.to_owned(),
            mark: PeerMark::Active,
            interval_seconds: 15,
            enrolled_at: now(),
            last_seen: Some(now() - chrono::Duration::seconds(silent_seconds)),
            address: Some("192.0.2.7".to_owned()),
            event_count: 0,
            reject_count: 0,
        }
    }

    #[test]
    fn the_filter_looks_at_status_name_and_address() {
        let shows = |query: &str| {
            fleet_filter(&UrlQuery::parse(query))
                .unwrap()
                .shows(&peer("Web-01", 1), now())
        };
        assert!(shows(""));
        assert!(shows("q=web&status=online"));
        assert!(shows("q=192.0.2"));
        assert!(!shows("q=db"));
        assert!(!shows("status=late"));
        assert_eq!(
            fleet_filter(&UrlQuery::parse("status=asleep")).unwrap_err()[0].0,
            "status"
        );
    }

    #[test]
    fn silent_peers_come_first() {
        let mut peers = vec![peer("a", 1), peer("b", 60), peer("c", 9999)];
        attention_first(&mut peers, now());
        let names: Vec<&str> = peers.iter().map(|peer| peer.name.as_str()).collect();
        assert_eq!(names, ["c", "b", "a"]);
        let counts = by_status(&peers, now());
        assert_eq!(
            counts,
            [(PeerStatus::Online, 1), (PeerStatus::Late, 1), (PeerStatus::Offline, 1)]
        );
    }

    #[test]
    fn commands_are_whole() {
        assert_eq!(
            enrol_command("https://soc.example.org", "we_1"),
            "curl -sS -X POST https://soc.example.org/api/v1/enroll \\\n  -H 'content-type: application/json' \\\n  \
             -d '{\"token\":\"we_1\",\"name\":\"web-01\"}'"
        );
        assert!(event_command("https://soc.example.org", now()).contains("\"@timestamp\":\"2023-11-14T22:13:20Z\""));
    }
}
