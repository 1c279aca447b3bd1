//! Changing, counting and narrowing down many alerts.

use wolfsec::alerts::{
    ActivityKind, AlertActivity, AlertOrder, AlertQuery, AlertStatus, AssigneeFilter, BulkChange, BulkRow, LockedAlert,
    Resolution,
};
use wolfsec::attack::Tactic;
use wolfsec::ids::BulkId;
use wolfsec::ports::Store;
use wolfsec::severity::Severity;

use super::alerts::{alert_id, get, raise};
use super::alerts_work::{listed, three};
use super::events::with_peer;
use crate::build::{at, entity, finding, limit, user};

pub async fn lists_are_filtered_by_what_a_queue_asks(store: &dyn Store) {
    let mut uow = three(store).await;
    let jo = user(5, "jo").id;
    let all = AlertQuery::default;
    for (assignee, expected) in [
        (AssigneeFilter::Nobody, vec![3, 1]),
        (AssigneeFilter::User(jo), vec![2]),
        (AssigneeFilter::UserOrNobody(jo), vec![3, 2, 1]),
        (AssigneeFilter::UserOrNobody(user(6, "ann").id), vec![3, 1]),
        (AssigneeFilter::Named("JO".into()), vec![2]),
        (AssigneeFilter::Named("ann".into()), vec![]),
    ] {
        let query = AlertQuery {
            assignee: Some(assignee.clone()),
            ..all()
        };
        assert_eq!(listed(uow.as_mut(), query).await, expected, "{assignee:?}");
    }
    for (terms, expected) in [
        (vec!["SOMETHING"], vec![3, 2, 1]),
        (vec!["something", "DB-"], vec![2]),
        (vec!["web-01"], vec![3, 2, 1]),
        (vec!["50%"], vec![]),
    ] {
        let query = AlertQuery {
            terms: terms.iter().map(|term| (*term).to_owned()).collect(),
            ..all()
        };
        assert_eq!(listed(uow.as_mut(), query).await, expected, "{terms:?}");
    }
    for (tactic, rows) in [(Tactic::CredentialAccess, 3), (Tactic::Impact, 0)] {
        let query = AlertQuery {
            tactic: Some(tactic),
            ..all()
        };
        assert_eq!(listed(uow.as_mut(), query).await.len(), rows);
    }
    for (value, rows) in [
        (entity("host", "web-01"), 3),
        (entity("user", "web-01"), 0),
        (entity("host", "web"), 0),
    ] {
        let query = AlertQuery {
            entity: Some(value),
            ..all()
        };
        assert_eq!(listed(uow.as_mut(), query).await.len(), rows);
    }
    let resolution = Some(Resolution::TruePositive);
    assert_eq!(listed(uow.as_mut(), AlertQuery { resolution, ..all() }).await, [3]);
    for (raised_since, rows) in [(at(1000), 3), (at(1001), 0)] {
        let raised_since = Some(raised_since);
        assert_eq!(
            listed(uow.as_mut(), AlertQuery { raised_since, ..all() }).await.len(),
            rows
        );
    }
}

pub async fn the_waiting_order_pages_without_gaps_or_repeats(store: &dyn Store) {
    let (mut uow, peer) = with_peer(store).await;
    let findings = (10..33_u8)
        .map(|n| finding(&format!("key-{n}"), peer, u128::from(n), at(i64::from(n))))
        .collect();
    raise(uow.as_mut(), 10, findings).await;
    let mut query = AlertQuery {
        order: AlertOrder::Waiting,
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
    // All were raised at once: then their ids decide.
    assert_eq!(all, (10..33).collect::<Vec<u128>>());
    let first = BulkRow {
        id: alert_id(10),
        version: 1,
    };
    query.after = None;
    let rows = uow.alerts().rows(&query).await.unwrap();
    assert_eq!((rows.len(), rows[0]), (6, first));
}

pub async fn many_are_changed_at_once(store: &dyn Store) {
    let mut uow = three(store).await;
    let jo = user(5, "jo");
    let ids = [alert_id(2), alert_id(1), alert_id(9)];
    let locked = uow.alerts().lock_many(&ids).await.unwrap();
    let of = |n, version, status| LockedAlert {
        id: alert_id(n),
        version,
        status,
        resolution: None,
    };
    assert_eq!(
        locked,
        [of(1, 1, AlertStatus::Open), of(2, 2, AlertStatus::Acknowledged)]
    );
    let resolution = Some(Resolution::Benign);
    uow.alerts()
        .set_status_of(&ids[..2], AlertStatus::Resolved, resolution, Some(jo.id))
        .await
        .unwrap();
    let note = |n: u128| {
        let activity = AlertActivity {
            at: at(30),
            actor: "jo".into(),
            kind: ActivityKind::Transition,
            from: Some(AlertStatus::Open),
            to: Some(AlertStatus::Resolved),
            resolution,
            note: format!("note {n}"),
        };
        (alert_id(n), activity)
    };
    uow.alerts().add_activities(&[note(1), note(2)]).await.unwrap();
    for (n, version) in [(1, 2), (2, 3)] {
        let detail = uow.alerts().detail(alert_id(n)).await.unwrap().unwrap();
        assert_eq!(
            (detail.alert.status, detail.alert.resolution),
            (AlertStatus::Resolved, resolution)
        );
        assert_eq!(
            (detail.alert.version, detail.alert.assignee.as_deref()),
            (version, Some("jo"))
        );
        assert_eq!(detail.activity, [note(n).1]);
    }
    assert_eq!(get(uow.as_mut(), 3).await.version, 2);
}

pub async fn of_several_reopened_alerts_the_newest_collects(store: &dyn Store) {
    let (mut uow, peer) = with_peer(store).await;
    let resolution = Some(Resolution::Benign);
    for (n, minute) in [(1, 0), (2, 120)] {
        raise(uow.as_mut(), n, vec![finding("a", peer, 10 + n, at(minute))]).await;
        uow.alerts()
            .set_status(alert_id(n), AlertStatus::Resolved, resolution, None)
            .await
            .unwrap();
    }
    uow.alerts()
        .set_status_of(&[alert_id(1), alert_id(2)], AlertStatus::Open, None, None)
        .await
        .unwrap();
    raise(uow.as_mut(), 3, vec![finding("a", peer, 13, at(121))]).await;
    assert_eq!(
        (get(uow.as_mut(), 1).await.count, get(uow.as_mut(), 2).await.count),
        (1, 2)
    );
}

pub async fn a_tally_counts_by_status_and_severity(store: &dyn Store) {
    let mut uow = three(store).await;
    // Severity, position and limit do not narrow it.
    let query = AlertQuery {
        severities: vec![Severity::Low],
        limit: limit(1),
        ..AlertQuery::default()
    };
    let mut tally = uow.alerts().tally(&query).await.unwrap();
    tally.counts.sort_unstable();
    assert_eq!(
        tally.counts,
        [
            (AlertStatus::Open, Severity::High, 1),
            (AlertStatus::Acknowledged, Severity::Low, 1),
            (AlertStatus::Resolved, Severity::Critical, 1)
        ]
    );
    assert!(!tally.capped);
    let query = AlertQuery {
        peer: Some("db-01".into()),
        ..AlertQuery::default()
    };
    assert_eq!(uow.alerts().tally(&query).await.unwrap().total(), 1);
}

pub async fn a_bulk_change_is_kept(store: &dyn Store) {
    let mut uow = three(store).await;
    let change = BulkChange {
        id: BulkId(uuid::Uuid::from_u128(77)),
        at: at(5),
        actor: "jo".into(),
        to: Some(AlertStatus::Resolved),
        resolution: Some(Resolution::Duplicate),
        changed: vec![BulkRow {
            id: alert_id(1),
            version: 2,
        }],
        overtaken: vec![alert_id(2)],
        refused: vec![alert_id(3)],
        missing: vec![alert_id(9)],
    };
    uow.alerts().keep_bulk_change(&change).await.unwrap();
    let id = change.id;
    uow.alerts().forget_bulk_changes(change.at).await.unwrap();
    assert_eq!(uow.alerts().bulk_change(id).await.unwrap(), Some(change));
    uow.alerts().forget_bulk_changes(at(6)).await.unwrap();
    assert_eq!(uow.alerts().bulk_change(id).await.unwrap(), None);
    let other = BulkId(uuid::Uuid::from_u128(78));
    assert_eq!(uow.alerts().bulk_change(other).await.unwrap(), None);
}
