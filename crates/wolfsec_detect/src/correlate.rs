//! Correlations: the domain's `Correlator` port over the engine's stateful part.
//!
//! State is fed from [`CorrelationHit`]s alone, never from whole events, so that stored hits rebuild it.

mod plan;

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use rsigma_eval::{
    CorrelationAction, CorrelationBody, CorrelationConfig, CorrelationEngine, CorrelationEventMode, DetectionBody,
    EvaluationResult, Event, EventValue, JsonEvent, ResultBody, RuleHeader, TimestampFallback,
};
use serde_json::{Value, json};
use wolfsec::detection::{CorrelationHit, CorrelationMatch, Correlator, FieldMatch, RuleMatch, SelectionMatch};
use wolfsec::ids::EventId;

use crate::matches::{severity, tactics, techniques};
pub(crate) use plan::CorrelationPlan;

/// Windows kept over all correlations and groups.
const MAX_STATE_ENTRIES: usize = 100_000;
/// Entries kept in one group's window.
const MAX_GROUP_ENTRIES: usize = 10_000;
/// Events that a match names.
const MAX_CONTRIBUTING: usize = 20;
/// Fired groups remembered for the correlations built upon them.
const MAX_FIRED_GROUPS: usize = 10_000;

/// Stands for the host in hits and correlations.
const HOST: &str = "host.name";

type Group = Vec<(String, String)>;

/// A group that fired, for the correlations that refer to it.
struct Fired {
    at: i64,
    events: Vec<EventId>,
}

/// Correlation state over one snapshot of rules.
pub(crate) struct SigmaCorrelator {
    engine: CorrelationEngine,
    plan: Arc<CorrelationPlan>,
    disabled: Arc<HashSet<String>>,
    fired: HashMap<(String, Group), Fired>,
}

impl SigmaCorrelator {
    pub fn new(plan: &Arc<CorrelationPlan>, disabled: Arc<HashSet<String>>) -> Self {
        let mut engine = CorrelationEngine::new(config());
        // All of these were added to an engine before, when the plan was made.
        let refused = plan
            .base_rules()
            .iter()
            .filter(|rule| engine.add_rule(rule).is_err())
            .count();
        let broken = plan
            .rules()
            .iter()
            .filter(|rule| engine.add_correlation(rule).is_err())
            .count();
        debug_assert_eq!((refused, broken), (0, 0));
        Self {
            engine,
            plan: Arc::clone(plan),
            disabled,
            fired: HashMap::new(),
        }
    }

    /// Correlations that fire on one hit; switched off ones too, for those built upon them.
    fn advance(&mut self, hit: &CorrelationHit) -> Vec<RuleMatch> {
        let event = HitEvent::new(hit);
        let detections: Vec<_> = hit
            .rule_ids
            .iter()
            .filter(|id| !self.disabled.contains(*id))
            .map(|id| detection(id))
            .collect();
        if detections.is_empty() {
            return Vec::new();
        }
        let at = hit.ts.timestamp();
        let results = self.engine.process_with_detections(&event, detections, at);
        results
            .iter()
            .filter_map(|result| Some((result, result.as_correlation()?)))
            .filter_map(|(result, body)| self.correlation_match(result, body, hit, at))
            .collect()
    }

    fn correlation_match(
        &mut self,
        result: &EvaluationResult,
        body: &CorrelationBody,
        completed_by: &CorrelationHit,
        at: i64,
    ) -> Option<RuleMatch> {
        let rule_id = result.header.rule_id.clone()?;
        let contributing = self.contributing(&rule_id, body, completed_by.event_id);
        self.remember(&rule_id, &body.group_key, at, &contributing);
        let counted = FieldMatch {
            field: body.correlation_type.as_str().to_owned(),
            value: body.aggregated_value.to_string(),
            pattern: self.plan.condition(&rule_id).map(str::to_owned),
        };
        // A sender that stands in for a host that the events do not name is none.
        let sender = completed_by.peer.to_string();
        let grouped = body.group_key.iter().filter(|(_, value)| *value != sender);
        let grouped = grouped.map(|(name, value)| FieldMatch {
            field: name.clone(),
            value: value.clone(),
            pattern: None,
        });
        Some(RuleMatch {
            title: result.header.rule_title.clone(),
            severity: severity(result.header.level),
            techniques: techniques(&result.header.tags),
            tactics: tactics(&result.header.tags),
            selections: vec![SelectionMatch {
                selection: "correlation".to_owned(),
                fields: std::iter::once(counted).chain(grouped).collect(),
            }],
            group_by: body.group_key.clone(),
            contributing,
            rule_id,
        })
    }

    /// The events of the window, after those of the correlations it refers to.
    fn contributing(&self, rule_id: &str, body: &CorrelationBody, completed_by: EventId) -> Vec<EventId> {
        let below = self
            .plan
            .referred_correlations(rule_id)
            .iter()
            .filter_map(|id| self.fired.get(&(id.clone(), body.group_key.clone())))
            .flat_map(|fired| fired.events.iter().copied());
        let direct = body
            .event_refs
            .iter()
            .flatten()
            .filter_map(|event| event.id.as_deref()?.parse::<EventId>().ok());
        let mut events: Vec<EventId> = Vec::new();
        for event in below.chain(direct).filter(|event| *event != completed_by) {
            if !events.contains(&event) {
                events.push(event);
            }
        }
        events.push(completed_by);
        events.split_off(events.len().saturating_sub(MAX_CONTRIBUTING))
    }

    fn remember(&mut self, rule_id: &str, group: &Group, at: i64, events: &[EventId]) {
        if !self.plan.is_referred_to(rule_id) {
            return;
        }
        if self.fired.len() >= MAX_FIRED_GROUPS {
            let oldest = at - self.plan.longest_window(&HashSet::new());
            self.fired.retain(|_, fired| fired.at >= oldest);
            if self.fired.len() >= MAX_FIRED_GROUPS {
                self.fired.clear();
            }
        }
        let fired = Fired {
            at,
            events: events.to_vec(),
        };
        self.fired.insert((rule_id.to_owned(), group.clone()), fired);
    }
}

impl Correlator for SigmaCorrelator {
    fn entries(&self) -> usize {
        self.engine.state_count()
    }

    fn feed(&mut self, hits: &[CorrelationHit]) -> Vec<CorrelationMatch> {
        let mut all = Vec::new();
        for hit in hits {
            let matches = self.advance(hit).into_iter();
            all.extend(
                matches
                    .filter(|rule_match| !self.disabled.contains(&rule_match.rule_id))
                    .map(|rule_match| CorrelationMatch {
                        event_id: hit.event_id,
                        ts: hit.ts,
                        peer: hit.peer,
                        rule_match,
                    }),
            );
        }
        all
    }

    fn replay(&mut self, hits: &[CorrelationHit]) {
        for hit in hits {
            self.advance(hit);
        }
    }

    fn longest_window_seconds(&self) -> i64 {
        self.plan.longest_window(&self.disabled)
    }
}

/// Once fired, a group stays silent for its window (the plan sets that per rule): it does not fire
/// again on every further event. Which plain rules alert by themselves is decided by the detector.
fn config() -> CorrelationConfig {
    CorrelationConfig {
        timestamp_fallback: TimestampFallback::Skip,
        max_state_entries: MAX_STATE_ENTRIES,
        max_group_entries: Some(MAX_GROUP_ENTRIES),
        action_on_match: CorrelationAction::Alert,
        emit_detections: true,
        correlation_event_mode: CorrelationEventMode::Refs,
        max_correlation_events: MAX_CONTRIBUTING,
        ..CorrelationConfig::default()
    }
}

/// A base rule's match as the engine would have reported it.
fn detection(rule_id: &str) -> EvaluationResult {
    EvaluationResult {
        header: RuleHeader {
            rule_title: String::new(),
            rule_id: Some(rule_id.to_owned()),
            level: None,
            tags: Vec::new(),
            custom_attributes: Arc::default(),
            enrichments: None,
        },
        body: ResultBody::Detection(DetectionBody {
            matched_selections: Vec::new(),
            matched_fields: Vec::new(),
            event: None,
        }),
    }
}

/// An event as far as correlations need it: the hit's fields, the sender where they name no host, and the id as its reference.
struct HitEvent {
    fields: JsonEvent<'static>,
    id: EventId,
}

impl HitEvent {
    fn new(hit: &CorrelationHit) -> Self {
        let mut fields: Value = serde_json::from_str(&hit.fields).unwrap_or_default();
        if let Some(fields) = fields.as_object_mut() {
            // The engine counts nothing without a group. What names no host is the sender's own in most cases.
            let host = fields.entry(HOST).or_insert(Value::Null);
            if host.is_null() {
                *host = Value::from(hit.peer.to_string());
            }
        }
        Self {
            fields: JsonEvent::owned(fields),
            id: hit.event_id,
        }
    }
}

impl Event for HitEvent {
    fn get_field(&self, path: &str) -> Option<EventValue<'_>> {
        self.fields.get_field(path)
    }

    fn any_string_value(&self, pred: &dyn Fn(&str) -> bool) -> bool {
        self.fields.any_string_value(pred)
    }

    fn all_string_values(&self) -> Vec<Cow<'_, str>> {
        self.fields.all_string_values()
    }

    fn to_json(&self) -> Value {
        json!({ "id": self.id.to_string() })
    }
}

#[cfg(test)]
mod tests;
