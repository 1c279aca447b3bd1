//! Several writers, poison, and what a lost connection is called.

use std::time::Duration;

use wolf_server::adapters::pg::{self, PgStore};
use wolfsec::events::{EventQuery, LogSource, NewEvent};
use wolfsec::ids::{AlertId, PeerId};
use wolfsec::ports::{RepositoryError, Store, UnitOfWork};
use wolfsec_testkit::build::{at, digest, event, event_query, finding, limit, peer};

use crate::database::with_database;

async fn begin(store: &PgStore) -> Box<dyn UnitOfWork> {
    store.begin().await.unwrap()
}

#[tokio::test]
async fn writers_of_the_same_events_store_each_once() {
    with_database(|database| async move {
        let store = PgStore::new(database.pool().await);
        let sender = PeerId(uuid::Uuid::from_u128(1));
        let write = |shift: u32| {
            let store = store.clone();
            async move {
                let mut duplicates = 0;
                for round in 0..10_u32 {
                    // The batches of two writers overlap by half, in different orders.
                    let mut batch: Vec<NewEvent> = (0..200_u32)
                        .map(|n| event(u128::from(round * 300 + shift + n), sender, at(i64::from(n) * 20)))
                        .map(|event| NewEvent {
                            ts: at(i64::try_from(event.id.0.as_u128() % 300).unwrap() * 20),
                            ..event
                        })
                        .collect();
                    if shift > 0 {
                        batch.reverse();
                    }
                    let mut uow = begin(&store).await;
                    duplicates += uow.events().insert_batch(&batch).await.unwrap().len();
                    uow.commit().await.unwrap();
                }
                duplicates
            }
        };
        let (first, second) = tokio::join!(write(0), write(100));
        assert_eq!(first + second, 10 * 100);
        let mut uow = begin(&store).await;
        let rate = uow.events().rate(at(-9), 60).await.unwrap();
        assert_eq!(rate.iter().map(wolfsec::overview::RateBucket::total).sum::<i64>(), 3000);
    })
    .await;
}

#[tokio::test]
async fn poison_is_stored_without_hurting_its_neighbours() {
    with_database(|database| async move {
        let store = PgStore::new(database.pool().await);
        let sender = peer(1, "web");
        let mut uow = begin(&store).await;
        uow.peers().insert(&sender, &digest("k")).await.unwrap();
        let mut poison = event(1, sender.id, at(0));
        poison.message = "a\0b".into();
        poison.columns.user_name = Some("\0".into());
        poison.columns.source_ip = Some("not an address".into());
        let noise: String = (0..4000_u32)
            .filter_map(|n| char::from_u32(0x4e00 + n * 7919 % 20_000))
            .collect();
        poison.logsource = LogSource {
            product: Some(noise.clone()),
            category: Some("\u{1f}\0".into()),
            service: None,
        };
        let plain = event(2, sender.id, at(0));
        assert!(uow.events().insert_batch(&[poison, plain]).await.unwrap().is_empty());
        // A group-by value longer than an index entry.
        let long = wolfsec::alerts::fold(vec![finding(&noise, sender.id, 1, at(0))], &[]);
        uow.alerts()
            .apply_fold(&long, &[AlertId(uuid::Uuid::from_u128(1))], at(0))
            .await
            .unwrap();
        assert_eq!(uow.alerts().lock_open(&[noise], at(0), at(0)).await.unwrap().len(), 1);
        uow.commit().await.unwrap();
        let read = begin(&store)
            .await
            .events()
            .get(at(0), event(1, sender.id, at(0)).id)
            .await
            .unwrap()
            .unwrap();
        assert_eq!((read.message.as_str(), read.columns.source_ip), ("a\u{fffd}b", None));
    })
    .await;
}

#[tokio::test]
async fn a_search_reads_only_the_days_it_asks_for() {
    with_database(|database| async move {
        let store = PgStore::new(database.pool().await);
        let mut uow = begin(&store).await;
        let sender = PeerId(uuid::Uuid::from_u128(1));
        let days: Vec<_> = (0..40_u8)
            .map(|n| event(u128::from(n), sender, at(i64::from(n) * 1440)))
            .collect();
        uow.events().insert_batch(&days).await.unwrap();
        uow.commit().await.unwrap();
        // Another session holds one of the other days: a search that touched it would wait.
        let mut owner = database.connection("wolfsec_owner").await;
        let mut tx = sqlx::Connection::begin(&mut owner).await.unwrap();
        sqlx::query("LOCK TABLE ONLY events_20231220 IN ACCESS EXCLUSIVE MODE")
            .execute(&mut *tx)
            .await
            .unwrap();
        let query = EventQuery {
            limit: limit(10),
            ..event_query()
        };
        let search = async { begin(&store).await.events().search(&query).await.unwrap().items.len() };
        assert_eq!(tokio::time::timeout(Duration::from_secs(5), search).await.unwrap(), 2);
    })
    .await;
}

#[tokio::test]
async fn a_lost_database_is_unavailable() {
    with_database(|database| async move {
        let pool = pg::connect(&database.url("wolfsec_app"), 1).await.unwrap();
        let store = PgStore::new(pool.clone());
        let mut uow = begin(&store).await;
        // The only connection is taken.
        assert!(matches!(store.begin().await.err(), Some(RepositoryError::Unavailable(Some(_)))));
        let mut admin = database.superuser().await;
        sqlx::query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'wolfsec_app' AND datname = current_database()")
            .execute(&mut admin)
            .await
            .unwrap();
        assert!(matches!(uow.users().any_admin().await, Err(RepositoryError::Unavailable(Some(_)))));
        drop(uow);
        assert!(!begin(&store).await.users().any_admin().await.unwrap());
        pool.close().await;
        assert!(matches!(store.begin().await.err(), Some(RepositoryError::Unavailable(Some(_)))));
    })
    .await;
}
