//! The event search's state in the URL, and an event's JSON as rows.

use chrono::Duration;
use serde_json::Value;
use wolfsec::Timestamp;
use wolfsec::events::{DEFAULT_LOOKBACK, EventQuery, MAX_TERMS, query_terms};
use wolfsec::ids::EventId;
use wolfsec::page::{Cursor, Limit};
use wolfsec::severity::Severity;

use crate::features::url_query::{UrlQuery, parse_time};

/// Where the search lives.
pub const SEARCH: &str = "/events";

/// Time ranges on offer: slug, label, minutes.
pub const RANGES: [(&str, &str, i64); 4] = [
    ("15m", "Last 15 minutes", 15),
    ("1h", "Last hour", 60),
    ("24h", "Last 24 hours", 24 * 60),
    ("7d", "Last 7 days", 7 * 24 * 60),
];

/// Reads the search; every value that cannot be used is named. Bounds that are typed win over the range.
pub fn event_query(url: &UrlQuery, now: Timestamp) -> Result<EventQuery, Vec<(&'static str, String)>> {
    let mut bad = Vec::new();
    let lookback = match url.get("range") {
        None => DEFAULT_LOOKBACK,
        Some(slug) => {
            let known = RANGES.iter().find(|(known, _, _)| *known == slug);
            if known.is_none() {
                bad.push(("range", format!("there is no range “{slug}”")));
            }
            known.map_or(DEFAULT_LOOKBACK, |(_, _, minutes)| Duration::minutes(*minutes))
        }
    };
    let mut time = |name: &'static str| {
        let text = url.get(name)?;
        let parsed = parse_time(text);
        if parsed.is_none() {
            bad.push((name, "write a time as 2026-11-24T03:00, UTC".to_owned()));
        }
        parsed
    };
    let (since, until) = (time("since"), time("until"));
    // Clocks of peers may run ahead by as much as an accepted event may.
    let until = until.unwrap_or(now + Duration::minutes(10));
    let since = since.unwrap_or_else(|| until.min(now) - lookback);
    if until <= since {
        bad.push(("until", "the end must be after the start".to_owned()));
    }
    let min_severity = match url.get("severity").map(str::parse::<Severity>) {
        None => None,
        Some(Ok(severity)) => Some(severity),
        Some(Err(error)) => {
            bad.push(("severity", error.to_string()));
            None
        }
    };
    let after = match url.get("after").map(str::parse::<Cursor>) {
        None => None,
        Some(Ok(cursor)) => Some(cursor),
        Some(Err(error)) => {
            bad.push(("after", error.to_string()));
            None
        }
    };
    let limit = match url.get("limit").map(str::parse::<u16>) {
        None => Limit::default(),
        Some(rows) => rows.ok().and_then(Limit::new).unwrap_or_else(|| {
            bad.push(("limit", format!("write a number from 1 to {}", Limit::MAX)));
            Limit::default()
        }),
    };
    let terms = query_terms(url.get("q").unwrap_or_default());
    if terms.len() > MAX_TERMS {
        bad.push(("q", format!("at most {MAX_TERMS} words")));
    }
    if !bad.is_empty() {
        return Err(bad);
    }
    Ok(EventQuery {
        since,
        until,
        peer: url.get("peer").map(ToOwned::to_owned),
        min_severity,
        terms,
        limit,
        after,
    })
}

/// The page of one event.
pub fn event_href(ts: Timestamp, id: EventId) -> String {
    format!("{SEARCH}/{}/{id}", ts.timestamp_micros())
}

/// One leaf of an event's JSON.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leaf {
    /// Dotted path.
    pub name: String,
    pub value: String,
}

/// An object's leaves by dotted path, in the order they stand; lists of plain values stay on one line.
/// Text that is no JSON object becomes one leaf.
pub fn flatten(json: &str) -> Vec<Leaf> {
    let Ok(value) = serde_json::from_str::<Value>(json) else {
        return vec![Leaf {
            name: "raw".to_owned(),
            value: json.to_owned(),
        }];
    };
    let mut leaves = Vec::new();
    walk(String::new(), &value, &mut leaves);
    leaves
}

fn walk(name: String, value: &Value, leaves: &mut Vec<Leaf>) {
    match value {
        Value::Object(map) if !map.is_empty() => {
            for (key, inner) in map {
                let path = if name.is_empty() {
                    key.clone()
                } else {
                    format!("{name}.{key}")
                };
                walk(path, inner, leaves);
            }
        }
        Value::Array(items) if items.iter().any(|item| item.is_object() || item.is_array()) => {
            for (index, inner) in items.iter().enumerate() {
                walk(format!("{name}[{index}]"), inner, leaves);
            }
        }
        Value::Array(items) => {
            let value = items.iter().map(plain).collect::<Vec<_>>().join(", ");
            leaves.push(Leaf { name, value });
        }
        other => leaves.push(Leaf {
            name,
            value: plain(other),
        }),
    }
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// JSON with line breaks; text that is none stays as it is.
pub fn pretty(json: &str) -> String {
    serde_json::from_str::<Value>(json)
        .and_then(|value| serde_json::to_string_pretty(&value))
        .unwrap_or_else(|_| json.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> Timestamp {
        parse_time("2026-11-24T03:12").unwrap()
    }

    #[test]
    fn a_search_looks_back_a_day_unless_asked() {
        let query = event_query(&UrlQuery::default(), now()).unwrap();
        assert_eq!(query.since, now() - Duration::hours(24));
        assert!(query.until > now());
        let hour = event_query(&UrlQuery::parse("range=1h&q=Failed+password&severity=low"), now()).unwrap();
        assert_eq!(hour.since, now() - Duration::hours(1));
        assert_eq!(hour.terms, ["failed", "password"]);
        assert_eq!(hour.min_severity, Some(Severity::Low));
    }

    #[test]
    fn typed_bounds_win_over_the_range() {
        let url = UrlQuery::parse("range=7d&since=2026-11-20T00:00&until=2026-11-20T06:00");
        let query = event_query(&url, now()).unwrap();
        assert_eq!(query.since, parse_time("2026-11-20").unwrap());
        assert_eq!(query.until - query.since, Duration::hours(6));
        let past = event_query(&UrlQuery::parse("range=1h&until=2026-11-20T06:00"), now()).unwrap();
        assert_eq!(past.since, parse_time("2026-11-20T05:00").unwrap());
    }

    #[test]
    fn bad_values_are_named() {
        let url = UrlQuery::parse(
            "range=1y&since=soon&severity=loud&after=x&limit=1001&q=1+2+3+4+5+6+7+8+9+10+11+12+13+14+15+16+17",
        );
        let names: Vec<&str> = event_query(&url, now())
            .unwrap_err()
            .into_iter()
            .map(|(name, _)| name)
            .collect();
        assert_eq!(names, ["range", "since", "severity", "after", "limit", "q"]);
        let turned = UrlQuery::parse("since=2026-11-21&until=2026-11-20");
        assert_eq!(event_query(&turned, now()).unwrap_err()[0].0, "until");
    }

    #[test]
    fn json_becomes_dotted_rows() {
        let leaves = flatten(r#"{"a":{"b":1,"c":"x"},"d":["p","q"],"e":[{"f":null}],"g":{},"h":true}"#);
        let rows: Vec<(&str, &str)> = leaves
            .iter()
            .map(|leaf| (leaf.name.as_str(), leaf.value.as_str()))
            .collect();
        assert_eq!(
            rows,
            [
                ("a.b", "1"),
                ("a.c", "x"),
                ("d", "p, q"),
                ("e[0].f", "null"),
                ("g", "{}"),
                ("h", "true")
            ]
        );
        assert_eq!(flatten("not json")[0].value, "not json");
    }

    #[test]
    fn an_event_has_its_own_address() {
        let id = EventId(uuid::Uuid::from_u128(7));
        let ts = Timestamp::from_timestamp_micros(1_700_000_000_123_456).unwrap();
        assert_eq!(
            event_href(ts, id),
            "/events/1700000000123456/00000000-0000-0000-0000-000000000007"
        );
    }
}
