//! Samples, and what is made of them.

use chrono::Duration;
use wolfsec::ids::PeerId;
use wolfsec::peers::{MeasuredWindow, MetricPoint, MetricSample, PeerSample};
use wolfsec::ports::{Store, UnitOfWork};

use super::begin;
use crate::build::{at, peer, sample};

fn with(peer: PeerId, minutes: i64, change: impl FnOnce(&mut MetricSample)) -> PeerSample {
    let mut made = sample(peer, at(minutes));
    change(&mut made.sample);
    made
}

fn requests(peer: PeerId, minutes: i64, total: i64, failed: i64) -> PeerSample {
    with(peer, minutes, |sample| {
        (sample.requests_total, sample.requests_failed) = (Some(total), Some(failed));
    })
}

async fn save(uow: &mut dyn UnitOfWork, samples: &[PeerSample]) -> usize {
    uow.metrics()
        .save_peer_metrics_batch(at(0), samples)
        .await
        .unwrap()
        .len()
}

fn near(value: Option<f64>, expected: f64) -> bool {
    value.is_some_and(|value| (value - expected).abs() < 1e-9)
}

pub async fn a_sample_is_stored_once(store: &dyn Store) {
    let mut uow = begin(store).await;
    let (web, db) = (peer(1, "web").id, peer(2, "db").id);
    let full = MetricSample {
        at: at(1),
        latency_ms: Some(12.5),
        messages_sent: Some(1),
        messages_received: Some(2),
        bytes_sent: Some(3),
        bytes_received: Some(i64::MAX),
        requests_total: Some(5),
        requests_failed: Some(0),
        cpu_percent: Some(100.0),
        memory_bytes: Some(7),
        disk_percent: Some(0.0),
        uptime_s: Some(9),
    };
    let first = PeerSample {
        peer: web,
        sample: full,
    };
    // The same identity twice in one batch; another peer at the same time; another day.
    let twin = with(web, 1, |sample| sample.cpu_percent = Some(1.0));
    let batch = [first, sample(db, at(1)), twin, sample(web, at(1440))];
    let mut fresh = uow.metrics().save_peer_metrics_batch(at(0), &batch).await.unwrap();
    fresh.sort_unstable();
    assert_eq!(fresh, [(web, at(1)), (web, at(1440)), (db, at(1))]);
    assert_eq!(save(uow.as_mut(), &batch).await, 0);
    assert_eq!(save(uow.as_mut(), &[]).await, 0);
    assert_eq!(uow.metrics().latest(web, at(2)).await.unwrap(), Some(full));
}

pub async fn a_window_measures_latency_and_success(store: &dyn Store) {
    let mut uow = begin(store).await;
    let peers: Vec<PeerId> = (1..=4).map(|n| peer(n, "x").id).collect();
    let latency = |peer, minutes, ms| with(peer, minutes, |sample| sample.latency_ms = Some(ms));
    let samples = [
        // Counters that start again: 10 more, 1 failed; then 4 more since, 2 failed. One before the window.
        requests(peers[0], -1, 1, 1),
        requests(peers[0], 1, 100, 1),
        latency(peers[0], 2, 40.0),
        requests(peers[0], 3, 110, 2),
        requests(peers[0], 4, 4, 2),
        latency(peers[0], 5, 60.0),
        // The failures fall while the total does not: both were started again.
        requests(peers[1], 1, 10, 9),
        requests(peers[1], 2, 12, 3),
        // One reading is no growth.
        requests(peers[2], 1, 10, 9),
    ];
    save(uow.as_mut(), &samples).await;
    let mut measured = uow.metrics().measured(&peers, at(0), at(15)).await.unwrap();
    measured.sort_by_key(|(peer, _)| *peer);
    let window = |latency_ms, requests, failures| MeasuredWindow {
        latency_ms,
        requests,
        failures,
    };
    let expected = [
        (peers[0], window(Some(50.0), Some(14), Some(3))),
        (peers[1], window(None, Some(12), Some(3))),
        (peers[2], window(None, None, None)),
    ];
    assert_eq!(measured, expected);
    assert!(uow.metrics().measured(&peers, at(15), at(30)).await.unwrap().is_empty());
    assert!(uow.metrics().measured(&[], at(0), at(15)).await.unwrap().is_empty());
}

pub async fn points_are_means_and_rates(store: &dyn Store) {
    let mut uow = begin(store).await;
    let web = peer(1, "web").id;
    let reading = |minutes, sent, cpu| {
        with(web, minutes, |sample| {
            (sample.bytes_sent, sample.cpu_percent) = (Some(sent), Some(cpu));
        })
    };
    let samples = [
        // In the bucket before the range: its reading counts, its processor does not.
        reading(-1, 0, 99.0),
        reading(1, 1200, 10.0),
        reading(2, 1800, 20.0),
        // Bucket 1 is empty: a gap of samples. The counter was started again.
        reading(12, 600, 30.0),
        // The end is not in the range any more.
        reading(20, 9999, 99.0),
    ];
    save(uow.as_mut(), &samples).await;
    save(uow.as_mut(), &[sample(peer(2, "other").id, at(6))]).await;
    let points = uow.metrics().points(web, at(0), at(20), 300).await.unwrap();
    assert_eq!(
        points
            .iter()
            .map(|point| (point.start, point.samples))
            .collect::<Vec<_>>(),
        [(at(0), 2), (at(10), 1)]
    );
    let MetricPoint {
        bytes_sent,
        cpu_percent,
        latency_ms,
        requests,
        ..
    } = points[0];
    // 1800 bytes in the 180 s since the reading before.
    assert!(near(bytes_sent, 10.0), "{bytes_sent:?}");
    assert!(near(cpu_percent, 15.0), "{cpu_percent:?}");
    assert_eq!((latency_ms, requests), (None, None));
    assert!(near(points[1].bytes_sent, 1.0), "{:?}", points[1]);
    assert!(uow.metrics().points(web, at(60), at(80), 300).await.unwrap().is_empty());
}

pub async fn values_of_different_samples_keep_their_rates(store: &dyn Store) {
    let mut uow = begin(store).await;
    let web = peer(1, "web").id;
    // An agent measures the host, a service its requests, both as one peer.
    let mut samples = Vec::new();
    for minute in 0..4 {
        samples.push(requests(web, minute, minute * 120, minute * 60));
        let mut host = sample(web, at(minute) + Duration::seconds(30));
        host.sample.memory_bytes = Some(8);
        samples.push(host);
    }
    save(uow.as_mut(), &samples).await;
    let points = uow.metrics().points(web, at(0), at(4), 60).await.unwrap();
    assert_eq!(points.len(), 4);
    // The very first reading has none before it.
    assert_eq!((points[0].requests, points[0].failures), (None, None));
    for point in &points[1..] {
        assert!(near(point.requests, 2.0) && near(point.failures, 1.0), "{point:?}");
        assert!(near(point.memory_bytes, 8.0), "{point:?}");
    }
    let measured = uow.metrics().measured(&[web], at(0), at(15)).await.unwrap();
    assert_eq!((measured[0].1.requests, measured[0].1.failures), (Some(360), Some(180)));
}

pub async fn counters_of_any_size_are_measured(store: &dyn Store) {
    let mut uow = begin(store).await;
    let web = peer(1, "web").id;
    let totals = [0, i64::MAX, 0, i64::MAX];
    let samples: Vec<_> = (0..)
        .zip(totals)
        .map(|(minute, total)| requests(web, minute, total, 0))
        .collect();
    save(uow.as_mut(), &samples).await;
    let measured = uow.metrics().measured(&[web], at(0), at(15)).await.unwrap();
    assert_eq!(
        (measured[0].1.requests, measured[0].1.failures),
        (Some(i64::MAX), Some(0))
    );
}

pub async fn the_newest_sample_is_found(store: &dyn Store) {
    let mut uow = begin(store).await;
    let web = peer(1, "web").id;
    assert_eq!(uow.metrics().latest(web, at(9)).await.unwrap(), None);
    save(
        uow.as_mut(),
        &[
            sample(web, at(3)),
            sample(web, at(2)),
            sample(web, at(8)),
            sample(peer(2, "b").id, at(5)),
        ],
    )
    .await;
    assert_eq!(
        uow.metrics().latest(web, at(7)).await.unwrap(),
        Some(sample(web, at(3)).sample)
    );
}

pub async fn days_of_samples_are_made_and_retired(store: &dyn Store) {
    let mut uow = begin(store).await;
    let web = peer(1, "web").id;
    let today = at(0).date_naive();
    let day = |n| today + Duration::days(n);
    assert_eq!(uow.metrics().ensure_partitions(day(0), day(2)).await.unwrap(), 3);
    assert_eq!(uow.metrics().ensure_partitions(day(0), day(3)).await.unwrap(), 1);
    // Two days of samples, received on the first; and one of the first day that came three days later.
    assert_eq!(
        save(uow.as_mut(), &[sample(web, at(1)), sample(web, at(1440))]).await,
        2
    );
    assert_eq!(uow.metrics().retire(day(1)).await.unwrap(), 1);
    assert_eq!(uow.metrics().latest(web, at(2)).await.unwrap(), None);
    assert_eq!(
        uow.metrics().latest(web, at(2000)).await.unwrap(),
        Some(sample(web, at(1440)).sample)
    );
    let late = uow
        .metrics()
        .save_peer_metrics_batch(at(3 * 1440), &[sample(web, at(5))])
        .await
        .unwrap();
    assert_eq!(late.len(), 1);
    // Day 0 was just filled; day 1 was last filled on day 0.
    assert_eq!(uow.metrics().retire(day(2)).await.unwrap(), 1);
    assert_eq!(
        uow.metrics().latest(web, at(6)).await.unwrap(),
        Some(sample(web, at(5)).sample)
    );
    assert_eq!(
        uow.metrics().latest(web, at(2000)).await.unwrap(),
        Some(sample(web, at(5)).sample)
    );
}
