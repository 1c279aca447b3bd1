//! Questions about many peers.

use chrono::Duration;
use wolfsec::Timestamp;
use wolfsec::peers::{FleetOrder, FleetQuery, Peer, PeerMark, PeerStatus, SavedPeer};
use wolfsec::ports::{PeerContact, Store, UnitOfWork};

use super::begin;
use crate::build::{at, digest, event, limit, peer};

const NOW_MINUTES: i64 = 100;

fn ago(seconds: i64) -> Timestamp {
    at(NOW_MINUTES) - Duration::seconds(seconds)
}

/// One peer of every status, and the edges of silence (15 s interval).
async fn insert_fleet(uow: &mut dyn UnitOfWork) -> Vec<Peer> {
    let rows = [
        ("web-01", PeerMark::Active, Some(ago(45))),
        ("web-02", PeerMark::Active, Some(ago(46))),
        ("Web-03", PeerMark::Active, Some(ago(120))),
        ("db_1", PeerMark::Active, Some(ago(121))),
        ("db-2", PeerMark::Active, None),
        ("mail", PeerMark::Stopped, Some(ago(10))),
        ("fw", PeerMark::Maintenance, Some(ago(9999))),
        ("old", PeerMark::Blocked, None),
    ];
    let mut peers = Vec::new();
    for (n, (name, mark, last_seen)) in (1..).zip(rows) {
        let made = Peer {
            mark,
            last_seen,
            address: last_seen.map(|_| format!("192.0.2.{n}")),
            ..peer(n, name)
        };
        uow.peers().insert(&made, &digest(name)).await.unwrap();
        peers.push(made);
    }
    peers
}

fn query() -> FleetQuery {
    FleetQuery::all(at(NOW_MINUTES), limit(50))
}

async fn names(uow: &mut dyn UnitOfWork, query: &FleetQuery) -> Vec<String> {
    let peers = uow.peers().fleet(query).await.unwrap();
    peers.into_iter().map(|peer| peer.name).collect()
}

pub async fn a_batch_tells_how_each_peer_stood_before(store: &dyn Store) {
    let mut uow = begin(store).await;
    let quiet = Peer {
        mark: PeerMark::Stopped,
        last_seen: Some(at(1)),
        interval_seconds: 60,
        ..peer(1, "quiet")
    };
    uow.peers().insert(&quiet, &digest("quiet")).await.unwrap();
    uow.peers().insert(&peer(2, "new"), &digest("new")).await.unwrap();
    assert!(uow.peers().set_interval(peer(2, "new").id, 30).await.unwrap());
    assert!(!uow.peers().set_interval(peer(9, "nobody").id, 30).await.unwrap());
    let contact = |peer, minutes| PeerContact {
        peer,
        at: at(minutes),
        address: None,
        mark: PeerMark::Active,
        events: 0,
        rejects: 0,
    };
    let unknown = peer(9, "nobody").id;
    let contacts = [
        contact(quiet.id, 5),
        contact(unknown, 5),
        contact(peer(2, "new").id, 6),
        contact(quiet.id, 7),
    ];
    let mut saved = uow.peers().save_peers_batch(&contacts).await.unwrap();
    saved.sort_by_key(|saved| saved.peer);
    let expected = [
        SavedPeer {
            peer: quiet.id,
            mark_before: PeerMark::Stopped,
            last_seen_before: Some(at(1)),
            mark: PeerMark::Active,
            last_seen: at(7),
            interval_seconds: 60,
            name: "quiet".into(),
        },
        SavedPeer {
            peer: peer(2, "new").id,
            mark_before: PeerMark::Active,
            last_seen_before: None,
            mark: PeerMark::Active,
            last_seen: at(6),
            interval_seconds: 30,
            name: "new".into(),
        },
    ];
    assert_eq!(saved, expected);
}

pub async fn the_fleet_is_filtered_over_all_peers(store: &dyn Store) {
    let mut uow = begin(store).await;
    let peers = insert_fleet(uow.as_mut()).await;
    // The store's statuses are the domain's, at every edge.
    for &status in PeerStatus::ALL {
        let filtered = FleetQuery {
            statuses: vec![status],
            ..query()
        };
        let mut expected: Vec<String> = peers
            .iter()
            .filter(|peer| peer.status(at(NOW_MINUTES)) == status)
            .map(|peer| peer.name.clone())
            .collect();
        expected.sort_by_key(|name| name.to_lowercase());
        assert!(!expected.is_empty(), "{status}");
        assert_eq!(names(uow.as_mut(), &filtered).await, expected, "{status}");
    }
    let two = FleetQuery {
        statuses: vec![PeerStatus::Pending, PeerStatus::Blocked],
        ..query()
    };
    assert_eq!(names(uow.as_mut(), &two).await, ["db-2", "old"]);
    let words = |words: &str| FleetQuery {
        words: Some(words.into()),
        ..query()
    };
    assert_eq!(names(uow.as_mut(), &words("WEB")).await, ["web-01", "web-02", "Web-03"]);
    assert_eq!(names(uow.as_mut(), &words("192.0.2.7")).await, ["fw"]);
    // An underscore is no placeholder.
    assert_eq!(names(uow.as_mut(), &words("b_1")).await, ["db_1"]);
    let both = FleetQuery {
        statuses: vec![PeerStatus::Late],
        ..words("web")
    };
    assert_eq!(names(uow.as_mut(), &both).await, ["web-02", "Web-03"]);

    let counts = async |uow: &mut dyn UnitOfWork, words| {
        let mut counts = uow.peers().count_by_status(words, at(NOW_MINUTES)).await.unwrap();
        counts.sort_unstable();
        counts
    };
    assert_eq!(
        counts(uow.as_mut(), Some("Web")).await,
        [(PeerStatus::Online, 1), (PeerStatus::Late, 2)]
    );
    assert_eq!(
        counts(uow.as_mut(), None)
            .await
            .iter()
            .map(|(_, count)| count)
            .sum::<i64>(),
        8
    );
    assert_eq!(counts(uow.as_mut(), Some("nobody")).await, []);
}

pub async fn the_fleet_pages_without_gaps_or_repeats(store: &dyn Store) {
    let mut uow = begin(store).await;
    insert_fleet(uow.as_mut()).await;
    for (order, expected) in [
        (
            FleetOrder::Name,
            ["db-2", "db_1", "fw", "mail", "old", "web-01", "web-02", "Web-03"],
        ),
        (
            FleetOrder::Attention,
            ["db_1", "web-02", "Web-03", "db-2", "old", "fw", "web-01", "mail"],
        ),
    ] {
        let mut page = FleetQuery {
            order,
            limit: limit(3),
            ..query()
        };
        let mut met = Vec::new();
        loop {
            let peers = uow.peers().fleet(&page).await.unwrap();
            let Some(last) = peers.last() else { break };
            page.after = Some(page.cursor_after(last).to_string().parse().unwrap());
            met.extend(peers.into_iter().map(|peer| peer.name));
        }
        assert_eq!(met, expected, "{order:?}");
    }
}

pub async fn recent_events_are_counted_up_to_a_bound(store: &dyn Store) {
    let mut uow = begin(store).await;
    let (web, db, quiet) = (peer(1, "web").id, peer(2, "db").id, peer(3, "quiet").id);
    let mut events: Vec<_> = (0..5).map(|n| event(n, web, at(i64::try_from(n).unwrap()))).collect();
    events.push(event(9, db, at(1)));
    uow.events().insert_batch(&events).await.unwrap();
    let mut counts = uow
        .events()
        .count_recent(&[web, db, quiet, web], at(1), at(4), 2)
        .await
        .unwrap();
    counts.sort_unstable();
    assert_eq!(counts, [(web, 2), (db, 1)]);
    assert_eq!(
        uow.events().count_recent(&[web], at(1), at(4), 100).await.unwrap(),
        [(web, 3)]
    );
    assert!(
        uow.events()
            .count_recent(&[], at(1), at(4), 100)
            .await
            .unwrap()
            .is_empty()
    );
}
