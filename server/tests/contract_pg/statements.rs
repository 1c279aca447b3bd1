//! How many statements a group of reports costs: two, whatever the number of peers.

use std::sync::{Arc, Mutex};

use tracing::field::{Field, Visit};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt as _};
use wolf_server::adapters::pg::PgStore;
use wolfsec::ids::PeerId;
use wolfsec::peers::{HeartbeatState, MetricSample};
use wolfsec::ports::Store as _;
use wolfsec_app::peers::PeerReport;
use wolfsec_app::{Ports, UseCases};
use wolfsec_testkit::build::{at, digest, peer};
use wolfsec_testkit::{FakeHasher, FakeMint, FakePacks, FakeSealer, FixedClock, SequentialIds, SilentRules};

use crate::database::with_database;

/// Collects the statements that the driver says it has sent.
#[derive(Clone, Default)]
struct Sent(Arc<Mutex<Vec<String>>>);

struct Summary(Option<String>);

impl Visit for Summary {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        if field.name() == "summary" {
            self.0 = Some(format!("{value:?}").trim_matches('"').to_owned());
        }
    }
}

impl<S: tracing::Subscriber> Layer<S> for Sent {
    fn on_event(&self, event: &tracing::Event<'_>, _: Context<'_, S>) {
        if event.metadata().target() == "sqlx::query" {
            let mut summary = Summary(None);
            event.record(&mut summary);
            self.0.lock().unwrap().push(summary.0.unwrap_or_default());
        }
    }
}

impl Sent {
    /// What was sent since the last time, without what begins and ends a transaction.
    fn take(&self) -> Vec<String> {
        let all = std::mem::take(&mut *self.0.lock().unwrap());
        let ends = ["BEGIN", "COMMIT"];
        all.into_iter()
            .filter(|statement| !ends.contains(&statement.as_str()))
            .collect()
    }
}

fn report(peer: PeerId, minute: i64, samples: usize) -> PeerReport {
    let sample = |n: usize| MetricSample {
        at: at(minute) + chrono::Duration::milliseconds(i64::try_from(n).unwrap()),
        cpu_percent: Some(1.0),
        ..MetricSample::default()
    };
    PeerReport {
        peer,
        received_at: at(minute),
        address: None,
        state: HeartbeatState::Running,
        samples: (0..samples).map(sample).collect(),
    }
}

#[tokio::test]
async fn a_group_of_reports_is_two_statements_whatever_the_number_of_peers() {
    with_database(|database| async move {
        let store = PgStore::new(database.pool().await);
        let mut uow = store.begin().await.unwrap();
        let peers: Vec<PeerId> = (1..=500).map(|n| peer(n, "x").id).collect();
        for (n, id) in (1..).zip(&peers) {
            let name = format!("peer-{n}");
            uow.peers().insert(&peer(n, &name), &digest(&name)).await.unwrap();
            assert_eq!(*id, peer(n, "x").id);
        }
        uow.commit().await.unwrap();
        let use_cases = UseCases::new(Ports {
            store: Arc::new(store),
            clock: Arc::new(FixedClock::default()),
            ids: Arc::new(SequentialIds::default()),
            hasher: Arc::new(FakeHasher),
            mint: Arc::new(FakeMint::default()),
            sealer: Arc::new(FakeSealer),
            rules_changed: Arc::new(SilentRules),
            rule_packs: Arc::new(FakePacks),
        });
        let sent = Sent::default();
        let _listening = tracing::subscriber::set_default(tracing_subscriber::registry().with(sent.clone()));
        // The first group makes the day's partition too, inside its one statement.
        for (round, count) in (1..).zip([1, 500, 1, 500]) {
            let reports: Vec<PeerReport> = peers[..count].iter().map(|peer| report(*peer, round, 3)).collect();
            let stored = use_cases.store_reports(&reports).await.unwrap();
            assert_eq!(stored.fresh, vec![3; count]);
            assert_eq!(stored.peers.len(), count);
            let statements = sent.take();
            assert_eq!(statements.len(), 2, "{count} peers: {statements:#?}");
        }
        let heartbeats: Vec<PeerReport> = peers.iter().map(|peer| report(*peer, 9, 0)).collect();
        use_cases.store_reports(&heartbeats).await.unwrap();
        assert_eq!(sent.take().len(), 1);
    })
    .await;
}
