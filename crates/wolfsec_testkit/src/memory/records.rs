//! Rules, the audit trail, settings.

use async_trait::async_trait;
use wolfsec::Timestamp;
use wolfsec::audit::{AuditQuery, AuditRecord, ChainHead, SealedEntry};
use wolfsec::page::Limit;
use wolfsec::ports::{AuditRepository, RepositoryResult, RuleRepository, SettingsRepository};
use wolfsec::rules::{Rule, RuleQuery};

use super::{MemoryUnitOfWork, conflict};

fn is_wanted(rule: &Rule, query: &RuleQuery) -> bool {
    let has = |words: &String| {
        let words = words.to_lowercase();
        rule.title.to_lowercase().contains(&words) || rule.id.to_lowercase().contains(&words)
    };
    query.enabled.is_none_or(|enabled| rule.enabled == enabled)
        && query.level.is_none_or(|level| rule.level == level)
        && query.words.as_ref().is_none_or(has)
        && query
            .after
            .as_ref()
            .is_none_or(|(title, id)| (&rule.title, &rule.id) > (title, id))
}

#[async_trait]
impl RuleRepository for MemoryUnitOfWork {
    async fn upsert_batch(&mut self, rules: &[Rule]) -> RepositoryResult<u64> {
        let mut changed = 0;
        for rule in rules {
            let Some(known) = self.state.rules.get_mut(&rule.id) else {
                self.state.rules.insert(rule.id.clone(), rule.clone());
                changed += 1;
                continue;
            };
            let differs = known.yaml != rule.yaml || known.state != rule.state || known.reason != rule.reason;
            if differs {
                *known = Rule {
                    enabled: known.enabled,
                    version: known.version + 1,
                    ..rule.clone()
                };
                changed += 1;
            }
        }
        Ok(changed)
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
        }
        Ok(true)
    }
    async fn all(&mut self) -> RepositoryResult<Vec<Rule>> {
        let mut rules: Vec<Rule> = self.state.rules.values().cloned().collect();
        rules.sort_by(|a, b| (&a.title, &a.id).cmp(&(&b.title, &b.id)));
        Ok(rules)
    }
    async fn count_enabled(&mut self) -> RepositoryResult<i64> {
        Ok(i64::try_from(self.state.rules.values().filter(|rule| rule.enabled).count()).unwrap())
    }
}

#[async_trait]
impl AuditRepository for MemoryUnitOfWork {
    async fn lock_head(&mut self) -> RepositoryResult<Option<ChainHead>> {
        Ok(self.state.audit_head.clone())
    }
    async fn append(&mut self, entry: &SealedEntry, head: &ChainHead) -> RepositoryResult<()> {
        if self.state.audit.iter().any(|known| known.seq == entry.seq) {
            return conflict("audit_log_pkey");
        }
        self.state.audit.push(entry.clone());
        self.state.audit_head = Some(head.clone());
        Ok(())
    }
    async fn list(&mut self, query: &AuditQuery) -> RepositoryResult<Vec<AuditRecord>> {
        let wanted = self.state.audit.iter().rev().filter(|sealed| {
            query
                .action
                .as_ref()
                .is_none_or(|prefix| sealed.entry.action.starts_with(prefix))
                && query
                    .actor
                    .as_ref()
                    .is_none_or(|actor| sealed.entry.actor.name == *actor)
                && query.before_seq.is_none_or(|before| sealed.seq < before)
        });
        let record = |sealed: &SealedEntry| AuditRecord {
            seq: sealed.seq,
            entry: sealed.entry.clone(),
        };
        Ok(wanted.take(usize::from(query.limit.get())).map(record).collect())
    }
    async fn sealed_after(&mut self, seq: i64, limit: Limit) -> RepositoryResult<Vec<SealedEntry>> {
        let later = self.state.audit.iter().filter(|sealed| sealed.seq > seq);
        Ok(later.take(usize::from(limit.get())).cloned().collect())
    }
    async fn head(&mut self) -> RepositoryResult<Option<ChainHead>> {
        Ok(self.state.audit_head.clone())
    }
}

#[async_trait]
impl SettingsRepository for MemoryUnitOfWork {
    async fn get(&mut self, name: &str) -> RepositoryResult<Option<String>> {
        Ok(self.state.settings.get(name).cloned())
    }
    async fn set(&mut self, name: &str, value: &str) -> RepositoryResult<()> {
        self.state.settings.insert(name.to_owned(), value.to_owned());
        Ok(())
    }
    async fn remove(&mut self, name: &str) -> RepositoryResult<()> {
        self.state.settings.remove(name);
        Ok(())
    }
}
