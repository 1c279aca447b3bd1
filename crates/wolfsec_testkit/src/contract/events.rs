//! Storing and finding events.

use chrono::Duration;
use wolfsec::Timestamp;
use wolfsec::events::{EcsColumns, EventQuery, LogSource, MAX_PAGE_BYTES, NewEvent, PREVIEW_CHARS, SecurityEvent};
use wolfsec::ids::{EventId, PeerId};
use wolfsec::page::Page;
use wolfsec::ports::{Store, UnitOfWork};
use wolfsec::severity::Severity;

use super::begin;
use crate::build::{at, digest, event, event_query, limit, peer};

pub(super) async fn with_peer(store: &dyn Store) -> (Box<dyn UnitOfWork>, PeerId) {
    let mut uow = begin(store).await;
    let web = peer(1, "web-01");
    uow.peers().insert(&web, &digest("web-01")).await.unwrap();
    (uow, web.id)
}

fn identity(event: &NewEvent) -> (Timestamp, EventId) {
    (event.ts, event.id)
}

fn numbers(page: &Page<SecurityEvent>) -> Vec<u128> {
    page.items.iter().map(|event| event.id.0.as_u128()).collect()
}

async fn found(uow: &mut dyn UnitOfWork, query: EventQuery) -> Vec<u128> {
    numbers(&uow.events().search(&query).await.unwrap())
}

pub async fn a_batch_is_stored_once(store: &dyn Store) {
    let (mut uow, peer) = with_peer(store).await;
    assert!(uow.events().insert_batch(&[]).await.unwrap().is_empty());
    // Minute 110 is another day.
    let batch = [event(2, peer, at(120)), event(1, peer, at(0))];
    assert!(uow.events().insert_batch(&batch).await.unwrap().is_empty());
    uow.commit().await.unwrap();
    let mut uow = begin(store).await;
    let mut again = uow.events().insert_batch(&batch).await.unwrap();
    again.sort_unstable();
    assert_eq!(again, [identity(&batch[1]), identity(&batch[0])]);
    uow.commit().await.unwrap();
    let mut uow = begin(store).await;
    assert_eq!(found(uow.as_mut(), event_query()).await, [2, 1]);
    // The same id at another time is another event.
    assert!(
        uow.events()
            .insert_batch(&[event(1, peer, at(1))])
            .await
            .unwrap()
            .is_empty()
    );
    assert_eq!(found(uow.as_mut(), event_query()).await, [2, 1, 1]);
}

pub async fn twins_inside_a_batch_count_as_duplicates(store: &dyn Store) {
    let (mut uow, peer) = with_peer(store).await;
    let one = event(1, peer, at(0));
    let batch = [one.clone(), event(2, peer, at(0)), one.clone(), one.clone()];
    assert_eq!(
        uow.events().insert_batch(&batch).await.unwrap(),
        [identity(&one), identity(&one)]
    );
    assert_eq!(
        uow.events().insert_batch(&batch[2..]).await.unwrap(),
        [identity(&one), identity(&one)]
    );
    assert_eq!(found(uow.as_mut(), event_query()).await, [2, 1]);
}

pub async fn a_mixed_batch_stores_what_is_new(store: &dyn Store) {
    let (mut uow, peer) = with_peer(store).await;
    let (known, fresh) = (event(1, peer, at(0)), event(2, peer, at(1)));
    uow.events().insert_batch(std::slice::from_ref(&known)).await.unwrap();
    uow.commit().await.unwrap();
    let mut uow = begin(store).await;
    let changed = NewEvent {
        message: "something else".into(),
        ..known.clone()
    };
    let batch = [fresh.clone(), changed, fresh.clone()];
    let mut duplicates = uow.events().insert_batch(&batch).await.unwrap();
    duplicates.sort_unstable();
    assert_eq!(duplicates, [identity(&known), identity(&fresh)]);
    // A second one in the same transaction, and the figures of what was really stored.
    let third = event(3, peer, at(2));
    assert_eq!(
        uow.events().insert_batch(&[third, known.clone()]).await.unwrap(),
        [identity(&known)]
    );
    let rate = uow.events().rate(at(-60), 60).await.unwrap();
    assert_eq!(rate.iter().map(wolfsec::overview::RateBucket::total).sum::<i64>(), 3);
    uow.commit().await.unwrap();
    let mut uow = begin(store).await;
    assert_eq!(found(uow.as_mut(), event_query()).await, [3, 2, 1]);
    assert_eq!(
        uow.events().get(known.ts, known.id).await.unwrap().unwrap().message,
        "event 1"
    );
}

pub async fn hostile_values_are_stored_and_read_back(store: &dyn Store) {
    let (mut uow, peer) = with_peer(store).await;
    let columns = EcsColumns {
        host_name: Some("hôst".into()),
        user_name: Some("O'Brien\\\t\"x\"".into()),
        source_ip: Some("192.0.2.1".into()),
        destination_ip: Some("2001:db8::1".into()),
        process_name: Some("C:\\a\\b.exe".into()),
        event_code: Some("4625".into()),
        event_outcome: Some("failure".into()),
    };
    let logsource = LogSource {
        product: None,
        category: Some(String::new()),
        service: Some("x'; DROP TABLE events; --".into()),
    };
    let rich = NewEvent {
        ts: at(0) + Duration::microseconds(123_457),
        logsource,
        severity: Severity::Critical,
        message: "line\nbreak \\N \\. 😀".into(),
        fields: r#"{"a": {"b": [1, "\\u0000 text", null]}}"#.into(),
        columns,
        time_adjusted: true,
        sanitised: true,
        ..event(1, peer, at(0))
    };
    let bare = NewEvent {
        logsource: LogSource::default(),
        message: String::new(),
        ..event(2, PeerId(uuid::Uuid::from_u128(77)), at(0))
    };
    uow.events().insert_batch(&[rich.clone(), bare.clone()]).await.unwrap();
    uow.commit().await.unwrap();

    let mut uow = begin(store).await;
    let read = uow.events().get(rich.ts, rich.id).await.unwrap().unwrap();
    let json = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap();
    assert_eq!(json(&read.fields), json(&rich.fields));
    let expected = SecurityEvent {
        id: rich.id,
        ts: rich.ts,
        received_at: rich.received_at,
        peer_id: peer,
        peer: "web-01".into(),
        logsource: rich.logsource,
        severity: Severity::Critical,
        message: rich.message,
        fields: read.fields.clone(),
        columns: rich.columns,
        time_adjusted: true,
        sanitised: true,
    };
    assert_eq!(read, expected);
    let unknown = uow.events().get(bare.ts, bare.id).await.unwrap().unwrap();
    assert_eq!(
        (unknown.peer, unknown.logsource),
        (bare.peer.to_string(), LogSource::default())
    );
    assert_eq!(uow.events().get(at(5), rich.id).await.unwrap(), None);
}

pub async fn search_is_bounded_in_time(store: &dyn Store) {
    let (mut uow, peer) = with_peer(store).await;
    let batch: Vec<_> = (0..4_u8)
        .map(|n| event(u128::from(n), peer, at(i64::from(n))))
        .collect();
    uow.events().insert_batch(&batch).await.unwrap();
    let query = EventQuery {
        since: at(1),
        until: at(3),
        ..event_query()
    };
    assert_eq!(found(uow.as_mut(), query.clone()).await, [2, 1]);
    let nothing = EventQuery {
        since: at(-500),
        until: at(0),
        ..query
    };
    assert!(found(uow.as_mut(), nothing).await.is_empty());
}

pub async fn search_pages_without_gaps_or_repeats(store: &dyn Store) {
    let (mut uow, peer) = with_peer(store).await;
    // Several at the same time, and two days.
    let batch: Vec<_> = (0..25_u8)
        .map(|n| event(u128::from(n), peer, at(i64::from(n / 4) * 30)))
        .collect();
    uow.events().insert_batch(&batch).await.unwrap();
    for by_peer in [None, Some("WEB-01".to_owned())] {
        let mut query = EventQuery {
            limit: limit(7),
            peer: by_peer,
            ..event_query()
        };
        let mut all = Vec::new();
        loop {
            let page = uow.events().search(&query).await.unwrap();
            all.extend(numbers(&page));
            let Some(next) = page.next_cursor else { break };
            assert_eq!(page.items.len(), 7);
            query.after = Some(next.parse().unwrap());
        }
        assert_eq!(all, (0..25).rev().collect::<Vec<u128>>());
    }
}

pub async fn search_filters_by_peer_severity_and_words(store: &dyn Store) {
    let (mut uow, web) = with_peer(store).await;
    let db = peer(2, "db-01");
    uow.peers().insert(&db, &digest("db-01")).await.unwrap();
    let with = |n, peer, severity, message: &str| NewEvent {
        severity,
        message: message.into(),
        ..event(n, peer, at(i64::try_from(n).unwrap()))
    };
    let batch = [
        with(1, web, Severity::Low, "Failed password for root"),
        with(2, web, Severity::High, "failed key for jo"),
        with(3, db.id, Severity::Critical, "password changed"),
    ];
    uow.events().insert_batch(&batch).await.unwrap();
    let by = |peer: Option<&str>, min_severity, terms: &[&str]| EventQuery {
        peer: peer.map(Into::into),
        min_severity,
        terms: terms.iter().map(|term| (*term).into()).collect(),
        ..event_query()
    };
    assert_eq!(found(uow.as_mut(), by(Some("DB-01"), None, &[])).await, [3]);
    assert!(found(uow.as_mut(), by(Some("nobody"), None, &[])).await.is_empty());
    assert_eq!(found(uow.as_mut(), by(None, Some(Severity::High), &[])).await, [3, 2]);
    assert_eq!(found(uow.as_mut(), by(None, None, &["FAILED"])).await, [2, 1]);
    assert_eq!(found(uow.as_mut(), by(None, None, &["password", "failed"])).await, [1]);
    assert_eq!(
        found(uow.as_mut(), by(Some("web-01"), Some(Severity::Medium), &["failed"])).await,
        [2]
    );
}

pub async fn metacharacters_are_plain_text(store: &dyn Store) {
    let (mut uow, peer) = with_peer(store).await;
    let messages = ["100% full", "100 full", "a_b", "axb", r"c:\tmp", "it's"];
    let batch: Vec<_> = (1..)
        .zip(messages)
        .map(|(n, message)| NewEvent {
            message: message.into(),
            ..event(n, peer, at(0))
        })
        .collect();
    uow.events().insert_batch(&batch).await.unwrap();
    for (term, number) in [("%", 1), ("_", 3), (r"\", 5), ("'", 6), ("0% f", 1)] {
        let query = EventQuery {
            terms: vec![term.into()],
            ..event_query()
        };
        assert_eq!(found(uow.as_mut(), query).await, [number], "{term}");
    }
}

pub async fn a_preview_is_bounded(store: &dyn Store) {
    let (mut uow, peer) = with_peer(store).await;
    let mut long = event(1, peer, at(1));
    long.message = "ä".repeat(PREVIEW_CHARS + 1);
    let mut full = event(2, peer, at(0));
    full.message = "ö".repeat(PREVIEW_CHARS);
    uow.events().insert_batch(&[long.clone(), full.clone()]).await.unwrap();
    let page = uow.events().preview(&event_query()).await.unwrap();
    let texts: Vec<&str> = page.items.iter().map(|event| event.message.as_str()).collect();
    assert_eq!(texts, [format!("{}…", "ä".repeat(PREVIEW_CHARS)), full.message]);
    assert!(page.items.iter().all(|event| event.fields == "{}"));
    let whole = uow.events().get(long.ts, long.id).await.unwrap().unwrap();
    assert_eq!(whole.message, long.message);
    let found = EventQuery {
        terms: vec!["ä".repeat(3)],
        ..event_query()
    };
    assert_eq!(uow.events().preview(&found).await.unwrap().items.len(), 1);
}

pub async fn a_page_of_large_events_ends_early(store: &dyn Store) {
    let (mut uow, peer) = with_peer(store).await;
    let mut events: Vec<NewEvent> = (1_u8..=4).map(|n| event(n.into(), peer, at(n.into()))).collect();
    for event in &mut events {
        event.message = "m".repeat(MAX_PAGE_BYTES / 3);
    }
    uow.events().insert_batch(&events).await.unwrap();
    let first = uow.events().search(&event_query()).await.unwrap();
    assert_eq!(first.items.len(), 2);
    let rest = EventQuery {
        after: Some(first.next_cursor.unwrap().parse().unwrap()),
        ..event_query()
    };
    let second = uow.events().search(&rest).await.unwrap();
    assert_eq!(second.items.len(), 2);
    assert_eq!(second.next_cursor, None);
    // A page of previews holds them all.
    assert_eq!(uow.events().preview(&event_query()).await.unwrap().items.len(), 4);
}
