//! The store and its unit of work.

use std::collections::HashMap;
use std::sync::Arc;

use async_trait::async_trait;
use sqlx::{PgConnection, PgPool, Postgres, Transaction};
use wolfsec::events::LogSource;
use wolfsec::ports::{
    AlertRepository, AuditRepository, EventRepository, LiveRepository, MetricRepository, OverviewRepository,
    PeerRepository, RepositoryResult, RuleRepository, SessionRepository, SettingsRepository, Store, TokenRepository,
    UnitOfWork, UserRepository,
};

use super::error::store_error;
use super::live::Touched;
use super::logsources::LogSourceCache;

/// Opens transactions on the pool.
#[derive(Debug, Clone)]
pub struct PgStore {
    pool: PgPool,
    logsources: Arc<LogSourceCache>,
}

impl PgStore {
    pub fn new(pool: PgPool) -> Self {
        Self {
            pool,
            logsources: Arc::default(),
        }
    }
}

#[async_trait]
impl Store for PgStore {
    #[tracing::instrument(name = "pg.begin", skip_all)]
    async fn begin(&self) -> RepositoryResult<Box<dyn UnitOfWork>> {
        let tx = self.pool.begin().await.map_err(store_error)?;
        Ok(Box::new(PgUnitOfWork {
            tx,
            logsources: Arc::clone(&self.logsources),
            learnt: HashMap::new(),
            touched: Touched::default(),
        }))
    }
}

/// One transaction; dropping it rolls back.
#[derive(Debug)]
pub struct PgUnitOfWork {
    tx: Transaction<'static, Postgres>,
    pub(super) logsources: Arc<LogSourceCache>,
    /// Log sources seen in this transaction: the cache takes them over when it commits, and not before.
    pub(super) learnt: HashMap<LogSource, i32>,
    /// What this transaction did that browsers want to know: told by its commit.
    pub(super) touched: Touched,
}

impl PgUnitOfWork {
    pub(super) fn conn(&mut self) -> &mut PgConnection {
        &mut self.tx
    }
    pub(super) const fn tx(&mut self) -> &mut Transaction<'static, Postgres> {
        &mut self.tx
    }
}

#[async_trait]
impl UnitOfWork for PgUnitOfWork {
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

    #[tracing::instrument(name = "pg.commit", skip_all)]
    async fn commit(mut self: Box<Self>) -> RepositoryResult<()> {
        self.tell().await?;
        let Self {
            tx, logsources, learnt, ..
        } = *self;
        tx.commit().await.map_err(store_error)?;
        logsources.learn(learnt);
        Ok(())
    }
}
