//! The Sigma engine behind the domain's `Detector` port.

mod groups;
mod load;

use std::collections::HashSet;
use std::sync::Arc;

use bumpalo::Bump;
use wolfsec::detection::{AnalysedEvent, CorrelationHit, Correlator, Detector, RawBatch, RuleMatch};
use wolfsec::events::RejectedLine;
use wolfsec::rules::RuleState;

use crate::correlate::{CorrelationPlan, SigmaCorrelator};
use crate::json::View;
use crate::matches;
use crate::normalise::{Identities, MappingError, Normalised, Normaliser, Receipt, lines, read_line};
use groups::RuleGroups;
pub(crate) use load::judge;
pub use load::{LoadedKind, LoadedRule, RuleSource};

/// Why no detector could be made at all. A broken rule is no such reason.
#[derive(Debug, thiserror::Error)]
pub enum DetectError {
    #[error(transparent)]
    Mapping(#[from] MappingError),
}

/// Everything that changes only when a rule's text does.
struct Core {
    normaliser: Normaliser,
    rules: RuleGroups,
    correlations: Arc<CorrelationPlan>,
    /// Sigma ids of the rules that compiled.
    usable: HashSet<String>,
}

/// An immutable snapshot of rules. Cloning and switching rules share the compiled engine.
#[derive(Clone)]
pub struct SigmaDetector {
    core: Arc<Core>,
    disabled: Arc<HashSet<String>>,
}

impl SigmaDetector {
    /// Compiles rules. Each document of each source is reported; a broken one stops no other.
    pub fn load(sources: &[RuleSource<'_>]) -> Result<(Self, Vec<LoadedRule>), DetectError> {
        let loaded = load::load(sources);
        let core = Core {
            normaliser: Normaliser::new()?,
            rules: loaded.groups,
            correlations: Arc::new(loaded.correlations),
            usable: loaded
                .rules
                .iter()
                .filter(|rule| rule.state == RuleState::Usable && rule.kind != LoadedKind::Filter)
                .map(|rule| rule.id.clone())
                .collect(),
        };
        let disabled = loaded
            .rules
            .iter()
            .filter(|rule| !rule.enabled)
            .map(|rule| rule.id.clone())
            .collect();
        let detector = Self {
            core: Arc::new(core),
            disabled: Arc::new(disabled),
        };
        Ok((detector, loaded.rules))
    }

    /// The same rules with exactly these Sigma ids switched off: a mask over the shared engine, not a rebuild.
    pub fn with_disabled(&self, disabled: HashSet<String>) -> Self {
        Self {
            core: Arc::clone(&self.core),
            disabled: Arc::new(disabled),
        }
    }

    /// How many plain rules are compiled, switched off ones included.
    pub fn rule_count(&self) -> usize {
        self.core.rules.rule_count()
    }

    /// Of a request's events, how many are routed to any rule at all, and how many there are: what an engine's speed
    /// stands beside.
    pub fn routed(&self, batch: RawBatch<'_>) -> (usize, usize) {
        let mut counts = (0, 0);
        self.normalised(batch, |_, normalised| {
            counts.0 += usize::from(self.core.rules.reach(&normalised.routes.sigma));
            counts.1 += 1;
        });
        counts
    }

    /// Hands over each readable line's number and event; answers the lines that cannot be read.
    fn normalised(&self, batch: RawBatch<'_>, mut each: impl FnMut(u32, Normalised<'_>)) -> Vec<RejectedLine> {
        let mut identities = Identities::new(batch.peer);
        let mut rejected = Vec::new();
        let mut arena = Bump::new();
        for (raw, number) in lines(batch.body) {
            match read_line(raw, number, &arena) {
                Ok(line) => {
                    let receipt = Receipt {
                        id: identities.identify(line.map, line.raw),
                        peer: batch.peer,
                        received_at: batch.received_at,
                    };
                    each(number, self.core.normaliser.normalise(line, &receipt, &arena));
                }
                Err(reject) => rejected.push(reject),
            }
            arena.reset();
        }
        rejected
    }

    /// Whether a rule only feeds correlations and raises no alert by itself.
    pub fn holds_back(&self, rule_id: &str) -> bool {
        self.core.correlations.holds_back(rule_id)
    }

    /// How many rules and correlations look at events now.
    pub fn rules_in_use(&self) -> usize {
        self.core
            .usable
            .iter()
            .filter(|id| !self.disabled.contains(*id))
            .count()
    }

    /// Matches of one event under all its log sources.
    fn evaluate(&self, normalised: &Normalised<'_>) -> (Vec<RuleMatch>, Option<CorrelationHit>) {
        let view = View(normalised.view);
        let mut matches: Vec<RuleMatch> = Vec::new();
        let mut base_rules: Vec<String> = Vec::new();
        for result in self.core.rules.evaluate(&view, &normalised.routes.sigma) {
            let Some(id) = result.header.rule_id.as_deref() else {
                continue;
            };
            if self.disabled.contains(id) {
                continue;
            }
            if self.core.correlations.is_base(id) {
                base_rules.push(id.to_owned());
            }
            if !self.core.correlations.holds_back(id) {
                matches.extend(matches::rule_match(&result));
            }
        }
        let hit = (!base_rules.is_empty()).then(|| CorrelationHit {
            event_id: normalised.event.id,
            ts: normalised.event.ts,
            peer: normalised.event.peer,
            rule_ids: base_rules,
            fields: self.core.correlations.hit_fields(&view),
        });
        (matches, hit)
    }
}

impl Detector for SigmaDetector {
    fn analyse(&self, batch: RawBatch<'_>) -> (Vec<AnalysedEvent>, Vec<RejectedLine>) {
        let mut events = Vec::new();
        let rejected = self.normalised(batch, |line, normalised| {
            let (matches, hit) = self.evaluate(&normalised);
            events.push(AnalysedEvent {
                line,
                event: normalised.event,
                matches,
                hit,
            });
        });
        (events, rejected)
    }

    fn correlator(&self) -> Box<dyn Correlator> {
        Box::new(SigmaCorrelator::new(
            &self.core.correlations,
            Arc::clone(&self.disabled),
        ))
    }
}
