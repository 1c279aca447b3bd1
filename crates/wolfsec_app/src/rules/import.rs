//! Importing rule packs: every rule is judged, what can be stored is stored in one transaction, and all of it is reported.

use std::collections::HashMap;

use wolfsec::ids::RuleImportId;
use wolfsec::ports::{JudgedPack, PackError};
use wolfsec::rules::{ImportProblem, RefusedFile, RuleImport, RuleOrigin, RulePack, RuleState, Upserted};

use crate::audit::Act;
use crate::{Action, Caller, Failure, FailureKind, UseCases};

impl UseCases {
    /// Imports a zip archive. One that cannot be read changes nothing: its `failure` says why, and the try is remembered.
    #[tracing::instrument(name = "app.import_rule_archive", skip_all, fields(bytes = archive.len()))]
    pub async fn import_rule_archive(
        &self,
        caller: &Caller,
        name: String,
        archive: Vec<u8>,
        enable: bool,
    ) -> Result<RuleImport, Failure> {
        self.permit(caller, Action::ImportRules).await?;
        match self.ports().rule_packs.unpack(name.clone(), archive).await {
            Ok(pack) => self.import_rules(caller, pack, enable).await,
            Err(PackError::Unreadable(reason)) => self.record_unreadable(caller, name, reason).await,
            Err(error) => Err(failed(&error)),
        }
    }

    /// Imports a pack. New rules that can run are switched on if `enable`; those that are there keep their switch. Returns when
    /// the running server uses them. The answer has every problem, also those beyond what is stored.
    #[tracing::instrument(name = "app.import_rules", skip_all, fields(pack = pack.name, files = pack.files.len()))]
    pub async fn import_rules(&self, caller: &Caller, pack: RulePack, enable: bool) -> Result<RuleImport, Failure> {
        self.permit(caller, Action::ImportRules).await?;
        let judged = self.ports().rule_packs.judge(pack, self.now()).await;
        let mut judged = judged.map_err(|error| failed(&error))?;
        let mut uow = self.begin().await?;
        let ids: Vec<String> = judged.rules.iter().map(|rule| rule.id.clone()).collect();
        let origins = uow.rules().origins(&ids).await?;
        keep_others_rules(&mut judged, &origins.into_iter().collect());
        for rule in &mut judged.rules {
            rule.enabled = enable && rule.state == RuleState::Usable;
        }
        let done = uow.rules().upsert_batch(&judged.rules).await?;
        let import = self.summary(caller, judged, done);
        uow.rules().record_import(&import).await?;
        let act = Act::done(caller.actor(), "rules.imported", "rule_pack", import.pack.clone()).note(format!(
            "{} used, {} need values, {} refused; {} new, {} changed",
            import.used, import.needs_values, import.refused, import.added, import.changed
        ));
        self.record(uow.as_mut(), act).await?;
        uow.commit().await?;
        if done != Upserted::default() {
            self.ports().rules_changed.rules_changed().await;
        }
        Ok(import)
    }

    /// One remembered import.
    #[tracing::instrument(name = "app.get_rule_import", skip_all)]
    pub async fn get_rule_import(&self, caller: &Caller, id: RuleImportId) -> Result<RuleImport, Failure> {
        self.permit(caller, Action::ReadRules).await?;
        let import = self.begin().await?.rules().import(id).await?;
        import.ok_or_else(|| Failure::not_found("import"))
    }

    /// The last imports, newest first.
    #[tracing::instrument(name = "app.list_rule_imports", skip_all)]
    pub async fn list_rule_imports(&self, caller: &Caller) -> Result<Vec<RuleImport>, Failure> {
        self.permit(caller, Action::ReadRules).await?;
        Ok(self.begin().await?.rules().imports().await?)
    }

    async fn record_unreadable(&self, caller: &Caller, pack: String, reason: String) -> Result<RuleImport, Failure> {
        let judged = JudgedPack {
            name: pack,
            ..JudgedPack::default()
        };
        let import = RuleImport {
            failure: reason.clone(),
            ..self.summary(caller, judged, Upserted::default())
        };
        let mut uow = self.begin().await?;
        uow.rules().record_import(&import).await?;
        let act = Act::done(caller.actor(), "rules.imported", "rule_pack", import.pack.clone()).failed(reason);
        self.record(uow.as_mut(), act).await?;
        uow.commit().await?;
        Ok(import)
    }

    fn summary(&self, caller: &Caller, judged: JudgedPack, done: Upserted) -> RuleImport {
        let of_state = |state| judged.rules.iter().filter(|rule| rule.state == state).count() as u64;
        let (used, needs_values) = (of_state(RuleState::Usable), of_state(RuleState::NeedsValues));
        let refused = judged.refused.len() as u64;
        let refusals = judged.refused.into_iter().map(|file| ImportProblem {
            path: file.path,
            state: RuleState::Refused,
            reason: file.reason,
        });
        let waiting = judged
            .rules
            .into_iter()
            .filter(|rule| rule.state == RuleState::NeedsValues);
        let waiting = waiting.map(|rule| ImportProblem {
            path: rule.path,
            state: rule.state,
            reason: rule.reason,
        });
        RuleImport {
            id: RuleImportId(self.ports().ids.new_id()),
            at: self.now(),
            actor: caller.name().to_owned(),
            pack: judged.name,
            used,
            needs_values,
            refused,
            added: done.added,
            changed: done.changed,
            failure: String::new(),
            problems: refusals.chain(waiting).collect(),
        }
    }
}

/// A pack may bring new rules and newer ones of packs; bundled rules and rules of one's own it leaves alone.
fn keep_others_rules(judged: &mut JudgedPack, origins: &HashMap<String, RuleOrigin>) {
    let foreign = |id: &String| {
        origins
            .get(id)
            .copied()
            .filter(|origin| *origin != RuleOrigin::Imported)
    };
    let (kept, taken): (Vec<_>, Vec<_>) = std::mem::take(&mut judged.rules)
        .into_iter()
        .partition(|rule| foreign(&rule.id).is_none());
    judged.rules = kept;
    judged.refused.extend(taken.into_iter().map(|rule| {
        let whose = match foreign(&rule.id) {
            Some(RuleOrigin::Own) => "a rule of your own",
            _ => "a bundled rule",
        };
        RefusedFile {
            path: rule.path,
            reason: format!("{whose} has the id {}", rule.id),
        }
    }));
}

fn failed(error: &PackError) -> Failure {
    Failure::new(FailureKind::Internal, "internal", error.to_string())
}
