//! What is told of committed changes, and catching up by cursor. A feed of the same store comes with it.

use wolfsec::alerts::{AlertStatus, Finding, Resolution};
use wolfsec::identity::Role;
use wolfsec::live::{
    AlertChange, ChangedAlert, IngestTotals, LiveCursor, LiveNotice, MAX_NAMED_ALERTS, MAX_NAMED_TITLE_CHARS, Since,
};
use wolfsec::peers::PeerMark;
use wolfsec::ports::{LiveFeed, LiveListener, PeerContact, Store};
use wolfsec::severity::Severity;

use super::alerts::{alert_id, raise};
use super::begin;
use super::events::with_peer;
use crate::build::{at, digest, finding, session, user};

async fn head(store: &dyn Store) -> LiveCursor {
    begin(store).await.live().head().await.unwrap()
}

async fn since(store: &dyn Store, cursor: LiveCursor) -> Since {
    begin(store).await.live().since(cursor).await.unwrap()
}

async fn next_change(ear: &mut dyn LiveListener) -> AlertChange {
    match ear.next().await.unwrap() {
        LiveNotice::Alerts(change) => change,
        other @ LiveNotice::Access => panic!("{other:?}"),
    }
}

pub async fn a_commit_is_told_and_a_rollback_is_not(store: &dyn Store, feed: &dyn LiveFeed) {
    let mut ear = feed.listen().await.unwrap();
    let start = head(store).await;
    let (mut uow, peer) = with_peer(store).await;
    raise(uow.as_mut(), 1, vec![finding("a", peer, 11, at(0))]).await;
    uow.commit().await.unwrap();

    let mut uow = begin(store).await;
    raise(uow.as_mut(), 2, vec![finding("b", peer, 12, at(0))]).await;
    drop(uow);

    // The second notice is the repeat: nothing was said of what was rolled back.
    let mut uow = begin(store).await;
    raise(uow.as_mut(), 3, vec![finding("a", peer, 13, at(5))]).await;
    uow.commit().await.unwrap();

    let first = next_change(ear.as_mut()).await;
    let expected = ChangedAlert {
        id: alert_id(1),
        severity: Severity::High,
        status: AlertStatus::Open,
        title: "Something happened".into(),
        peer: "web-01".into(),
        last_seen: at(0),
        new: true,
    };
    assert!(first.cursor > start);
    assert_eq!((first.new, first.changed), (1, 0));
    assert_eq!(first.alerts, std::slice::from_ref(&expected));

    let second = next_change(ear.as_mut()).await;
    assert!(second.cursor > first.cursor);
    assert_eq!((second.new, second.changed), (0, 1));
    let repeated = ChangedAlert {
        last_seen: at(5),
        new: false,
        ..expected
    };
    assert_eq!(second.alerts, [repeated]);
    assert_eq!(head(store).await, second.cursor);
}

pub async fn work_on_an_alert_is_told(store: &dyn Store, feed: &dyn LiveFeed) {
    let (mut uow, peer) = with_peer(store).await;
    raise(uow.as_mut(), 1, vec![finding("a", peer, 11, at(0))]).await;
    uow.commit().await.unwrap();
    let mut ear = feed.listen().await.unwrap();
    let mut uow = begin(store).await;
    let resolution = Some(Resolution::Benign);
    uow.alerts()
        .set_status(alert_id(1), AlertStatus::Resolved, resolution, None)
        .await
        .unwrap();
    // There is no such alert, and nothing to tell.
    uow.alerts()
        .set_status(alert_id(9), AlertStatus::Resolved, resolution, None)
        .await
        .unwrap();
    uow.commit().await.unwrap();
    let change = next_change(ear.as_mut()).await;
    assert_eq!((change.new, change.changed), (0, 1));
    // Many at once are told as one change.
    let mut uow = begin(store).await;
    raise(uow.as_mut(), 2, vec![finding("b", peer, 12, at(0))]).await;
    uow.commit().await.unwrap();
    next_change(ear.as_mut()).await;
    let mut uow = begin(store).await;
    uow.alerts()
        .set_status_of(&[alert_id(1), alert_id(2), alert_id(9)], AlertStatus::Open, None, None)
        .await
        .unwrap();
    uow.commit().await.unwrap();
    let many = next_change(ear.as_mut()).await;
    assert_eq!((many.new, many.changed), (0, 2));
    let told = &change.alerts[0];
    assert_eq!(
        (told.id, told.status, told.new),
        (alert_id(1), AlertStatus::Resolved, false)
    );
}

pub async fn a_large_change_is_one_bounded_notice(store: &dyn Store, feed: &dyn LiveFeed) {
    let mut ear = feed.listen().await.unwrap();
    let (mut uow, peer) = with_peer(store).await;
    let findings = (1..=300)
        .map(|n| Finding {
            severity: if n == 200 { Severity::Critical } else { Severity::Low },
            // As long as a notice can become.
            title: "\u{1}\u{1F43A}".repeat(400),
            ..finding(&format!("key-{n}"), peer, n, at(0))
        })
        .collect();
    raise(uow.as_mut(), 1, findings).await;
    uow.commit().await.unwrap();
    let change = next_change(ear.as_mut()).await;
    assert_eq!((change.new, change.changed), (300, 0));
    assert!(!change.alerts.is_empty() && change.alerts.len() <= MAX_NAMED_ALERTS);
    assert_eq!(
        change.alerts[0].severity,
        Severity::Critical,
        "the worst one is named first"
    );
    assert!(change.alerts[0].title.chars().count() <= MAX_NAMED_TITLE_CHARS);
}

pub async fn ended_sessions_and_changed_accounts_are_told(store: &dyn Store, feed: &dyn LiveFeed) {
    let jo = user(1, "jo");
    let mut uow = begin(store).await;
    uow.users().insert(&jo, "hash").await.unwrap();
    for n in 1..=4 {
        uow.sessions()
            .insert(&session(n, jo.id), &digest(&n.to_string()))
            .await
            .unwrap();
    }
    uow.commit().await.unwrap();
    let mut ear = feed.listen().await.unwrap();
    let id = |n| session(n, jo.id).id;

    let mut uow = begin(store).await;
    assert!(uow.sessions().remove(jo.id, id(1)).await.unwrap());
    uow.commit().await.unwrap();
    assert_eq!(ear.next().await.unwrap(), LiveNotice::Access);
    let mut uow = begin(store).await;
    assert_eq!(uow.sessions().remove_others(jo.id, Some(id(2))).await.unwrap(), 2);
    uow.commit().await.unwrap();
    assert_eq!(ear.next().await.unwrap(), LiveNotice::Access);
    let mut uow = begin(store).await;
    assert!(uow.users().set_enabled(jo.id, false).await.unwrap());
    uow.commit().await.unwrap();
    assert_eq!(ear.next().await.unwrap(), LiveNotice::Access);
    let mut uow = begin(store).await;
    assert!(uow.users().set_role(jo.id, Role::Operator).await.unwrap());
    uow.commit().await.unwrap();
    assert_eq!(ear.next().await.unwrap(), LiveNotice::Access);

    let mut uow = begin(store).await;
    let found = uow.sessions().get_many(&[id(1), id(2), id(9)]).await.unwrap();
    assert_eq!(found.iter().map(|(session, _)| session.id).collect::<Vec<_>>(), [id(2)]);
    assert!(!found[0].1.enabled);
    // Nothing is removed: nothing is told, and the next notice is that of the last step.
    assert!(!uow.sessions().remove(jo.id, id(9)).await.unwrap());
    uow.commit().await.unwrap();
    let mut uow = begin(store).await;
    assert_eq!(uow.sessions().remove_expired(at(1), at(1)).await.unwrap(), 1);
    uow.commit().await.unwrap();
    assert_eq!(ear.next().await.unwrap(), LiveNotice::Access);
}

pub async fn catching_up_counts_what_came_after(store: &dyn Store, _: &dyn LiveFeed) {
    let start = head(store).await;
    let none = Since {
        cursor: start,
        new: 0,
        changed: 0,
        complete: true,
    };
    assert_eq!(since(store, start).await, none);
    let (mut uow, peer) = with_peer(store).await;
    raise(
        uow.as_mut(),
        1,
        vec![finding("a", peer, 11, at(0)), finding("b", peer, 12, at(0))],
    )
    .await;
    uow.commit().await.unwrap();
    let middle = head(store).await;
    for n in 13..=14 {
        let mut uow = begin(store).await;
        raise(
            uow.as_mut(),
            n,
            vec![
                finding("a", peer, n, at(5)),
                finding(&format!("c{n}"), peer, n + 10, at(5)),
            ],
        )
        .await;
        uow.commit().await.unwrap();
    }
    let last = head(store).await;
    let all = Since {
        cursor: last,
        new: 4,
        changed: 2,
        complete: true,
    };
    assert_eq!(since(store, start).await, all);
    assert_eq!(since(store, middle).await, Since { new: 2, ..all });
    assert_eq!(
        since(store, last).await,
        Since {
            new: 0,
            changed: 0,
            ..all
        }
    );
    // Of a database that knows more than this one.
    let strange = since(store, LiveCursor(last.0 + 1000)).await;
    assert_eq!((strange.cursor, strange.new, strange.complete), (last, 0, false));
}

pub async fn the_newest_change_is_never_forgotten(store: &dyn Store, _: &dyn LiveFeed) {
    let start = head(store).await;
    let (mut uow, peer) = with_peer(store).await;
    raise(uow.as_mut(), 1, vec![finding("a", peer, 11, at(0))]).await;
    uow.commit().await.unwrap();
    let last = head(store).await;
    let mut uow = begin(store).await;
    assert_eq!(uow.live().forget(at(0)).await.unwrap(), 0, "nothing is that old");
    assert_eq!(uow.live().forget(at(1_000_000_000)).await.unwrap(), 1);
    assert_eq!(uow.live().forget(at(1_000_000_000)).await.unwrap(), 0);
    uow.commit().await.unwrap();
    assert_eq!(head(store).await, last);
    assert!(since(store, last).await.complete);
    assert!(
        !since(store, start).await.complete,
        "what is gone is not counted as nothing"
    );
}

pub async fn totals_add_up_over_peers(store: &dyn Store, _: &dyn LiveFeed) {
    let (mut uow, peer) = with_peer(store).await;
    let contact = PeerContact {
        peer,
        at: at(1),
        address: None,
        mark: PeerMark::Active,
        events: 7,
        rejects: 2,
    };
    uow.peers().save_peers_batch(&[contact]).await.unwrap();
    let totals = uow.live().totals().await.unwrap();
    assert_eq!(totals, IngestTotals { events: 7, rejects: 2 });
}
