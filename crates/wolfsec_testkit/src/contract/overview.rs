//! The overview's figures.

use wolfsec::attack::Tactic;
use wolfsec::overview::{
    AlertMark, IngestFigures, IngestMeasure, Measured, RaisedCount, RankedEntity, RankedRule, Visit, WaitingCount,
    step_end, step_of,
};
use wolfsec::peers::PeerStatus;
use wolfsec::ports::Store;
use wolfsec::severity::Severity;

use super::alerts_work::three;
use super::begin;
use super::events::with_peer;
use crate::build::{at, digest, entity, event, peer, user};

pub async fn what_waits_is_counted_for_a_person(store: &dyn Store) {
    let mut uow = three(store).await;
    let high = WaitingCount {
        severity: Severity::High,
        open: 1,
        mine: 0,
        oldest: Some(at(1000)),
    };
    let low = WaitingCount {
        severity: Severity::Low,
        open: 0,
        mine: 1,
        oldest: None,
    };
    assert_eq!(uow.overview().waiting(None).await.unwrap(), [high]);
    let jo = Some(user(5, "jo").id);
    assert_eq!(uow.overview().waiting(jo).await.unwrap(), [high, low]);
    let raised = RaisedCount {
        alerts: 3,
        severe: 2,
        capped: false,
    };
    assert_eq!(uow.overview().raised_since(at(1000)).await.unwrap(), raised);
    assert_eq!(uow.overview().raised_since(at(1001)).await.unwrap().alerts, 0);
}

pub async fn alerts_are_counted_by_what_they_are_about(store: &dyn Store) {
    let mut uow = three(store).await;
    let figures = uow.overview().alert_figures(at(5), 15).await.unwrap();
    assert_eq!((figures.alerts, figures.capped), (2, false));
    let mark = |minute, worst| AlertMark {
        start: at(minute),
        count: 1,
        worst,
    };
    // Buckets begin on the clock: 22:15 is five minutes after the first of these.
    assert_eq!(figures.marks, [mark(5, Severity::Low), mark(20, Severity::Critical)]);
    assert_eq!(figures.tactics, [(Tactic::CredentialAccess, 2)]);
    let rule = |id: &str, severity| RankedRule {
        rule_id: id.into(),
        title: "Something happened".into(),
        severity,
        alerts: 1,
        occurrences: 1,
    };
    assert_eq!(
        figures.rules,
        [rule("rule-a", Severity::Critical), rule("rule-b", Severity::Low)]
    );
    let web = RankedEntity {
        entity: entity("host", "web-01"),
        alerts: 2,
    };
    assert_eq!(figures.entities, [web]);
    assert_eq!(uow.overview().alert_figures(at(21), 15).await.unwrap().alerts, 0);
}

pub async fn the_fleet_is_counted_by_status(store: &dyn Store) {
    let mut uow = begin(store).await;
    let mut heard = peer(1, "b");
    heard.last_seen = Some(at(9));
    uow.peers().insert(&heard, &digest("b")).await.unwrap();
    uow.peers().insert(&peer(2, "A"), &digest("a")).await.unwrap();
    let fleet = uow.overview().fleet(at(9)).await.unwrap();
    assert_eq!(fleet.counts, [(PeerStatus::Pending, 1), (PeerStatus::Online, 1)]);
    let names: Vec<&str> = fleet.peers.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["A", "b"]);
}

pub async fn measurements_add_up_until_they_are_forgotten(store: &dyn Store) {
    let mut uow = begin(store).await;
    assert_eq!(
        uow.overview().ingest(at(0), at(0)).await.unwrap(),
        IngestFigures::default()
    );
    let measured = |measure, minute, step, count| Measured {
        measure,
        minute: at(minute),
        step,
        count,
    };
    let slow = step_of(60_000);
    for _ in 0..2 {
        uow.overview()
            .add_measured(&[
                measured(IngestMeasure::Lag, 10, step_of(900), 50),
                measured(IngestMeasure::Lag, 9, slow, 50),
                measured(IngestMeasure::Detection, 10, step_of(12), 1),
                measured(IngestMeasure::Reject, 3, 0, 2),
            ])
            .await
            .unwrap();
    }
    let figures = uow.overview().ingest(at(10), at(0)).await.unwrap();
    assert_eq!(figures.lag_p95, Some(step_end(step_of(900))));
    assert_eq!(figures.detection_p95, Some(step_end(step_of(12))));
    assert_eq!(figures.rejects, 4);
    assert_eq!(
        uow.overview().ingest(at(9), at(4)).await.unwrap().lag_p95,
        Some(step_end(slow))
    );
    uow.overview().forget_measured(at(10)).await.unwrap();
    let left = uow.overview().ingest(at(0), at(0)).await.unwrap();
    assert_eq!((left.lag_p95, left.rejects), (figures.lag_p95, 0));
}

pub async fn storage_is_what_the_store_says(store: &dyn Store) {
    let (mut uow, peer) = with_peer(store).await;
    let empty = uow.overview().storage().await.unwrap();
    assert_eq!((empty.days, empty.oldest_day, empty.last_event_at), (0, None, None));
    let events = [event(1, peer, at(0)), event(2, peer, at(200))];
    uow.events().insert_batch(&events).await.unwrap();
    let storage = uow.overview().storage().await.unwrap();
    assert!(storage.bytes > empty.bytes);
    assert_eq!((storage.days, storage.oldest_day), (2, Some(at(0).date_naive())));
    assert_eq!(storage.last_event_at, Some(events[1].received_at));
}

pub async fn visits_are_kept(store: &dyn Store) {
    let mut uow = begin(store).await;
    let jo = user(5, "jo");
    uow.users().insert(&jo, "hash").await.unwrap();
    assert_eq!(uow.overview().visit(jo.id).await.unwrap(), None);
    for before in [None, Some(at(1))] {
        let visit = Visit {
            last_at: at(50),
            before,
        };
        uow.overview().set_visit(jo.id, &visit).await.unwrap();
        assert_eq!(uow.overview().visit(jo.id).await.unwrap(), Some(visit));
    }
}
