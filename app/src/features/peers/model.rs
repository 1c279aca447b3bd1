//! The fleet's state in the URL, and the commands that a new peer is set up with.

use wolfsec::Timestamp;
use wolfsec::page::Limit;
use wolfsec::peers::{FleetCursor, FleetOrder, FleetQuery, MetricRange, PeerMark, PeerStatus};

use crate::features::url_query::UrlQuery;

/// Where the fleet lives.
pub const FLEET: &str = "/peers";
/// Where a peer is added.
pub const ADD: &str = "/peers/add";

/// Peers of one page.
const PAGE_ROWS: u16 = 100;

/// The fleet filter as the URL has it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FleetFilter {
    pub status: Option<PeerStatus>,
    /// Occurs in name or address.
    pub words: Option<String>,
    pub after: Option<FleetCursor>,
}

/// Reads the filter; every value that cannot be used is named.
pub fn fleet_filter(url: &UrlQuery) -> Result<FleetFilter, Vec<(&'static str, String)>> {
    let mut bad = Vec::new();
    let status = url.get("status").and_then(|text| {
        let status: Result<PeerStatus, _> = text.parse();
        status.map_err(|error| bad.push(("status", error.to_string()))).ok()
    });
    let after = url.get("after").and_then(|text| {
        let after: Result<FleetCursor, _> = text.parse();
        after.map_err(|error| bad.push(("after", error.to_string()))).ok()
    });
    if !bad.is_empty() {
        return Err(bad);
    }
    Ok(FleetFilter {
        status,
        words: url.get("q").map(ToOwned::to_owned),
        after,
    })
}

impl FleetFilter {
    /// What the store is asked for: those that need attention first.
    pub fn query(self, now: Timestamp) -> FleetQuery {
        FleetQuery {
            words: self.words,
            statuses: self.status.into_iter().collect(),
            order: FleetOrder::Attention,
            after: self.after,
            ..FleetQuery::all(now, Limit::new(PAGE_ROWS).unwrap_or_default())
        }
    }
}

/// The charts' range as the URL has it: the last day unless it says another one.
pub fn range_of(url: &UrlQuery) -> Result<MetricRange, Vec<(&'static str, String)>> {
    url.get("range").map_or(Ok(MetricRange::Day), |text| {
        text.parse()
            .map_err(|error: wolfsec::UnknownSlug| vec![("range", error.to_string())])
    })
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
        "interval" => Some("The peer is expected at its new interval."),
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

/// Sends one sample.
pub fn sample_command(url: &str, now: Timestamp) -> String {
    let time = now.to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
    format!(
        "curl -sS {url}/api/v1/metrics \\\n  -H \"authorization: Bearer $KEY\" \\\n  -H 'content-type: application/json' \\\n  \
         -d '[{{\"at\":\"{time}\",\"cpu_percent\":12.5,\"latency_ms\":8,\"requests_total\":100,\"requests_failed\":1}}]'"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> Timestamp {
        Timestamp::from_timestamp(1_700_000_000, 0).unwrap()
    }

    #[test]
    fn the_filter_names_what_it_cannot_use() {
        let read = |query: &str| fleet_filter(&UrlQuery::parse(query));
        let filter = read("q=Web&status=late&after=1-7765622d3031").unwrap();
        assert_eq!(
            (filter.status, filter.words.as_deref()),
            (Some(PeerStatus::Late), Some("Web"))
        );
        let query = filter.query(now());
        assert_eq!(
            (query.order, query.after.unwrap().name.as_str()),
            (FleetOrder::Attention, "web-01")
        );
        let bad: Vec<_> = read("status=asleep&after=x")
            .unwrap_err()
            .into_iter()
            .map(|(name, _)| name)
            .collect();
        assert_eq!(bad, ["status", "after"]);
    }

    #[test]
    fn the_last_day_is_shown_unless_another_range_is_asked_for() {
        let read = |query: &str| range_of(&UrlQuery::parse(query));
        assert_eq!(read(""), Ok(MetricRange::Day));
        assert_eq!(read("range=7d"), Ok(MetricRange::Week));
        assert_eq!(read("range=8d").unwrap_err()[0].0, "range");
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
