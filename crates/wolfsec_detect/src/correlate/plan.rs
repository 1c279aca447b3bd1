//! Which correlations can run, on which rules and fields: worked out once per set of rules.

use std::collections::{BTreeSet, HashMap, HashSet};

use rsigma_eval::{CorrelationEngine, Event};
use rsigma_parser::{ConditionOperator, CorrelationCondition, CorrelationRule, SigmaRule};
use serde_json::{Map, Value};

use super::config;

/// Kept with every hit, for the alert that may come of it.
const ENTITY_FIELDS: [&str; 3] = ["host.name", "user.name", "source.ip"];
/// Hits are remembered for two days: a correlation over another one of this length still finds what it needs.
const MAX_TIMESPAN_SECONDS: u64 = 24 * 3600;
/// What is kept of one value of a hit (bytes).
const MAX_HIT_VALUE_BYTES: usize = 512;
/// The engine's settings that a rule may make for itself; others could undo the bounds.
const OWN_SETTINGS: [&str; 2] = ["rsigma.suppress", "rsigma.action"];

/// Usable correlations and what they need.
#[derive(Debug, Default)]
pub(crate) struct CorrelationPlan {
    base_rules: Vec<SigmaRule>,
    rules: Vec<CorrelationRule>,
    /// Sigma ids of plain rules that a correlation counts.
    base_ids: HashSet<String>,
    /// Those of them that raise no alert by themselves.
    held_back: HashSet<String>,
    /// Sigma id to the Sigma ids of the correlations it refers to.
    referred: HashMap<String, Vec<String>>,
    conditions: HashMap<String, String>,
    fields: Vec<String>,
}

impl CorrelationPlan {
    /// Keeps what can run; gives the Sigma ids of the others and why.
    pub fn new(plain: &[SigmaRule], correlations: Vec<CorrelationRule>) -> (Self, Vec<(String, String)>) {
        let (candidates, mut refused) = compiling(correlations);
        let (rules, unresolved) = resolvable(plain, candidates);
        refused.extend(unresolved);
        let mut plan = Self {
            rules,
            ..Self::default()
        };
        plan.find_base_rules(plain);
        plan.find_references();
        let mut fields: BTreeSet<String> = ENTITY_FIELDS.map(str::to_owned).into();
        for rule in &plan.rules {
            fields.extend(fields_of(rule));
            plan.conditions.insert(id_of(rule).to_owned(), condition_text(rule));
        }
        plan.fields = fields.into_iter().collect();
        (plan, refused)
    }

    fn find_base_rules(&mut self, plain: &[SigmaRule]) {
        let mut alone = HashSet::new();
        for correlation in &self.rules {
            for rule in plain
                .iter()
                .filter(|rule| refers_to(correlation, rule.id.as_deref(), rule.name.as_deref()))
            {
                let Some(id) = rule.id.clone() else { continue };
                if correlation.generate {
                    alone.insert(id.clone());
                }
                if self.base_ids.insert(id) {
                    let mut rule = rule.clone();
                    rule.custom_attributes.clear();
                    self.base_rules.push(rule);
                }
            }
        }
        self.held_back = self.base_ids.difference(&alone).cloned().collect();
    }

    fn find_references(&mut self) {
        for rule in &self.rules {
            let below = self
                .rules
                .iter()
                .filter(|other| refers_to(rule, other.id.as_deref(), other.name.as_deref()))
                .map(|other| id_of(other).to_owned())
                .collect();
            self.referred.insert(id_of(rule).to_owned(), below);
        }
    }

    pub fn base_rules(&self) -> &[SigmaRule] {
        &self.base_rules
    }

    pub fn rules(&self) -> &[CorrelationRule] {
        &self.rules
    }

    pub fn is_base(&self, rule_id: &str) -> bool {
        self.base_ids.contains(rule_id)
    }

    /// A rule that correlations count, none of them with `generate: true`, raises no alert by itself. That
    /// holds while the correlation is switched off, too: switching it off must not let its base rules loose.
    pub fn holds_back(&self, rule_id: &str) -> bool {
        self.held_back.contains(rule_id)
    }

    pub fn referred_correlations(&self, rule_id: &str) -> &[String] {
        self.referred.get(rule_id).map(Vec::as_slice).unwrap_or_default()
    }

    pub fn is_referred_to(&self, rule_id: &str) -> bool {
        self.referred.values().flatten().any(|id| id == rule_id)
    }

    pub fn condition(&self, rule_id: &str) -> Option<&str> {
        self.conditions.get(rule_id).map(String::as_str)
    }

    /// The fields that any correlation groups or counts by, and the entities, as one JSON object.
    pub fn hit_fields(&self, view: &impl Event) -> String {
        let fields: Map<String, Value> = self
            .fields
            .iter()
            .filter_map(|name| Some((name.clone(), view.get_field(name)?.to_json())))
            .filter(|(_, value)| !value.is_null())
            .map(|(name, value)| (name, bounded(value)))
            .collect();
        Value::Object(fields).to_string()
    }

    /// How far back hits matter (seconds): a correlation over correlations looks back over theirs too.
    pub fn longest_window(&self, disabled: &HashSet<String>) -> i64 {
        let enabled = self.rules.iter().filter(|rule| !disabled.contains(id_of(rule)));
        enabled.map(|rule| self.window(rule)).max().unwrap_or(0)
    }

    fn window(&self, rule: &CorrelationRule) -> i64 {
        let own = i64::try_from(rule.timespan.seconds).unwrap_or(i64::MAX);
        let below = self.referred_correlations(id_of(rule));
        let below = self
            .rules
            .iter()
            .filter(|other| below.iter().any(|id| id == id_of(other)));
        own.saturating_add(below.map(|other| self.window(other)).max().unwrap_or(0))
    }
}

/// What is grouped and counted by is kept for days, for each hit: as long as the columns of an event at most.
fn bounded(value: Value) -> Value {
    match value {
        Value::String(text) if text.len() > MAX_HIT_VALUE_BYTES => {
            Value::String(text[..text.floor_char_boundary(MAX_HIT_VALUE_BYTES)].to_owned())
        }
        Value::Array(_) | Value::Object(_) if value.to_string().len() > MAX_HIT_VALUE_BYTES => Value::Null,
        other => other,
    }
}

/// Those that the engine takes, with their settings in order.
fn compiling(correlations: Vec<CorrelationRule>) -> (Vec<CorrelationRule>, Vec<(String, String)>) {
    let (mut taken, mut refused) = (Vec::new(), Vec::new());
    for mut rule in correlations {
        rule.custom_attributes
            .retain(|name, _| OWN_SETTINGS.contains(&name.as_str()));
        let window = format!("{}s", rule.timespan.seconds);
        rule.custom_attributes
            .entry("rsigma.suppress".to_owned())
            .or_insert_with(|| window.into());
        if rule.timespan.seconds > MAX_TIMESPAN_SECONDS {
            let hours = MAX_TIMESPAN_SECONDS / 3600;
            refused.push((
                id_of(&rule).to_owned(),
                format!("its timespan is longer than {hours} hours"),
            ));
            continue;
        }
        match CorrelationEngine::new(config()).add_correlation(&rule) {
            Ok(()) => taken.push(rule),
            Err(error) => refused.push((id_of(&rule).to_owned(), error.to_string())),
        }
    }
    (taken, refused)
}

/// Those whose references lead to usable rules, in an order in which each comes after what it refers to.
/// References that run in a circle never resolve.
fn resolvable(plain: &[SigmaRule], mut open: Vec<CorrelationRule>) -> (Vec<CorrelationRule>, Vec<(String, String)>) {
    let mut known: HashSet<String> = plain
        .iter()
        .flat_map(|rule| [&rule.id, &rule.name])
        .flatten()
        .cloned()
        .collect();
    let mut usable = Vec::new();
    loop {
        let (ready, rest): (Vec<_>, Vec<_>) = open
            .into_iter()
            .partition(|rule| rule.rules.iter().all(|reference| known.contains(reference)));
        open = rest;
        if ready.is_empty() {
            break;
        }
        known.extend(ready.iter().flat_map(|rule| [&rule.id, &rule.name]).flatten().cloned());
        usable.extend(ready);
    }
    let refused = open.iter().map(|rule| {
        let missing: Vec<_> = rule
            .rules
            .iter()
            .filter(|reference| !known.contains(*reference))
            .cloned()
            .collect();
        let reason = format!(
            "refers to rules that are absent, unusable or refer back: {}",
            missing.join(", ")
        );
        (id_of(rule).to_owned(), reason)
    });
    (usable, refused.collect())
}

/// The loader refuses rules without an id.
fn id_of(rule: &CorrelationRule) -> &str {
    rule.id.as_deref().unwrap_or_default()
}

fn refers_to(correlation: &CorrelationRule, id: Option<&str>, name: Option<&str>) -> bool {
    let mut references = correlation.rules.iter().map(String::as_str);
    references.any(|reference| id == Some(reference) || name == Some(reference))
}

fn fields_of(rule: &CorrelationRule) -> Vec<String> {
    let aliases = rule.aliases.iter().flat_map(|alias| alias.mapping.values());
    let counted = match &rule.condition {
        CorrelationCondition::Threshold { field, .. } => field.as_deref().unwrap_or_default(),
        CorrelationCondition::Extended(_) => &[],
    };
    rule.group_by.iter().chain(aliases).chain(counted).cloned().collect()
}

/// In the largest unit that divides it.
fn span_words(seconds: u64) -> String {
    match seconds {
        s if s > 0 && s.is_multiple_of(3600) => format!("{} h", s / 3600),
        s if s > 0 && s.is_multiple_of(60) => format!("{} min", s / 60),
        s => format!("{s} s"),
    }
}

fn condition_text(rule: &CorrelationRule) -> String {
    let within = format!("within {}", span_words(rule.timespan.seconds));
    match &rule.condition {
        CorrelationCondition::Threshold { predicates, .. } => {
            let bounds: Vec<_> = predicates
                .iter()
                .map(|(op, bound)| format!("{} {bound}", word(*op)))
                .collect();
            format!("{} {within}", bounds.join(" and "))
        }
        CorrelationCondition::Extended(_) => within,
    }
}

fn word(operator: ConditionOperator) -> &'static str {
    match operator {
        ConditionOperator::Lt => "less than",
        ConditionOperator::Lte => "at most",
        ConditionOperator::Gt => "more than",
        ConditionOperator::Gte => "at least",
        ConditionOperator::Eq => "exactly",
        ConditionOperator::Neq => "other than",
    }
}
