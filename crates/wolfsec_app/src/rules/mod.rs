//! Rules: reading them, switching them, keeping the bundled ones current.

mod import;

use wolfsec::page::Page;
use wolfsec::rules::{Rule, RuleBrief, RuleCursor, RuleQuery, RuleText, RulesRevision, Upserted};

use crate::audit::Act;
use crate::{Action, Caller, Failure, UseCases};

impl UseCases {
    /// Rules by title; the next page is named by the last one's `id`.
    #[tracing::instrument(name = "app.list_rules", skip_all)]
    pub async fn list_rules(&self, caller: &Caller, query: &RuleQuery) -> Result<Page<Rule>, Failure> {
        self.permit(caller, Action::ReadRules).await?;
        let asked = RuleQuery {
            limit: query.limit.with_surplus(),
            ..query.clone()
        };
        let items = self.begin().await?.rules().list(&asked).await?;
        Ok(Page::named(items, query.limit, |rule| {
            let (title, id) = (rule.title.clone(), rule.id.clone());
            RuleCursor { title, id }.to_string()
        }))
    }

    /// A rule with its YAML.
    #[tracing::instrument(name = "app.get_rule", skip_all)]
    pub async fn get_rule(&self, caller: &Caller, id: &str) -> Result<Rule, Failure> {
        self.permit(caller, Action::ReadRules).await?;
        self.begin()
            .await?
            .rules()
            .get(id)
            .await?
            .ok_or_else(|| Failure::not_found("rule"))
    }

    /// Switches a rule; the running detector follows before this returns.
    #[tracing::instrument(name = "app.switch_rule", skip_all)]
    pub async fn switch_rule(&self, caller: &Caller, id: &str, enabled: bool) -> Result<(), Failure> {
        self.permit(caller, Action::SwitchRules).await?;
        let mut uow = self.begin().await?;
        let rule = uow.rules().get(id).await?.ok_or_else(|| Failure::not_found("rule"))?;
        if rule.enabled == enabled {
            return Ok(());
        }
        if enabled && rule.state != wolfsec::rules::RuleState::Usable {
            return Err(Failure::invalid(
                "enabled",
                format!("this rule cannot run: {}", rule.reason),
            ));
        }
        uow.rules().set_enabled(id, enabled, self.now()).await?;
        let word = |on: bool| if on { "on" } else { "off" };
        let act = Act::done(caller.actor(), "rule.switched", "rule", rule.title)
            .change("state", Some(word(rule.enabled)), Some(word(enabled)))
            .note(id);
        self.record(uow.as_mut(), act).await?;
        uow.commit().await?;
        self.ports().rules_changed.rules_changed().await;
        Ok(())
    }

    /// Brings stored rules up to date with what the server ships; switches stay as people set them.
    #[tracing::instrument(name = "app.sync_rules", skip_all, fields(rules = rules.len()))]
    pub async fn sync_rules(&self, rules: &[Rule]) -> Result<Upserted, Failure> {
        let mut uow = self.begin().await?;
        let changed = uow.rules().upsert_batch(rules).await?;
        uow.commit().await?;
        Ok(changed)
    }

    /// Who wrote these rules: shown with what they found.
    #[tracing::instrument(name = "app.rule_briefs", skip_all)]
    pub async fn rule_briefs(&self, caller: &Caller, ids: &[String]) -> Result<Vec<RuleBrief>, Failure> {
        self.permit(caller, Action::ReadRules).await?;
        Ok(self.begin().await?.rules().briefs(ids).await?)
    }

    /// How often rules have changed: what a detector compares itself with.
    pub async fn rules_revision(&self) -> Result<RulesRevision, Failure> {
        Ok(self.begin().await?.rules().revision().await?)
    }

    /// The texts of the rules that can run, for loading a detector.
    #[tracing::instrument(name = "app.rule_texts", skip_all)]
    pub async fn rule_texts(&self) -> Result<Vec<RuleText>, Failure> {
        Ok(self.begin().await?.rules().texts().await?)
    }

    /// The rules that are switched off, for masking a detector.
    pub async fn rules_switched_off(&self) -> Result<Vec<String>, Failure> {
        Ok(self.begin().await?.rules().switched_off().await?)
    }
}
