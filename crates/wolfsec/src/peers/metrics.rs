//! What a peer measures of itself: samples as it sends them, and the points that a chart is drawn from.

use chrono::Duration;
use serde::{Deserialize, Serialize};

use crate::Timestamp;
use crate::events::is_acceptable_time;
use crate::ids::PeerId;

/// Samples of one request at most.
pub const MAX_SAMPLES: usize = 1000;
/// A round trip longer than a day (ms) is a mistake of whoever measured it.
pub const MAX_LATENCY_MS: f64 = 86_400_000.0;

/// One sample. Everything but the time is optional: a peer sends what it can measure. Counters only grow, until whoever
/// counts starts again from nothing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct MetricSample {
    pub at: Timestamp,
    /// Round trip, milliseconds.
    pub latency_ms: Option<f64>,
    /// Counter.
    pub messages_sent: Option<i64>,
    /// Counter.
    pub messages_received: Option<i64>,
    /// Counter.
    pub bytes_sent: Option<i64>,
    /// Counter.
    pub bytes_received: Option<i64>,
    /// Counter.
    pub requests_total: Option<i64>,
    /// Counter; failed ones are in `requests_total` too.
    pub requests_failed: Option<i64>,
    /// 0 to 100, of all processors together.
    pub cpu_percent: Option<f64>,
    /// In use.
    pub memory_bytes: Option<i64>,
    /// 0 to 100, in use.
    pub disk_percent: Option<f64>,
    /// Since the host, or what is measured on it, was started.
    pub uptime_s: Option<i64>,
}

slug_enum!(
    /// Why a sample was not taken.
    SampleFault {
        NotAnObject = "not_an_object",
        MissingTime = "missing_time",
        BadTime = "bad_time",
        TimeOutOfRange = "time_out_of_range",
        NotANumber = "not_a_number",
        OutOfRange = "out_of_range",
    }
);

/// A sample that was not taken; its neighbours were.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RejectedSample {
    /// Place in the list as sent, from 0.
    pub index: usize,
    pub code: SampleFault,
    pub reason: String,
}

/// Answer to one request of samples, sent after its transaction is committed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MetricsAnswer {
    /// Newly stored.
    pub accepted: u64,
    /// Of a peer and time that are stored already.
    pub duplicates: u64,
    pub rejected: Vec<RejectedSample>,
}

impl MetricSample {
    /// Refuses what cannot have been measured: the domain's ranges, which the table's constraints repeat.
    pub fn check(&self, received_at: Timestamp) -> Result<(), (SampleFault, String)> {
        if !is_acceptable_time(self.at, received_at) {
            let reason = "at must be from 400 days before to 10 minutes after the time of receipt";
            return Err((SampleFault::TimeOutOfRange, reason.to_owned()));
        }
        for (name, value, most) in [
            ("latency_ms", self.latency_ms, MAX_LATENCY_MS),
            ("cpu_percent", self.cpu_percent, 100.0),
            ("disk_percent", self.disk_percent, 100.0),
        ] {
            // Not-a-number is in no range.
            if value.is_some_and(|value| !(0.0..=most).contains(&value)) {
                return Err((SampleFault::OutOfRange, format!("{name} must be from 0 to {most}")));
            }
        }
        for (name, value) in [
            ("messages_sent", self.messages_sent),
            ("messages_received", self.messages_received),
            ("bytes_sent", self.bytes_sent),
            ("bytes_received", self.bytes_received),
            ("requests_total", self.requests_total),
            ("requests_failed", self.requests_failed),
            ("memory_bytes", self.memory_bytes),
            ("uptime_s", self.uptime_s),
        ] {
            if value.is_some_and(i64::is_negative) {
                return Err((SampleFault::OutOfRange, format!("{name} must not be negative")));
            }
        }
        Ok(())
    }
}

/// A sample and whose it is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PeerSample {
    pub peer: PeerId,
    pub sample: MetricSample,
}

/// How much a counter grew between two readings. Where it fell it was started again, and has counted this much since.
pub const fn counter_increase(before: i64, after: i64) -> i64 {
    if after < before { after } else { after - before }
}

/// What was measured in one stretch of time; rates are a second. An absent value was not measured.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct MetricPoint {
    pub start: Timestamp,
    pub samples: i64,
    pub latency_ms: Option<f64>,
    pub cpu_percent: Option<f64>,
    pub memory_bytes: Option<f64>,
    pub disk_percent: Option<f64>,
    pub requests: Option<f64>,
    pub failures: Option<f64>,
    pub bytes_sent: Option<f64>,
    pub bytes_received: Option<f64>,
    pub messages_sent: Option<f64>,
    pub messages_received: Option<f64>,
}

slug_enum!(
    /// How far back the charts of a peer go.
    MetricRange { Hour = "1h", Day = "24h", Week = "7d" }
);

impl MetricRange {
    pub fn span(self) -> Duration {
        match self {
            Self::Hour => Duration::hours(1),
            Self::Day => Duration::hours(24),
            Self::Week => Duration::days(7),
        }
    }
    pub const fn label(self) -> &'static str {
        match self {
            Self::Hour => "1 h",
            Self::Day => "24 h",
            Self::Week => "7 d",
        }
    }
    /// Width of a point (s): at most 168 of them, and none narrower than the peer's own interval.
    pub fn bucket_seconds(self, interval_seconds: i32) -> i32 {
        let width = match self {
            Self::Hour => 30,
            Self::Day => 600,
            Self::Week => 3600,
        };
        width.max(interval_seconds)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> Timestamp {
        Timestamp::from_timestamp(1_700_000_000, 0).unwrap()
    }

    #[test]
    fn what_cannot_have_been_measured_is_refused() {
        let good = MetricSample {
            at: now(),
            latency_ms: Some(0.0),
            cpu_percent: Some(100.0),
            requests_total: Some(0),
            ..MetricSample::default()
        };
        assert_eq!(good.check(now()), Ok(()));
        let code = |sample: MetricSample| sample.check(now()).unwrap_err().0;
        for cpu in [f64::NAN, f64::INFINITY, -0.1, 100.1] {
            let sample = MetricSample {
                cpu_percent: Some(cpu),
                ..good
            };
            assert_eq!(code(sample), SampleFault::OutOfRange, "{cpu}");
        }
        let negative = MetricSample {
            bytes_sent: Some(-1),
            ..good
        };
        assert_eq!(code(negative), SampleFault::OutOfRange);
        let far = MetricSample {
            at: now() + Duration::minutes(11),
            ..good
        };
        assert_eq!(code(far), SampleFault::TimeOutOfRange);
        let old = MetricSample {
            at: now() - Duration::days(401),
            ..good
        };
        assert_eq!(code(old), SampleFault::TimeOutOfRange);
    }

    #[test]
    fn a_counter_that_fell_was_started_again() {
        assert_eq!(
            [(5, 9), (5, 5), (9, 4), (9, 0)].map(|(b, a)| counter_increase(b, a)),
            [4, 0, 4, 0]
        );
    }

    #[test]
    fn points_are_bounded_and_never_narrower_than_the_interval() {
        for &range in MetricRange::ALL {
            for interval in [1, 15, 60, 86_400] {
                let width = i64::from(range.bucket_seconds(interval));
                assert!(width >= i64::from(interval));
                assert!(range.span().num_seconds() / width <= 168, "{range} every {interval} s");
            }
        }
    }
}
