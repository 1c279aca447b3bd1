//! What the overview page shows, all of it measured.

use chrono::{Duration, NaiveDate};
use serde::{Deserialize, Serialize};

use crate::Timestamp;
use crate::alerts::Alert;
use crate::attack::Tactic;
use crate::detection::Entity;
use crate::peers::PeerStatus;
use crate::rules::RuleCoverage;
use crate::severity::Severity;

/// Alerts that the figures of a range are made of, newest first.
pub const FIGURES_BOUND: i64 = 2_000;
/// Peers counted at most.
pub const FLEET_BOUND: i64 = 10_000;
/// Peers drawn one by one.
pub const FLEET_DRAWN: usize = 240;
/// Rows of a top list.
pub const TOP: usize = 6;
/// How far back the speed of ingest is looked at.
pub const INGEST_WINDOW: Duration = Duration::minutes(15);

slug_enum!(
    /// How far back the page looks.
    #[derive(Default)]
    OverviewRange {
        Hour = "1h",
        #[default]
        Day = "24h",
        Week = "7d",
        Month = "30d",
    }
);

impl OverviewRange {
    pub const fn label(self) -> &'static str {
        match self {
            Self::Hour => "Last hour",
            Self::Day => "Last 24 h",
            Self::Week => "Last 7 d",
            Self::Month => "Last 30 d",
        }
    }
    pub const fn span(self) -> Duration {
        match self {
            Self::Hour => Duration::hours(1),
            Self::Day => Duration::hours(24),
            Self::Week => Duration::days(7),
            Self::Month => Duration::days(30),
        }
    }
    /// Width of a bucket of the chart (minutes); a range has 60 to 96 of them.
    pub const fn bucket_minutes(self) -> i32 {
        match self {
            Self::Hour => 1,
            Self::Day => 15,
            Self::Week => 120,
            Self::Month => 480,
        }
    }
    /// The first bucket's start: the chart begins where a bucket does.
    pub fn start(self, now: Timestamp) -> Timestamp {
        let width = i64::from(self.bucket_minutes()) * 60;
        let first = (now - self.span()).timestamp().div_euclid(width) + 1;
        Timestamp::from_timestamp(first * width, 0).unwrap_or(now)
    }
}

/// Stored events of one bucket, by severity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct RateBucket {
    pub start: Timestamp,
    /// Indexed by severity rank.
    pub counts: [i64; 5],
}

impl RateBucket {
    pub fn total(&self) -> i64 {
        self.counts.iter().sum()
    }
    pub fn of(&self, severity: Severity) -> i64 {
        self.counts[severity as usize]
    }
}

/// Alerts of one severity that wait for a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct WaitingCount {
    pub severity: Severity,
    /// Nobody has acknowledged them.
    pub open: i64,
    /// Unresolved, and this person's.
    pub mine: i64,
    /// When the open one that waits longest was raised; `None` without one.
    pub oldest: Option<Timestamp>,
}

/// Alerts raised since a time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RaisedCount {
    pub alerts: i64,
    /// Of these, critical or high.
    pub severe: i64,
    /// There are more: the numbers are "at least".
    pub capped: bool,
}

/// Alerts last seen in one bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct AlertMark {
    pub start: Timestamp,
    pub count: i64,
    pub worst: Severity,
}

/// A rule with its alerts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RankedRule {
    pub rule_id: String,
    pub title: String,
    pub severity: Severity,
    pub alerts: i64,
    /// What was folded into them.
    pub occurrences: i64,
}

/// A thing with the alerts about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RankedEntity {
    pub entity: Entity,
    pub alerts: i64,
}

/// Figures of the alerts last seen in a range.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AlertFigures {
    pub alerts: i64,
    /// Only the newest [`FIGURES_BOUND`] were looked at.
    pub capped: bool,
    /// Oldest first; buckets without alerts are absent.
    pub marks: Vec<AlertMark>,
    /// In the order of the matrix; tactics without alerts are absent.
    pub tactics: Vec<(Tactic, i64)>,
    /// Most alerts first.
    pub rules: Vec<RankedRule>,
    /// Most alerts first.
    pub entities: Vec<RankedEntity>,
}

/// Peers by status.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FleetFigures {
    /// In the order of [`PeerStatus::ALL`]; statuses without peers are absent.
    pub counts: Vec<(PeerStatus, i64)>,
    /// At most [`FLEET_DRAWN`], by name; those that are not online come in first.
    pub peers: Vec<(String, PeerStatus)>,
}

impl FleetFigures {
    /// Counts peers and chooses those that are drawn.
    pub fn of(peers: impl IntoIterator<Item = (String, PeerStatus)>) -> Self {
        let mut all: Vec<(String, PeerStatus)> = peers.into_iter().collect();
        let counts = PeerStatus::ALL
            .iter()
            .map(|&status| {
                let n = all.iter().filter(|(_, of)| *of == status).count();
                (status, i64::try_from(n).unwrap_or(i64::MAX))
            })
            .filter(|(_, n)| *n > 0)
            .collect();
        all.sort_by_key(|(_, status)| *status == PeerStatus::Online);
        all.truncate(FLEET_DRAWN);
        all.sort_by_cached_key(|(name, _)| name.to_lowercase());
        Self { counts, peers: all }
    }
    pub fn total(&self) -> i64 {
        self.counts.iter().map(|(_, n)| n).sum()
    }
}

slug_enum!(
    /// What is measured of ingest.
    IngestMeasure {
        /// From an event's own time to its receipt.
        Lag = "lag",
        /// From receipt until a request was evaluated and its alerts written.
        Detection = "detection",
        /// A line that was not stored.
        Reject = "reject",
    }
);

/// So many measurements of one minute that lie on one step of [`step_of`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Measured {
    pub measure: IngestMeasure,
    /// Start of the minute.
    pub minute: Timestamp,
    pub step: i16,
    pub count: i64,
}

/// Last step: about 12 days.
const MAX_STEP: i16 = 60;

/// Durations are counted on steps that grow by the square root of two: the first step that is not below it (milliseconds).
pub fn step_of(milliseconds: i64) -> i16 {
    (0..MAX_STEP)
        .find(|step| step_end(*step) >= milliseconds)
        .unwrap_or(MAX_STEP)
}

/// The longest duration of a step (milliseconds).
pub fn step_end(step: i16) -> i64 {
    let even = 1_i64 << (step.clamp(0, MAX_STEP) / 2);
    if step % 2 == 0 {
        even
    } else {
        // Times the square root of two, rounded up.
        (even * 1_414_214 + 999_999) / 1_000_000
    }
}

/// Within which duration 95 of 100 were (milliseconds, the end of the step that holds it); `None` without any.
pub fn p95(counts: &[(i16, i64)]) -> Option<i64> {
    let total: i64 = counts.iter().map(|(_, n)| n).sum();
    if total == 0 {
        return None;
    }
    let mut sorted = counts.to_vec();
    sorted.sort_unstable();
    let mut seen = 0;
    sorted
        .into_iter()
        .find(|(_, n)| {
            seen += n;
            seen * 100 >= total * 95
        })
        .map(|(step, _)| step_end(step))
}

/// How fast ingest was, and what it did not take.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct IngestFigures {
    /// 95 of 100 events were received within this after they happened (ms); `None` without any.
    pub lag_p95: Option<i64>,
    /// 95 of 100 requests were evaluated within this after receipt (ms); `None` without any.
    pub detection_p95: Option<i64>,
    pub rejects: i64,
}

/// What the stored events take.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Storage {
    /// Tables and their indexes.
    pub bytes: i64,
    /// Days that hold events.
    pub days: i64,
    pub oldest_day: Option<NaiveDate>,
    /// When anything was last stored; `None` before the first event.
    pub last_event_at: Option<Timestamp>,
}

/// A visit ends when the overview was not looked at for this long.
const VISIT_GAP: Duration = Duration::minutes(30);
/// A running visit is written down this often.
const VISIT_STEP: Duration = Duration::minutes(1);

/// When a person was here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Visit {
    /// The last look of the visit that goes on.
    pub last_at: Timestamp,
    /// The end of the visit before it; `None` on the first.
    pub before: Option<Timestamp>,
}

impl Visit {
    /// The visit as it is with a look now, and whether that has to be written down.
    pub fn look(known: Option<Self>, now: Timestamp) -> (Self, bool) {
        match known {
            None => (
                Self {
                    last_at: now,
                    before: None,
                },
                true,
            ),
            Some(visit) if now - visit.last_at > VISIT_GAP => (
                Self {
                    last_at: now,
                    before: Some(visit.last_at),
                },
                true,
            ),
            Some(visit) => (
                Self {
                    last_at: now.max(visit.last_at),
                    ..visit
                },
                now - visit.last_at > VISIT_STEP,
            ),
        }
    }
}

/// The page's whole view.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Overview {
    pub rendered_at: Timestamp,
    pub range: OverviewRange,
    /// Start of the range's first bucket.
    pub since: Timestamp,
    pub waiting: Vec<WaitingCount>,
    /// Critical and high alerts that wait, longest first.
    pub longest: Vec<Alert>,
    /// The end of the last visit and what was raised since; `None` on the first visit.
    pub since_visit: Option<(Timestamp, RaisedCount)>,
    /// Oldest first; buckets without events are absent.
    pub rate: Vec<RateBucket>,
    pub alerts: AlertFigures,
    pub fleet: FleetFigures,
    pub ingest: IngestFigures,
    pub storage: Storage,
    pub coverage: RuleCoverage,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minutes: i64) -> Timestamp {
        Timestamp::from_timestamp(1_700_000_100, 0).unwrap() + Duration::minutes(minutes)
    }

    #[test]
    fn a_visit_ends_after_half_an_hour_without_a_look() {
        let (first, write) = Visit::look(None, at(0));
        assert_eq!((first.before, write), (None, true));
        let (same, write) = Visit::look(Some(first), at(1));
        assert_eq!((same.before, write), (None, false));
        let (longer, write) = Visit::look(Some(first), at(20));
        assert_eq!((longer.last_at, longer.before, write), (at(20), None, true));
        let (next, write) = Visit::look(Some(longer), at(60));
        assert_eq!((next.last_at, next.before, write), (at(60), Some(at(20)), true));
    }

    #[test]
    fn steps_grow_and_hold_what_they_say() {
        for milliseconds in [0, 1, 2, 3, 5, 17, 1000, 86_400_000] {
            let step = step_of(milliseconds);
            assert!(step_end(step) >= milliseconds, "{milliseconds}");
            assert!(step == 0 || step_end(step - 1) < milliseconds, "{milliseconds}");
        }
        assert_eq!(step_of(i64::MAX), MAX_STEP);
        assert!((1..=MAX_STEP).all(|step| step_end(step) > step_end(step - 1) || step < 3));
    }

    #[test]
    fn a_percentile_is_the_end_of_its_step() {
        assert_eq!(p95(&[]), None);
        assert_eq!(p95(&[(4, 10)]), Some(4));
        assert_eq!(p95(&[(20, 5), (4, 95)]), Some(4));
        assert_eq!(p95(&[(20, 6), (4, 94)]), Some(1024));
    }

    #[test]
    fn a_range_has_whole_buckets_up_to_now() {
        for &range in OverviewRange::ALL {
            let (start, width) = (range.start(at(7)), Duration::minutes(range.bucket_minutes().into()));
            let buckets = (at(7) - start).num_seconds().div_euclid(width.num_seconds()) + 1;
            assert!((60..=96).contains(&buckets), "{range}: {buckets}");
            assert_eq!(start.timestamp().rem_euclid(width.num_seconds()), 0);
        }
    }

    #[test]
    fn the_fleet_draws_those_that_are_not_online_first() {
        let many = (0..FLEET_DRAWN + 10).map(|n| (format!("a{n:04}"), PeerStatus::Online));
        let fleet = FleetFigures::of(many.chain([("z".to_owned(), PeerStatus::Late)]));
        assert_eq!(fleet.peers.len(), FLEET_DRAWN);
        assert_eq!(fleet.peers.last().unwrap().0, "z");
        assert_eq!(fleet.counts, [(PeerStatus::Online, 250), (PeerStatus::Late, 1)]);
        assert_eq!(fleet.total(), 251);
    }
}
