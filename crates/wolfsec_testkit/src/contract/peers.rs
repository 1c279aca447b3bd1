//! Peers, enrolments, rejected lines.

use chrono::Duration;
use wolfsec::events::{MAX_REJECTS_PER_PEER, RejectCode, RejectedLine};
use wolfsec::peers::{Peer, PeerMark};
use wolfsec::ports::{PeerContact, Store};

use super::{begin, constraint};
use crate::build::{at, digest, enrolment, limit, peer};

pub async fn names_are_unique_and_keys_find_their_peer(store: &dyn Store) {
    let mut uow = begin(store).await;
    let web = peer(1, "Web-01");
    uow.peers().insert(&web, &digest("key")).await.unwrap();
    assert_eq!(uow.peers().get(web.id).await.unwrap(), Some(web.clone()));
    assert_eq!(uow.peers().find_by_name("web-01").await.unwrap(), Some(web.clone()));
    assert_eq!(
        uow.peers().find_by_key(&digest("key")).await.unwrap(),
        Some(web.clone())
    );
    assert!(uow.peers().set_key(web.id, &digest("new")).await.unwrap());
    assert_eq!(uow.peers().find_by_key(&digest("key")).await.unwrap(), None);
    assert_eq!(
        uow.peers().find_by_key(&digest("new")).await.unwrap(),
        Some(web.clone())
    );
    assert!(uow.peers().set_mark(web.id, PeerMark::Blocked).await.unwrap());
    assert_eq!(uow.peers().get(web.id).await.unwrap().unwrap().mark, PeerMark::Blocked);
    let nobody = peer(9, "x").id;
    assert!(!uow.peers().set_mark(nobody, PeerMark::Active).await.unwrap());
    assert!(!uow.peers().set_key(nobody, &digest("x")).await.unwrap());
    let twin = uow.peers().insert(&peer(2, "WEB-01"), &digest("other")).await;
    assert_eq!(constraint(twin), "peers_name_key");
}

pub async fn lists_go_by_name_in_pages(store: &dyn Store) {
    let mut uow = begin(store).await;
    for (n, name) in (1..).zip(["c", "B", "a", "b-2"]) {
        uow.peers().insert(&peer(n, name), &digest(name)).await.unwrap();
    }
    let names = |peers: Vec<Peer>| peers.into_iter().map(|peer| peer.name).collect::<Vec<_>>();
    assert_eq!(names(uow.peers().list(None, limit(2)).await.unwrap()), ["a", "B"]);
    assert_eq!(
        names(uow.peers().list(Some("B"), limit(10)).await.unwrap()),
        ["b-2", "c"]
    );
    assert!(uow.peers().list(Some("c"), limit(10)).await.unwrap().is_empty());
}

pub async fn contacts_add_up_and_only_wake_or_stop(store: &dyn Store) {
    let mut uow = begin(store).await;
    let marks = [
        PeerMark::Active,
        PeerMark::Stopped,
        PeerMark::Maintenance,
        PeerMark::Blocked,
    ];
    let ids: Vec<_> = (1..).zip(marks).map(|(n, _)| peer(n, "x").id).collect();
    for (n, mark) in (1..).zip(marks) {
        let marked = Peer {
            mark,
            ..peer(n, mark.as_str())
        };
        uow.peers().insert(&marked, &digest(mark.as_str())).await.unwrap();
    }
    let contact = |peer, minutes, address: Option<&str>, mark| PeerContact {
        peer,
        at: at(minutes),
        address: address.map(Into::into),
        mark,
        events: 3,
        rejects: 1,
    };
    uow.peers().save_peers_batch(&[]).await.unwrap();
    let awake: Vec<_> = ids
        .iter()
        .map(|id| contact(*id, 10, Some("192.0.2.1"), PeerMark::Active))
        .collect();
    uow.peers().save_peers_batch(&awake).await.unwrap();
    // Two of one peer in one call; the older one changes neither time nor address.
    let twins = [
        contact(ids[0], 11, None, PeerMark::Active),
        contact(ids[0], 5, Some("192.0.2.9"), PeerMark::Active),
    ];
    uow.peers().save_peers_batch(&twins).await.unwrap();
    let first = uow.peers().get(ids[0]).await.unwrap().unwrap();
    assert_eq!(
        (first.last_seen, first.event_count, first.reject_count),
        (Some(at(11)), 9, 3)
    );
    assert_eq!(
        uow.peers().get(ids[1]).await.unwrap().unwrap().address.as_deref(),
        Some("192.0.2.1")
    );

    let mut stored = Vec::new();
    for id in &ids {
        stored.push(uow.peers().get(*id).await.unwrap().unwrap().mark);
    }
    assert_eq!(
        stored,
        [
            PeerMark::Active,
            PeerMark::Active,
            PeerMark::Maintenance,
            PeerMark::Blocked
        ]
    );
    let stops: Vec<_> = ids.iter().map(|id| contact(*id, 12, None, PeerMark::Stopped)).collect();
    uow.peers().save_peers_batch(&stops).await.unwrap();
    let mut stored = Vec::new();
    for id in &ids {
        stored.push(uow.peers().get(*id).await.unwrap().unwrap().mark);
    }
    assert_eq!(
        stored,
        [
            PeerMark::Stopped,
            PeerMark::Stopped,
            PeerMark::Maintenance,
            PeerMark::Blocked
        ]
    );
}

pub async fn an_enrolment_is_used_once_and_in_time(store: &dyn Store) {
    let mut uow = begin(store).await;
    let (once, late) = (enrolment(1), enrolment(2));
    uow.peers().insert_enrolment(&once, &digest("once")).await.unwrap();
    uow.peers().insert_enrolment(&late, &digest("late")).await.unwrap();
    assert_eq!(
        uow.peers().use_enrolment(&digest("once"), at(1)).await.unwrap(),
        Some(once.id)
    );
    assert_eq!(uow.peers().use_enrolment(&digest("once"), at(2)).await.unwrap(), None);
    assert_eq!(
        uow.peers()
            .use_enrolment(&digest("late"), late.expires_at)
            .await
            .unwrap(),
        None
    );
    let in_time = late.expires_at - Duration::microseconds(1);
    assert_eq!(
        uow.peers().use_enrolment(&digest("late"), in_time).await.unwrap(),
        Some(late.id)
    );
    assert_eq!(uow.peers().use_enrolment(&digest("none"), at(1)).await.unwrap(), None);
}

pub async fn rejected_lines_are_bounded(store: &dyn Store) {
    let mut uow = begin(store).await;
    let (web, db) = (peer(1, "web"), peer(2, "db"));
    uow.peers().insert(&web, &digest("web")).await.unwrap();
    uow.peers().insert(&db, &digest("db")).await.unwrap();
    let lines = |from: u32, to: u32| {
        (from..=to)
            .map(|line| RejectedLine {
                line,
                code: RejectCode::MalformedJson,
                reason: "not JSON".into(),
                sample: format!("{{{line}"),
            })
            .collect::<Vec<_>>()
    };
    let both = [(db.id, lines(1, 1)), (web.id, lines(1, 150))];
    uow.peers().keep_rejects(at(0), &both).await.unwrap();
    uow.peers()
        .keep_rejects(at(1), &[(web.id, lines(151, 260))])
        .await
        .unwrap();
    uow.peers().keep_rejects(at(2), &[]).await.unwrap();
    let kept = uow.peers().list_rejects(web.id, limit(1000)).await.unwrap();
    assert_eq!(kept.len(), MAX_REJECTS_PER_PEER as usize);
    assert_eq!(
        (kept[0].line, kept[0].at, kept[0].sample.as_str()),
        (260, at(1), "{260")
    );
    assert_eq!(kept[199].line, 61);
    assert_eq!(kept[0].code, "malformed_json");
    assert_eq!(uow.peers().list_rejects(web.id, limit(3)).await.unwrap(), kept[..3]);
    assert_eq!(uow.peers().list_rejects(db.id, limit(3)).await.unwrap().len(), 1);
}
