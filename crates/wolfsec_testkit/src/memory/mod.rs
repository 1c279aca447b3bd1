//! A store in memory. A unit of work holds the store alone and works on a copy: committing puts the copy in place,
//! dropping forgets it.

mod alerts;
mod events;
mod identity;
mod live;
mod metrics;
mod overview;
mod peers;
mod records;
mod rules;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use chrono::NaiveDate;
use tokio::sync::{Mutex, OwnedMutexGuard, broadcast};
use wolfsec::Timestamp;
use wolfsec::alerts::BulkChange;
use wolfsec::audit::{ChainHead, SealedEntry};
use wolfsec::detection::CorrelationHit;
use wolfsec::events::{IngestAnswer, NewEvent};
use wolfsec::identity::{ApiToken, Session, User};
use wolfsec::ids::{AlertId, ApiTokenId, BulkId, EventId, PeerId, SessionId, UserId};
use wolfsec::live::LiveNotice;
use wolfsec::overview::{IngestMeasure, Visit};
use wolfsec::peers::{Enrolment, MetricSample, Peer, StoredReject};
use wolfsec::ports::{
    AlertRepository, AuditRepository, Digest, EventRepository, IngestRequest, LiveRepository, MetricRepository,
    OverviewRepository, PeerRepository, RepositoryError, RepositoryResult, RuleRepository, SessionRepository,
    SettingsRepository, Store, TokenRepository, UnitOfWork, UserRepository,
};
use wolfsec::rules::{Rule, RuleImport, RulesRevision};

/// A second unit of work waits this long for the first one.
const PATIENCE: Duration = Duration::from_secs(10);

#[derive(Debug, Clone, Default)]
struct State {
    users: BTreeMap<UserId, (User, String)>,
    sessions: BTreeMap<SessionId, (Session, Digest)>,
    tokens: BTreeMap<ApiTokenId, (ApiToken, Digest)>,
    peers: BTreeMap<PeerId, (Peer, Digest)>,
    enrolments: Vec<(Enrolment, Digest)>,
    /// Oldest first.
    rejects: BTreeMap<PeerId, Vec<StoredReject>>,
    samples: BTreeMap<(PeerId, Timestamp), MetricSample>,
    /// Days that can hold samples, with their last insert.
    metric_days: BTreeMap<NaiveDate, Option<Timestamp>>,
    events: BTreeMap<(Timestamp, EventId), NewEvent>,
    /// Days that can hold events, with their last insert.
    days: BTreeMap<NaiveDate, Option<Timestamp>>,
    requests: BTreeMap<(PeerId, Digest), (IngestRequest, IngestAnswer)>,
    hits: BTreeMap<(Timestamp, EventId), CorrelationHit>,
    alerts: BTreeMap<AlertId, alerts::StoredAlert>,
    bulk_changes: BTreeMap<BulkId, BulkChange>,
    rules: BTreeMap<String, Rule>,
    rules_revision: RulesRevision,
    /// Newest first.
    rule_imports: Vec<RuleImport>,
    audit: Vec<SealedEntry>,
    audit_head: Option<ChainHead>,
    settings: BTreeMap<String, String>,
    visits: BTreeMap<UserId, Visit>,
    measured: BTreeMap<(IngestMeasure, Timestamp, i16), i64>,
    changes: live::Changes,
}

/// Everything in memory.
#[derive(Debug, Clone)]
pub struct MemoryStore {
    state: Arc<Mutex<State>>,
    told: broadcast::Sender<LiveNotice>,
}

impl Default for MemoryStore {
    fn default() -> Self {
        Self {
            state: Arc::default(),
            told: broadcast::Sender::new(1024),
        }
    }
}

impl MemoryStore {
    pub fn new() -> Self {
        Self::default()
    }
}

#[async_trait]
impl Store for MemoryStore {
    async fn begin(&self) -> RepositoryResult<Box<dyn UnitOfWork>> {
        let guard = tokio::time::timeout(PATIENCE, Arc::clone(&self.state).lock_owned())
            .await
            .map_err(|elapsed| RepositoryError::Unavailable(Some(Box::new(elapsed))))?;
        let state = guard.clone();
        Ok(Box::new(MemoryUnitOfWork {
            guard,
            state,
            told: self.told.clone(),
            touched: live::Touched::default(),
        }))
    }
}

struct MemoryUnitOfWork {
    guard: OwnedMutexGuard<State>,
    state: State,
    told: broadcast::Sender<LiveNotice>,
    touched: live::Touched,
}

#[async_trait]
impl UnitOfWork for MemoryUnitOfWork {
    fn users(&mut self) -> &mut dyn UserRepository {
        self
    }
    fn sessions(&mut self) -> &mut dyn SessionRepository {
        self
    }
    fn tokens(&mut self) -> &mut dyn TokenRepository {
        self
    }
    fn peers(&mut self) -> &mut dyn PeerRepository {
        self
    }
    fn metrics(&mut self) -> &mut dyn MetricRepository {
        self
    }
    fn events(&mut self) -> &mut dyn EventRepository {
        self
    }
    fn alerts(&mut self) -> &mut dyn AlertRepository {
        self
    }
    fn rules(&mut self) -> &mut dyn RuleRepository {
        self
    }
    fn audit(&mut self) -> &mut dyn AuditRepository {
        self
    }
    fn settings(&mut self) -> &mut dyn SettingsRepository {
        self
    }
    fn overview(&mut self) -> &mut dyn OverviewRepository {
        self
    }
    fn live(&mut self) -> &mut dyn LiveRepository {
        self
    }
    async fn commit(mut self: Box<Self>) -> RepositoryResult<()> {
        let notices = self.notices();
        let Self {
            mut guard, state, told, ..
        } = *self;
        *guard = state;
        for notice in notices {
            // Nobody may be listening.
            let _ = told.send(notice);
        }
        Ok(())
    }
}

fn conflict<T>(constraint: &str) -> RepositoryResult<T> {
    Err(RepositoryError::Conflict {
        constraint: constraint.to_owned(),
    })
}

fn same_name(left: &str, right: &str) -> bool {
    left.to_lowercase() == right.to_lowercase()
}
