//! Changing many alerts at once, on the in-memory store.

#![allow(clippy::unwrap_used, reason = "a test ends with the panic")]

mod support;

use wolfsec::alerts::{AlertQuery, AlertStatus, BulkAct, BulkRow, MAX_BULK, Resolution, StatusChange, fold};
use wolfsec::audit::AuditQuery;
use wolfsec::identity::Role;
use wolfsec::ids::AlertId;
use wolfsec::ports::Store as _;
use wolfsec_app::{Caller, UseCases};
use wolfsec_testkit::{MemoryStore, build};

/// A store with so many open alerts, and a signed-in operator.
async fn world(alerts: u128) -> (UseCases, Caller) {
    let store = MemoryStore::new();
    let (use_cases, _) = support::use_cases(store.clone());
    let ola = support::signed_in(&use_cases, "ola", Role::Operator).await;
    let peer = build::peer(1, "web-01");
    let mut uow = store.begin().await.unwrap();
    uow.peers().insert(&peer, &build::digest("web-01")).await.unwrap();
    let findings = (1..=alerts)
        .map(|n| build::finding(&format!("key-{n:05}"), peer.id, n, build::at(0)))
        .collect();
    let ids: Vec<AlertId> = (1..=alerts).map(id).collect();
    uow.alerts()
        .apply_fold(&fold(findings, &[]), &ids, build::at(0))
        .await
        .unwrap();
    uow.commit().await.unwrap();
    (use_cases, ola)
}

fn id(n: u128) -> AlertId {
    AlertId(uuid::Uuid::from_u128(n))
}

fn row(n: u128, version: i64) -> BulkRow {
    BulkRow { id: id(n), version }
}

fn resolve() -> BulkAct {
    BulkAct::Status {
        to: AlertStatus::Resolved,
        resolution: Some(Resolution::Benign),
        note: "scanner".into(),
    }
}

#[tokio::test]
async fn what_others_changed_is_reported_and_not_overwritten() {
    let (use_cases, ola) = world(4).await;
    let change = StatusChange {
        to: AlertStatus::InProgress,
        resolution: None,
        note: String::new(),
        seen_version: Some(1),
    };
    use_cases
        .change_alert_status(&Caller::command_line(), id(2), &change)
        .await
        .unwrap();
    let acknowledge = BulkAct::Status {
        to: AlertStatus::Acknowledged,
        resolution: None,
        note: String::new(),
    };
    // 2 was overtaken; 3 twice counts once; 9 is not there.
    let rows = [row(1, 1), row(2, 1), row(3, 1), row(3, 1), row(9, 1)];
    let done = use_cases.change_alerts(&ola, &rows, &acknowledge).await.unwrap();
    assert_eq!(done.changed, [row(1, 2), row(3, 2)]);
    assert_eq!(
        (done.overtaken.clone(), done.missing.clone(), done.refused.len()),
        (vec![id(2)], vec![id(9)], 0)
    );
    let other = use_cases.get_alert(&ola, id(2)).await.unwrap();
    assert_eq!((other.alert.status, other.activity.len()), (AlertStatus::InProgress, 1));
    let mine = use_cases.get_alert(&ola, id(1)).await.unwrap();
    assert_eq!(mine.alert.assignee.as_deref(), Some("ola"));
    // Again, with the new versions: the step is not allowed twice.
    let again = use_cases
        .change_alerts(&ola, &done.changed, &acknowledge)
        .await
        .unwrap();
    assert_eq!((again.changed.len(), again.refused), (0, vec![id(1), id(3)]));
    assert_eq!(use_cases.get_bulk_change(&ola, done.id).await.unwrap(), done);
}

#[tokio::test]
async fn one_entry_of_the_trail_names_every_alert() {
    let (use_cases, ola) = world(3).await;
    use_cases
        .change_alerts(&ola, &[row(1, 1), row(2, 1)], &resolve())
        .await
        .unwrap();
    let query = AuditQuery {
        action: Some("alert.bulk".into()),
        ..AuditQuery::default()
    };
    let entries = use_cases.list_audit(&Caller::command_line(), &query).await.unwrap();
    assert_eq!(entries.len(), 1);
    let change = |name: &str| entries[0].entry.changes.iter().find(|of| of.name == name).unwrap();
    assert_eq!(change("status of 2").after.as_deref(), Some("resolved"));
    let named = change("alerts").after.clone().unwrap();
    assert!(named.contains(&id(1).to_string()) && named.contains(&id(2).to_string()));
    let report = use_cases.verify_audit(&Caller::command_line()).await.unwrap();
    assert!(report.is_intact(), "{report:?}");
}

#[tokio::test]
async fn everything_that_matches_is_resolved_and_opened_again() {
    let (use_cases, ola) = world(1100).await;
    let (rows, tally) = use_cases.select_alerts(&ola, &AlertQuery::default()).await.unwrap();
    assert_eq!((rows.len(), tally.total()), (usize::from(MAX_BULK), 1100));
    let done = use_cases.change_alerts(&ola, &rows, &resolve()).await.unwrap();
    assert_eq!(done.changed.len(), 1000);
    // Somebody looks at one of them meanwhile.
    let reopen = StatusChange {
        to: AlertStatus::Open,
        resolution: None,
        note: "no".into(),
        seen_version: None,
    };
    let touched = done.changed[0].id;
    use_cases
        .change_alert_status(&Caller::command_line(), touched, &reopen)
        .await
        .unwrap();
    let undone = use_cases.undo_bulk_change(&ola, done.id).await.unwrap();
    assert_eq!((undone.changed.len(), undone.overtaken), (999, vec![touched]));
    assert_eq!(
        use_cases.undo_bulk_change(&ola, undone.id).await.unwrap_err().code,
        "not_undoable"
    );
}

#[tokio::test]
async fn an_act_that_no_alert_can_take_changes_nothing() {
    let (use_cases, ola) = world(1).await;
    let field = |failure: wolfsec_app::Failure| failure.fields[0].0;
    let without = BulkAct::Status {
        to: AlertStatus::Resolved,
        resolution: None,
        note: String::new(),
    };
    let failed = use_cases.change_alerts(&ola, &[row(1, 1)], &without).await.unwrap_err();
    assert_eq!(field(failed), "resolution");
    let silent = BulkAct::Comment { note: " ".into() };
    let failed = use_cases.change_alerts(&ola, &[row(1, 1)], &silent).await.unwrap_err();
    assert_eq!(field(failed), "note");
    let failed = use_cases.change_alerts(&ola, &[], &resolve()).await.unwrap_err();
    assert_eq!(field(failed), "rows");
    let many: Vec<BulkRow> = (0..=u128::from(MAX_BULK)).map(|n| row(n, 1)).collect();
    let failed = use_cases.change_alerts(&ola, &many, &resolve()).await.unwrap_err();
    assert_eq!(field(failed), "rows");
    let vera = support::signed_in(&use_cases, "vera", Role::Viewer).await;
    let failed = use_cases
        .change_alerts(&vera, &[row(1, 1)], &resolve())
        .await
        .unwrap_err();
    assert_eq!(failed.code, "forbidden");
    assert_eq!(use_cases.get_alert(&ola, id(1)).await.unwrap().alert.version, 1);
}
