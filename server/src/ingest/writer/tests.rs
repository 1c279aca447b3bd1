//! A group that the store refuses.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use axum::body::Bytes;
use tokio::sync::oneshot;
use wolfsec::ids::PeerId;
use wolfsec::ports::{
    AlertRepository, AuditRepository, EventRepository, LiveRepository, MetricRepository, OverviewRepository,
    PeerRepository, RepositoryError, RepositoryResult, RuleRepository, SessionRepository, SettingsRepository, Store,
    TokenRepository, UnitOfWork, UserRepository,
};
use wolfsec_app::{Caller, Ports};
use wolfsec_detect::SigmaDetector;
use wolfsec_testkit::{
    FakeHasher, FakeMint, FakePacks, FakeSealer, FixedClock, MemoryStore, SequentialIds, SilentRules,
};

use super::*;

/// Refuses the commits of these turns, counted from 0 once armed.
struct Refusing {
    store: MemoryStore,
    turn: Arc<AtomicUsize>,
    refused: &'static [usize],
}

struct RefusingUnit {
    unit: Box<dyn UnitOfWork>,
    refuse: bool,
}

#[async_trait]
impl Store for Refusing {
    async fn begin(&self) -> RepositoryResult<Box<dyn UnitOfWork>> {
        let turn = self.turn.fetch_add(1, Ordering::SeqCst);
        let unit = self.store.begin().await?;
        Ok(Box::new(RefusingUnit {
            unit,
            refuse: self.refused.contains(&turn),
        }))
    }
}

#[async_trait]
impl UnitOfWork for RefusingUnit {
    fn users(&mut self) -> &mut dyn UserRepository {
        self.unit.users()
    }
    fn sessions(&mut self) -> &mut dyn SessionRepository {
        self.unit.sessions()
    }
    fn tokens(&mut self) -> &mut dyn TokenRepository {
        self.unit.tokens()
    }
    fn peers(&mut self) -> &mut dyn PeerRepository {
        self.unit.peers()
    }
    fn metrics(&mut self) -> &mut dyn MetricRepository {
        self.unit.metrics()
    }
    fn events(&mut self) -> &mut dyn EventRepository {
        self.unit.events()
    }
    fn alerts(&mut self) -> &mut dyn AlertRepository {
        self.unit.alerts()
    }
    fn rules(&mut self) -> &mut dyn RuleRepository {
        self.unit.rules()
    }
    fn audit(&mut self) -> &mut dyn AuditRepository {
        self.unit.audit()
    }
    fn settings(&mut self) -> &mut dyn SettingsRepository {
        self.unit.settings()
    }
    fn overview(&mut self) -> &mut dyn OverviewRepository {
        self.unit.overview()
    }
    fn live(&mut self) -> &mut dyn LiveRepository {
        self.unit.live()
    }
    async fn commit(self: Box<Self>) -> RepositoryResult<()> {
        if self.refuse {
            return Err(RepositoryError::Other("this cannot be stored".into()));
        }
        self.unit.commit().await
    }
}

#[tokio::test]
async fn a_refused_group_is_stored_one_by_one_and_only_the_culprit_is_told() {
    let turn = Arc::new(AtomicUsize::new(1000));
    // Without correlations each stored batch is one unit of work: the group, the first alone, the second alone.
    let store = Refusing {
        store: MemoryStore::new(),
        turn: turn.clone(),
        refused: &[0, 1],
    };
    let clock = Arc::new(FixedClock::default());
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
    let peer = use_cases
        .add_peer(&Caller::command_line(), "web-01")
        .await
        .unwrap()
        .peer
        .id;
    let (detector, _) = SigmaDetector::load(&[]).unwrap();
    let snapshot = Snapshot {
        detector: Arc::new(detector),
        generation: 0,
    };
    let (first, first_answer) = request(&use_cases, &snapshot, peer, "one");
    let (second, second_answer) = request(&use_cases, &snapshot, peer, "two");
    turn.store(0, Ordering::SeqCst);
    write_group(&use_cases, &mut State::default(), &snapshot, vec![first, second]).await;
    assert!(matches!(first_answer.await.unwrap(), Err(IngestError::Failed)));
    assert_eq!(second_answer.await.unwrap().unwrap().answer.accepted, 1);
}

fn request(
    use_cases: &UseCases,
    snapshot: &Snapshot,
    peer: PeerId,
    message: &str,
) -> (Analysed, oneshot::Receiver<Result<IngestOutcome, IngestError>>) {
    let raw = RawRequest {
        peer,
        received_at: use_cases.now(),
        address: None,
        body: Bytes::from(format!("{{\"message\":\"{message}\"}}")),
        refused: Vec::new(),
    };
    let (reply, answer) = oneshot::channel();
    let request = analyse_request(&raw, snapshot);
    (Analysed { raw, request, reply }, answer)
}
