//! A page's state in its URL: reading and changing the query, and the times typed into it.

use std::fmt::Write;

use wolfsec::Timestamp;
use wolfsec_app::{Failure, FailureKind};

use crate::context;
use crate::error::AppError;

/// Parameters that speak of one answer only and never travel on.
const PASSING: [&str; 5] = ["__path", "__err", "__tag", "done", "changed"];

/// The decoded query of a page, in order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UrlQuery(Vec<(String, String)>);

impl UrlQuery {
    /// Reads a raw query; what only speaks of the last answer is left out.
    pub fn parse(raw: &str) -> Self {
        let pairs = raw
            .trim_start_matches('?')
            .split('&')
            .filter(|part| !part.is_empty())
            .map(|part| {
                let (name, value) = part.split_once('=').unwrap_or((part, ""));
                (decode(name), decode(value))
            })
            .filter(|(name, value)| !value.is_empty() && !PASSING.contains(&name.as_str()))
            .collect();
        Self(pairs)
    }

    /// The first value of a parameter, trimmed; `None` when absent or blank.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.trim())
            .filter(|value| !value.is_empty())
    }

    /// The same with one parameter set; a blank value takes it away.
    #[must_use]
    pub fn with(&self, name: &str, value: &str) -> Self {
        let mut pairs: Vec<_> = self.0.iter().filter(|(key, _)| key != name).cloned().collect();
        if !value.is_empty() {
            pairs.push((name.to_owned(), value.to_owned()));
        }
        Self(pairs)
    }

    /// The same without these parameters.
    #[must_use]
    pub fn without(&self, names: &[&str]) -> Self {
        Self(
            self.0
                .iter()
                .filter(|(key, _)| !names.contains(&key.as_str()))
                .cloned()
                .collect(),
        )
    }

    /// All parameters, in order.
    pub fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// A link to `path` with this query.
    pub fn href(&self, path: &str) -> String {
        let mut text = path.to_owned();
        for (index, (name, value)) in self.0.iter().enumerate() {
            text.push(if index == 0 { '?' } else { '&' });
            encode_into(&mut text, name);
            text.push('=');
            encode_into(&mut text, value);
        }
        text
    }
}

/// A value of a raw query that speaks of one answer only, and so is no part of [`UrlQuery`].
pub fn raw_value(raw: &str, name: &str) -> Option<String> {
    raw.trim_start_matches('?')
        .split('&')
        .filter_map(|part| part.split_once('='))
        .find(|(key, _)| *key == name)
        .map(|(_, value)| decode(value))
}

/// A path segment or query value, percent-encoded.
pub fn encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    encode_into(&mut encoded, text);
    encoded
}

fn encode_into(out: &mut String, text: &str) {
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            // Writing into a string cannot fail.
            let _ = write!(out, "%{byte:02X}");
        }
    }
}

fn decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let escaped = bytes
            .get(at + 1..at + 3)
            .filter(|_| byte == b'%')
            .and_then(|hex| std::str::from_utf8(hex).ok())
            .and_then(|hex| u8::from_str_radix(hex, 16).ok());
        match (byte, escaped) {
            (_, Some(value)) => {
                decoded.push(value);
                at += 2;
            }
            (b'+', None) => decoded.push(b' '),
            (other, None) => decoded.push(other),
        }
        at += 1;
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

/// The error of a page whose URL holds a filter that cannot be used.
pub fn bad_filter(fields: Vec<(&'static str, String)>) -> AppError {
    let mut failure = Failure::new(
        FailureKind::Invalid,
        "bad_filter",
        "the filter in the address cannot be used; change it or clear it",
    );
    failure.fields = fields;
    context::app_error(failure)
}

/// A point in time as typed: RFC 3339, or `2026-11-24T03:00[:00]` (also with a blank) and a bare date, all UTC.
pub fn parse_time(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    if let Ok(time) = chrono::DateTime::parse_from_rfc3339(text) {
        return Some(time.to_utc());
    }
    let plain = text.trim_end_matches('Z').replacen(' ', "T", 1);
    for format in ["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%S%.f"] {
        if let Ok(time) = chrono::NaiveDateTime::parse_from_str(&plain, format) {
            return Some(time.and_utc());
        }
    }
    let date = chrono::NaiveDate::parse_from_str(&plain, "%Y-%m-%d").ok()?;
    date.and_hms_opt(0, 0, 0).map(|time| time.and_utc())
}

/// The form in which a `datetime-local` field takes a time.
pub fn input_time(time: Timestamp) -> String {
    time.format("%Y-%m-%dT%H:%M:%S").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_reads_back_what_it_wrote() {
        let query = UrlQuery::default()
            .with("q", "failed password & 100 %+")
            .with("peer", "web-01");
        let href = query.href("/events");
        assert_eq!(href, "/events?q=failed%20password%20%26%20100%20%25%2B&peer=web-01");
        assert_eq!(UrlQuery::parse(href.trim_start_matches("/events")), query);
        assert_eq!(query.with("q", "").href("/events"), "/events?peer=web-01");
        assert_eq!(query.without(&["q", "peer"]).href("/events"), "/events");
    }

    #[test]
    fn forms_send_plus_for_blank_and_strange_text_does_no_harm() {
        let query = UrlQuery::parse("?q=failed+password&x=%zz&y=%C3%A4&z=%&empty=&__err=abc&done=saved");
        assert_eq!(query.get("q"), Some("failed password"));
        assert_eq!(query.get("x"), Some("%zz"));
        assert_eq!(query.get("y"), Some("ä"));
        assert_eq!(query.get("z"), Some("%"));
        assert_eq!(query.get("empty"), None);
        assert_eq!(query.get("__err"), None);
        assert_eq!(query.get("done"), None);
    }

    #[test]
    fn times_are_read_as_utc() {
        let expected = parse_time("2026-11-24T03:00:00Z").unwrap();
        for text in [
            "2026-11-24T03:00",
            "2026-11-24 03:00",
            "2026-11-24T03:00:00",
            "2026-11-24T04:00:00+01:00",
        ] {
            assert_eq!(parse_time(text), Some(expected), "{text}");
        }
        assert_eq!(parse_time("2026-11-24"), parse_time("2026-11-24T00:00"));
        assert_eq!(parse_time(&input_time(expected)), Some(expected));
        assert_eq!(parse_time("yesterday"), None);
    }
}
