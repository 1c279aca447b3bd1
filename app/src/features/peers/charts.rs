//! What the charts of a peer draw: lines that break where samples are missing, in units that a person reads.

use std::fmt::Write as _;

use chrono::Duration;
use wolfsec::Timestamp;
use wolfsec::peers::{MetricPoint, MetricRange};

use super::view::Measured;
use crate::components::line_chart::{Chart, Gap, Line, PLOT_HEIGHT, PLOT_WIDTH, Tick};

/// Time without samples that breaks a line: more than one empty bucket, and more than a peer may be late.
fn longest_step(bucket_seconds: i32, interval_seconds: i32) -> Duration {
    let bucket = Duration::milliseconds(i64::from(bucket_seconds) * 1500);
    bucket.max(Duration::seconds(i64::from(interval_seconds) * 3))
}

/// A value's stretches without a break: when and how much.
type Run = Vec<(Timestamp, f64)>;

fn runs(measured: &Measured, interval_seconds: i32, value: impl Fn(&MetricPoint) -> Option<f64>) -> Vec<Run> {
    let step = longest_step(measured.bucket_seconds, interval_seconds);
    let mut runs: Vec<Run> = Vec::new();
    for point in &measured.points {
        let Some(value) = value(point) else { continue };
        let joined = runs
            .last_mut()
            .filter(|run| run.last().is_some_and(|(at, _)| point.start - *at <= step));
        match joined {
            Some(run) => run.push((point.start, value)),
            None => runs.push(vec![(point.start, value)]),
        }
    }
    runs
}

/// A unit that fits the largest value: what it is divided by, and its name.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Unit {
    pub divisor: f64,
    pub name: &'static str,
}

impl Unit {
    pub const PERCENT: Self = Self {
        divisor: 1.0,
        name: "%",
    };
    pub const MILLIS: Self = Self {
        divisor: 1.0,
        name: "ms",
    };

    /// Bytes by thousands.
    pub fn bytes(largest: f64) -> Self {
        const UNITS: [(f64, &str); 5] = [(1e12, "TB"), (1e9, "GB"), (1e6, "MB"), (1e3, "kB"), (1.0, "B")];
        Self::fitting(largest, &UNITS)
    }
    pub fn bytes_per_second(largest: f64) -> Self {
        const UNITS: [(f64, &str); 4] = [(1e9, "GB/s"), (1e6, "MB/s"), (1e3, "kB/s"), (1.0, "B/s")];
        Self::fitting(largest, &UNITS)
    }
    /// What comes seldom is counted by the minute.
    pub fn per_time(largest: f64) -> Self {
        const UNITS: [(f64, &str); 2] = [(1.0, "/ s"), (1.0 / 60.0, "/ min")];
        Self::fitting(largest, &UNITS)
    }

    fn fitting(largest: f64, units: &[(f64, &'static str)]) -> Self {
        let fits = units.iter().find(|(divisor, _)| largest >= *divisor).or(units.last());
        fits.map_or(Self::MILLIS, |&(divisor, name)| Self { divisor, name })
    }

    /// A value in this unit, with as many digits as say something.
    pub fn number(self, value: f64) -> String {
        let value = value / self.divisor;
        let digits = match value.abs() {
            size if size == 0.0 || size >= 100.0 => 0,
            size if size >= 10.0 => 1,
            _ => 2,
        };
        let text = format!("{value:.digits$}");
        if digits == 0 {
            return text;
        }
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    }

    pub fn text(self, value: f64) -> String {
        format!("{} {}", self.number(value), self.name)
    }
}

/// One value of a chart.
pub struct Series {
    pub label: &'static str,
    pub value: fn(&MetricPoint) -> Option<f64>,
}

/// What a chart shows.
pub struct ChartSpec {
    pub title: &'static str,
    pub series: &'static [Series],
    /// The unit for the largest value.
    pub unit: fn(f64) -> Unit,
    /// Top of the scale; `None` fits it to the largest value.
    pub top: Option<f64>,
}

/// The charts of a peer's page, in their order.
pub const CHARTS: [ChartSpec; 6] = [
    ChartSpec {
        title: "Latency",
        series: &[Series {
            label: "round trip",
            value: |point| point.latency_ms,
        }],
        unit: |_| Unit::MILLIS,
        top: None,
    },
    ChartSpec {
        title: "Traffic",
        series: &[
            Series {
                label: "in",
                value: |point| point.bytes_received,
            },
            Series {
                label: "out",
                value: |point| point.bytes_sent,
            },
        ],
        unit: Unit::bytes_per_second,
        top: None,
    },
    ChartSpec {
        title: "Requests",
        series: &[
            Series {
                label: "all",
                value: |point| point.requests,
            },
            Series {
                label: "failed",
                value: |point| point.failures,
            },
        ],
        unit: Unit::per_time,
        top: None,
    },
    ChartSpec {
        title: "Processor",
        series: &[Series {
            label: "in use",
            value: |point| point.cpu_percent,
        }],
        unit: |_| Unit::PERCENT,
        top: Some(100.0),
    },
    ChartSpec {
        title: "Memory",
        series: &[Series {
            label: "in use",
            value: |point| point.memory_bytes,
        }],
        unit: Unit::bytes,
        top: None,
    },
    ChartSpec {
        title: "Disk",
        series: &[Series {
            label: "in use",
            value: |point| point.disk_percent,
        }],
        unit: |_| Unit::PERCENT,
        top: Some(100.0),
    },
];

/// The largest value of all series; `None` when nothing was measured.
pub fn largest(spec: &ChartSpec, points: &[MetricPoint]) -> Option<f64> {
    let values = spec
        .series
        .iter()
        .flat_map(|series| points.iter().filter_map(series.value));
    values.reduce(f64::max)
}

/// Since when nothing has come: the newest sample's time, once the peer is late with the next one.
pub fn stale_since(measured: &Measured, interval_seconds: i32) -> Option<Timestamp> {
    let newest = measured.latest?.at;
    (measured.until - newest > Duration::seconds(i64::from(interval_seconds) * 3)).then_some(newest)
}

/// The newest value of a series, unless it is stale or older than a line may go on without.
pub fn current(series: &Series, measured: &Measured, interval_seconds: i32) -> Option<f64> {
    if stale_since(measured, interval_seconds).is_some() {
        return None;
    }
    let newest = measured
        .points
        .iter()
        .rev()
        .find_map(|point| (series.value)(point).map(|value| (point.start, value)));
    let reach = longest_step(measured.bucket_seconds, interval_seconds) + bucket(measured);
    newest
        .filter(|(start, _)| measured.until - *start <= reach)
        .map(|(_, value)| value)
}

fn bucket(measured: &Measured) -> Duration {
    Duration::seconds(i64::from(measured.bucket_seconds))
}

/// Lays a chart out; `None` when nothing was measured in the range.
pub fn chart(spec: &ChartSpec, measured: &Measured, interval_seconds: i32) -> Option<Chart> {
    let largest = largest(spec, &measured.points)?;
    let unit = (spec.unit)(largest);
    let top = spec
        .top
        .unwrap_or_else(|| round_up(largest / unit.divisor) * unit.divisor);
    let span = (measured.until - measured.since).as_seconds_f64();
    let x = |at: Timestamp| (PLOT_WIDTH * (at - measured.since).as_seconds_f64() / span).clamp(0.0, PLOT_WIDTH);
    let width = PLOT_WIDTH * f64::from(measured.bucket_seconds) / span;
    let y = |value: f64| PLOT_HEIGHT * (1.0 - (value / top).clamp(0.0, 1.0));
    let all: Vec<Vec<Run>> = spec
        .series
        .iter()
        .map(|series| runs(measured, interval_seconds, series.value))
        .collect();
    let lines = spec.series.iter().zip(&all).map(|(series, runs)| Line {
        label: series.label,
        runs: runs.iter().map(|run| drawn(run, x, y, width)).collect(),
    });
    Some(Chart {
        title: spec.title,
        description: description(spec, measured, &all, unit),
        lines: lines.collect(),
        gaps: gaps(&all, measured, interval_seconds)
            .into_iter()
            .map(|(from, to)| gap(from, to, measured, x))
            .collect(),
        top: unit.number(top),
        half: unit.number(top / 2.0),
        ticks: ticks(measured),
    })
}

/// Points in the middles of their buckets; one that stands alone is as wide as its bucket.
fn drawn(run: &Run, x: impl Fn(Timestamp) -> f64, y: impl Fn(f64) -> f64, width: f64) -> Vec<(f64, f64)> {
    if let [(at, value)] = run[..] {
        return vec![(x(at), y(value)), ((x(at) + width).min(PLOT_WIDTH), y(value))];
    }
    run.iter()
        .map(|&(at, value)| ((x(at) + width / 2.0).min(PLOT_WIDTH), y(value)))
        .collect()
}

/// Where no series has a value: before the first, between two that are too far apart, and after the last.
fn gaps(all: &[Vec<Run>], measured: &Measured, interval_seconds: i32) -> Vec<(Timestamp, Timestamp)> {
    let step = longest_step(measured.bucket_seconds, interval_seconds);
    let mut times: Vec<Timestamp> = all.iter().flatten().flatten().map(|(at, _)| *at).collect();
    times.sort_unstable();
    times.dedup();
    let mut gaps = Vec::new();
    let mut covered = measured.since;
    for at in times {
        if at - covered > step {
            gaps.push((covered, at));
        }
        covered = at + bucket(measured);
    }
    if measured.until - covered > step {
        gaps.push((covered, measured.until));
    }
    gaps
}

fn gap(from: Timestamp, to: Timestamp, measured: &Measured, x: impl Fn(Timestamp) -> f64) -> Gap {
    let percent = |at| 100.0 * x(at) / PLOT_WIDTH;
    Gap {
        x: percent(from),
        width: percent(to) - percent(from),
        label: format!(
            "No data from {} to {}",
            moment(from, measured.range),
            moment(to, measured.range)
        ),
    }
}

fn moment(at: Timestamp, range: MetricRange) -> String {
    let format = match range {
        MetricRange::Week => "%d %b %H:%M",
        MetricRange::Hour | MetricRange::Day => "%H:%M",
    };
    at.format(format).to_string()
}

fn ticks(measured: &Measured) -> Vec<Tick> {
    let span = measured.until - measured.since;
    let format = match measured.range {
        MetricRange::Week => "%d %b",
        MetricRange::Hour | MetricRange::Day => "%H:%M",
    };
    let at = |quarter: i32| Tick {
        percent: f64::from(quarter) * 25.0,
        label: (measured.since + span * quarter / 4).format(format).to_string(),
    };
    let mut ticks: Vec<Tick> = (0..4).map(at).collect();
    ticks.push(Tick {
        percent: 100.0,
        label: "now".to_owned(),
    });
    ticks
}

/// The chart in words: each series' lowest, highest and last value, and how often samples are missing.
fn description(spec: &ChartSpec, measured: &Measured, all: &[Vec<Run>], unit: Unit) -> String {
    // Writing into a string cannot fail.
    let mut words = format!("Last {}, UTC.", measured.range.label());
    for (series, runs) in spec.series.iter().zip(all) {
        let values: Vec<f64> = runs.iter().flatten().map(|(_, value)| *value).collect();
        let (Some(low), Some(high), Some(last)) = (
            values.iter().copied().reduce(f64::min),
            values.iter().copied().reduce(f64::max),
            values.last(),
        ) else {
            let _ = write!(words, " {}: no data.", series.label);
            continue;
        };
        let _ = write!(
            words,
            " {}: {} to {}, last {}.",
            series.label,
            unit.number(low),
            unit.text(high),
            unit.text(*last)
        );
        if runs.len() > 1 {
            let _ = write!(words, " Broken {} times for lack of samples.", runs.len() - 1);
        }
    }
    words
}

/// A number that is easily read and leaves a little room above `value`: a few whole steps of a power of ten.
fn round_up(value: f64) -> f64 {
    if value <= 0.0 || !value.is_finite() {
        return 1.0;
    }
    let power = 10_f64.powf(value.log10().floor());
    let factor = [1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0]
        .into_iter()
        .find(|factor| factor * power >= value * 1.02);
    factor.unwrap_or(15.0) * power
}

#[cfg(test)]
mod tests {
    use wolfsec::peers::MetricSample;

    use super::*;

    fn now() -> Timestamp {
        Timestamp::from_timestamp(1_700_000_000, 0).unwrap()
    }

    /// Processor readings so many minutes ago, in buckets of 30 s.
    fn measured(readings: &[(i64, f64)]) -> Measured {
        let point = |&(minutes, cpu): &(i64, f64)| MetricPoint {
            start: now() - Duration::minutes(minutes),
            samples: 2,
            cpu_percent: Some(cpu),
            ..MetricPoint::default()
        };
        Measured {
            range: MetricRange::Hour,
            since: now() - Duration::hours(1),
            until: now(),
            bucket_seconds: 30,
            points: readings.iter().map(point).collect(),
            latest: None,
        }
    }

    const CPU: &ChartSpec = &CHARTS[3];

    #[test]
    fn a_line_breaks_where_samples_are_missing() {
        // Every minute is late for an interval of 15 s (a line goes on for 45 s) and in time for one of 60 s.
        let view = measured(&[(10, 10.0), (9, 20.0), (5, 30.0)]);
        assert_eq!(chart(CPU, &view, 15).unwrap().lines[0].runs.len(), 3);
        let patient = chart(CPU, &view, 60).unwrap();
        assert_eq!(
            patient.lines[0].runs.iter().map(Vec::len).collect::<Vec<_>>(),
            [2, 2],
            "the last stands alone"
        );
        let labels: Vec<&str> = patient.gaps.iter().map(|gap| gap.label.as_str()).collect();
        assert_eq!(
            labels,
            [
                "No data from 21:13 to 22:03",
                "No data from 22:04 to 22:08",
                "No data from 22:08 to 22:13"
            ]
        );
        for (x, y) in patient.lines[0].runs.iter().flatten() {
            assert!((0.0..=PLOT_WIDTH).contains(x) && (0.0..=PLOT_HEIGHT).contains(y));
        }
        assert!(
            patient
                .description
                .contains("in use: 10 to 30 %, last 30 %. Broken 1 times"),
            "{}",
            patient.description
        );
    }

    #[test]
    fn nothing_measured_is_no_chart_and_no_current_value() {
        let empty = measured(&[]);
        assert!(chart(CPU, &empty, 15).is_none());
        assert!(
            chart(&CHARTS[0], &measured(&[(1, 5.0)]), 15).is_none(),
            "latency was not measured"
        );
        let series = &CPU.series[0];
        assert_eq!(current(series, &empty, 15), None);
        assert_eq!(current(series, &measured(&[(1, 5.0)]), 15), Some(5.0));
        assert_eq!(
            current(series, &measured(&[(5, 5.0)]), 15),
            None,
            "an old value is not the current one"
        );
    }

    #[test]
    fn what_is_stale_is_not_shown_as_current() {
        let mut view = measured(&[(1, 5.0)]);
        let sample = |seconds| MetricSample {
            at: now() - Duration::seconds(seconds),
            ..MetricSample::default()
        };
        view.latest = Some(sample(45));
        assert_eq!(stale_since(&view, 15), None);
        view.latest = Some(sample(46));
        assert_eq!(stale_since(&view, 15), Some(sample(46).at));
        assert_eq!(current(&CPU.series[0], &view, 15), None);
        assert_eq!(current(&CPU.series[0], &view, 60), Some(5.0));
    }

    #[test]
    fn zero_is_a_value() {
        let idle = chart(CPU, &measured(&[(2, 0.0), (1, 0.0)]), 60).unwrap();
        assert!(
            idle.lines[0].runs[0]
                .iter()
                .all(|(_, y)| (*y - PLOT_HEIGHT).abs() < 1e-9)
        );
    }

    #[test]
    fn numbers_have_a_unit_that_fits() {
        assert_eq!(Unit::bytes(3.2e9).text(3.2e9), "3.2 GB");
        assert_eq!(Unit::bytes_per_second(0.0).text(0.0), "0 B/s");
        assert_eq!(Unit::per_time(0.05).text(0.05), "3 / min");
        assert_eq!(Unit::per_time(2.0).text(1.234), "1.23 / s");
        assert_eq!(Unit::PERCENT.text(100.0), "100 %");
        assert_eq!(Unit::MILLIS.text(46.04), "46 ms");
    }

    #[test]
    fn scales_end_on_readable_numbers() {
        for (value, top) in [
            (0.0, 1.0),
            (0.03, 0.04),
            (1.0, 1.5),
            (1.1, 1.5),
            (37.0, 40.0),
            (55.0, 60.0),
            (812.0, 1000.0),
            (995.0, 1500.0),
        ] {
            assert!((round_up(value) - top).abs() < 1e-9, "{value}: {}", round_up(value));
        }
    }
}
