//! Folding findings into alerts.

use wolfsec::alerts::{Alert, AlertStatus, Finding, MAX_EVIDENCE, Resolution, fold};
use wolfsec::ids::{AlertId, EventId, PeerId};
use wolfsec::ports::{RepositoryResult, Store, UnitOfWork};
use wolfsec::severity::Severity;

use super::events::with_peer;
use super::{begin, constraint};
use crate::build::{at, entity, evidence, finding};

pub(super) fn alert_id(n: u128) -> AlertId {
    AlertId(uuid::Uuid::from_u128(n))
}

/// Folds and writes findings as the ingest use case does; new alerts are numbered from `first`.
pub(super) async fn try_raise(uow: &mut dyn UnitOfWork, first: u128, findings: Vec<Finding>) -> RepositoryResult<()> {
    let mut keys: Vec<String> = findings.iter().map(|finding| finding.key.clone()).collect();
    keys.dedup();
    let times = || findings.iter().map(|finding| finding.ts);
    let (since, until) = (times().min().unwrap(), times().max().unwrap());
    let open = uow.alerts().lock_open(&keys, since, until).await?;
    let outcome = fold(findings, &open);
    let ids: Vec<AlertId> = (first..).map(alert_id).take(outcome.new.len()).collect();
    uow.alerts().apply_fold(&outcome, &ids, at(1000)).await
}

pub(super) async fn raise(uow: &mut dyn UnitOfWork, first: u128, findings: Vec<Finding>) {
    try_raise(uow, first, findings).await.unwrap();
}

pub(super) async fn get(uow: &mut dyn UnitOfWork, n: u128) -> Alert {
    uow.alerts().lock(alert_id(n)).await.unwrap().unwrap()
}

fn event_ids(numbers: impl IntoIterator<Item = u128>) -> Vec<EventId> {
    numbers.into_iter().map(|n| EventId(uuid::Uuid::from_u128(n))).collect()
}

pub async fn a_first_finding_opens_an_alert(store: &dyn Store) {
    let (mut uow, peer) = with_peer(store).await;
    raise(
        uow.as_mut(),
        1,
        vec![finding("a", peer, 11, at(0)), finding("b", peer, 12, at(1))],
    )
    .await;
    uow.commit().await.unwrap();
    let mut uow = begin(store).await;
    let expected = Alert {
        id: alert_id(1),
        version: 1,
        rule_id: "rule-a".into(),
        rule_title: "Something happened".into(),
        severity: Severity::High,
        status: AlertStatus::Open,
        resolution: None,
        count: 1,
        first_seen: at(0),
        last_seen: at(0),
        created_at: at(1000),
        peer: "web-01".into(),
        entities: vec![entity("host", "web-01")],
        techniques: vec!["T1110.001".into()],
        event_ids: event_ids([11]),
        assignee: None,
        previous: None,
    };
    assert_eq!(get(uow.as_mut(), 1).await, expected);
    let detail = uow.alerts().detail(alert_id(1)).await.unwrap().unwrap();
    assert_eq!(detail.alert, expected);
    assert_eq!(detail.evidence, [evidence(11, at(0))]);
    assert!(detail.activity.is_empty());
    assert!(uow.alerts().detail(alert_id(9)).await.unwrap().is_none());
    assert!(uow.alerts().lock(alert_id(9)).await.unwrap().is_none());
    let mut open = uow
        .alerts()
        .lock_open(&["a".into(), "b".into(), "c".into()], at(0), at(0))
        .await
        .unwrap();
    open.sort_by_key(|alert| alert.id);
    assert_eq!(
        open.iter()
            .map(|alert| (alert.id, alert.key.as_str(), alert.evidence_count))
            .collect::<Vec<_>>(),
        [(alert_id(1), "a", 1), (alert_id(2), "b", 1)]
    );
}

pub async fn a_repeat_counts_up_in_place(store: &dyn Store) {
    let (mut uow, peer) = with_peer(store).await;
    raise(uow.as_mut(), 1, vec![finding("a", peer, 11, at(60))]).await;
    let jo = Finding {
        entities: vec![entity("user", "jo"), entity("host", "web-01")],
        ..finding("a", peer, 13, at(100))
    };
    // Two groups of one alert, as the earlier and the later one are more than an hour apart.
    raise(
        uow.as_mut(),
        2,
        vec![jo, finding("a", peer, 12, at(5)), finding("a", peer, 11, at(100))],
    )
    .await;
    let alert = get(uow.as_mut(), 1).await;
    assert_eq!((alert.count, alert.first_seen, alert.last_seen), (4, at(5), at(100)));
    assert_eq!(alert.entities, [entity("host", "web-01"), entity("user", "jo")]);
    assert_eq!(alert.event_ids, event_ids([12, 11, 13]));
    assert_eq!(alert.version, 1, "only people raise the version");
}

pub async fn evidence_and_entities_are_bounded(store: &dyn Store) {
    let (mut uow, peer) = with_peer(store).await;
    let many = |from: u128, to: u128| {
        (from..to)
            .map(|n| Finding {
                entities: vec![entity("user", &format!("user-{n}"))],
                ..finding("a", peer, n, at(i64::try_from(n).unwrap() / 4))
            })
            .collect::<Vec<_>>()
    };
    raise(uow.as_mut(), 1, many(0, 15)).await;
    raise(uow.as_mut(), 2, many(10, 80)).await;
    let alert = get(uow.as_mut(), 1).await;
    assert_eq!(alert.count, 85);
    assert_eq!(alert.event_ids, event_ids(0..MAX_EVIDENCE as u128));
    assert_eq!(alert.entities.len(), 50);
    assert_eq!(alert.entities[49], entity("user", "user-49"));
}

pub async fn a_retired_alert_lets_its_successor_collect(store: &dyn Store) {
    let (mut uow, peer) = with_peer(store).await;
    raise(uow.as_mut(), 1, vec![finding("a", peer, 11, at(0))]).await;
    raise(uow.as_mut(), 2, vec![finding("a", peer, 12, at(200))]).await;
    // Late news of a past hour is an alert that does not collect; more of that hour is no second one.
    raise(uow.as_mut(), 3, vec![finding("a", peer, 13, at(100))]).await;
    raise(uow.as_mut(), 9, vec![finding("a", peer, 15, at(101))]).await;
    assert_eq!(get(uow.as_mut(), 3).await.count, 2);
    // So is more of the hour of an alert that collects no longer.
    raise(uow.as_mut(), 9, vec![finding("a", peer, 16, at(1))]).await;
    assert_eq!(get(uow.as_mut(), 1).await.count, 2);
    raise(uow.as_mut(), 4, vec![finding("a", peer, 14, at(210))]).await;
    assert_eq!(get(uow.as_mut(), 2).await.count, 2);
    assert_eq!(get(uow.as_mut(), 1).await.status, AlertStatus::Open);
    assert_eq!(get(uow.as_mut(), 3).await.previous, None);
    let open = uow.alerts().lock_open(&["a".into()], at(210), at(210)).await.unwrap();
    assert_eq!(open.iter().map(|alert| alert.id).collect::<Vec<_>>(), [alert_id(2)]);
}

pub async fn two_collectors_of_a_key_conflict(store: &dyn Store) {
    let (mut uow, peer) = with_peer(store).await;
    raise(uow.as_mut(), 1, vec![finding("a", peer, 11, at(0))]).await;
    let outcome = fold(vec![finding("a", peer, 12, at(1))], &[]);
    let second = uow.alerts().apply_fold(&outcome, &[alert_id(2)], at(1000)).await;
    assert_eq!(constraint(second), "alerts_collecting_key");
}

pub async fn a_repeat_after_resolving_links_to_the_resolved_one(store: &dyn Store) {
    let (mut uow, peer): (_, PeerId) = with_peer(store).await;
    for (n, minutes) in [(1, 0), (2, 10), (3, 20)] {
        raise(uow.as_mut(), n, vec![finding("a", peer, n, at(minutes))]).await;
        let resolution = Some(Resolution::Benign);
        uow.alerts()
            .set_status(alert_id(n), AlertStatus::Resolved, resolution, None)
            .await
            .unwrap();
    }
    raise(uow.as_mut(), 7, vec![finding("b", peer, 9, at(21))]).await;
    assert_eq!(get(uow.as_mut(), 1).await.previous, None);
    assert_eq!(get(uow.as_mut(), 2).await.previous, Some(alert_id(1)));
    assert_eq!(get(uow.as_mut(), 3).await.previous, Some(alert_id(2)));
    assert_eq!(get(uow.as_mut(), 7).await.previous, None);
}
