//! The audit trail, settings, and transactions themselves.

use wolfsec::audit::{AuditQuery, ChainHead, SealedEntry, canonical_bytes};
use wolfsec::page::Limit;
use wolfsec::ports::{AuditSealer as _, Store, UnitOfWork};

use super::{begin, constraint};
use crate::FakeSealer;
use crate::build::{at, audit_entry, digest, event, event_query, limit, peer, user};

async fn seqs(uow: &mut dyn UnitOfWork, query: AuditQuery) -> Vec<i64> {
    uow.audit()
        .list(&query)
        .await
        .unwrap()
        .into_iter()
        .map(|record| record.seq)
        .collect()
}

/// Appends as the use cases do.
async fn append(uow: &mut dyn UnitOfWork, action: &str, actor: &str) -> SealedEntry {
    let sealer = FakeSealer;
    let head = uow.audit().lock_head().await.unwrap();
    let (count, prev_mac) = head.map_or_else(|| (0, sealer.genesis()), |head| (head.count, head.last_mac));
    let entry = audit_entry(action, actor);
    let bytes = canonical_bytes(&entry);
    let seq = count + 1;
    let mac = sealer.seal(seq, &prev_mac, &bytes);
    let sealed = SealedEntry {
        seq,
        entry,
        bytes,
        prev_mac,
        mac,
    };
    let seal = sealer.seal_head(seq, &mac);
    let head = ChainHead {
        count: seq,
        last_mac: mac,
        seal,
    };
    uow.audit().append(&sealed, &head).await.unwrap();
    sealed
}

pub async fn the_audit_trail_is_appended_and_read(store: &dyn Store) {
    let mut uow = begin(store).await;
    assert_eq!(uow.audit().head().await.unwrap(), None);
    let mut all = Vec::new();
    for (action, actor) in [
        ("alert.commented", "jo"),
        ("alert_x", "jo"),
        ("alert.status_changed", "eve"),
    ] {
        all.push(append(uow.as_mut(), action, actor).await);
    }
    uow.commit().await.unwrap();
    let mut uow = begin(store).await;
    let head = uow.audit().head().await.unwrap().unwrap();
    assert_eq!((head.count, head.last_mac), (3, all[2].mac));
    assert_eq!(uow.audit().lock_head().await.unwrap(), Some(head.clone()));
    assert_eq!(uow.audit().sealed_after(0, limit(2)).await.unwrap(), all[..2]);
    assert_eq!(uow.audit().sealed_after(2, limit(9)).await.unwrap(), all[2..]);

    let any = AuditQuery::default;
    assert_eq!(seqs(uow.as_mut(), any()).await, [3, 2, 1]);
    let action = Some("alert.".to_owned());
    assert_eq!(seqs(uow.as_mut(), AuditQuery { action, ..any() }).await, [3, 1]);
    let action = Some("alert_".to_owned());
    assert_eq!(seqs(uow.as_mut(), AuditQuery { action, ..any() }).await, [2]);
    let actor = Some("jo".to_owned());
    assert_eq!(seqs(uow.as_mut(), AuditQuery { actor, ..any() }).await, [2, 1]);
    let before_seq = Some(3);
    let limit = Limit::new(1).unwrap();
    assert_eq!(
        seqs(
            uow.as_mut(),
            AuditQuery {
                before_seq,
                limit,
                ..any()
            }
        )
        .await,
        [2]
    );
    assert_eq!(uow.audit().list(&any()).await.unwrap()[2].entry, all[0].entry);
    assert_eq!(constraint(uow.audit().append(&all[0], &head).await), "audit_log_pkey");
}

pub async fn settings_are_set_and_removed(store: &dyn Store) {
    let mut uow = begin(store).await;
    assert_eq!(uow.settings().get("a").await.unwrap(), None);
    uow.settings().set("a", "1").await.unwrap();
    uow.settings().set("a", "2").await.unwrap();
    assert_eq!(uow.settings().get("a").await.unwrap().as_deref(), Some("2"));
    uow.settings().remove("a").await.unwrap();
    uow.settings().remove("a").await.unwrap();
    assert_eq!(uow.settings().get("a").await.unwrap(), None);
}

pub async fn dropping_a_unit_of_work_leaves_nothing(store: &dyn Store) {
    let web = peer(1, "web-01");
    {
        let mut uow = begin(store).await;
        uow.users().insert(&user(1, "jo"), "hash").await.unwrap();
        uow.peers().insert(&web, &digest("web-01")).await.unwrap();
        uow.events().insert_batch(&[event(1, web.id, at(0))]).await.unwrap();
        append(uow.as_mut(), "alert.commented", "jo").await;
        uow.settings().set("a", "1").await.unwrap();
    }
    let mut uow = begin(store).await;
    assert!(uow.users().list().await.unwrap().is_empty());
    assert_eq!(uow.peers().get(web.id).await.unwrap(), None);
    assert!(uow.events().search(&event_query()).await.unwrap().items.is_empty());
    assert_eq!(uow.events().last_received_at().await.unwrap(), None);
    assert_eq!(uow.audit().head().await.unwrap(), None);
    assert_eq!(uow.settings().get("a").await.unwrap(), None);
    // What the lost transaction had learnt is not believed.
    uow.peers().insert(&web, &digest("web-01")).await.unwrap();
    uow.events().insert_batch(&[event(1, web.id, at(0))]).await.unwrap();
    uow.commit().await.unwrap();
    assert_eq!(
        begin(store)
            .await
            .events()
            .search(&event_query())
            .await
            .unwrap()
            .items
            .len(),
        1
    );
}
