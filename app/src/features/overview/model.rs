//! The event flow as bars, and how fresh it is.

use chrono::Duration;
use wolfsec::Timestamp;
use wolfsec::overview::{AlertMark, OverviewRange, RateBucket};
use wolfsec::severity::Severity;

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

/// A label further right would run out of the chart (per cent of its width).
const LAST_LABEL: f64 = 96.0;

/// A label on the time axis.
#[derive(Debug, Clone, PartialEq)]
pub struct Tick {
    pub x: f64,
    pub label: String,
}

/// A range as stacked bars.
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

/// The time axis: from the first bucket's start to now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Axis {
    pub since: Timestamp,
    pub now: Timestamp,
    pub range: OverviewRange,
}

impl Axis {
    /// Per cent of the width.
    fn x(self, at: Timestamp) -> f64 {
        let span = (self.now - self.since).num_milliseconds().max(1) as f64;
        100.0 * (at - self.since).num_milliseconds() as f64 / span
    }

    pub fn bucket(self) -> Duration {
        Duration::minutes(i64::from(self.range.bucket_minutes()))
    }

    /// Round times within the range.
    fn ticks(self) -> Vec<Tick> {
        let (step_minutes, format) = match self.range {
            OverviewRange::Hour => (10, "%H:%M"),
            OverviewRange::Day => (3 * 60, "%H:%M"),
            OverviewRange::Week => (24 * 60, "%d %b"),
            OverviewRange::Month => (4 * 24 * 60, "%d %b"),
        };
        let step = Duration::minutes(step_minutes);
        let over = self.since.timestamp().rem_euclid(step.num_seconds());
        let first = self.since + Duration::seconds((step.num_seconds() - over) % step.num_seconds());
        std::iter::successors(Some(first), |at| Some(*at + step))
            .take_while(|at| *at < self.now)
            .map(|at| Tick {
                x: self.x(at),
                label: at.format(format).to_string(),
            })
            .filter(|tick| tick.x <= LAST_LABEL)
            .collect()
    }
}

/// Lays out the buckets of a range.
pub fn flow(rate: &[RateBucket], axis: Axis) -> Flow {
    let peak = rate
        .iter()
        .map(|bucket| (bucket.total(), bucket.start))
        .max_by_key(|(total, _)| *total)
        .filter(|(total, _)| *total > 0);
    let top = round_up(peak.map_or(0, |(total, _)| total));
    let mut pieces = Vec::with_capacity(rate.len());
    for bucket in rate {
        let left = axis.x(bucket.start).max(0.0);
        let right = (left + (axis.x(bucket.start + axis.bucket()) - axis.x(bucket.start)) * 0.88).min(100.0);
        let mut y = PLOT_HEIGHT;
        for &severity in Severity::ALL {
            let count = bucket.of(severity);
            if count > 0 && right > left {
                let height = PLOT_HEIGHT * count as f64 / top as f64;
                y -= height;
                pieces.push(Piece {
                    severity,
                    x: left,
                    width: right - left,
                    y,
                    height,
                });
            }
        }
    }
    Flow {
        total: rate.iter().map(RateBucket::total).sum(),
        peak,
        top,
        pieces,
        ticks: axis.ticks(),
    }
}

/// Marks on the chart stand at least this far apart: one in 40 of its width is a finger's target.
const MARK_PLACES: i32 = 40;

/// Alerts of neighbouring buckets, as one mark.
#[derive(Debug, Clone, PartialEq)]
pub struct Mark {
    /// Per cent of the width, in the middle of what it covers.
    pub x: f64,
    pub since: Timestamp,
    pub until: Timestamp,
    pub count: i64,
    pub worst: Severity,
}

/// Gathers the alerts' buckets into marks that can be told apart.
pub fn marks(buckets: &[AlertMark], axis: Axis) -> Vec<Mark> {
    let width = axis.bucket();
    let all = ((axis.now - axis.since).num_minutes() / width.num_minutes().max(1)).max(0) + 1;
    let per_mark = i32::try_from(all).unwrap_or(i32::MAX / 2).div_euclid(MARK_PLACES) + 1;
    let place = width * per_mark;
    let mut marks: Vec<Mark> = Vec::new();
    for bucket in buckets {
        let index = (bucket.start - axis.since)
            .num_seconds()
            .div_euclid(place.num_seconds().max(1));
        let since = axis.since + place * i32::try_from(index).unwrap_or(0);
        match marks.last_mut().filter(|mark| mark.since == since) {
            Some(mark) => {
                mark.count += bucket.count;
                mark.worst = mark.worst.max(bucket.worst);
            }
            None => marks.push(Mark {
                x: axis.x(since + place / 2).clamp(0.0, 100.0),
                since,
                until: since + place,
                count: bucket.count,
                worst: bucket.worst,
            }),
        }
    }
    marks
}

/// How dark a field of the matrix is: 0 for none, 1 to 5 by the share of the fullest.
pub fn heat(count: i64, most: i64) -> usize {
    if count <= 0 || most <= 0 {
        return 0;
    }
    usize::try_from((count * 5 + most - 1) / most).unwrap_or(5).clamp(1, 5)
}

/// `90 ms`, `1.4 s`, `3 min`.
pub fn duration_text(milliseconds: i64) -> String {
    match milliseconds {
        ..1000 => format!("{milliseconds} ms"),
        1000..60_000 => format!("{:.1} s", milliseconds as f64 / 1000.0),
        60_000..3_600_000 => format!("{} min", milliseconds / 60_000),
        3_600_000..86_400_000 => format!("{} h", milliseconds / 3_600_000),
        _ => format!("{} d", milliseconds / 86_400_000),
    }
}

/// `812 kB`, `1.4 GB`; powers of a thousand.
pub fn bytes_text(bytes: i64) -> String {
    const UNITS: [&str; 5] = ["B", "kB", "MB", "GB", "TB"];
    let mut value = bytes as f64;
    let mut unit = 0;
    while value >= 999.5 && unit + 1 < UNITS.len() {
        value /= 1000.0;
        unit += 1;
    }
    if unit == 0 || value >= 99.5 {
        format!("{value:.0} {}", UNITS[unit])
    } else {
        format!("{value:.1} {}", UNITS[unit])
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

    fn axis(range: OverviewRange) -> Axis {
        Axis {
            since: range.start(now()),
            now: now(),
            range,
        }
    }

    #[test]
    fn bars_stand_on_each_other_and_stay_inside() {
        let axis = axis(OverviewRange::Day);
        let rate = [
            RateBucket {
                start: axis.since,
                counts: [4, 0, 0, 0, 0],
            },
            RateBucket {
                start: now() - Duration::minutes(10),
                counts: [10, 5, 0, 0, 5],
            },
        ];
        let flow = flow(&rate, axis);
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
    fn the_time_axis_is_labelled_at_round_times() {
        let labels = |range| -> Vec<String> { axis(range).ticks().into_iter().map(|tick| tick.label).collect() };
        // Now is 22:15 on 14 November.
        let hours = ["00:00", "03:00", "06:00", "09:00", "12:00", "15:00", "18:00", "21:00"];
        assert_eq!(labels(OverviewRange::Day), hours);
        assert!(labels(OverviewRange::Hour).iter().all(|label| label.ends_with('0')));
        assert_eq!(labels(OverviewRange::Week).first().map(String::as_str), Some("08 Nov"));
        for &range in OverviewRange::ALL {
            let ticks = axis(range).ticks();
            assert!((5..=8).contains(&ticks.len()), "{range}: {ticks:?}");
            assert!(
                ticks.iter().all(|tick| (0.0..=LAST_LABEL).contains(&tick.x)),
                "{range}: {ticks:?}"
            );
        }
    }

    #[test]
    fn marks_cover_every_alert_once_and_can_be_told_apart() {
        for &range in OverviewRange::ALL {
            let axis = axis(range);
            let buckets: Vec<AlertMark> = (0..60)
                .map(|n| AlertMark {
                    start: axis.since + axis.bucket() * n,
                    count: 2,
                    worst: if n == 7 { Severity::Critical } else { Severity::Low },
                })
                .collect();
            let marks = marks(&buckets, axis);
            assert!(marks.len() <= 40, "{range}: {}", marks.len());
            assert_eq!(marks.iter().map(|mark| mark.count).sum::<i64>(), 120);
            assert_eq!(marks.iter().filter(|mark| mark.worst == Severity::Critical).count(), 1);
            assert!(marks.windows(2).all(|pair| pair[0].until <= pair[1].since));
        }
    }

    #[test]
    fn figures_are_said_in_fitting_units() {
        assert_eq!(
            [5, 1449, 90_000, 7_200_000, 180_000_000].map(duration_text),
            ["5 ms", "1.4 s", "1 min", "2 h", "2 d"]
        );
        assert_eq!(
            [0, 999, 1_400, 250_000_000, 2_340_000_000].map(bytes_text),
            ["0 B", "999 B", "1.4 kB", "250 MB", "2.3 GB"]
        );
        assert_eq!([heat(0, 9), heat(1, 9), heat(9, 9), heat(5, 9)], [0, 1, 5, 3]);
    }

    #[test]
    fn nothing_stored_is_not_zero_events() {
        assert_eq!(freshness(None, now()), Freshness::NoData);
        assert_eq!(freshness(Some(now()), now()), Freshness::Current);
        let old = now() - Duration::hours(1);
        assert_eq!(freshness(Some(old), now()), Freshness::StaleSince(old));
        assert_eq!(flow(&[], axis(OverviewRange::Hour)).peak, None);
    }

    #[test]
    fn the_scale_ends_on_a_round_number() {
        assert_eq!([0, 1, 3, 6, 11, 638_933].map(round_up), [1, 1, 3, 6, 20, 800_000]);
    }
}
