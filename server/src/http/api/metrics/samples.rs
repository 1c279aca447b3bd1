//! Reading a list of samples: each stands alone, and what is wrong with one is said by name.

use std::collections::HashMap;

use serde_json::Value;
use serde_json::value::RawValue;
use wolfsec::Timestamp;
use wolfsec::peers::{MAX_SAMPLES, MetricSample, RejectedSample, SampleFault};

/// Why no sample of the list can be read.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum ListError {
    Malformed(String),
    TooLong(usize),
}

type Fault = (SampleFault, String);

/// The samples that can be stored, and those that cannot. Fields that are no part of a sample are passed over.
pub(super) fn read(body: &[u8], received_at: Timestamp) -> Result<(Vec<MetricSample>, Vec<RejectedSample>), ListError> {
    // Read in two steps, so that a value which no number can hold spoils its own sample only.
    let list: Vec<&RawValue> = serde_json::from_slice(body).map_err(|error| ListError::Malformed(error.to_string()))?;
    if list.len() > MAX_SAMPLES {
        return Err(ListError::TooLong(list.len()));
    }
    let mut samples = Vec::with_capacity(list.len());
    let mut rejected = Vec::new();
    for (index, raw) in list.into_iter().enumerate() {
        match read_one(raw, received_at) {
            Ok(sample) => samples.push(sample),
            Err((code, reason)) => rejected.push(RejectedSample { index, code, reason }),
        }
    }
    Ok((samples, rejected))
}

fn read_one(raw: &RawValue, received_at: Timestamp) -> Result<MetricSample, Fault> {
    let fields: HashMap<String, &RawValue> = serde_json::from_str(raw.get()).map_err(|_| {
        (
            SampleFault::NotAnObject,
            "a sample is a JSON object such as {\"at\":\"2026-01-31T12:00:00Z\",\"cpu_percent\":5}".to_owned(),
        )
    })?;
    let sample = MetricSample {
        at: time(&fields)?,
        latency_ms: measure(&fields, "latency_ms")?,
        messages_sent: whole(&fields, "messages_sent")?,
        messages_received: whole(&fields, "messages_received")?,
        bytes_sent: whole(&fields, "bytes_sent")?,
        bytes_received: whole(&fields, "bytes_received")?,
        requests_total: whole(&fields, "requests_total")?,
        requests_failed: whole(&fields, "requests_failed")?,
        cpu_percent: measure(&fields, "cpu_percent")?,
        memory_bytes: whole(&fields, "memory_bytes")?,
        disk_percent: measure(&fields, "disk_percent")?,
        uptime_s: whole(&fields, "uptime_s")?,
    };
    sample.check(received_at)?;
    Ok(sample)
}

/// A field that is there and not null.
fn field<'a>(fields: &HashMap<String, &'a RawValue>, name: &str) -> Option<&'a str> {
    fields.get(name).map(|raw| raw.get()).filter(|text| *text != "null")
}

fn time(fields: &HashMap<String, &RawValue>) -> Result<Timestamp, Fault> {
    let text = field(fields, "at").ok_or((SampleFault::MissingTime, "at is missing".to_owned()))?;
    let value: Option<Value> = serde_json::from_str(text).ok();
    value.as_ref().and_then(wolfsec_detect::parse_time).ok_or_else(|| {
        let reason = "at must be a time like 2026-01-31T12:00:00Z (RFC 3339), or an epoch in seconds or milliseconds";
        (SampleFault::BadTime, reason.to_owned())
    })
}

/// True for JSON's numbers, whether or not a machine's number can hold them.
fn is_number(text: &str) -> bool {
    text.starts_with(|first: char| first == '-' || first.is_ascii_digit())
}

fn measure(fields: &HashMap<String, &RawValue>, name: &str) -> Result<Option<f64>, Fault> {
    let Some(text) = field(fields, name) else {
        return Ok(None);
    };
    match text.parse::<f64>() {
        Ok(number) if is_number(text) => Ok(Some(number)),
        _ => Err((SampleFault::NotANumber, format!("{name} must be a number"))),
    }
}

/// A whole number, also when it is written like 12.0 or 1.2e1.
#[expect(clippy::cast_possible_truncation, reason = "bounded just above the cast")]
fn whole(fields: &HashMap<String, &RawValue>, name: &str) -> Result<Option<i64>, Fault> {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    let Some(text) = field(fields, name) else {
        return Ok(None);
    };
    if !is_number(text) {
        return Err((SampleFault::NotANumber, format!("{name} must be a number")));
    }
    if let Ok(number) = text.parse() {
        return Ok(Some(number));
    }
    match text.parse::<f64>() {
        Ok(number) if number.abs() <= EXACT && number.fract() == 0.0 => Ok(Some(number as i64)),
        Ok(number) if number.abs() <= EXACT => Err((SampleFault::NotANumber, format!("{name} must be a whole number"))),
        _ => Err((
            SampleFault::OutOfRange,
            format!("{name} must be a whole number from 0 to {}", i64::MAX),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> Timestamp {
        Timestamp::from_timestamp(1_700_000_000, 0).unwrap()
    }

    #[test]
    fn a_bad_sample_is_named_and_its_neighbours_are_kept() {
        use SampleFault::{BadTime, MissingTime, NotANumber, NotAnObject, OutOfRange, TimeOutOfRange};
        let body = r#"[
            {"at":"2023-11-14T22:13:20Z","latency_ms":12.5,"requests_total":7,"cpu_percent":null,"host":"x"},
            {"latency_ms":1},
            {"at":"yesterday"},
            {"at":1700000000,"cpu_percent":100.5},
            {"at":1700000000,"cpu_percent":1e999},
            {"at":1700000000,"disk_percent":"5"},
            {"at":1700000000,"requests_total":1.5},
            {"at":1700000000,"requests_total":-1},
            {"at":1700000000,"bytes_sent":1e30},
            {"at":1600000000},
            7,
            [],
            null,
            {"at":1700000000000,"requests_total":12.0,"bytes_sent":9223372036854775807}
        ]"#;
        let (samples, rejected) = read(body.as_bytes(), now()).unwrap();
        assert_eq!(samples.len(), 2);
        assert_eq!(
            (samples[0].latency_ms, samples[0].requests_total, samples[0].cpu_percent),
            (Some(12.5), Some(7), None)
        );
        assert_eq!(
            (samples[1].requests_total, samples[1].bytes_sent),
            (Some(12), Some(i64::MAX))
        );
        assert_eq!(samples[0].at, samples[1].at);
        let named: Vec<(usize, SampleFault)> = rejected.iter().map(|reject| (reject.index, reject.code)).collect();
        let expected = [
            (1, MissingTime),
            (2, BadTime),
            (3, OutOfRange),
            (4, OutOfRange),
            (5, NotANumber),
            (6, NotANumber),
            (7, OutOfRange),
            (8, OutOfRange),
            (9, TimeOutOfRange),
            (10, NotAnObject),
            (11, NotAnObject),
            (12, NotAnObject),
        ];
        assert_eq!(named, expected);
        assert!(rejected[2].reason.contains("cpu_percent"), "{}", rejected[2].reason);
    }

    #[test]
    fn what_is_no_list_or_too_long_is_refused_whole() {
        for bad in ["", "{}", "[{", r#"[{"at":1,"cpu_percent":NaN}]"#, "[] []"] {
            assert!(
                matches!(read(bad.as_bytes(), now()), Err(ListError::Malformed(_))),
                "{bad}"
            );
        }
        assert_eq!(read(b"[]", now()).unwrap(), (Vec::new(), Vec::new()));
        let long = format!("[{}1]", "1,".repeat(MAX_SAMPLES));
        assert_eq!(read(long.as_bytes(), now()), Err(ListError::TooLong(MAX_SAMPLES + 1)));
    }
}
