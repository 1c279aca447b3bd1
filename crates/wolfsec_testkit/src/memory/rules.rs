//! Rules and their imports.

use std::collections::BTreeSet;

use async_trait::async_trait;
use wolfsec::Timestamp;
use wolfsec::attack::Tactic;
use wolfsec::ids::RuleImportId;
use wolfsec::ports::{RepositoryResult, RuleRepository};
use wolfsec::rules::{
    MAX_IMPORT_PROBLEMS, MAX_IMPORTS, Rule, RuleBrief, RuleCoverage, RuleImport, RuleOrigin, RuleQuery, RuleState,
    RuleText, RulesRevision, Upserted,
};

use super::MemoryUnitOfWork;

fn is_wanted(rule: &Rule, query: &RuleQuery) -> bool {
    let has = |words: &String| {
        let words = words.to_lowercase();
        rule.title.to_lowercase().contains(&words) || rule.id.to_lowercase().contains(&words)
    };
    query.enabled.is_none_or(|enabled| rule.enabled == enabled)
        && query.level.is_none_or(|level| rule.level == level)
        && query.origin.is_none_or(|origin| rule.origin == origin)
        && query.state.is_none_or(|state| rule.state == state)
        && query.words.as_ref().is_none_or(has)
        && query
            .after
            .as_ref()
            .is_none_or(|(title, id)| (&rule.title, &rule.id) > (title, id))
}

fn differs(known: &Rule, rule: &Rule) -> bool {
    known.yaml != rule.yaml || known.path != rule.path || known.state != rule.state || known.reason != rule.reason
}

#[async_trait]
impl RuleRepository for MemoryUnitOfWork {
    async fn upsert_batch(&mut self, rules: &[Rule]) -> RepositoryResult<Upserted> {
        let mut done = Upserted::default();
        for rule in rules {
            let Some(known) = self.state.rules.get_mut(&rule.id) else {
                self.state.rules.insert(rule.id.clone(), rule.clone());
                done.added += 1;
                continue;
            };
            if differs(known, rule) {
                *known = Rule {
                    enabled: known.enabled && rule.state == RuleState::Usable,
                    version: known.version + 1,
                    ..rule.clone()
                };
                done.changed += 1;
            }
        }
        if done != Upserted::default() {
            self.state.rules_revision.text += 1;
            self.state.rules_revision.any += 1;
        }
        Ok(done)
    }
    async fn origins(&mut self, ids: &[String]) -> RepositoryResult<Vec<(String, RuleOrigin)>> {
        let known = ids.iter().filter_map(|id| self.state.rules.get(id));
        Ok(known.map(|rule| (rule.id.clone(), rule.origin)).collect())
    }
    async fn list(&mut self, query: &RuleQuery) -> RepositoryResult<Vec<Rule>> {
        let mut rules: Vec<Rule> = self
            .state
            .rules
            .values()
            .filter(|rule| is_wanted(rule, query))
            .cloned()
            .collect();
        rules.sort_by(|a, b| (&a.title, &a.id).cmp(&(&b.title, &b.id)));
        rules.truncate(usize::from(query.limit.get()));
        for rule in &mut rules {
            rule.yaml.clear();
        }
        Ok(rules)
    }
    async fn get(&mut self, id: &str) -> RepositoryResult<Option<Rule>> {
        Ok(self.state.rules.get(id).cloned())
    }
    async fn set_enabled(&mut self, id: &str, enabled: bool, at: Timestamp) -> RepositoryResult<bool> {
        let Some(rule) = self.state.rules.get_mut(id) else {
            return Ok(false);
        };
        if rule.enabled != enabled {
            rule.enabled = enabled;
            rule.version += 1;
            rule.updated_at = at;
            self.state.rules_revision.any += 1;
        }
        Ok(true)
    }
    async fn briefs(&mut self, ids: &[String]) -> RepositoryResult<Vec<RuleBrief>> {
        let known = ids.iter().filter_map(|id| self.state.rules.get(id));
        let brief = |rule: &Rule| RuleBrief {
            id: rule.id.clone(),
            description: rule.description.clone(),
            false_positives: rule.false_positives.clone(),
            author: rule.author.clone(),
            license: rule.license.clone(),
            pack: rule.pack.clone(),
            path: rule.path.clone(),
            references: rule.references.clone(),
        };
        Ok(known.map(brief).collect())
    }
    async fn texts(&mut self) -> RepositoryResult<Vec<RuleText>> {
        let usable = self.state.rules.values().filter(|rule| rule.state == RuleState::Usable);
        let text = |rule: &Rule| RuleText {
            path: rule.path.clone(),
            yaml: rule.yaml.clone(),
        };
        Ok(usable.map(text).collect())
    }
    async fn switched_off(&mut self) -> RepositoryResult<Vec<String>> {
        let usable = self.state.rules.values().filter(|rule| rule.state == RuleState::Usable);
        Ok(usable
            .filter(|rule| !rule.enabled)
            .map(|rule| rule.id.clone())
            .collect())
    }
    async fn coverage(&mut self) -> RepositoryResult<RuleCoverage> {
        let enabled: Vec<&Rule> = self.state.rules.values().filter(|rule| rule.enabled).collect();
        let tactics: BTreeSet<Tactic> = enabled.iter().flat_map(|rule| &rule.tactics).copied().collect();
        Ok(RuleCoverage {
            enabled: i64::try_from(enabled.len()).unwrap_or(i64::MAX),
            tactics: tactics.into_iter().collect(),
        })
    }
    async fn revision(&mut self) -> RepositoryResult<RulesRevision> {
        Ok(self.state.rules_revision)
    }
    async fn record_import(&mut self, import: &RuleImport) -> RepositoryResult<()> {
        let mut import = import.clone();
        import.problems.truncate(MAX_IMPORT_PROBLEMS);
        self.state.rule_imports.insert(0, import);
        self.state.rule_imports.truncate(usize::try_from(MAX_IMPORTS).unwrap());
        Ok(())
    }
    async fn import(&mut self, id: RuleImportId) -> RepositoryResult<Option<RuleImport>> {
        Ok(self.state.rule_imports.iter().find(|import| import.id == id).cloned())
    }
    async fn imports(&mut self) -> RepositoryResult<Vec<RuleImport>> {
        let mut imports = self.state.rule_imports.clone();
        for import in &mut imports {
            import.problems.clear();
        }
        Ok(imports)
    }
}
