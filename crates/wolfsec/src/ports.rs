//! Ports: every way out of the domain is a trait. One boxed unit of work is one transaction; repositories
//! borrow it by `&mut`; `commit` consumes it and dropping it rolls back.

use async_trait::async_trait;

use crate::Timestamp;
use crate::alerts::{
    Alert, AlertActivity, AlertCounts, AlertDetail, AlertQuery, AlertStatus, AlertTally, BulkChange, BulkRow,
    FoldOutcome, LockedAlert, OpenAlert, Resolution,
};
use crate::audit::{AuditQuery, AuditRecord, ChainHead, SealedEntry};
use crate::detection::CorrelationHit;
use crate::events::{EventQuery, IngestAnswer, NewEvent, RejectedLine, SecurityEvent};
use crate::identity::{ApiToken, Role, Session, User};
use crate::ids::{AlertId, ApiTokenId, BulkId, EnrolmentId, EventId, PeerId, RuleImportId, SessionId, UserId};
use crate::live::{IngestTotals, LiveCursor, LiveNotice, Since};
use crate::overview::{
    AlertFigures, FleetFigures, IngestFigures, Measured, RaisedCount, RateBucket, Storage, Visit, WaitingCount,
};
use crate::page::{Limit, Page};
use crate::peers::{
    Enrolment, FleetQuery, MeasuredWindow, MetricPoint, MetricSample, Peer, PeerMark, PeerSample, PeerStatus,
    SavedPeer, StoredReject,
};
use crate::rules::{
    RefusedFile, Rule, RuleBrief, RuleCoverage, RuleImport, RuleOrigin, RulePack, RuleQuery, RuleText, RulesRevision,
    Upserted,
};

/// Digest of a secret token (SHA-256).
pub type Digest = [u8; 32];

/// The one error of every repository. Absence is `Ok(None)`, not an error.
#[derive(Debug, thiserror::Error)]
pub enum RepositoryError {
    /// A named unique or check constraint was hit.
    #[error("conflict with {constraint}")]
    Conflict { constraint: String },
    /// The store cannot be reached or is shutting down; trying again later can help.
    #[error("the store is unavailable")]
    Unavailable(#[source] Option<Box<dyn std::error::Error + Send + Sync>>),
    /// What was asked for took longer than is allowed; trying again does not help.
    #[error("this takes too long")]
    TooSlow,
    /// A stored value that the domain does not know.
    #[error("stored data is inconsistent: {0}")]
    Inconsistent(String),
    #[error("the store failed")]
    Other(#[source] Box<dyn std::error::Error + Send + Sync>),
}

pub type RepositoryResult<T> = Result<T, RepositoryError>;

/// Opens transactions.
#[async_trait]
pub trait Store: Send + Sync {
    async fn begin(&self) -> RepositoryResult<Box<dyn UnitOfWork>>;
}

/// One transaction.
#[async_trait]
pub trait UnitOfWork: Send {
    fn users(&mut self) -> &mut dyn UserRepository;
    fn sessions(&mut self) -> &mut dyn SessionRepository;
    fn tokens(&mut self) -> &mut dyn TokenRepository;
    fn peers(&mut self) -> &mut dyn PeerRepository;
    fn metrics(&mut self) -> &mut dyn MetricRepository;
    fn events(&mut self) -> &mut dyn EventRepository;
    fn alerts(&mut self) -> &mut dyn AlertRepository;
    fn rules(&mut self) -> &mut dyn RuleRepository;
    fn audit(&mut self) -> &mut dyn AuditRepository;
    fn settings(&mut self) -> &mut dyn SettingsRepository;
    fn overview(&mut self) -> &mut dyn OverviewRepository;
    fn live(&mut self) -> &mut dyn LiveRepository;
    /// Alerts that were raised or changed and sessions that ended are told to every [`LiveFeed`] by this very transaction.
    async fn commit(self: Box<Self>) -> RepositoryResult<()>;
}

#[async_trait]
pub trait UserRepository: Send {
    /// Conflict `users_name_key` when the name (case-insensitive) is taken.
    async fn insert(&mut self, user: &User, password_hash: &str) -> RepositoryResult<()>;
    async fn get(&mut self, id: UserId) -> RepositoryResult<Option<User>>;
    /// Case-insensitive; with the password hash (PHC string).
    async fn find_by_name(&mut self, name: &str) -> RepositoryResult<Option<(User, String)>>;
    /// By name, at most 1000.
    async fn list(&mut self) -> RepositoryResult<Vec<User>>;
    async fn set_role(&mut self, id: UserId, role: Role) -> RepositoryResult<bool>;
    async fn set_enabled(&mut self, id: UserId, enabled: bool) -> RepositoryResult<bool>;
    async fn set_password(&mut self, id: UserId, password_hash: &str) -> RepositoryResult<bool>;
    async fn record_sign_in(&mut self, id: UserId, at: Timestamp) -> RepositoryResult<()>;
    /// Enabled admins, locked against concurrent change until the end of the transaction.
    async fn count_enabled_admins_locked(&mut self) -> RepositoryResult<i64>;
    async fn any_admin(&mut self) -> RepositoryResult<bool>;
}

#[async_trait]
pub trait SessionRepository: Send {
    async fn insert(&mut self, session: &Session, digest: &Digest) -> RepositoryResult<()>;
    async fn find_by_digest(&mut self, digest: &Digest) -> RepositoryResult<Option<(Session, User)>>;
    async fn touch(&mut self, id: SessionId, at: Timestamp) -> RepositoryResult<()>;
    /// Those of these sessions that are there, with their users, in one statement.
    async fn get_many(&mut self, ids: &[SessionId]) -> RepositoryResult<Vec<(Session, User)>>;
    /// Newest use first, at most 100.
    async fn list_for_user(&mut self, user: UserId) -> RepositoryResult<Vec<Session>>;
    /// Removes one session of this user; false when it is not theirs or gone.
    async fn remove(&mut self, user: UserId, id: SessionId) -> RepositoryResult<bool>;
    /// Removes all sessions of a user but one; returns how many.
    async fn remove_others(&mut self, user: UserId, keep: Option<SessionId>) -> RepositoryResult<u64>;
    /// Removes sessions created or last used before these times.
    async fn remove_expired(&mut self, created_before: Timestamp, used_before: Timestamp) -> RepositoryResult<u64>;
}

#[async_trait]
pub trait TokenRepository: Send {
    /// Conflict `api_tokens_name_key` when a live token has the name.
    async fn insert(&mut self, token: &ApiToken, digest: &Digest) -> RepositoryResult<()>;
    async fn find_by_digest(&mut self, digest: &Digest) -> RepositoryResult<Option<ApiToken>>;
    async fn touch(&mut self, id: ApiTokenId, at: Timestamp) -> RepositoryResult<()>;
    /// Newest first, at most 1000.
    async fn list(&mut self) -> RepositoryResult<Vec<ApiToken>>;
    /// The token after revoking, `None` when unknown or revoked before.
    async fn revoke(&mut self, id: ApiTokenId, at: Timestamp) -> RepositoryResult<Option<ApiToken>>;
}

#[async_trait]
pub trait PeerRepository: Send {
    /// Conflict `peers_name_key` when the name (case-insensitive) is taken.
    async fn insert(&mut self, peer: &Peer, key_digest: &Digest) -> RepositoryResult<()>;
    async fn get(&mut self, id: PeerId) -> RepositoryResult<Option<Peer>>;
    async fn find_by_key(&mut self, digest: &Digest) -> RepositoryResult<Option<Peer>>;
    async fn find_by_name(&mut self, name: &str) -> RepositoryResult<Option<Peer>>;
    /// By name, at most `limit`, names after `after`.
    async fn list(&mut self, after: Option<&str>, limit: Limit) -> RepositoryResult<Vec<Peer>>;
    async fn set_mark(&mut self, id: PeerId, mark: PeerMark) -> RepositoryResult<bool>;
    /// Replaces the key.
    async fn set_key(&mut self, id: PeerId, key_digest: &Digest) -> RepositoryResult<bool>;
    /// Peers of all that fit, in the query's order, at most its limit.
    async fn fleet(&mut self, query: &FleetQuery) -> RepositoryResult<Vec<Peer>>;
    /// How many peers stand how, of all whose name or address has the words; statuses without peers are absent.
    async fn count_by_status(
        &mut self,
        words: Option<&str>,
        now: Timestamp,
    ) -> RepositoryResult<Vec<(PeerStatus, i64)>>;
    async fn set_interval(&mut self, id: PeerId, seconds: i32) -> RepositoryResult<bool>;
    /// Records that peers were heard and how much they brought, in one statement, and tells how each stood before. Unknown
    /// ones are left out.
    async fn save_peers_batch(&mut self, contacts: &[PeerContact]) -> RepositoryResult<Vec<SavedPeer>>;
    async fn insert_enrolment(&mut self, enrolment: &Enrolment, digest: &Digest) -> RepositoryResult<()>;
    /// Marks the token used if it is unused and not expired; `None` otherwise.
    async fn use_enrolment(&mut self, digest: &Digest, at: Timestamp) -> RepositoryResult<Option<EnrolmentId>>;
    /// Keeps the rejected lines of these peers in a fixed number of statements, each peer's oldest dropped beyond [`crate::events::MAX_REJECTS_PER_PEER`].
    async fn keep_rejects(&mut self, at: Timestamp, rejects: &[(PeerId, Vec<RejectedLine>)]) -> RepositoryResult<()>;
    /// Newest first.
    async fn list_rejects(&mut self, peer: PeerId, limit: Limit) -> RepositoryResult<Vec<StoredReject>>;
}

#[async_trait]
pub trait MetricRepository: Send {
    /// Stores samples, in one statement however many peers sent them, and returns the identities (peer, time) of those
    /// that were new. A sample of a peer and time that are stored already adds nothing. Makes missing day partitions.
    async fn save_peer_metrics_batch(
        &mut self,
        received_at: Timestamp,
        samples: &[PeerSample],
    ) -> RepositoryResult<Vec<(PeerId, Timestamp)>>;
    /// What these peers measured from `since` until `until`; peers without samples are absent.
    async fn measured(
        &mut self,
        peers: &[PeerId],
        since: Timestamp,
        until: Timestamp,
    ) -> RepositoryResult<Vec<(PeerId, MeasuredWindow)>>;
    /// A peer's samples from `since` until `until` in buckets of so many seconds that begin at `since`, oldest first; buckets
    /// without samples are absent. A rate is the counters' growth over the time between their readings, the last one
    /// before `since` considered.
    async fn points(
        &mut self,
        peer: PeerId,
        since: Timestamp,
        until: Timestamp,
        bucket_seconds: i32,
    ) -> RepositoryResult<Vec<MetricPoint>>;
    /// The newest sample up to a time.
    async fn latest(&mut self, peer: PeerId, until: Timestamp) -> RepositoryResult<Option<MetricSample>>;
    /// Makes the partitions of these days; returns how many were missing.
    async fn ensure_partitions(&mut self, from: chrono::NaiveDate, to: chrono::NaiveDate) -> RepositoryResult<u32>;
    /// Drops days whose date and whose last insert are both before the given date; returns how many.
    async fn retire(&mut self, days_before: chrono::NaiveDate) -> RepositoryResult<u32>;
}

/// A peer was heard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PeerContact {
    pub peer: PeerId,
    pub at: Timestamp,
    pub address: Option<String>,
    /// `Active` wakes a stopped peer; `Stopped` is what a heartbeat said. Never overrides blocked or maintenance.
    pub mark: PeerMark,
    pub events: i64,
    pub rejects: i64,
}

/// One ingest request, as remembered for 7 days.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IngestRequest {
    pub peer: PeerId,
    /// SHA-256 of the decoded body.
    pub body_digest: Digest,
    pub received_at: Timestamp,
}

#[async_trait]
pub trait EventRepository: Send {
    /// The first time and answer of requests seen before, in one statement.
    async fn find_requests(
        &mut self,
        keys: &[(PeerId, Digest)],
    ) -> RepositoryResult<Vec<(IngestRequest, IngestAnswer)>>;
    async fn remember_requests(&mut self, requests: &[(IngestRequest, IngestAnswer)]) -> RepositoryResult<()>;
    /// Stores events (write path: COPY, on a key conflict through a temporary table), keeps the rollups, and
    /// returns the identities that were already there. Makes missing day partitions.
    async fn insert_batch(&mut self, events: &[NewEvent]) -> RepositoryResult<Vec<(Timestamp, EventId)>>;
    /// Newest first.
    async fn search(&mut self, query: &EventQuery) -> RepositoryResult<Page<SecurityEvent>>;
    /// The same for a list that people read: messages end after [`crate::events::PREVIEW_CHARS`], and the fields as sent stay
    /// in the store, so that a page is bounded in bytes however long its events are.
    async fn preview(&mut self, query: &EventQuery) -> RepositoryResult<Page<SecurityEvent>>;
    async fn get(&mut self, ts: Timestamp, id: EventId) -> RepositoryResult<Option<SecurityEvent>>;
    /// The stored events of these hits with times from `since` to `until`, oldest first: what a correlation counted in earlier batches.
    async fn hit_events(
        &mut self,
        ids: &[EventId],
        since: Timestamp,
        until: Timestamp,
    ) -> RepositoryResult<Vec<SecurityEvent>>;
    async fn insert_hits(&mut self, hits: &[CorrelationHit]) -> RepositoryResult<()>;
    /// Stored hits since a time, in event time order, at most `max`.
    async fn hits_since(&mut self, since: Timestamp, max: u32) -> RepositoryResult<Vec<CorrelationHit>>;
    /// Events per bucket of `minutes` since a time (from the rollups), oldest first.
    async fn rate(&mut self, since: Timestamp, minutes: i32) -> RepositoryResult<Vec<RateBucket>>;
    /// How many events of each of these peers have times from `since` until `until`, counted up to `max` a peer; peers without
    /// any are absent.
    async fn count_recent(
        &mut self,
        peers: &[PeerId],
        since: Timestamp,
        until: Timestamp,
        max: i64,
    ) -> RepositoryResult<Vec<(PeerId, i64)>>;
    async fn last_received_at(&mut self) -> RepositoryResult<Option<Timestamp>>;
    /// Makes the partitions of these days; returns how many were missing.
    async fn ensure_partitions(&mut self, from: chrono::NaiveDate, to: chrono::NaiveDate) -> RepositoryResult<u32>;
    /// Drops days whose date and whose last insert are both before the given date; forgets requests older than `requests_before`
    /// and hits older than `hits_before`. Returns how many days were dropped.
    async fn retire(
        &mut self,
        days_before: chrono::NaiveDate,
        requests_before: Timestamp,
        hits_before: Timestamp,
    ) -> RepositoryResult<u32>;
}

#[async_trait]
pub trait AlertRepository: Send {
    /// The unresolved alerts that findings of these keys between `since` and `until` may repeat: the one that collects, and
    /// those whose window reaches there. Locked until the end of the transaction; bounded.
    async fn lock_open(
        &mut self,
        keys: &[String],
        since: Timestamp,
        until: Timestamp,
    ) -> RepositoryResult<Vec<OpenAlert>>;
    /// Writes a fold: repeats, new alerts (linked to the key's last resolved one) and retirements, in a fixed number of statements.
    /// `ids` has one id for each new alert.
    async fn apply_fold(&mut self, outcome: &FoldOutcome, ids: &[AlertId], now: Timestamp) -> RepositoryResult<()>;
    async fn list(&mut self, query: &AlertQuery) -> RepositoryResult<Page<Alert>>;
    async fn counts(&mut self) -> RepositoryResult<AlertCounts>;
    async fn detail(&mut self, id: AlertId) -> RepositoryResult<Option<AlertDetail>>;
    /// Locks the row; the caller decides and then calls [`AlertRepository::set_status`].
    async fn lock(&mut self, id: AlertId) -> RepositoryResult<Option<Alert>>;
    /// The same for many in one statement, in the order of their ids; what is not there is left out.
    async fn lock_many(&mut self, ids: &[AlertId]) -> RepositoryResult<Vec<LockedAlert>>;
    /// Sets status, resolution and assignee of all of these and raises their versions by one, in one statement.
    async fn set_status_of(
        &mut self,
        ids: &[AlertId],
        status: AlertStatus,
        resolution: Option<Resolution>,
        assignee: Option<UserId>,
    ) -> RepositoryResult<()>;
    async fn set_status(
        &mut self,
        id: AlertId,
        status: AlertStatus,
        resolution: Option<Resolution>,
        assignee: Option<UserId>,
    ) -> RepositoryResult<()> {
        self.set_status_of(&[id], status, resolution, assignee).await
    }
    /// Adds to the histories of these alerts in one statement.
    async fn add_activities(&mut self, activities: &[(AlertId, AlertActivity)]) -> RepositoryResult<()>;
    async fn add_activity(&mut self, id: AlertId, activity: &AlertActivity) -> RepositoryResult<()> {
        self.add_activities(&[(id, activity.clone())]).await
    }
    /// Ids and versions of a query's alerts, in its order, at most its limit.
    async fn rows(&mut self, query: &AlertQuery) -> RepositoryResult<Vec<BulkRow>>;
    /// Counts a query by status and severity, whatever severity, position and limit it names; up to
    /// [`crate::alerts::TALLY_BOUND`].
    async fn tally(&mut self, query: &AlertQuery) -> RepositoryResult<AlertTally>;
    async fn keep_bulk_change(&mut self, change: &BulkChange) -> RepositoryResult<()>;
    /// Forgets the outcomes of changes from before a time.
    async fn forget_bulk_changes(&mut self, before: Timestamp) -> RepositoryResult<()>;
    async fn bulk_change(&mut self, id: BulkId) -> RepositoryResult<Option<BulkChange>>;
}

#[async_trait]
pub trait RuleRepository: Send {
    /// Inserts or updates by Sigma id in one statement. A rule whose text, path and state are the same stays as it is; the
    /// switch of a changed one is kept, except that what cannot run is off.
    async fn upsert_batch(&mut self, rules: &[Rule]) -> RepositoryResult<Upserted>;
    /// Where those of these rules come from that are there.
    async fn origins(&mut self, ids: &[String]) -> RepositoryResult<Vec<(String, RuleOrigin)>>;
    /// By title; without the YAML text.
    async fn list(&mut self, query: &RuleQuery) -> RepositoryResult<Vec<Rule>>;
    async fn get(&mut self, id: &str) -> RepositoryResult<Option<Rule>>;
    async fn set_enabled(&mut self, id: &str, enabled: bool, at: Timestamp) -> RepositoryResult<bool>;
    /// Who wrote those of these rules that are there.
    async fn briefs(&mut self, ids: &[String]) -> RepositoryResult<Vec<RuleBrief>>;
    /// The text of every rule that can run, switched off or not, by id; bounded to 50,000.
    async fn texts(&mut self) -> RepositoryResult<Vec<RuleText>>;
    /// Ids of the rules that can run and are switched off; bounded to 50,000.
    async fn switched_off(&mut self) -> RepositoryResult<Vec<String>>;
    async fn coverage(&mut self) -> RepositoryResult<RuleCoverage>;
    /// Rises with every change that is committed.
    async fn revision(&mut self) -> RepositoryResult<RulesRevision>;
    /// Remembers an import with its first problems; the oldest beyond the bound are forgotten.
    async fn record_import(&mut self, import: &RuleImport) -> RepositoryResult<()>;
    async fn import(&mut self, id: RuleImportId) -> RepositoryResult<Option<RuleImport>>;
    /// Newest first, without their problems; all that are remembered.
    async fn imports(&mut self) -> RepositoryResult<Vec<RuleImport>>;
}

#[async_trait]
pub trait AuditRepository: Send {
    /// The head, locked until the end of the transaction: appends are in sequence.
    async fn lock_head(&mut self) -> RepositoryResult<Option<ChainHead>>;
    /// Appends the entry and moves the head.
    async fn append(&mut self, entry: &SealedEntry, head: &ChainHead) -> RepositoryResult<()>;
    /// Newest first.
    async fn list(&mut self, query: &AuditQuery) -> RepositoryResult<Vec<AuditRecord>>;
    /// Sealed entries after `seq` in order, for verification and forwarding.
    async fn sealed_after(&mut self, seq: i64, limit: Limit) -> RepositoryResult<Vec<SealedEntry>>;
    async fn head(&mut self) -> RepositoryResult<Option<ChainHead>>;
}

#[async_trait]
pub trait SettingsRepository: Send {
    async fn get(&mut self, name: &str) -> RepositoryResult<Option<String>>;
    async fn set(&mut self, name: &str, value: &str) -> RepositoryResult<()>;
    /// Whether it was there: of two at once, one is told so.
    async fn remove(&mut self, name: &str) -> RepositoryResult<bool>;
}

/// What the overview shows. Every answer is bounded, none reads the events themselves.
#[async_trait]
pub trait OverviewRepository: Send {
    /// Open alerts, and unresolved ones of this user, by severity, worst first; severities without any are absent.
    async fn waiting(&mut self, user: Option<UserId>) -> RepositoryResult<Vec<WaitingCount>>;
    /// Alerts raised since a time, counted up to [`crate::alerts::TALLY_BOUND`].
    async fn raised_since(&mut self, since: Timestamp) -> RepositoryResult<RaisedCount>;
    /// Alerts last seen since a time, the newest [`crate::overview::FIGURES_BOUND`]: marks a bucket of `minutes`, tactics, top
    /// rules and top entities.
    async fn alert_figures(&mut self, since: Timestamp, minutes: i32) -> RepositoryResult<AlertFigures>;
    /// Peers by status, the first [`crate::overview::FLEET_BOUND`] by name.
    async fn fleet(&mut self, now: Timestamp) -> RepositoryResult<FleetFigures>;
    /// How fast ingest was since `since`, and how many lines were rejected since `rejects_since`.
    async fn ingest(&mut self, since: Timestamp, rejects_since: Timestamp) -> RepositoryResult<IngestFigures>;
    /// Adds to what was measured, in one statement.
    async fn add_measured(&mut self, measured: &[Measured]) -> RepositoryResult<()>;
    /// Forgets what was measured before a time.
    async fn forget_measured(&mut self, before: Timestamp) -> RepositoryResult<()>;
    /// What the stored events take, by the store's own catalogue.
    async fn storage(&mut self) -> RepositoryResult<Storage>;
    async fn visit(&mut self, user: UserId) -> RepositoryResult<Option<Visit>>;
    async fn set_visit(&mut self, user: UserId, visit: &Visit) -> RepositoryResult<()>;
}

/// The sequence of changes that were told, and what the live counters are made of.
#[async_trait]
pub trait LiveRepository: Send {
    /// The newest committed change; there always is one.
    async fn head(&mut self) -> RepositoryResult<LiveCursor>;
    /// What was committed after a change, over at most [`crate::live::MAX_CATCH_UP`] changes.
    async fn since(&mut self, cursor: LiveCursor) -> RepositoryResult<Since>;
    /// Forgets changes from before a time, but never the newest one; returns how many.
    async fn forget(&mut self, before: Timestamp) -> RepositoryResult<u64>;
    async fn totals(&mut self) -> RepositoryResult<IngestTotals>;
}

/// Tells what transactions committed, of any server on the store; what was rolled back is never told.
#[async_trait]
pub trait LiveFeed: Send + Sync {
    /// From the moment this answers, nothing committed is missed until [`LiveListener::next`] fails.
    async fn listen(&self) -> RepositoryResult<Box<dyn LiveListener>>;
}

/// One open ear. It needs no connection that other work waits for.
#[async_trait]
pub trait LiveListener: Send {
    /// Waits for the next notice. An error ends it: listen again, and take up what was missed by cursor.
    async fn next(&mut self) -> RepositoryResult<LiveNotice>;
}

/// Time, as a parameter.
pub trait Clock: Send + Sync {
    /// Now, UTC, to the microsecond.
    fn now(&self) -> Timestamp;
}

/// Fresh identifiers.
pub trait IdSource: Send + Sync {
    fn new_id(&self) -> uuid::Uuid;
}

/// What the password hasher answers when it cannot work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum HasherError {
    /// Too many sign-ins at once; trying again in a moment helps.
    #[error("too many sign-ins at once")]
    Busy,
    #[error("the password could not be hashed")]
    Failed,
}

/// Password hashing, off the async threads, bounded.
#[async_trait]
pub trait PasswordHasher: Send + Sync {
    async fn hash(&self, password: String) -> Result<String, HasherError>;
    /// `stored` is `None` when there is no such user: the same work is done and false returned.
    async fn verify(&self, password: String, stored: Option<String>) -> Result<bool, HasherError>;
}

/// What a token is for; names its prefix.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenKind {
    PeerKey,
    ApiToken,
    Enrolment,
    Session,
    Setup,
}

/// Makes and digests secret tokens.
pub trait TokenMint: Send + Sync {
    /// The token's text (only `A-Za-z0-9_-`, at least 32 characters) and its digest.
    fn mint(&self, kind: TokenKind) -> (String, Digest);
    fn digest(&self, token: &str) -> Digest;
}

/// Seals and checks the audit chain with a key that is outside the store.
pub trait AuditSealer: Send + Sync {
    fn seal(&self, seq: i64, prev: &[u8; 32], bytes: &[u8]) -> [u8; 32];
    fn seal_head(&self, count: i64, last_mac: &[u8; 32]) -> [u8; 32];
    /// The MAC before the first entry.
    fn genesis(&self) -> [u8; 32];
}

/// A pack that nothing can be taken from. The text says what is wrong with it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PackError {
    #[error("{0}")]
    Unreadable(String),
    #[error("the work on the pack failed: {0}")]
    Failed(String),
}

/// A pack after every rule in it was looked at.
#[derive(Debug, Clone, Default)]
pub struct JudgedPack {
    pub name: String,
    /// What can be stored: usable rules, and those that need values. Each id once; origin `imported`.
    pub rules: Vec<Rule>,
    pub refused: Vec<RefusedFile>,
}

/// Reads and judges rule packs, off the async threads.
#[async_trait]
pub trait RulePacks: Send + Sync {
    /// The rule files of a zip archive, within bounds.
    async fn unpack(&self, name: String, archive: Vec<u8>) -> Result<RulePack, PackError>;
    /// Compiles every rule of a pack.
    async fn judge(&self, pack: RulePack, now: Timestamp) -> Result<JudgedPack, PackError>;
}

/// Rules changed: the running detector has to be rebuilt or masked. Returns when it is, wherever it runs.
#[async_trait]
pub trait RulesChanged: Send + Sync {
    async fn rules_changed(&self);
}

/// What the server's own host says of itself; what cannot be measured there is absent.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct HostReading {
    /// 0 to 100, of all processors together, since the reading before.
    pub cpu_percent: Option<f64>,
    /// In use.
    pub memory_bytes: Option<i64>,
    /// 0 to 100, in use, of the file system that holds the data folder.
    pub disk_percent: Option<f64>,
    /// Seconds since the host was started.
    pub uptime_s: Option<i64>,
}

/// Measures the host that the server runs on.
#[async_trait]
pub trait HostMetrics: Send + Sync {
    async fn read(&self) -> HostReading;
}
