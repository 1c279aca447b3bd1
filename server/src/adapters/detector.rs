//! The running detector: an immutable snapshot that is swapped when rules change.

use std::collections::HashSet;
use std::sync::{Arc, PoisonError, RwLock};

use async_trait::async_trait;
use tokio::sync::OnceCell;
use wolfsec::detection::Detector;
use wolfsec::ports::RulesChanged;
use wolfsec::rules::{Rule, RuleState};
use wolfsec_app::UseCases;
use wolfsec_detect::SigmaDetector;

/// A snapshot and its number; the number rises with each swap.
#[derive(Clone)]
pub struct Snapshot {
    pub detector: Arc<SigmaDetector>,
    pub generation: u64,
}

/// Shared handle: read by the pipeline for every group, swapped when a rule is switched.
pub struct DetectorHandle {
    current: RwLock<Snapshot>,
    /// Set once the use cases exist, which themselves hold this handle as a port.
    use_cases: OnceCell<UseCases>,
}

impl DetectorHandle {
    pub fn new(detector: SigmaDetector) -> Self {
        Self {
            current: RwLock::new(Snapshot {
                detector: Arc::new(detector),
                generation: 0,
            }),
            use_cases: OnceCell::new(),
        }
    }

    pub fn connect(&self, use_cases: UseCases) {
        if self.use_cases.set(use_cases).is_err() {
            tracing::warn!("the detector was connected twice");
        }
    }

    pub fn snapshot(&self) -> Snapshot {
        self.current.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub fn detector(&self) -> Arc<dyn Detector> {
        self.snapshot().detector
    }

    /// Masks the rules that are switched off.
    pub fn apply(&self, rules: &[Rule]) {
        let off: HashSet<String> = rules
            .iter()
            .filter(|rule| !rule.enabled || rule.state != RuleState::Usable)
            .map(|rule| rule.id.clone())
            .collect();
        let mut current = self.current.write().unwrap_or_else(PoisonError::into_inner);
        current.detector = Arc::new(current.detector.with_disabled(off));
        current.generation += 1;
    }
}

#[async_trait]
impl RulesChanged for DetectorHandle {
    async fn rules_changed(&self) {
        let Some(use_cases) = self.use_cases.get() else { return };
        match use_cases.load_rules().await {
            Ok(rules) => self.apply(&rules),
            Err(error) => tracing::error!(%error, "rules changed but could not be loaded; the old ones go on"),
        }
    }
}
