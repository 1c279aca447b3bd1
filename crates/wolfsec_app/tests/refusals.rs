//! What a role does not allow changes nothing and goes on record.

#![allow(clippy::unwrap_used, reason = "a test ends with the panic")]

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use wolfsec::audit::{AuditQuery, AuditRecord};
use wolfsec::identity::Role;
use wolfsec::ports::{RepositoryError, RepositoryResult, Store, UnitOfWork};
use wolfsec_app::{Caller, FailureKind, UseCases};
use wolfsec_testkit::{FixedClock, MemoryStore, build};

use support::PASSWORD;

struct World {
    use_cases: UseCases,
    clock: Arc<FixedClock>,
    viewer: Caller,
}

impl World {
    async fn new() -> Self {
        let (use_cases, clock) = support::use_cases(MemoryStore::new());
        let viewer = support::signed_in(&use_cases, "vera", Role::Viewer).await;
        Self {
            use_cases,
            clock,
            viewer,
        }
    }

    async fn makes_an_admin(&self) -> FailureKind {
        let made = self
            .use_cases
            .add_user(&self.viewer, "mallory", Role::Admin, PASSWORD.into());
        made.await.unwrap_err().kind
    }

    async fn refusals(&self) -> Vec<AuditRecord> {
        let query = AuditQuery {
            action: Some("access.refused".into()),
            ..AuditQuery::default()
        };
        self.use_cases.list_audit(&self.viewer, &query).await.unwrap()
    }
}

#[tokio::test]
async fn a_refused_act_is_on_record_with_who_and_what() {
    let world = World::new().await;
    assert_eq!(world.makes_an_admin().await, FailureKind::Forbidden);
    let refusals = world.refusals().await;
    let entry = &refusals.first().unwrap().entry;
    assert_eq!(
        (entry.actor.name.as_str(), entry.object.as_str()),
        ("vera", "manage_users")
    );
    assert!(!entry.success);
    assert!(entry.note.contains("admin"), "{}", entry.note);
    let report = world.use_cases.verify_audit(&world.viewer).await.unwrap();
    assert!(report.is_intact(), "{report:?}");
    let users = world.use_cases.list_users(&Caller::command_line()).await.unwrap();
    assert!(users.iter().all(|user| user.name.as_str() != "mallory"));
}

#[tokio::test]
async fn trying_again_and_again_does_not_fill_the_trail() {
    let world = World::new().await;
    for _ in 0..50 {
        assert_eq!(world.makes_an_admin().await, FailureKind::Forbidden);
    }
    assert_eq!(world.refusals().await.len(), 1);
    // Another kind of act is news, and so is the same one a minute later.
    world.use_cases.list_tokens(&world.viewer).await.unwrap_err();
    assert_eq!(world.refusals().await.len(), 2);
    world.clock.set(build::at(660));
    world.makes_an_admin().await;
    assert_eq!(world.refusals().await.len(), 3);
}

/// A store that can be away.
struct Away {
    store: MemoryStore,
    away: Arc<AtomicBool>,
}

#[async_trait]
impl Store for Away {
    async fn begin(&self) -> RepositoryResult<Box<dyn UnitOfWork>> {
        if self.away.load(Ordering::SeqCst) {
            return Err(RepositoryError::Unavailable(None));
        }
        self.store.begin().await
    }
}

#[tokio::test]
async fn a_refusal_that_could_not_be_recorded_does_not_silence_the_next() {
    let away = Arc::new(AtomicBool::new(false));
    let store = Away {
        store: MemoryStore::new(),
        away: away.clone(),
    };
    let (use_cases, clock) = support::use_cases(store);
    let viewer = support::signed_in(&use_cases, "vera", Role::Viewer).await;
    let world = World {
        use_cases,
        clock,
        viewer,
    };
    away.store(true, Ordering::SeqCst);
    assert_eq!(world.makes_an_admin().await, FailureKind::Forbidden);
    away.store(false, Ordering::SeqCst);
    assert_eq!(world.refusals().await.len(), 0);
    assert_eq!(world.makes_an_admin().await, FailureKind::Forbidden);
    assert_eq!(world.refusals().await.len(), 1);
}
