//! What a role does not allow changes nothing and goes on record.

#![allow(clippy::unwrap_used, reason = "a test ends with the panic")]

use std::sync::Arc;

use wolfsec::audit::{AuditQuery, AuditRecord};
use wolfsec::identity::Role;
use wolfsec_app::identity::ClientInfo;
use wolfsec_app::{Caller, FailureKind, Ports, UseCases};
use wolfsec_testkit::{
    FakeHasher, FakeMint, FakePacks, FakeSealer, FixedClock, MemoryStore, SequentialIds, SilentRules, build,
};

const PASSWORD: &str = "correct horse battery staple";

struct World {
    use_cases: UseCases,
    clock: Arc<FixedClock>,
    viewer: Caller,
}

impl World {
    async fn new() -> Self {
        let clock = Arc::new(FixedClock::default());
        clock.set(build::at(600));
        let use_cases = UseCases::new(Ports {
            store: Arc::new(MemoryStore::new()),
            clock: clock.clone(),
            ids: Arc::new(SequentialIds::default()),
            hasher: Arc::new(FakeHasher),
            mint: Arc::new(FakeMint::default()),
            sealer: Arc::new(FakeSealer),
            rules_changed: Arc::new(SilentRules),
            rule_packs: Arc::new(FakePacks),
        });
        let admin = Caller::command_line();
        use_cases
            .add_user(&admin, "vera", Role::Viewer, PASSWORD.into())
            .await
            .unwrap();
        let client = ClientInfo::default();
        let token = use_cases.sign_in("vera", PASSWORD.into(), &client).await.unwrap();
        let signed_in = use_cases.authenticate_session(&token, None).await.unwrap().unwrap();
        Self {
            use_cases,
            clock,
            viewer: signed_in.caller,
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
    let verified = world.use_cases.verify_audit(&world.viewer).await;
    assert!(verified.is_ok(), "{verified:?}");
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
