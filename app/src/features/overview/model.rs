//! The event flow as bars, and how fresh it is.

use chrono::Duration;
use wolfsec::Timestamp;
use wolfsec::overview::RateBucket;
use wolfsec::severity::Severity;

/// Width of a bar (minutes), as the use case counts.
pub const BUCKET_MINUTES: i64 = 15;
/// The chart's plot height in pixels; the axis labels stand below it.
pub const PLOT_HEIGHT: f64 = 180.0;
/// Without anything stored for this long the flow is called stale.
const STALE_AFTER: Duration = Duration::minutes(15);

/// One severity's part of one bar, in the chart's own measures.
#[derive(Debug, Clone, PartialEq)]
pub struct Piece {
    pub severity: Severity,
    /// Per cent of the width.
    pub x: f64,
    pub width: f64,
    /// Pixels from the top.
    pub y: f64,
    pub height: f64,
}

/// A label on the time axis.
#[derive(Debug, Clone, PartialEq)]
pub struct Tick {
    pub x: f64,
    pub label: String,
}

/// The last 24 hours as stacked bars.
#[derive(Debug, Clone, PartialEq)]
pub struct Flow {
    pub total: i64,
    /// The fullest bucket and when it began.
    pub peak: Option<(i64, Timestamp)>,
    /// Value at the top of the plot.
    pub top: i64,
    pub pieces: Vec<Piece>,
    pub ticks: Vec<Tick>,
}

/// Lays out the buckets between 24 hours ago and now.
pub fn flow(rate: &[RateBucket], now: Timestamp) -> Flow {
    let start = now - Duration::hours(24);
    let span = Duration::hours(24).num_seconds() as f64;
    let peak = rate
        .iter()
        .map(|bucket| (bucket.total(), bucket.start))
        .max_by_key(|(total, _)| *total)
        .filter(|(total, _)| *total > 0);
    let top = round_up(peak.map_or(0, |(total, _)| total));
    let slot = 100.0 * (BUCKET_MINUTES * 60) as f64 / span;
    let mut pieces = Vec::with_capacity(rate.len());
    for bucket in rate {
        let x = 100.0 * (bucket.start - start).num_seconds() as f64 / span;
        let mut y = PLOT_HEIGHT;
        for &severity in Severity::ALL {
            let count = bucket.of(severity);
            if count > 0 && x < 100.0 {
                let height = PLOT_HEIGHT * count as f64 / top as f64;
                y -= height;
                let left = x.max(0.0);
                pieces.push(Piece {
                    severity,
                    x: left,
                    width: (x + slot * 0.85).min(100.0) - left,
                    y,
                    height,
                });
            }
        }
    }
    pieces.retain(|piece| piece.width > 0.0);
    let ticks = (0..8)
        .map(|index| {
            let at = start + Duration::hours(3 * index);
            Tick {
                x: 12.5 * index as f64,
                label: at.format("%H:%M").to_string(),
            }
        })
        .collect();
    Flow {
        total: rate.iter().map(RateBucket::total).sum(),
        peak,
        top,
        pieces,
        ticks,
    }
}

/// The next round number (one digit and noughts) that is not below `value`.
fn round_up(value: i64) -> i64 {
    let mut step = 1;
    loop {
        for factor in [1, 2, 3, 4, 5, 6, 8] {
            if factor * step >= value {
                return factor * step;
            }
        }
        match step.checked_mul(10) {
            Some(next) if next <= i64::MAX / 8 => step = next,
            _ => return value.max(1),
        }
    }
}

/// How fresh the flow is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Freshness {
    /// Nothing has ever been stored.
    NoData,
    StaleSince(Timestamp),
    Current,
}

pub fn freshness(last_event_at: Option<Timestamp>, now: Timestamp) -> Freshness {
    match last_event_at {
        None => Freshness::NoData,
        Some(at) if now - at > STALE_AFTER => Freshness::StaleSince(at),
        Some(_) => Freshness::Current,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> Timestamp {
        Timestamp::from_timestamp(1_700_000_100, 0).unwrap()
    }

    #[test]
    fn bars_stand_on_each_other_and_stay_inside() {
        let rate = [
            RateBucket {
                start: now() - Duration::hours(24) - Duration::minutes(5),
                counts: [4, 0, 0, 0, 0],
            },
            RateBucket {
                start: now() - Duration::minutes(10),
                counts: [10, 5, 0, 0, 5],
            },
        ];
        let flow = flow(&rate, now());
        assert_eq!((flow.total, flow.top), (24, 20));
        assert_eq!(flow.peak, Some((20, rate[1].start)));
        for piece in &flow.pieces {
            assert!(piece.x >= 0.0 && piece.x + piece.width <= 100.0 + 1e-9, "{piece:?}");
            assert!(
                piece.y >= -1e-9 && piece.y + piece.height <= PLOT_HEIGHT + 1e-9,
                "{piece:?}"
            );
        }
        let last: Vec<Severity> = flow.pieces.iter().rev().take(3).map(|piece| piece.severity).collect();
        assert_eq!(last, [Severity::Critical, Severity::Low, Severity::Informational]);
    }

    #[test]
    fn nothing_stored_is_not_zero_events() {
        assert_eq!(freshness(None, now()), Freshness::NoData);
        assert_eq!(freshness(Some(now()), now()), Freshness::Current);
        let old = now() - Duration::hours(1);
        assert_eq!(freshness(Some(old), now()), Freshness::StaleSince(old));
        assert_eq!(flow(&[], now()).peak, None);
    }

    #[test]
    fn the_scale_ends_on_a_round_number() {
        assert_eq!([0, 1, 3, 6, 11, 638_933].map(round_up), [1, 1, 3, 6, 20, 800_000]);
    }
}
