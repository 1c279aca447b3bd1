//! Samples.

use async_trait::async_trait;
use chrono::{Duration, NaiveDate};
use wolfsec::Timestamp;
use wolfsec::ids::PeerId;
use wolfsec::peers::{MeasuredWindow, MetricPoint, MetricSample, PeerSample, counter_increase};
use wolfsec::ports::{MetricRepository, RepositoryResult};

use super::{MemoryUnitOfWork, State};

fn samples(state: &State, peer: PeerId, since: Timestamp, until: Timestamp) -> Vec<MetricSample> {
    let range = state.samples.range((peer, since)..(peer, until));
    range.map(|(_, sample)| *sample).collect()
}

fn mean(values: impl Iterator<Item = f64>) -> Option<f64> {
    let values: Vec<f64> = values.collect();
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}

/// A counter's growth a second over the readings from `start` until `end`, each with the one before it.
fn rate(
    samples: &[MetricSample],
    start: Timestamp,
    end: Timestamp,
    value: impl Fn(&MetricSample) -> Option<i64>,
) -> Option<f64> {
    let readings: Vec<(Timestamp, i64)> = samples
        .iter()
        .filter_map(|sample| value(sample).map(|value| (sample.at, value)))
        .collect();
    let steps = readings.windows(2).filter(|pair| pair[1].0 >= start && pair[1].0 < end);
    let (growth, time) = steps.fold((0, 0.0), |(growth, time), pair| {
        let seconds = (pair[1].0 - pair[0].0).as_seconds_f64();
        (growth + counter_increase(pair[0].1, pair[1].1), time + seconds)
    });
    (time > 0.0).then(|| growth as f64 / time)
}

fn window(samples: &[MetricSample]) -> MeasuredWindow {
    let readings: Vec<(i64, i64)> = samples
        .iter()
        .filter_map(|sample| sample.requests_total.zip(sample.requests_failed))
        .collect();
    let steps = readings.windows(2).map(|pair| {
        let [(total_before, failed_before), (total, failed)] = [pair[0], pair[1]];
        if total < total_before || failed < failed_before {
            (total, failed)
        } else {
            (total - total_before, failed - failed_before)
        }
    });
    let sums = steps.reduce(|left, right| (left.0.saturating_add(right.0), left.1.saturating_add(right.1)));
    MeasuredWindow {
        latency_ms: mean(samples.iter().filter_map(|sample| sample.latency_ms)),
        requests: sums.map(|sums| sums.0),
        failures: sums.map(|sums| sums.1),
    }
}

#[async_trait]
impl MetricRepository for MemoryUnitOfWork {
    async fn save_peer_metrics_batch(
        &mut self,
        received_at: Timestamp,
        samples: &[PeerSample],
    ) -> RepositoryResult<Vec<(PeerId, Timestamp)>> {
        let mut fresh = Vec::new();
        for PeerSample { peer, sample } in samples {
            let day = self.state.metric_days.entry(sample.at.date_naive()).or_default();
            *day = (*day).max(Some(received_at));
            if let std::collections::btree_map::Entry::Vacant(place) = self.state.samples.entry((*peer, sample.at)) {
                place.insert(*sample);
                fresh.push((*peer, sample.at));
            }
        }
        Ok(fresh)
    }
    async fn measured(
        &mut self,
        peers: &[PeerId],
        since: Timestamp,
        until: Timestamp,
    ) -> RepositoryResult<Vec<(PeerId, MeasuredWindow)>> {
        let found = peers
            .iter()
            .map(|peer| (*peer, samples(&self.state, *peer, since, until)));
        Ok(found
            .filter(|(_, found)| !found.is_empty())
            .map(|(peer, found)| (peer, window(&found)))
            .collect())
    }
    async fn points(
        &mut self,
        peer: PeerId,
        since: Timestamp,
        until: Timestamp,
        bucket_seconds: i32,
    ) -> RepositoryResult<Vec<MetricPoint>> {
        let width = Duration::seconds(i64::from(bucket_seconds.max(1)));
        let all = samples(&self.state, peer, since - width, until);
        let mut points = Vec::new();
        let mut start = since;
        while start < until {
            let end = start + width;
            let here: Vec<&MetricSample> = all
                .iter()
                .filter(|sample| sample.at >= start && sample.at < end)
                .collect();
            if !here.is_empty() {
                let of = |value: fn(&MetricSample) -> Option<f64>| mean(here.iter().filter_map(|sample| value(sample)));
                let rate = |value: fn(&MetricSample) -> Option<i64>| rate(&all, start, end, value);
                points.push(MetricPoint {
                    start,
                    samples: i64::try_from(here.len()).unwrap(),
                    latency_ms: of(|sample| sample.latency_ms),
                    cpu_percent: of(|sample| sample.cpu_percent),
                    memory_bytes: of(|sample| sample.memory_bytes.map(|bytes| bytes as f64)),
                    disk_percent: of(|sample| sample.disk_percent),
                    requests: rate(|sample| sample.requests_total),
                    failures: rate(|sample| sample.requests_failed),
                    bytes_sent: rate(|sample| sample.bytes_sent),
                    bytes_received: rate(|sample| sample.bytes_received),
                    messages_sent: rate(|sample| sample.messages_sent),
                    messages_received: rate(|sample| sample.messages_received),
                });
            }
            start = end;
        }
        Ok(points)
    }
    async fn latest(&mut self, peer: PeerId, until: Timestamp) -> RepositoryResult<Option<MetricSample>> {
        let upto = self.state.samples.range((peer, Timestamp::MIN_UTC)..=(peer, until));
        Ok(upto.last().map(|(_, sample)| *sample))
    }
    async fn ensure_partitions(&mut self, from: NaiveDate, to: NaiveDate) -> RepositoryResult<u32> {
        let mut made = 0;
        for day in from.iter_days().take_while(|day| *day <= to) {
            if let std::collections::btree_map::Entry::Vacant(place) = self.state.metric_days.entry(day) {
                place.insert(None);
                made += 1;
            }
        }
        Ok(made)
    }
    async fn retire(&mut self, days_before: NaiveDate) -> RepositoryResult<u32> {
        let before = self.state.metric_days.len();
        let kept = |day: NaiveDate, last: Option<Timestamp>| {
            day >= days_before || last.is_some_and(|last| last.date_naive() >= days_before)
        };
        self.state.metric_days.retain(|day, last| kept(*day, *last));
        let days = &self.state.metric_days;
        self.state
            .samples
            .retain(|(_, at), _| days.contains_key(&at.date_naive()));
        Ok(u32::try_from(before - self.state.metric_days.len()).unwrap())
    }
}
