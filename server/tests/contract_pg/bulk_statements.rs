//! How many statements a page or an act costs, whatever the number of rows.

use std::cell::Cell;
use std::sync::{Arc, Once};

use tracing::Subscriber;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::layer::{Context, SubscriberExt as _};
use tracing_subscriber::{Layer, Registry};
use wolf_server::adapters::pg::PgStore;
use wolfsec::alerts::{AlertQuery, AlertStatus, BulkAct, BulkRow, Resolution, fold};
use wolfsec::identity::Role;
use wolfsec::ids::AlertId;
use wolfsec::overview::OverviewRange;
use wolfsec::ports::Store as _;
use wolfsec_app::identity::ClientInfo;
use wolfsec_app::{Caller, Ports, UseCases};
use wolfsec_testkit::build::{at, digest, finding, limit, peer};
use wolfsec_testkit::{FakeHasher, FakeMint, FakePacks, FakeSealer, FixedClock, SequentialIds, SilentRules};

use crate::database::with_database;

thread_local! {
    /// Statements that this test's thread has executed.
    static EXECUTED: Cell<usize> = const { Cell::new(0) };
}

/// Counts what the database driver says it has executed.
struct Counter;

impl<S: Subscriber> Layer<S> for Counter {
    fn on_event(&self, event: &tracing::Event<'_>, _: Context<'_, S>) {
        if event.metadata().target() == "sqlx::query" {
            EXECUTED.set(EXECUTED.get() + 1);
        }
    }
}

/// For the whole program, once: each test has a thread of its own.
fn listen() {
    static LISTENING: Once = Once::new();
    LISTENING.call_once(|| {
        let subscriber = Registry::default().with(Counter.with_filter(LevelFilter::DEBUG));
        tracing::subscriber::set_global_default(subscriber).unwrap();
    });
}

/// Statements since it was asked last.
fn executed() -> usize {
    EXECUTED.replace(0)
}

fn use_cases(store: PgStore) -> UseCases {
    let clock = FixedClock::default();
    clock.set(at(600));
    UseCases::new(Ports {
        store: Arc::new(store),
        clock: Arc::new(clock),
        ids: Arc::new(SequentialIds::default()),
        hasher: Arc::new(FakeHasher),
        mint: Arc::new(FakeMint::default()),
        sealer: Arc::new(FakeSealer),
        rules_changed: Arc::new(SilentRules),
        rule_packs: Arc::new(FakePacks),
    })
}

/// So many alerts from `first` on, each of a key of its own.
async fn raise(store: &PgStore, first: u128, count: u128) {
    let sender = peer(1, "web-01");
    let mut uow = store.begin().await.unwrap();
    if uow.peers().get(sender.id).await.unwrap().is_none() {
        uow.peers().insert(&sender, &digest("web-01")).await.unwrap();
    }
    let numbers = first..first + count;
    let findings = numbers
        .clone()
        .map(|n| finding(&format!("key-{n}"), sender.id, n, at(500)))
        .collect();
    let ids: Vec<AlertId> = numbers.map(|n| AlertId(uuid::Uuid::from_u128(n))).collect();
    uow.alerts()
        .apply_fold(&fold(findings, &[]), &ids, at(500))
        .await
        .unwrap();
    uow.commit().await.unwrap();
}

#[tokio::test]
async fn a_change_of_many_costs_as_much_as_a_change_of_few() {
    listen();
    with_database(|database| async move {
        let store = PgStore::new(database.pool().await);
        let use_cases = use_cases(store.clone());
        let caller = Caller::command_line();
        raise(&store, 1000, 3).await;
        raise(&store, 2000, 300).await;
        let resolve = BulkAct::Status {
            to: AlertStatus::Resolved,
            resolution: Some(Resolution::Benign),
            note: "noise".into(),
        };
        let query = AlertQuery {
            limit: limit(1000),
            ..AlertQuery::default()
        };
        let (rows, tally) = use_cases.select_alerts(&caller, &query).await.unwrap();
        assert_eq!((rows.len(), tally.total()), (303, 303));
        let (few, many): (Vec<BulkRow>, Vec<BulkRow>) = rows.into_iter().partition(|row| row.id.0.as_u128() < 2000);
        // The trail's first entry begins the chain, and a connection's first statements are its own.
        let comment = BulkAct::Comment { note: "seen".into() };
        use_cases.change_alerts(&caller, &few, &comment).await.unwrap();
        executed();
        let done = use_cases.change_alerts(&caller, &few, &resolve).await.unwrap();
        assert_eq!(done.changed.len(), 3);
        let cost_of_few = executed();
        let done = use_cases.change_alerts(&caller, &many, &resolve).await.unwrap();
        assert_eq!(done.changed.len(), 300);
        assert_eq!(executed(), cost_of_few);
        assert!((4..=12).contains(&cost_of_few), "{cost_of_few} statements");
        use_cases.undo_bulk_change(&caller, done.id).await.unwrap();
        assert!(executed() <= cost_of_few + 2);
    })
    .await;
}

#[tokio::test]
async fn the_overview_costs_a_fixed_number_of_statements() {
    listen();
    with_database(|database| async move {
        let store = PgStore::new(database.pool().await);
        let use_cases = use_cases(store.clone());
        let password = "correct horse battery staple".to_owned();
        use_cases
            .add_user(&Caller::command_line(), "ada", Role::Admin, password.clone())
            .await
            .unwrap();
        let token = use_cases
            .sign_in("ada", password, &ClientInfo::default())
            .await
            .unwrap();
        let caller = use_cases
            .authenticate_session(&token, None)
            .await
            .unwrap()
            .unwrap()
            .caller;
        raise(&store, 1000, 1).await;
        executed();
        use_cases.overview(&caller, OverviewRange::Day).await.unwrap();
        let first = executed();
        raise(&store, 2000, 200).await;
        executed();
        for &range in OverviewRange::ALL {
            let view = use_cases.overview(&caller, range).await.unwrap();
            let cost = executed();
            // The first look also writes the visit down.
            assert!(
                cost > 5 && cost < first && cost <= 13,
                "{range}: {cost} statements, the first {first}"
            );
            assert_eq!(view.waiting.iter().map(|of| of.open).sum::<i64>(), 201);
        }
    })
    .await;
}
