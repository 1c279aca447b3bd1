//! The server's own host is a peer with real metrics: what the host says of itself and what the router counted go the
//! way that any peer's report goes, at the peer's own interval.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use wolfsec::ids::PeerId;
use wolfsec::peers::{DEFAULT_INTERVAL_SECONDS, HeartbeatState, MetricSample};
use wolfsec::ports::HostMetrics;
use wolfsec_app::UseCases;
use wolfsec_app::peers::PeerReport;

use crate::http::Traffic;
use crate::ingest::Reports;

/// Who reports, on what and where to; cheap to clone.
#[derive(Clone)]
pub struct OwnReport {
    pub use_cases: UseCases,
    pub reports: Reports,
    pub host: Arc<dyn HostMetrics>,
    pub traffic: Arc<Traffic>,
    pub own_peer: PeerId,
}

impl OwnReport {
    /// Reports until `stop` turns true, then that the server stops.
    pub(super) async fn run(self, mut stop: watch::Receiver<bool>) {
        let mut interval = DEFAULT_INTERVAL_SECONDS;
        loop {
            let sample = self.measure().await;
            interval = self
                .report(HeartbeatState::Running, vec![sample])
                .await
                .unwrap_or(interval);
            let pause = Duration::from_secs(u64::try_from(interval).unwrap_or(1).max(1));
            tokio::select! {
                stopped = stop.wait_for(|stop| *stop) => {
                    drop(stopped);
                    break;
                }
                () = tokio::time::sleep(pause) => {}
            }
        }
        self.report(HeartbeatState::Stopping, Vec::new()).await;
    }

    async fn measure(&self) -> MetricSample {
        let host = self.host.read().await;
        let traffic = self.traffic.read();
        MetricSample {
            at: self.use_cases.now(),
            latency_ms: traffic.latency_ms,
            bytes_sent: Some(traffic.bytes_sent),
            bytes_received: Some(traffic.bytes_received),
            requests_total: Some(traffic.requests),
            requests_failed: Some(traffic.failures),
            cpu_percent: host.cpu_percent,
            memory_bytes: host.memory_bytes,
            disk_percent: host.disk_percent,
            uptime_s: host.uptime_s,
            ..MetricSample::default()
        }
    }

    /// Returns the interval that the peer has now.
    async fn report(&self, state: HeartbeatState, samples: Vec<MetricSample>) -> Option<i32> {
        let received_at = self.use_cases.now();
        // A reading out of range is a mistake of the host's; the rest of the report is none.
        let samples = samples
            .into_iter()
            .filter(|sample| sample.check(received_at).is_ok())
            .collect();
        let report = PeerReport {
            peer: self.own_peer,
            received_at,
            address: None,
            state,
            samples,
        };
        match self.reports.submit(report).await {
            Ok(answer) => answer.interval_seconds,
            Err(error) => {
                tracing::warn!(%error, "own report failed");
                None
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use async_trait::async_trait;
    use wolfsec::peers::{MetricRange, PeerStatus};
    use wolfsec::ports::HostReading;
    use wolfsec_app::{Caller, Ports};
    use wolfsec_testkit::{
        FakeHasher, FakeMint, FakePacks, FakeSealer, FixedClock, MemoryStore, SequentialIds, SilentRules,
    };

    use super::*;
    use crate::ingest::StatusNews;

    struct FakeHost;

    #[async_trait]
    impl HostMetrics for FakeHost {
        async fn read(&self) -> HostReading {
            HostReading {
                cpu_percent: Some(12.5),
                memory_bytes: Some(1024),
                disk_percent: None,
                uptime_s: Some(60),
            }
        }
    }

    #[tokio::test]
    async fn the_own_peer_reports_what_its_host_says_and_stops_by_saying_so() {
        let use_cases = UseCases::new(Ports {
            store: Arc::new(MemoryStore::new()),
            clock: Arc::new(FixedClock::default()),
            ids: Arc::new(SequentialIds::default()),
            hasher: Arc::new(FakeHasher),
            mint: Arc::new(FakeMint::default()),
            sealer: Arc::new(FakeSealer),
            rules_changed: Arc::new(SilentRules),
            rule_packs: Arc::new(FakePacks),
        });
        let own_peer = use_cases.own_peer().await.unwrap().id;
        let (news, mut changes) = StatusNews::channel();
        let (reports, writer) = Reports::start(use_cases.clone(), 10, news);
        let own = OwnReport {
            use_cases: use_cases.clone(),
            reports,
            host: Arc::new(FakeHost),
            traffic: Arc::default(),
            own_peer,
        };
        let (stop, stopped) = watch::channel(false);
        stop.send(true).unwrap();
        own.run(stopped).await;
        writer.await.unwrap();
        let page = use_cases
            .peer_page(&Caller::command_line(), "wolfsec", MetricRange::Hour)
            .await
            .unwrap();
        let latest = page.latest.unwrap();
        assert_eq!(
            (latest.cpu_percent, latest.memory_bytes, latest.disk_percent),
            (Some(12.5), Some(1024), None)
        );
        assert_eq!((latest.requests_total, latest.latency_ms), (Some(0), None));
        assert_eq!(page.entry.status, PeerStatus::Stopped);
        let mut told = Vec::new();
        while let Some(change) = changes.recv().await {
            told.push((change.name, change.before, change.after));
        }
        let change = |before, after| ("wolfsec".to_owned(), before, after);
        assert_eq!(
            told,
            [
                change(PeerStatus::Pending, PeerStatus::Online),
                change(PeerStatus::Online, PeerStatus::Stopped)
            ]
        );
    }
}
