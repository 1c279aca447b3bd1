//! How much came in the last minute, measured between two readings of the totals.

use std::collections::VecDeque;

use chrono::Duration;
use wolfsec::Timestamp;
use wolfsec::live::IngestTotals;

const MINUTE: Duration = Duration::minutes(1);
/// Readings are seconds apart: one a little older than a minute still measures the minute.
const TOO_OLD: Duration = Duration::seconds(75);

/// Readings of the last minute and the one before them.
#[derive(Debug, Default)]
pub struct Meter(VecDeque<(Timestamp, IngestTotals)>);

impl Meter {
    /// Takes a reading; `None` until a minute has been watched, and after a gap.
    pub fn read(&mut self, at: Timestamp, totals: IngestTotals) -> Option<IngestTotals> {
        while self.0.get(1).is_some_and(|(next, _)| at - *next >= MINUTE) {
            self.0.pop_front();
        }
        let before = self.0.front().copied();
        self.0.push_back((at, totals));
        let (then, old) = before?;
        let age = at - then;
        // Totals fall when a peer is taken away.
        (age >= MINUTE && age <= TOO_OLD && totals.events >= old.events && totals.rejects >= old.rejects).then(|| {
            IngestTotals {
                events: totals.events - old.events,
                rejects: totals.rejects - old.rejects,
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(meter: &mut Meter, second: i64, events: i64, rejects: i64) -> Option<(i64, i64)> {
        let at = Timestamp::from_timestamp(1_700_000_000 + second, 0).unwrap();
        meter
            .read(at, IngestTotals { events, rejects })
            .map(|totals| (totals.events, totals.rejects))
    }

    #[test]
    fn nothing_is_said_before_a_minute_was_watched() {
        let mut meter = Meter::default();
        for second in (0..60).step_by(5) {
            assert_eq!(read(&mut meter, second, second, 0), None);
        }
        assert_eq!(read(&mut meter, 60, 100, 3), Some((100, 3)));
        assert_eq!(read(&mut meter, 65, 105, 3), Some((100, 3)));
        assert_eq!(meter.0.len(), 13, "old readings are dropped");
    }

    #[test]
    fn a_gap_or_a_fall_is_not_a_measurement() {
        let mut meter = Meter::default();
        read(&mut meter, 0, 10, 0);
        assert_eq!(read(&mut meter, 300, 5000, 0), None, "five minutes are not one");
        assert_eq!(read(&mut meter, 360, 4000, 0), None, "a peer was taken away");
        assert_eq!(read(&mut meter, 420, 4010, 1), Some((10, 1)));
    }
}
