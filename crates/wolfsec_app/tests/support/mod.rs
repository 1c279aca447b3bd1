//! What the tests of use cases share.

#![allow(dead_code, reason = "each test file uses its own part")]
#![allow(clippy::unwrap_used, reason = "a test ends with the panic")]

use std::sync::Arc;

use wolfsec::identity::Role;
use wolfsec::ports::Store;
use wolfsec_app::identity::ClientInfo;
use wolfsec_app::{Caller, Ports, UseCases};
use wolfsec_testkit::{FakeHasher, FakeMint, FakePacks, FakeSealer, FixedClock, SequentialIds, SilentRules, build};

pub const PASSWORD: &str = "correct horse battery staple";

/// Use cases on this store, and the clock that they read; it stands still until it is moved.
pub fn use_cases(store: impl Store + 'static) -> (UseCases, Arc<FixedClock>) {
    let clock = Arc::new(FixedClock::default());
    clock.set(build::at(600));
    let use_cases = UseCases::new(Ports {
        store: Arc::new(store),
        clock: clock.clone(),
        ids: Arc::new(SequentialIds::default()),
        hasher: Arc::new(FakeHasher),
        mint: Arc::new(FakeMint::default()),
        sealer: Arc::new(FakeSealer),
        rules_changed: Arc::new(SilentRules),
        rule_packs: Arc::new(FakePacks),
    });
    (use_cases, clock)
}

/// A new user, signed in.
pub async fn signed_in(use_cases: &UseCases, name: &str, role: Role) -> Caller {
    let admin = Caller::command_line();
    use_cases.add_user(&admin, name, role, PASSWORD.into()).await.unwrap();
    let client = ClientInfo::default();
    let token = use_cases.sign_in(name, PASSWORD.into(), &client).await.unwrap();
    use_cases
        .authenticate_session(&token, None)
        .await
        .unwrap()
        .unwrap()
        .caller
}
