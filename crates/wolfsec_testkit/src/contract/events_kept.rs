//! What is kept beside events.

use chrono::Duration;
use wolfsec::detection::CorrelationHit;
use wolfsec::events::{IngestAnswer, NewEvent, RejectCode, RejectedLine};
use wolfsec::ports::{IngestRequest, Store};
use wolfsec::severity::Severity;

use super::begin;
use super::events::with_peer;
use crate::build::{at, digest, event, event_query, hit, peer};

pub async fn requests_are_remembered_with_their_first_answer(store: &dyn Store) {
    let (mut uow, peer) = with_peer(store).await;
    let request = |body: &str| IngestRequest {
        peer,
        body_digest: digest(body),
        received_at: at(0),
    };
    let answer = IngestAnswer {
        accepted: 3,
        duplicates: 1,
        rejected: vec![RejectedLine {
            line: 4,
            code: RejectCode::TooDeep,
            reason: "too deep".into(),
            sample: String::new(),
        }],
    };
    uow.events().remember_requests(&[]).await.unwrap();
    let both = [(request("a"), answer.clone()), (request("b"), IngestAnswer::default())];
    uow.events().remember_requests(&both).await.unwrap();
    uow.events()
        .remember_requests(&[(request("a"), IngestAnswer::default())])
        .await
        .unwrap();
    let keys = [(peer, digest("a")), (peer, digest("a")), (peer, digest("c"))];
    assert_eq!(
        uow.events().find_requests(&keys).await.unwrap(),
        [(request("a"), answer)]
    );
    let other = wolfsec::ids::PeerId(uuid::Uuid::from_u128(99));
    assert!(
        uow.events()
            .find_requests(&[(other, digest("a"))])
            .await
            .unwrap()
            .is_empty()
    );
    assert!(uow.events().find_requests(&[]).await.unwrap().is_empty());
}

pub async fn hits_come_back_in_event_order(store: &dyn Store) {
    let (mut uow, peer) = with_peer(store).await;
    let hits: Vec<CorrelationHit> = [(3, 3), (1, 1), (2, 2)]
        .map(|(n, minutes)| hit(n, peer, at(minutes)))
        .to_vec();
    uow.events().insert_hits(&hits).await.unwrap();
    uow.events().insert_hits(&hits[..1]).await.unwrap();
    uow.events().insert_hits(&[]).await.unwrap();
    let all = uow.events().hits_since(at(1), 10).await.unwrap();
    assert_eq!(all, [hits[1].clone(), hits[2].clone(), hits[0].clone()]);
    assert_eq!(uow.events().hits_since(at(2), 10).await.unwrap(), all[1..]);
    // The newest ones count.
    assert_eq!(uow.events().hits_since(at(0), 2).await.unwrap(), all[1..]);
    // Their events, within bounds and oldest first; an event that is no hit is none of them.
    let events: Vec<NewEvent> = [(1, 1), (2, 2), (3, 3), (4, 2)]
        .map(|(n, minutes)| event(n, peer, at(minutes)))
        .to_vec();
    uow.events().insert_batch(&events).await.unwrap();
    let ids: Vec<_> = events.iter().map(|event| event.id).collect();
    let found = uow.events().hit_events(&ids, at(1), at(2)).await.unwrap();
    assert_eq!(found.iter().map(|event| event.id).collect::<Vec<_>>(), ids[..2]);
    assert!(uow.events().hit_events(&[], at(0), at(9)).await.unwrap().is_empty());
}

pub async fn rates_count_what_was_stored(store: &dyn Store) {
    let (mut uow, peer) = with_peer(store).await;
    assert!(uow.events().rate(at(0), 15).await.unwrap().is_empty());
    assert_eq!(uow.events().last_received_at().await.unwrap(), None);
    let with = |n, minutes, severity| NewEvent {
        severity,
        ..event(n, peer, at(minutes))
    };
    // Buckets of a quarter begin 5 minutes after `at(0)`.
    let batch = [
        with(1, 5, Severity::Low),
        with(2, 19, Severity::Low),
        with(3, 20, Severity::Critical),
        with(4, 4, Severity::High),
    ];
    uow.events().insert_batch(&batch).await.unwrap();
    uow.events()
        .insert_batch(&[batch[0].clone(), with(5, 6, Severity::High)])
        .await
        .unwrap();
    let rate = uow.events().rate(at(7), 15).await.unwrap();
    assert_eq!(
        rate.iter().map(|bucket| bucket.start).collect::<Vec<_>>(),
        [at(5), at(20)]
    );
    assert_eq!(rate[0].counts, [0, 2, 0, 1, 0]);
    assert_eq!(rate[1].counts, [0, 0, 0, 0, 1]);
    // Whole hours too, as they stand on the clock: 22:00 to 24:00.
    let hours = uow.events().rate(at(7), 120).await.unwrap();
    assert_eq!((hours.len(), hours[0].start), (1, at(-10)));
    assert_eq!(hours[0].counts, [0, 2, 0, 2, 1]);
    assert_eq!(
        uow.events().last_received_at().await.unwrap(),
        Some(batch[2].received_at)
    );
}

pub async fn days_are_made_and_retired(store: &dyn Store) {
    let (mut uow, web) = with_peer(store).await;
    let today = at(0).date_naive();
    let day = Duration::days(1);
    assert_eq!(uow.events().ensure_partitions(today, today + day).await.unwrap(), 2);
    assert_eq!(
        uow.events().ensure_partitions(today - day, today + day).await.unwrap(),
        1
    );
    // An old event that came late keeps its day.
    let late = NewEvent {
        received_at: at(0) + Duration::days(3),
        ..event(1, web, at(0) - day)
    };
    let old = event(2, web, at(0));
    let young = event(3, web, at(0) + Duration::days(5));
    uow.events().insert_batch(&[late, old.clone(), young]).await.unwrap();
    uow.events()
        .insert_hits(&[hit(2, web, at(0)), hit(3, web, at(9))])
        .await
        .unwrap();
    let request = |body: &str, minutes| IngestRequest {
        peer: peer(1, "x").id,
        body_digest: digest(body),
        received_at: at(minutes),
    };
    let requests = [("a", 0), ("b", 9)].map(|(body, minutes)| (request(body, minutes), IngestAnswer::default()));
    uow.events().remember_requests(&requests).await.unwrap();
    uow.commit().await.unwrap();

    let mut uow = begin(store).await;
    // Today and tomorrow (which is empty) go.
    assert_eq!(
        uow.events()
            .retire(today + Duration::days(2), at(5), at(5))
            .await
            .unwrap(),
        2
    );
    assert_eq!(
        uow.events()
            .retire(today + Duration::days(2), at(5), at(5))
            .await
            .unwrap(),
        0
    );
    uow.commit().await.unwrap();
    let mut uow = begin(store).await;
    let query = wolfsec::events::EventQuery {
        until: at(0) + Duration::days(9),
        ..event_query()
    };
    let left = uow.events().search(&query).await.unwrap().items;
    assert_eq!(
        left.iter().map(|event| event.id.0.as_u128()).collect::<Vec<_>>(),
        [3, 1]
    );
    assert_eq!(uow.events().hits_since(at(-9), 9).await.unwrap().len(), 1);
    let keys = [(web, digest("a")), (web, digest("b"))];
    assert_eq!(uow.events().find_requests(&keys).await.unwrap(), requests[1..]);
    let rate = uow.events().rate(at(0) - Duration::days(9), 60).await.unwrap();
    assert_eq!(rate.iter().map(wolfsec::overview::RateBucket::total).sum::<i64>(), 2);
    // A day that is gone can be made again.
    assert!(uow.events().insert_batch(&[old]).await.unwrap().is_empty());
}
