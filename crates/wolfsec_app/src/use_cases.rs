//! The one handle that server functions, the API and the command line hold.

use std::sync::Arc;

use wolfsec::Timestamp;
use wolfsec::ports::{
    AuditSealer, Clock, IdSource, PasswordHasher, RepositoryResult, RulePacks, RulesChanged, Store, TokenMint,
    UnitOfWork,
};

use crate::authorise::Refusals;
use crate::identity::SignInThrottle;

/// Everything the use cases reach the world through.
pub struct Ports {
    pub store: Arc<dyn Store>,
    pub clock: Arc<dyn Clock>,
    pub ids: Arc<dyn IdSource>,
    pub hasher: Arc<dyn PasswordHasher>,
    pub mint: Arc<dyn TokenMint>,
    pub sealer: Arc<dyn AuditSealer>,
    pub rules_changed: Arc<dyn RulesChanged>,
    pub rule_packs: Arc<dyn RulePacks>,
}

/// All use cases; cheap to clone.
#[derive(Clone)]
pub struct UseCases {
    ports: Arc<Ports>,
    throttle: Arc<SignInThrottle>,
    refusals: Arc<Refusals>,
}

impl UseCases {
    pub fn new(ports: Ports) -> Self {
        Self {
            ports: Arc::new(ports),
            throttle: Arc::default(),
            refusals: Arc::default(),
        }
    }

    /// Now, by the clock port.
    pub fn now(&self) -> Timestamp {
        self.ports.clock.now()
    }

    pub(crate) fn ports(&self) -> &Ports {
        &self.ports
    }
    pub(crate) fn throttle(&self) -> &SignInThrottle {
        &self.throttle
    }
    pub(crate) fn refusals(&self) -> &Refusals {
        &self.refusals
    }
    pub(crate) async fn begin(&self) -> RepositoryResult<Box<dyn UnitOfWork>> {
        self.ports.store.begin().await
    }
}
