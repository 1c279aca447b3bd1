//! How well a peer does: what it measured in the last 15 minutes, on a scale from 0 to 1.

use chrono::Duration;
use serde::{Deserialize, Serialize};

/// Health looks this far back.
pub const HEALTH_WINDOW: Duration = Duration::minutes(15);
/// Weight of the latency's score; the rest is the requests' success.
pub const LATENCY_WEIGHT: f64 = 0.4;
pub const SUCCESS_WEIGHT: f64 = 0.6;

/// What was measured in the window.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct MeasuredWindow {
    /// Mean of the samples that have one, milliseconds.
    pub latency_ms: Option<f64>,
    /// By how much the counters grew; `None` without two readings of both.
    pub requests: Option<i64>,
    pub failures: Option<i64>,
}

/// Each part as far as it was measured. The whole is there only when both parts are: half a measurement is no health,
/// and what was not measured is never taken for well.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Health {
    /// 0 to 1; absent when a part is.
    pub score: Option<f64>,
    pub latency_ms: Option<f64>,
    /// 0 to 1.
    pub latency_score: Option<f64>,
    /// 0 to 1; absent when no request was made, too.
    pub success_ratio: Option<f64>,
}

/// 1 under 50 ms, 0.8 under 200, 0.5 under 500, else 0.2.
pub fn latency_score(latency_ms: f64) -> f64 {
    if latency_ms < 50.0 {
        1.0
    } else if latency_ms < 200.0 {
        0.8
    } else if latency_ms < 500.0 {
        0.5
    } else {
        0.2
    }
}

impl Health {
    pub fn of(measured: &MeasuredWindow) -> Self {
        let latency_score = measured.latency_ms.map(latency_score);
        let success_ratio = match (measured.requests, measured.failures) {
            (Some(requests), Some(failures)) if requests > 0 => {
                Some((1.0 - failures as f64 / requests as f64).clamp(0.0, 1.0))
            }
            _ => None,
        };
        let whole = |(latency, success): (f64, f64)| LATENCY_WEIGHT * latency + SUCCESS_WEIGHT * success;
        Self {
            score: latency_score.zip(success_ratio).map(whole),
            latency_ms: measured.latency_ms,
            latency_score,
            success_ratio,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn health(latency_ms: Option<f64>, requests: Option<i64>, failures: Option<i64>) -> Health {
        Health::of(&MeasuredWindow {
            latency_ms,
            requests,
            failures,
        })
    }

    fn assert_near(value: Option<f64>, expected: f64) {
        assert!(
            value.is_some_and(|value| (value - expected).abs() < 1e-9),
            "{value:?} is not {expected}"
        );
    }

    #[test]
    fn both_parts_make_the_whole() {
        assert_near(health(Some(10.0), Some(100), Some(0)).score, 1.0);
        assert_near(health(Some(210.0), Some(100), Some(18)).score, 0.4 * 0.5 + 0.6 * 0.82);
        assert_near(health(Some(9000.0), Some(10), Some(10)).score, 0.08);
    }

    #[test]
    fn the_bands_begin_where_they_say() {
        for (ms, expected) in [
            (0.0, 1.0),
            (49.999, 1.0),
            (50.0, 0.8),
            (199.9, 0.8),
            (200.0, 0.5),
            (499.9, 0.5),
            (500.0, 0.2),
            (1e6, 0.2),
        ] {
            assert_near(Some(latency_score(ms)), expected);
        }
    }

    #[test]
    fn a_missing_part_is_no_data_and_never_well() {
        assert_eq!(health(None, None, None), Health::default());
        let quick = health(Some(10.0), None, None);
        assert_eq!((quick.score, quick.success_ratio), (None, None));
        assert_near(quick.latency_score, 1.0);
        let busy = health(None, Some(10), Some(1));
        assert_eq!(busy.score, None);
        assert_near(busy.success_ratio, 0.9);
        // No request was made: nothing succeeded and nothing failed.
        assert_eq!(health(Some(10.0), Some(0), Some(0)).success_ratio, None);
    }

    #[test]
    fn strange_counters_stay_on_the_scale() {
        assert_near(health(None, Some(2), Some(5)).success_ratio, 0.0);
    }
}
