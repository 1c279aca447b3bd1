//! The fleet and one peer, with status and health.

use std::collections::HashMap;

use chrono::Duration;
use wolfsec::Timestamp;
use wolfsec::ids::PeerId;
use wolfsec::page::{Limit, Page};
use wolfsec::peers::{
    EVENT_RATE_MINUTES, EventRate, FleetEntry, FleetQuery, HEALTH_WINDOW, Health, MAX_COUNTED_EVENTS, MetricPoint,
    MetricRange, MetricSample, Peer, PeerStatus, StoredReject,
};
use wolfsec::ports::{RepositoryResult, UnitOfWork};

use super::manage::peer_named;
use crate::{Action, Caller, Failure, UseCases};

/// Rejected lines that a peer's page shows.
const SHOWN_REJECTS: u16 = 20;

/// One page of the fleet, and how many of all peers with the query's words stand how.
#[derive(Debug, Clone, PartialEq)]
pub struct Fleet {
    pub page: Page<FleetEntry>,
    pub counts: Vec<(PeerStatus, i64)>,
}

/// All that a peer's page shows.
#[derive(Debug, Clone, PartialEq)]
pub struct PeerPage {
    pub entry: FleetEntry,
    pub rejects: Vec<StoredReject>,
    /// From `since`, in buckets of `bucket_seconds`; empty ones are absent.
    pub points: Vec<MetricPoint>,
    pub since: Timestamp,
    pub until: Timestamp,
    pub bucket_seconds: i32,
    /// The newest sample, however old.
    pub latest: Option<MetricSample>,
}

impl UseCases {
    /// Peers with status, health and event rate; filtered over all of them, not over a page.
    #[tracing::instrument(name = "app.fleet", skip_all)]
    pub async fn fleet(&self, caller: &Caller, query: &FleetQuery) -> Result<Fleet, Failure> {
        self.permit(caller, Action::ReadPeers).await?;
        let mut uow = self.begin().await?;
        let surplus = FleetQuery {
            limit: query.limit.with_surplus(),
            ..query.clone()
        };
        let peers = uow.peers().fleet(&surplus).await?;
        let page = Page::named(peers, query.limit, |peer| query.cursor_after(peer).to_string());
        let counts = uow.peers().count_by_status(query.words.as_deref(), query.now).await?;
        let items = entries(uow.as_mut(), page.items, query.now).await?;
        Ok(Fleet {
            page: Page {
                items,
                next_cursor: page.next_cursor,
            },
            counts,
        })
    }

    /// A peer, what it measured in a range that ends now, and its newest rejected lines.
    #[tracing::instrument(name = "app.peer_page", skip_all)]
    pub async fn peer_page(&self, caller: &Caller, name: &str, range: MetricRange) -> Result<PeerPage, Failure> {
        self.permit(caller, Action::ReadPeers).await?;
        let now = self.now();
        let mut uow = self.begin().await?;
        let peer = peer_named(uow.as_mut(), name).await?;
        let id = peer.id;
        let limit = Limit::new(SHOWN_REJECTS).unwrap_or_default();
        let rejects = uow.peers().list_rejects(id, limit).await?;
        let bucket_seconds = range.bucket_seconds(peer.interval_seconds);
        let since = now - range.span();
        let points = uow.metrics().points(id, since, now, bucket_seconds).await?;
        let latest = uow.metrics().latest(id, now).await?;
        let entry = entries(uow.as_mut(), vec![peer], now)
            .await?
            .pop()
            .ok_or_else(|| Failure::not_found("peer"))?;
        Ok(PeerPage {
            entry,
            rejects,
            points,
            since,
            until: now,
            bucket_seconds,
            latest,
        })
    }
}

/// Health and event rate of these peers, in one statement each.
async fn entries(uow: &mut dyn UnitOfWork, peers: Vec<Peer>, now: Timestamp) -> RepositoryResult<Vec<FleetEntry>> {
    let ids: Vec<PeerId> = peers.iter().map(|peer| peer.id).collect();
    let measured = uow.metrics().measured(&ids, now - HEALTH_WINDOW, now).await?;
    let since = now - Duration::minutes(EVENT_RATE_MINUTES);
    let counted = uow.events().count_recent(&ids, since, now, MAX_COUNTED_EVENTS).await?;
    let measured: HashMap<_, _> = measured.into_iter().collect();
    let counted: HashMap<_, _> = counted.into_iter().collect();
    let entry = |peer: Peer| FleetEntry {
        status: peer.status(now),
        health: measured.get(&peer.id).map(Health::of).unwrap_or_default(),
        event_rate: EventRate::of(counted.get(&peer.id).copied().unwrap_or(0)),
        peer,
    };
    Ok(peers.into_iter().map(entry).collect())
}
