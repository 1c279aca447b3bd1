//! Listing and working alerts.

use wolfsec::alerts::{ActivityKind, AlertActivity, AlertQuery, AlertStatus, AssigneeFilter, Finding, Resolution};
use wolfsec::ports::{Store, UnitOfWork};
use wolfsec::severity::Severity;

use super::alerts::{alert_id, get, raise};
use super::events::with_peer;
use crate::build::{at, digest, finding, limit, peer, user};

pub(super) async fn listed(uow: &mut dyn UnitOfWork, query: AlertQuery) -> Vec<u128> {
    let page = uow.alerts().list(&query).await.unwrap();
    page.items.iter().map(|alert| alert.id.0.as_u128()).collect()
}

/// Three alerts: 1 open and high, 2 acknowledged by jo and low on another peer, 3 resolved and critical.
pub(super) async fn three(store: &dyn Store) -> Box<dyn UnitOfWork> {
    let (mut uow, web) = with_peer(store).await;
    let (jo, db) = (user(5, "jo"), peer(2, "db-01"));
    uow.users().insert(&jo, "hash").await.unwrap();
    uow.peers().insert(&db, &digest("db-01")).await.unwrap();
    let second = Finding {
        severity: Severity::Low,
        rule_id: "rule-b".into(),
        ..finding("b", db.id, 12, at(10))
    };
    let third = Finding {
        severity: Severity::Critical,
        ..finding("c", web, 13, at(20))
    };
    raise(uow.as_mut(), 1, vec![finding("a", web, 11, at(0)), second, third]).await;
    uow.alerts()
        .set_status(alert_id(2), AlertStatus::Acknowledged, None, Some(jo.id))
        .await
        .unwrap();
    let resolution = Some(Resolution::TruePositive);
    uow.alerts()
        .set_status(alert_id(3), AlertStatus::Resolved, resolution, None)
        .await
        .unwrap();
    uow
}

pub async fn lists_are_filtered(store: &dyn Store) {
    let mut uow = three(store).await;
    let all = AlertQuery::default;
    assert_eq!(listed(uow.as_mut(), all()).await, [3, 2, 1]);
    let statuses = vec![AlertStatus::Open, AlertStatus::Acknowledged];
    assert_eq!(listed(uow.as_mut(), AlertQuery { statuses, ..all() }).await, [2, 1]);
    let statuses = vec![AlertStatus::Resolved];
    assert_eq!(listed(uow.as_mut(), AlertQuery { statuses, ..all() }).await, [3]);
    let severities = vec![Severity::High, Severity::Critical];
    assert_eq!(listed(uow.as_mut(), AlertQuery { severities, ..all() }).await, [3, 1]);
    let rule = Some("rule-b".to_owned());
    assert_eq!(listed(uow.as_mut(), AlertQuery { rule, ..all() }).await, [2]);
    let by_peer = |name: &str| AlertQuery {
        peer: Some(name.into()),
        ..AlertQuery::default()
    };
    assert_eq!(listed(uow.as_mut(), by_peer("DB-01")).await, [2]);
    assert!(listed(uow.as_mut(), by_peer("nobody")).await.is_empty());
    let assignee = Some(AssigneeFilter::User(user(5, "jo").id));
    assert_eq!(listed(uow.as_mut(), AlertQuery { assignee, ..all() }).await, [2]);
    let (since, until) = (Some(at(10)), Some(at(20)));
    assert_eq!(listed(uow.as_mut(), AlertQuery { since, until, ..all() }).await, [2]);
    let page = uow.alerts().list(&all()).await.unwrap();
    assert_eq!(page.items[1].assignee.as_deref(), Some("jo"));
    assert_eq!(page.items[1].peer, "db-01");
    assert_eq!(page.items[1].event_ids[0].0.as_u128(), 12);
}

pub async fn lists_page_without_gaps_or_repeats(store: &dyn Store) {
    let (mut uow, peer) = with_peer(store).await;
    let findings = (10..33_u8)
        .map(|n| finding(&format!("key-{n}"), peer, u128::from(n), at(i64::from(n / 5))))
        .collect();
    raise(uow.as_mut(), 10, findings).await;
    let mut query = AlertQuery {
        limit: limit(6),
        ..AlertQuery::default()
    };
    let mut all = Vec::new();
    loop {
        let page = uow.alerts().list(&query).await.unwrap();
        all.extend(page.items.iter().map(|alert| alert.id.0.as_u128()));
        let Some(next) = page.next_cursor else { break };
        query.after = Some(next.parse().unwrap());
    }
    assert_eq!(all, (10..33).rev().collect::<Vec<u128>>());
}

pub async fn status_changes_raise_the_version(store: &dyn Store) {
    let mut uow = three(store).await;
    let acknowledged = get(uow.as_mut(), 2).await;
    assert_eq!(
        (acknowledged.version, acknowledged.status),
        (2, AlertStatus::Acknowledged)
    );
    assert_eq!(acknowledged.assignee.as_deref(), Some("jo"));
    let resolution = Some(Resolution::FalsePositive);
    // Whoever resolves it, it stays with the one who works it.
    uow.alerts()
        .set_status(alert_id(2), AlertStatus::Resolved, resolution, None)
        .await
        .unwrap();
    let kept = get(uow.as_mut(), 2).await;
    assert_eq!(kept.assignee.as_deref(), Some("jo"));
    let resolved = get(uow.as_mut(), 2).await;
    assert_eq!(
        (resolved.version, resolved.status, resolved.resolution),
        (3, AlertStatus::Resolved, resolution)
    );
    uow.alerts()
        .set_status(alert_id(2), AlertStatus::Open, None, None)
        .await
        .unwrap();
    let open = get(uow.as_mut(), 2).await;
    assert_eq!((open.version, open.resolution, open.assignee), (4, None, None));
    assert!(
        uow.alerts()
            .set_status(alert_id(1), AlertStatus::Resolved, None, None)
            .await
            .is_err()
    );
}

pub async fn a_reopened_alert_collects_unless_another_does(store: &dyn Store) {
    let (mut uow, peer) = with_peer(store).await;
    let resolved = Some(Resolution::Benign);
    raise(uow.as_mut(), 1, vec![finding("a", peer, 11, at(0))]).await;
    uow.alerts()
        .set_status(alert_id(1), AlertStatus::Resolved, resolved, None)
        .await
        .unwrap();
    assert!(
        uow.alerts()
            .lock_open(&["a".into()], at(0), at(0))
            .await
            .unwrap()
            .is_empty()
    );
    uow.alerts()
        .set_status(alert_id(1), AlertStatus::Open, None, None)
        .await
        .unwrap();
    raise(uow.as_mut(), 2, vec![finding("a", peer, 12, at(1))]).await;
    assert_eq!(get(uow.as_mut(), 1).await.count, 2);

    uow.alerts()
        .set_status(alert_id(1), AlertStatus::Resolved, resolved, None)
        .await
        .unwrap();
    raise(uow.as_mut(), 2, vec![finding("a", peer, 13, at(2))]).await;
    uow.alerts()
        .set_status(alert_id(1), AlertStatus::Open, None, None)
        .await
        .unwrap();
    raise(uow.as_mut(), 3, vec![finding("a", peer, 14, at(3))]).await;
    assert_eq!(
        (get(uow.as_mut(), 1).await.count, get(uow.as_mut(), 2).await.count),
        (2, 2)
    );
}

pub async fn the_history_is_kept_in_order(store: &dyn Store) {
    let mut uow = three(store).await;
    let comment = AlertActivity {
        at: at(30),
        actor: "jo".into(),
        kind: ActivityKind::Comment,
        from: None,
        to: None,
        resolution: None,
        note: "looking".into(),
    };
    let resolved = AlertActivity {
        at: at(30),
        kind: ActivityKind::Transition,
        from: Some(AlertStatus::Open),
        to: Some(AlertStatus::Resolved),
        resolution: Some(Resolution::Duplicate),
        note: String::new(),
        ..comment.clone()
    };
    let earlier = AlertActivity {
        at: at(29),
        ..comment.clone()
    };
    for activity in [&comment, &resolved, &earlier] {
        uow.alerts().add_activity(alert_id(1), activity).await.unwrap();
    }
    let detail = uow.alerts().detail(alert_id(1)).await.unwrap().unwrap();
    assert_eq!(detail.activity, [earlier, comment, resolved]);
}

pub async fn counts_go_by_severity(store: &dyn Store) {
    let mut uow = three(store).await;
    let counts = uow.alerts().counts().await.unwrap();
    assert_eq!(counts.open, [(Severity::High, 1)]);
    assert_eq!(counts.unresolved, [(Severity::Low, 1), (Severity::High, 1)]);
}
