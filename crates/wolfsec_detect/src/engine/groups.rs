//! The compiled rules, one engine for each log source that rules name. An event meets the engines of its own log
//! sources only: their indexes are small, and no other source's needles are looked for in it.

use std::collections::HashMap;

use rsigma_eval::{CompiledRule, Engine, EvaluationResult, MatchDetailLevel};
use rsigma_parser::{FilterRule, LogSource, SigmaCollection};

use crate::json::View;
use crate::normalise::routes::Source;

/// One dimension of log sources: what holds for any word, and what for each.
struct Dimension<T> {
    any: Option<Box<T>>,
    /// In lower case: Sigma compares without case.
    named: HashMap<String, T>,
}

/// By product, then category, then service.
#[derive(Default)]
pub(super) struct RuleGroups {
    products: Dimension<Dimension<Dimension<Engine>>>,
    rules: usize,
}

impl RuleGroups {
    /// Sorts rules into their groups; the filters narrow whichever rules they name.
    pub fn new(rules: Vec<CompiledRule>, filters: Vec<FilterRule>) -> Self {
        let rules = narrowed(rules, filters);
        let mut compiled: Dimension<Dimension<Dimension<Vec<CompiledRule>>>> = Dimension::default();
        let count = rules.len();
        for rule in rules {
            let LogSource {
                product,
                category,
                service,
                ..
            } = &rule.logsource;
            let categories = compiled.at(product.as_deref());
            let services = categories.at(category.as_deref());
            services.at(service.as_deref()).push(rule);
        }
        Self {
            products: compiled.map(|categories| categories.map(|services| services.map(engine))),
            rules: count,
        }
    }

    /// How many rules are compiled.
    pub fn rule_count(&self) -> usize {
        self.rules
    }

    /// Whether any rule looks at events of one of these sources.
    pub fn reach(&self, sources: &[Source]) -> bool {
        sources.iter().any(|source| self.fitting(source).next().is_some())
    }

    /// What the rules of an event's sources say of it. Each rule is asked once, however many of the sources fit it.
    pub fn evaluate(&self, event: &View<'_>, sources: &[Source]) -> Vec<EvaluationResult> {
        let mut engines: Vec<&Engine> = Vec::new();
        for engine in sources.iter().flat_map(|source| self.fitting(source)) {
            if !engines.iter().any(|known| std::ptr::eq(*known, engine)) {
                engines.push(engine);
            }
        }
        engines.into_iter().flat_map(|engine| engine.evaluate(event)).collect()
    }

    /// A dimension that a rule leaves open fits every event; one that an event leaves open fits no rule that names it.
    fn fitting<'g>(&'g self, source: &'g Source) -> impl Iterator<Item = &'g Engine> {
        let categories = self.products.fitting(source.product.as_deref());
        let services = categories.flat_map(|categories| categories.fitting(source.category.as_deref()));
        services.flat_map(|services| services.fitting(source.service.as_deref()))
    }
}

/// A filter may name rules of any log source, by id, name or title: it has to see all of them.
fn narrowed(rules: Vec<CompiledRule>, filters: Vec<FilterRule>) -> Vec<CompiledRule> {
    if filters.is_empty() {
        return rules;
    }
    let mut all = engine(rules);
    let mut collection = SigmaCollection::new();
    collection.filters = filters;
    // Each filter compiled already: nothing is left to fail.
    let applied = all.add_collection(&collection);
    debug_assert!(applied.is_ok());
    all.rules().to_vec()
}

fn engine(rules: Vec<CompiledRule>) -> Engine {
    let mut engine = Engine::new();
    engine.set_match_detail(MatchDetailLevel::Full);
    engine.extend_compiled_rules(rules);
    engine
}

impl<T> Default for Dimension<T> {
    fn default() -> Self {
        Self {
            any: None,
            named: HashMap::new(),
        }
    }
}

impl<T> Dimension<T> {
    fn fitting(&self, word: Option<&str>) -> impl Iterator<Item = &T> {
        let named = word.and_then(|word| self.named.get(word));
        self.any.as_deref().into_iter().chain(named)
    }

    fn map<U>(self, mut each: impl FnMut(T) -> U) -> Dimension<U> {
        Dimension {
            any: self.any.map(|any| Box::new(each(*any))),
            named: self
                .named
                .into_iter()
                .map(|(word, value)| (word, each(value)))
                .collect(),
        }
    }
}

impl<T: Default> Dimension<T> {
    /// What a rule with this word belongs to.
    fn at(&mut self, word: Option<&str>) -> &mut T {
        match word {
            None => self.any.get_or_insert_default(),
            Some(word) => self.named.entry(word.to_ascii_lowercase()).or_default(),
        }
    }
}
