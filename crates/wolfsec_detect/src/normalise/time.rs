//! Event times: RFC 3339, the same without a zone (read as UTC), or an epoch in seconds, milliseconds,
//! microseconds or nanoseconds.

use chrono::{DateTime, NaiveDateTime, Utc};
use wolfsec::Timestamp;

use crate::json::Value;

/// Above these an epoch number is in the next finer unit.
const MAX_EPOCH_SECONDS: f64 = 1e11;
const MAX_EPOCH_MILLIS: f64 = 1e14;
const MAX_EPOCH_MICROS: f64 = 1e17;

/// Reads a time, cut to the microsecond.
pub(crate) fn parse(value: Value<'_>) -> Option<Timestamp> {
    match value {
        Value::Text(text) => parse_text(text.trim()),
        Value::Integer(whole) => from_whole(whole),
        Value::Natural(number) => from_fraction(number as f64),
        Value::Float(number) => from_fraction(number),
        _ => None,
    }
}

/// The same from a JSON tree.
pub fn parse_json(value: &serde_json::Value) -> Option<Timestamp> {
    match value {
        serde_json::Value::String(text) => parse_text(text.trim()),
        serde_json::Value::Number(number) => match number.as_i64() {
            Some(whole) => from_whole(whole),
            None => from_fraction(number.as_f64()?),
        },
        _ => None,
    }
}

/// Reads a time with its zone from text.
pub(crate) fn parse_zoned(text: &str) -> Option<Timestamp> {
    let time = DateTime::parse_from_rfc3339(text).ok()?;
    whole_micros(time.timestamp_micros())
}

fn parse_text(text: &str) -> Option<Timestamp> {
    if let Some(time) = parse_zoned(text) {
        return Some(time);
    }
    if let Ok(whole) = text.parse::<i64>() {
        return from_whole(whole);
    }
    if let Ok(number) = text.parse::<f64>() {
        return from_fraction(number);
    }
    // Zone without a colon, as Python and rsyslog may write it; the access log's own format.
    for format in ["%Y-%m-%dT%H:%M:%S%.f%z", "%d/%b/%Y:%H:%M:%S %z"] {
        if let Ok(time) = DateTime::parse_from_str(text, format) {
            return whole_micros(time.timestamp_micros());
        }
    }
    ["%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M:%S%.f"]
        .iter()
        .find_map(|format| NaiveDateTime::parse_from_str(text, format).ok())
        .and_then(|time| whole_micros(time.and_utc().timestamp_micros()))
}

fn from_whole(number: i64) -> Option<Timestamp> {
    let size = number.unsigned_abs() as f64;
    let micros = if size < MAX_EPOCH_SECONDS {
        number.checked_mul(1_000_000)?
    } else if size < MAX_EPOCH_MILLIS {
        number.checked_mul(1_000)?
    } else if size < MAX_EPOCH_MICROS {
        number
    } else {
        number / 1_000
    };
    whole_micros(micros)
}

#[expect(clippy::cast_possible_truncation, reason = "bounded just above the cast")]
fn from_fraction(number: f64) -> Option<Timestamp> {
    let size = number.abs();
    let micros = if size < MAX_EPOCH_SECONDS {
        number * 1e6
    } else if size < MAX_EPOCH_MILLIS {
        number * 1e3
    } else {
        number
    };
    (micros.is_finite() && micros.abs() < 9e18).then(|| whole_micros(micros.round() as i64))?
}

fn whole_micros(micros: i64) -> Option<Timestamp> {
    DateTime::<Utc>::from_timestamp_micros(micros)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// A borrowed value and a tree are read alike.
    fn read(value: &serde_json::Value) -> Option<Timestamp> {
        let (arena, text) = (bumpalo::Bump::new(), value.to_string());
        let time = parse(crate::json::parse(&text, &arena).unwrap());
        assert_eq!(time, parse_json(value), "{value}");
        time
    }

    #[test]
    fn every_way_of_writing_a_time_is_read() {
        let micros = 1_720_614_600_500_000;
        for value in [
            json!("2024-07-10T12:30:00.500Z"),
            json!("2024-07-10T14:30:00.500+02:00"),
            json!("2024-07-10T14:30:00.500+0200"),
            json!("2024-07-10 12:30:00.5"),
            json!("2024-07-10T12:30:00.5000001Z"),
            json!(1_720_614_600.5),
            json!("1720614600.5"),
            json!(1_720_614_600_500_i64),
            json!("1720614600500"),
            json!(1_720_614_600_500_000_i64),
            json!(1_720_614_600_500_000_000_i64),
        ] {
            assert_eq!(read(&value).map(|t| t.timestamp_micros()), Some(micros), "{value}");
        }
        assert_eq!(
            read(&json!("10/Jul/2024:14:30:00 +0200")).map(|t| t.timestamp()),
            Some(1_720_614_600)
        );
    }

    #[test]
    fn other_things_are_no_time() {
        for value in [
            json!("Dec 10 06:55:46"),
            json!(""),
            json!(null),
            json!({}),
            json!("NaN"),
            json!(1e300),
        ] {
            assert_eq!(read(&value), None, "{value}");
        }
    }
}
