//! What peers say of themselves: heartbeats and samples. Many reports are one transaction of two statements.

use std::collections::HashSet;

use wolfsec::Timestamp;
use wolfsec::ids::PeerId;
use wolfsec::peers::{HeartbeatState, MetricSample, PeerMark, PeerSample, SavedPeer};
use wolfsec::ports::PeerContact;

use crate::{Failure, UseCases};

/// One heartbeat or one request of samples.
#[derive(Debug, Clone, PartialEq)]
pub struct PeerReport {
    pub peer: PeerId,
    pub received_at: Timestamp,
    pub address: Option<String>,
    pub state: HeartbeatState,
    /// Checked: see [`MetricSample::check`].
    pub samples: Vec<MetricSample>,
}

/// What a committed group of reports did.
#[derive(Debug, Default)]
pub struct StoredReports {
    /// How many samples of each report were new, in the reports' order.
    pub fresh: Vec<u64>,
    pub peers: Vec<SavedPeer>,
}

impl UseCases {
    /// Stores reports in one transaction: one statement for all peers and, when there are samples, one for all samples.
    #[tracing::instrument(name = "app.store_reports", skip_all, fields(reports = reports.len()))]
    pub async fn store_reports(&self, reports: &[PeerReport]) -> Result<StoredReports, Failure> {
        let contacts: Vec<PeerContact> = reports.iter().map(contact).collect();
        let samples: Vec<PeerSample> = reports
            .iter()
            .flat_map(|report| {
                report.samples.iter().map(|&sample| PeerSample {
                    peer: report.peer,
                    sample,
                })
            })
            .collect();
        let mut uow = self.begin().await?;
        let peers = uow.peers().save_peers_batch(&contacts).await?;
        let fresh = if samples.is_empty() {
            Vec::new()
        } else {
            uow.metrics().save_peer_metrics_batch(self.now(), &samples).await?
        };
        uow.commit().await?;
        // Of two reports with the same sample the first one brought it.
        let mut fresh: HashSet<(PeerId, Timestamp)> = fresh.into_iter().collect();
        let of_report = |report: &PeerReport| {
            report
                .samples
                .iter()
                .filter(|sample| fresh.remove(&(report.peer, sample.at)))
                .count() as u64
        };
        Ok(StoredReports {
            fresh: reports.iter().map(of_report).collect(),
            peers,
        })
    }
}

fn contact(report: &PeerReport) -> PeerContact {
    PeerContact {
        peer: report.peer,
        at: report.received_at,
        address: report.address.clone(),
        mark: match report.state {
            HeartbeatState::Running => PeerMark::Active,
            HeartbeatState::Stopping => PeerMark::Stopped,
        },
        events: 0,
        rejects: 0,
    }
}
