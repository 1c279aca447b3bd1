//! Rules and their imports.

use wolfsec::attack::Tactic;
use wolfsec::ids::RuleImportId;
use wolfsec::ports::{Store, UnitOfWork};
use wolfsec::rules::{
    ImportProblem, MAX_IMPORT_PROBLEMS, MAX_IMPORTS, Rule, RuleImport, RuleOrigin, RuleQuery, RuleState, Upserted,
};
use wolfsec::severity::Severity;

use super::begin;
use crate::build::{at, limit, rule};

const fn done(added: u64, changed: u64) -> Upserted {
    Upserted { added, changed }
}

fn imported(id: &str, title: &str) -> Rule {
    Rule {
        origin: RuleOrigin::Imported,
        license: "DRL 1.1".into(),
        pack: "a-pack".into(),
        ..rule(id, title)
    }
}

async fn ids(uow: &mut dyn UnitOfWork, query: RuleQuery) -> Vec<String> {
    uow.rules()
        .list(&query)
        .await
        .unwrap()
        .into_iter()
        .map(|rule| rule.id)
        .collect()
}

pub async fn an_update_of_a_rule_keeps_its_switch(store: &dyn Store) {
    let mut uow = begin(store).await;
    assert_eq!(uow.rules().upsert_batch(&[]).await.unwrap(), done(0, 0));
    let (a, b) = (rule("id-a", "A"), rule("id-b", "B"));
    assert_eq!(
        uow.rules().upsert_batch(&[a.clone(), b.clone()]).await.unwrap(),
        done(2, 0)
    );
    assert_eq!(
        uow.rules().upsert_batch(&[a.clone(), b.clone()]).await.unwrap(),
        done(0, 0)
    );
    assert_eq!(uow.rules().get("id-a").await.unwrap(), Some(a.clone()));

    assert!(uow.rules().set_enabled("id-a", false, at(5)).await.unwrap());
    assert!(!uow.rules().set_enabled("none", false, at(5)).await.unwrap());
    let off = uow.rules().get("id-a").await.unwrap().unwrap();
    assert_eq!((off.enabled, off.version, off.updated_at), (false, 2, at(5)));
    let newer = Rule {
        yaml: "title: A\nlevel: high\n".into(),
        level: Severity::High,
        updated_at: at(9),
        ..a.clone()
    };
    assert_eq!(uow.rules().upsert_batch(&[newer.clone(), b]).await.unwrap(), done(0, 1));
    let expected = Rule {
        enabled: false,
        version: 3,
        ..newer.clone()
    };
    assert_eq!(uow.rules().get("id-a").await.unwrap(), Some(expected.clone()));
    let refused = Rule {
        state: RuleState::Refused,
        reason: "unknown modifier".into(),
        ..newer
    };
    assert_eq!(
        uow.rules().upsert_batch(std::slice::from_ref(&refused)).await.unwrap(),
        done(0, 1)
    );
    assert_eq!(
        uow.rules().get("id-a").await.unwrap().unwrap().reason,
        "unknown modifier"
    );
    let coverage = uow.rules().coverage().await.unwrap();
    assert_eq!(
        (coverage.enabled, coverage.tactics),
        (1, vec![Tactic::CredentialAccess])
    );
}

pub async fn rules_are_listed_by_title(store: &dyn Store) {
    let mut uow = begin(store).await;
    let loud = Rule {
        level: Severity::Critical,
        ..rule("id-3", "Same title")
    };
    let waiting = Rule {
        state: RuleState::NeedsValues,
        enabled: false,
        ..rule("id-1", "Zip 100%")
    };
    let rules = [waiting, loud, imported("id-2", "Same title"), rule("id-4", "Admin")];
    uow.rules().upsert_batch(&rules).await.unwrap();
    uow.rules().set_enabled("id-4", false, at(1)).await.unwrap();
    let all = RuleQuery::default;
    assert_eq!(ids(uow.as_mut(), all()).await, ["id-4", "id-2", "id-3", "id-1"]);
    assert!(
        uow.rules()
            .list(&all())
            .await
            .unwrap()
            .iter()
            .all(|rule| rule.yaml.is_empty())
    );
    let after = Some(("Same title".to_owned(), "id-2".to_owned()));
    let limit = limit(1);
    assert_eq!(ids(uow.as_mut(), RuleQuery { after, limit, ..all() }).await, ["id-3"]);
    let enabled = Some(false);
    assert_eq!(
        ids(uow.as_mut(), RuleQuery { enabled, ..all() }).await,
        ["id-4", "id-1"]
    );
    let level = Some(Severity::Critical);
    assert_eq!(ids(uow.as_mut(), RuleQuery { level, ..all() }).await, ["id-3"]);
    let origin = Some(RuleOrigin::Imported);
    assert_eq!(ids(uow.as_mut(), RuleQuery { origin, ..all() }).await, ["id-2"]);
    let state = Some(RuleState::NeedsValues);
    assert_eq!(ids(uow.as_mut(), RuleQuery { state, ..all() }).await, ["id-1"]);
    for (words, id) in [("%", "id-1"), ("ADM", "id-4"), ("ID-2", "id-2")] {
        let words = Some(words.to_owned());
        assert_eq!(ids(uow.as_mut(), RuleQuery { words, ..all() }).await, [id]);
    }
}

pub async fn a_moved_rule_is_a_changed_one_and_what_cannot_run_is_off(store: &dyn Store) {
    let mut uow = begin(store).await;
    uow.rules().upsert_batch(&[imported("id-a", "A")]).await.unwrap();
    let moved = Rule {
        path: "elsewhere/a.yml".into(),
        pack: "other-pack".into(),
        ..imported("id-a", "A")
    };
    assert_eq!(uow.rules().upsert_batch(&[moved]).await.unwrap(), done(0, 1));
    let stored = uow.rules().get("id-a").await.unwrap().unwrap();
    assert_eq!((stored.pack.as_str(), stored.enabled), ("other-pack", true));
    let waiting = Rule {
        state: RuleState::NeedsValues,
        ..stored.clone()
    };
    uow.rules().upsert_batch(&[waiting]).await.unwrap();
    assert!(!uow.rules().get("id-a").await.unwrap().unwrap().enabled);
}

pub async fn a_detector_is_made_of_what_can_run(store: &dyn Store) {
    let mut uow = begin(store).await;
    let refused = Rule {
        state: RuleState::Refused,
        ..rule("id-a", "A")
    };
    let off = Rule {
        enabled: false,
        ..imported("id-b", "B")
    };
    uow.rules()
        .upsert_batch(&[refused, off, rule("id-c", "C")])
        .await
        .unwrap();
    let texts = uow.rules().texts().await.unwrap();
    let paths: Vec<_> = texts.iter().map(|text| text.path.as_str()).collect();
    assert_eq!(paths, ["rules/id-b.yml", "rules/id-c.yml"]);
    assert!(texts.iter().all(|text| text.yaml.starts_with("title: ")));
    assert_eq!(uow.rules().switched_off().await.unwrap(), ["id-b"]);

    let asked = ["id-b".to_owned(), "id-c".to_owned(), "none".to_owned()];
    let mut origins = uow.rules().origins(&asked).await.unwrap();
    origins.sort();
    assert_eq!(
        origins,
        [
            ("id-b".to_owned(), RuleOrigin::Imported),
            ("id-c".to_owned(), RuleOrigin::Bundled)
        ]
    );
    let briefs = uow.rules().briefs(&asked[..1]).await.unwrap();
    assert_eq!(briefs.len(), 1);
    assert_eq!(
        (
            briefs[0].author.as_str(),
            briefs[0].license.as_str(),
            briefs[0].pack.as_str()
        ),
        ("somebody", "DRL 1.1", "a-pack")
    );
    assert_eq!(briefs[0].references.len(), 2);
    assert_eq!(briefs[0].false_positives, ["Somebody at work"]);
    assert_eq!(briefs[0].description, rule("id-a", "A").description);
}

pub async fn every_change_of_rules_is_counted(store: &dyn Store) {
    let mut uow = begin(store).await;
    let first = uow.rules().revision().await.unwrap();
    uow.rules().upsert_batch(&[rule("id-a", "A")]).await.unwrap();
    let added = uow.rules().revision().await.unwrap();
    assert!(added.text > first.text && added.any > first.any);
    uow.rules().upsert_batch(&[rule("id-a", "A")]).await.unwrap();
    uow.rules().set_enabled("none", false, at(1)).await.unwrap();
    assert_eq!(uow.rules().revision().await.unwrap(), added);
    uow.rules().set_enabled("id-a", false, at(1)).await.unwrap();
    let switched = uow.rules().revision().await.unwrap();
    assert_eq!(switched.text, added.text);
    assert!(switched.any > added.any);
    let newer = Rule {
        yaml: "title: other\n".into(),
        ..rule("id-a", "A")
    };
    uow.rules().upsert_batch(&[newer]).await.unwrap();
    assert!(uow.rules().revision().await.unwrap().text > switched.text);
    drop(uow);
    let mut uow = begin(store).await;
    assert_eq!(
        uow.rules().revision().await.unwrap(),
        first,
        "what is rolled back does not count"
    );
}

fn import_of(n: i64, problems: usize) -> RuleImport {
    let problem = |n: usize| ImportProblem {
        path: format!("rules/{n}.yml"),
        state: RuleState::Refused,
        reason: "a \0 is in it".into(),
    };
    RuleImport {
        id: RuleImportId(uuid::Uuid::from_u128(u128::try_from(n).unwrap())),
        at: at(n),
        actor: "ada".into(),
        pack: "a-pack".into(),
        used: 3,
        needs_values: 1,
        refused: problems as u64,
        added: 3,
        changed: 0,
        failure: String::new(),
        problems: (0..problems).map(problem).collect(),
    }
}

pub async fn imports_are_remembered_within_bounds(store: &dyn Store) {
    let mut uow = begin(store).await;
    let last = MAX_IMPORTS + 2;
    for n in 1..=last {
        uow.rules().record_import(&import_of(n, 1)).await.unwrap();
    }
    let imports = uow.rules().imports().await.unwrap();
    assert_eq!(imports.len(), usize::try_from(MAX_IMPORTS).unwrap());
    assert_eq!(imports[0].at, at(last));
    assert!(imports.iter().all(|import| import.problems.is_empty()));
    let id = |n: i64| RuleImportId(uuid::Uuid::from_u128(u128::try_from(n).unwrap()));
    assert_eq!(uow.rules().import(id(1)).await.unwrap(), None);
    let import = uow.rules().import(id(last)).await.unwrap().unwrap();
    assert_eq!((import.used, import.problems.len()), (3, 1));
    uow.rules()
        .record_import(&import_of(last + 1, MAX_IMPORT_PROBLEMS + 5))
        .await
        .unwrap();
    let import = uow.rules().import(id(last + 1)).await.unwrap().unwrap();
    assert_eq!(import.refused, MAX_IMPORT_PROBLEMS as u64 + 5);
    assert_eq!(import.problems.len(), MAX_IMPORT_PROBLEMS);
}
