//! The running detector: an immutable snapshot that is swapped when rules change.

use std::collections::HashSet;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use async_trait::async_trait;
use sqlx::PgPool;
use tokio::sync::{Mutex, OnceCell};
use wolfsec::detection::Detector;
use wolfsec::ports::RulesChanged;
use wolfsec::rules::{RuleText, RulesRevision};
use wolfsec_app::UseCases;
use wolfsec_detect::{RuleSource, SigmaDetector};

use super::pg;

/// A command waits this long for the running server to take changed rules.
const PATIENCE: Duration = Duration::from_mins(2);

/// A snapshot and its number; the number rises with each swap.
#[derive(Clone)]
pub struct Snapshot {
    pub detector: Arc<SigmaDetector>,
    pub generation: u64,
}

/// Shared handle: read by the pipeline for every group, swapped when rules change. In a process that serves, it follows the
/// stored rules; in a command it has none and waits for the server, if one runs, to follow.
pub struct DetectorHandle {
    current: RwLock<Snapshot>,
    /// What is loaded; `None` where nothing is served. Held while rules are loaded, so that one load follows another.
    loaded: Mutex<Option<RulesRevision>>,
    pool: PgPool,
    /// Set once the use cases exist, which themselves hold this handle as a port.
    use_cases: OnceCell<UseCases>,
}

impl DetectorHandle {
    /// Without rules.
    pub fn new(pool: PgPool) -> anyhow::Result<Self> {
        let (detector, _) = SigmaDetector::load(&[]).context("loading the mappings")?;
        Ok(Self {
            current: RwLock::new(Snapshot {
                detector: Arc::new(detector),
                generation: 0,
            }),
            loaded: Mutex::new(None),
            pool,
            use_cases: OnceCell::new(),
        })
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

    /// From now on this process runs the stored rules.
    pub async fn serve(&self) -> anyhow::Result<()> {
        let mut loaded = self.loaded.lock().await;
        let now = self.load(loaded.unwrap_or_default()).await?;
        *loaded = Some(now);
        Ok(())
    }

    /// Loads what changed since; nothing where nothing did, or where nothing is served.
    pub async fn follow(&self) -> anyhow::Result<()> {
        let mut loaded = self.loaded.lock().await;
        if let Some(before) = *loaded {
            *loaded = Some(self.load(before).await?);
        }
        Ok(())
    }

    async fn load(&self, before: RulesRevision) -> anyhow::Result<RulesRevision> {
        let use_cases = self.use_cases.get().context("the detector is not connected")?;
        // Read first: rules that change meanwhile are loaded once more, never missed.
        let revision = use_cases.rules_revision().await?;
        if revision == before {
            return Ok(before);
        }
        let off: HashSet<String> = use_cases.rules_switched_off().await?.into_iter().collect();
        let detector = if revision.text == before.text {
            self.snapshot().detector.with_disabled(off)
        } else {
            let texts = use_cases.rule_texts().await?;
            let compiled = tokio::task::spawn_blocking(move || compile(&texts)).await;
            compiled.context("loading the rules")??.with_disabled(off)
        };
        self.swap(detector);
        pg::announce_rules(&self.pool, revision.any)
            .await
            .context("announcing the loaded rules")?;
        Ok(revision)
    }

    fn swap(&self, detector: SigmaDetector) {
        let mut current = self.current.write().unwrap_or_else(PoisonError::into_inner);
        current.detector = Arc::new(detector);
        current.generation += 1;
    }
}

/// CPU only: belongs on a blocking thread. The texts are let go with the caller's.
fn compile(texts: &[RuleText]) -> anyhow::Result<SigmaDetector> {
    let started = Instant::now();
    let sources: Vec<RuleSource<'_>> = texts
        .iter()
        .map(|text| RuleSource {
            path: &text.path,
            yaml: &text.yaml,
            enabled: true,
        })
        .collect();
    let (detector, rules) = SigmaDetector::load(&sources).context("loading the rules")?;
    for refused in rules.iter().filter(|rule| !rule.reason.is_empty()) {
        tracing::warn!(
            path = refused.path,
            reason = refused.reason,
            "a stored rule does not run"
        );
    }
    let spent = started.elapsed();
    tracing::info!(rules = rules.len(), milliseconds = spent.as_millis(), "rules loaded");
    Ok(detector)
}

#[async_trait]
impl RulesChanged for DetectorHandle {
    async fn rules_changed(&self) {
        let serves = self.loaded.lock().await.is_some();
        if serves {
            if let Err(error) = self.follow().await {
                tracing::error!(%error, "rules changed but could not be loaded; the old ones go on");
            }
            return;
        }
        let Some(use_cases) = self.use_cases.get() else { return };
        let waited = match use_cases.rules_revision().await {
            Ok(revision) => pg::await_rules(&self.pool, revision.any, PATIENCE)
                .await
                .map_err(anyhow::Error::from),
            Err(error) => Err(error.into()),
        };
        match waited {
            Ok(true) => {}
            Ok(false) => tracing::warn!("the running server has not taken the changed rules yet"),
            Err(error) => tracing::warn!(%error, "whether the running server has taken the changed rules is not known"),
        }
    }
}
