//! Loading rules: every document is judged on its own and reported.

use std::collections::{BTreeSet, HashSet};

use rsigma_eval::{CompiledRule, Engine, compile_rule};
use rsigma_parser::{
    CorrelationRule, Detection, DetectionItem, FilterRule, LogSource, Modifier, SigmaRule, SigmaValue, Status,
    parse_sigma_yaml,
};
use wolfsec::attack::Tactic;
use wolfsec::rules::{RuleKind, RuleState};
use wolfsec::severity::Severity;

use super::groups::RuleGroups;
use crate::correlate::CorrelationPlan;
use crate::matches::{severity, tactics, techniques};

/// One rule file.
#[derive(Debug, Clone, Copy)]
pub struct RuleSource<'a> {
    pub path: &'a str,
    pub yaml: &'a str,
    /// Switched on at load; see [`super::SigmaDetector::with_disabled`].
    pub enabled: bool,
}

/// What kind of Sigma document it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LoadedKind {
    Detection,
    Correlation,
    /// An exception: narrows the rules that it names.
    Filter,
}

impl LoadedKind {
    /// The rule's kind; none for an exception.
    pub fn rule_kind(self) -> Option<RuleKind> {
        match self {
            Self::Detection => Some(RuleKind::Detection),
            Self::Correlation => Some(RuleKind::Correlation),
            Self::Filter => None,
        }
    }
}

/// One Sigma document and what became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoadedRule {
    pub path: String,
    /// Sigma `id`; empty when the document could not be read.
    pub id: String,
    pub title: String,
    pub level: Severity,
    pub description: String,
    pub author: String,
    /// Sigma `license`; empty without one.
    pub license: String,
    /// Sigma `status`: `stable`, `test`, `experimental` …; empty without one.
    pub status: String,
    pub references: Vec<String>,
    pub tags: Vec<String>,
    /// ATT&CK techniques among the tags.
    pub techniques: Vec<String>,
    pub tactics: Vec<Tactic>,
    pub false_positives: Vec<String>,
    /// `product/category/service` as written, `*` for what is left open; empty for correlations.
    pub logsource: String,
    pub kind: LoadedKind,
    pub state: RuleState,
    /// Why it is refused or what it needs; empty when usable.
    pub reason: String,
    pub enabled: bool,
}

/// All that loading gives.
pub(super) struct Loaded {
    pub groups: RuleGroups,
    pub correlations: CorrelationPlan,
    pub rules: Vec<LoadedRule>,
}

/// Looks at every rule as loading does, but makes no engine. What each source holds is given in the sources' order.
pub(crate) fn judge(sources: &[RuleSource<'_>]) -> Vec<Vec<LoadedRule>> {
    let mut loader = Loader {
        only_judges: true,
        ..Loader::default()
    };
    let mut ends = Vec::with_capacity(sources.len());
    for source in sources {
        loader.read(source);
        ends.push(loader.rules.len());
    }
    let mut rules = loader.judged().into_iter();
    let mut start = 0;
    ends.into_iter()
        .map(|end| rules.by_ref().take(end - std::mem::replace(&mut start, end)).collect())
        .collect()
}

#[derive(Default)]
struct Loader {
    /// Compiled rules are not kept.
    only_judges: bool,
    ids: HashSet<String>,
    compiled: Vec<CompiledRule>,
    plain: Vec<SigmaRule>,
    correlations: Vec<CorrelationRule>,
    filters: Vec<FilterRule>,
    rules: Vec<LoadedRule>,
}

pub(super) fn load(sources: &[RuleSource<'_>]) -> Loaded {
    let mut loader = Loader::default();
    for source in sources {
        loader.read(source);
    }
    loader.finish()
}

impl Loader {
    fn read(&mut self, source: &RuleSource<'_>) {
        let collection = match parse_sigma_yaml(source.yaml) {
            Ok(collection) => collection,
            Err(error) => return self.unreadable(source, error.to_string()),
        };
        let errors: Vec<_> = collection.errors().map(|e| e.message.clone()).collect();
        let nothing = errors.is_empty() && collection.is_empty();
        for rule in collection.rules {
            self.add_rule(source, rule);
        }
        for correlation in collection.correlations {
            self.add_correlation(source, correlation);
        }
        for filter in collection.filters {
            self.add_filter(source, filter);
        }
        for error in errors {
            self.unreadable(source, error);
        }
        if nothing {
            self.unreadable(source, "holds no rule".to_owned());
        }
    }

    fn unreadable(&mut self, source: &RuleSource<'_>, reason: String) {
        self.rules.push(LoadedRule {
            title: source.path.to_owned(),
            state: RuleState::Refused,
            reason,
            ..blank(source, LoadedKind::Detection)
        });
    }

    fn add_rule(&mut self, source: &RuleSource<'_>, rule: SigmaRule) {
        let mut loaded = LoadedRule {
            id: rule.id.clone().unwrap_or_default(),
            title: rule.title.clone(),
            level: severity(rule.level),
            description: rule.description.clone().unwrap_or_default(),
            author: rule.author.clone().unwrap_or_default(),
            license: rule.license.clone().unwrap_or_default(),
            status: rule.status.map(status_word).unwrap_or_default(),
            references: rule.references.clone(),
            techniques: techniques(&rule.tags),
            tactics: tactics(&rule.tags),
            tags: rule.tags.clone(),
            false_positives: rule.falsepositives.clone(),
            logsource: logsource_text(&rule.logsource),
            ..blank(source, LoadedKind::Detection)
        };
        let missing = placeholders(&rule);
        match self
            .claim_id(&loaded.id)
            .and_then(|()| compile_rule(&rule).map_err(|e| e.to_string()))
        {
            Err(reason) => loaded.refuse(reason),
            Ok(_) if !missing.is_empty() => {
                loaded.state = RuleState::NeedsValues;
                loaded.reason = format!(
                    "needs values for {}",
                    missing.into_iter().collect::<Vec<_>>().join(", ")
                );
            }
            Ok(compiled) => {
                if !self.only_judges {
                    self.compiled.push(compiled);
                }
                self.plain.push(rule);
            }
        }
        self.rules.push(loaded);
    }

    fn add_correlation(&mut self, source: &RuleSource<'_>, rule: CorrelationRule) {
        let mut loaded = LoadedRule {
            id: rule.id.clone().unwrap_or_default(),
            title: rule.title.clone(),
            level: severity(rule.level),
            description: rule.description.clone().unwrap_or_default(),
            author: rule.author.clone().unwrap_or_default(),
            license: rule.license.clone().unwrap_or_default(),
            status: rule.status.map(status_word).unwrap_or_default(),
            references: rule.references.clone(),
            techniques: techniques(&rule.tags),
            tactics: tactics(&rule.tags),
            tags: rule.tags.clone(),
            false_positives: rule.falsepositives.clone(),
            ..blank(source, LoadedKind::Correlation)
        };
        match self.claim_id(&loaded.id) {
            Ok(()) => self.correlations.push(rule),
            Err(reason) => loaded.refuse(reason),
        }
        self.rules.push(loaded);
    }

    fn add_filter(&mut self, source: &RuleSource<'_>, filter: FilterRule) {
        let mut loaded = LoadedRule {
            id: filter.id.clone().unwrap_or_default(),
            title: filter.title.clone(),
            description: filter.description.clone().unwrap_or_default(),
            author: filter.author.clone().unwrap_or_default(),
            logsource: filter.logsource.as_ref().map(logsource_text).unwrap_or_default(),
            ..blank(source, LoadedKind::Filter)
        };
        // Without rules the engine only compiles it.
        match Engine::new().apply_filter(&filter) {
            Ok(()) if source.enabled => self.filters.push(filter),
            Ok(()) => {}
            Err(error) => loaded.refuse(error.to_string()),
        }
        self.rules.push(loaded);
    }

    /// Matches are told apart by the Sigma id: each rule has one, and one only.
    fn claim_id(&mut self, id: &str) -> Result<(), String> {
        if id.is_empty() {
            return Err("has no id".to_owned());
        }
        if !self.ids.insert(id.to_owned()) {
            return Err(format!("another rule has the id {id}"));
        }
        Ok(())
    }

    /// Correlations are judged when all rules are known.
    fn plan_correlations(&mut self) -> CorrelationPlan {
        let (plan, refused) = CorrelationPlan::new(&self.plain, std::mem::take(&mut self.correlations));
        for (id, reason) in refused {
            if let Some(loaded) = self.rules.iter_mut().find(|rule| rule.id == id) {
                loaded.refuse(reason);
            }
        }
        plan
    }

    fn judged(mut self) -> Vec<LoadedRule> {
        self.plan_correlations();
        self.rules
    }

    fn finish(mut self) -> Loaded {
        let groups = RuleGroups::new(std::mem::take(&mut self.compiled), std::mem::take(&mut self.filters));
        let correlations = self.plan_correlations();
        Loaded {
            groups,
            correlations,
            rules: self.rules,
        }
    }
}

impl LoadedRule {
    fn refuse(&mut self, reason: String) {
        self.state = RuleState::Refused;
        self.reason = reason;
    }
}

fn blank(source: &RuleSource<'_>, kind: LoadedKind) -> LoadedRule {
    LoadedRule {
        path: source.path.to_owned(),
        id: String::new(),
        title: String::new(),
        level: Severity::Informational,
        description: String::new(),
        author: String::new(),
        license: String::new(),
        status: String::new(),
        references: Vec::new(),
        tags: Vec::new(),
        techniques: Vec::new(),
        tactics: Vec::new(),
        false_positives: Vec::new(),
        logsource: String::new(),
        kind,
        state: RuleState::Usable,
        reason: String::new(),
        enabled: source.enabled,
    }
}

fn status_word(status: Status) -> String {
    match status {
        Status::Stable => "stable",
        Status::Test => "test",
        Status::Experimental => "experimental",
        Status::Deprecated => "deprecated",
        Status::Unsupported => "unsupported",
    }
    .to_owned()
}

fn logsource_text(source: &LogSource) -> String {
    [&source.product, &source.category, &source.service]
        .map(|word| word.as_deref().unwrap_or("*"))
        .join("/")
}

/// Names of `%placeholders%` under `|expand`: such a rule compiles, but means something else until they are filled.
fn placeholders(rule: &SigmaRule) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for detection in rule.detection.named.values() {
        collect_placeholders(detection, &mut found);
    }
    found
}

fn collect_placeholders(detection: &Detection, found: &mut BTreeSet<String>) {
    match detection {
        Detection::AllOf(items) => items.iter().for_each(|item| item_placeholders(item, found)),
        Detection::AnyOf(inner) | Detection::And(inner) => {
            for detection in inner {
                collect_placeholders(detection, found);
            }
        }
        Detection::ArrayMatch { body, .. } => collect_placeholders(body, found),
        Detection::Conditional { named, .. } => {
            for detection in named.values() {
                collect_placeholders(detection, found);
            }
        }
        Detection::Keywords(_) => {}
    }
}

fn item_placeholders(item: &DetectionItem, found: &mut BTreeSet<String>) {
    if !item.field.has_modifier(Modifier::Expand) {
        return;
    }
    for value in &item.values {
        if let SigmaValue::String(text) = value {
            found.extend(
                text.original
                    .split('%')
                    .skip(1)
                    .step_by(2)
                    .map(|name| format!("%{name}%")),
            );
        }
    }
}
