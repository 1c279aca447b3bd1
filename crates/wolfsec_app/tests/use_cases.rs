//! Use cases on the in-memory store, with a clock that stands still until it is moved.

#![allow(clippy::unwrap_used, reason = "a test ends with the panic")]

mod support;

use std::sync::Arc;

use chrono::Duration;
use wolfsec::alerts::{AlertQuery, AlertStatus, Resolution, StatusChange};
use wolfsec::detection::{AnalysedEvent, CorrelationHit, CorrelationMatch, Correlator, RuleMatch};
use wolfsec::identity::Role;
use wolfsec::ids::PeerId;
use wolfsec::ports::IngestRequest;
use wolfsec::severity::Severity;
use wolfsec_app::alerts::ChangeStatusError;
use wolfsec_app::events::{AnalysedRequest, StoredBatch};
use wolfsec_app::identity::ClientInfo;
use wolfsec_app::{Caller, FailureKind, UseCases};
use wolfsec_testkit::{FixedClock, MemoryStore, build};

use support::PASSWORD;

struct World {
    use_cases: UseCases,
    clock: Arc<FixedClock>,
}

fn world() -> World {
    let (use_cases, clock) = support::use_cases(MemoryStore::new());
    World { use_cases, clock }
}

/// Counts what it is fed; fires never.
#[derive(Default)]
struct Silent(usize);

impl Correlator for Silent {
    fn feed(&mut self, hits: &[CorrelationHit]) -> Vec<CorrelationMatch> {
        self.0 += hits.len();
        Vec::new()
    }
    fn replay(&mut self, _hits: &[CorrelationHit]) {}
    fn longest_window_seconds(&self) -> i64 {
        0
    }
}

fn request(peer: PeerId, body: &str, events: &[u128], matching: bool) -> AnalysedRequest {
    let events = events.iter().map(|&n| {
        let event = build::event(n, peer, build::at(590));
        let hit = build::hit(n, peer, build::at(590));
        let rule_match = RuleMatch {
            rule_id: "rule-1".into(),
            title: "Found".into(),
            severity: Severity::High,
            techniques: Vec::new(),
            tactics: Vec::new(),
            selections: Vec::new(),
            group_by: Vec::new(),
            contributing: Vec::new(),
        };
        let hit = CorrelationHit {
            event_id: event.id,
            ts: event.ts,
            ..hit
        };
        let matches = if matching { vec![rule_match] } else { Vec::new() };
        AnalysedEvent {
            line: 1,
            event,
            matches,
            hit: matching.then_some(hit),
        }
    });
    AnalysedRequest {
        request: IngestRequest {
            peer,
            body_digest: build::digest(body),
            received_at: build::at(600),
        },
        address: None,
        events: events.collect(),
        rejects: Vec::new(),
    }
}

async fn store(world: &World, requests: Vec<AnalysedRequest>, correlator: &mut Silent) -> StoredBatch {
    world.use_cases.store_batch(requests, correlator).await.unwrap()
}

async fn peer(world: &World) -> PeerId {
    world
        .use_cases
        .add_peer(&Caller::command_line(), "web-01")
        .await
        .unwrap()
        .peer
        .id
}

#[tokio::test]
async fn only_what_was_inserted_counts_for_alerts_and_correlations() {
    let world = world();
    let peer = peer(&world).await;
    let mut correlator = Silent::default();
    let first = store(&world, vec![request(peer, "a", &[1, 2], true)], &mut correlator).await;
    assert_eq!(
        (first.outcomes[0].answer.accepted, first.raised.len(), correlator.0),
        (2, 1, 2)
    );
    // The same body twice at once, one event of it new; and a replay of the first.
    let requests = vec![
        request(peer, "b", &[2, 3], true),
        request(peer, "b", &[2, 3], true),
        request(peer, "a", &[1, 2], true),
    ];
    let second = store(&world, requests, &mut correlator).await;
    let told: Vec<(u64, u64)> = second
        .outcomes
        .iter()
        .map(|outcome| (outcome.answer.accepted, outcome.answer.duplicates))
        .collect();
    assert_eq!(told, [(1, 1), (0, 2), (0, 2)]);
    let by_line: Vec<Vec<bool>> = second
        .outcomes
        .iter()
        .map(|outcome| outcome.lines.iter().map(|line| line.duplicate).collect())
        .collect();
    assert_eq!(by_line, [vec![true, false], vec![true, true], vec![true, true]]);
    assert_eq!(
        (second.events, second.raised.len(), second.alerts_repeated, correlator.0),
        (1, 0, 1, 3)
    );
    let alerts = world
        .use_cases
        .list_alerts(&Caller::command_line(), &AlertQuery::default())
        .await
        .unwrap()
        .items;
    assert_eq!(alerts.iter().map(|alert| alert.count).collect::<Vec<_>>(), [3]);
}

#[tokio::test]
async fn a_repeat_after_resolving_is_a_new_alert_that_names_the_old_one() {
    let world = world();
    let peer = peer(&world).await;
    let admin = Caller::command_line();
    store(&world, vec![request(peer, "a", &[1], true)], &mut Silent::default()).await;
    let alert = world
        .use_cases
        .list_alerts(&admin, &AlertQuery::default())
        .await
        .unwrap()
        .items
        .remove(0);
    let change = |to, resolution, version| StatusChange {
        to,
        resolution,
        note: String::new(),
        seen_version: Some(version),
    };
    let done = change(AlertStatus::Resolved, Some(Resolution::Benign), alert.version);
    world
        .use_cases
        .change_alert_status(&admin, alert.id, &done)
        .await
        .unwrap();
    let late = world.use_cases.change_alert_status(&admin, alert.id, &done).await;
    assert!(matches!(late, Err(ChangeStatusError::Stale(current)) if current.status == AlertStatus::Resolved));
    store(&world, vec![request(peer, "b", &[2], true)], &mut Silent::default()).await;
    let alerts = world
        .use_cases
        .list_alerts(&admin, &AlertQuery::default())
        .await
        .unwrap()
        .items;
    assert_eq!(alerts.len(), 2);
    let fresh = alerts.iter().find(|other| other.id != alert.id).unwrap();
    assert_eq!((fresh.previous, fresh.status), (Some(alert.id), AlertStatus::Open));
    assert!(world.use_cases.verify_audit(&admin).await.unwrap().is_intact());
}

#[tokio::test]
async fn a_session_ends_idle_and_a_disabled_user_is_out_at_once() {
    let world = world();
    let admin = Caller::command_line();
    world
        .use_cases
        .add_user(&admin, "ada", Role::Admin, PASSWORD.into())
        .await
        .unwrap();
    let jo = world
        .use_cases
        .add_user(&admin, "jo", Role::Viewer, PASSWORD.into())
        .await
        .unwrap();
    let client = ClientInfo::default();
    let token = world.use_cases.sign_in("JO", PASSWORD.into(), &client).await.unwrap();
    let signed_in = world
        .use_cases
        .authenticate_session(&token, None)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(signed_in.user.name, "jo");
    let refused = world
        .use_cases
        .add_user(&signed_in.caller, "eve", Role::Admin, PASSWORD.into())
        .await
        .unwrap_err();
    assert_eq!(refused.kind, FailureKind::Forbidden);
    world.clock.advance(Duration::minutes(30));
    assert!(
        world
            .use_cases
            .authenticate_session(&token, None)
            .await
            .unwrap()
            .is_none()
    );
    let token = world.use_cases.sign_in("jo", PASSWORD.into(), &client).await.unwrap();
    world.use_cases.set_user_enabled(&admin, jo.id, false).await.unwrap();
    assert!(
        world
            .use_cases
            .authenticate_session(&token, None)
            .await
            .unwrap()
            .is_none()
    );
    assert!(world.use_cases.sign_in("jo", PASSWORD.into(), &client).await.is_err());
}

#[tokio::test]
async fn an_open_page_keeps_no_session_alive() {
    let world = world();
    let admin = Caller::command_line();
    world
        .use_cases
        .add_user(&admin, "jo", Role::Viewer, PASSWORD.into())
        .await
        .unwrap();
    let client = ClientInfo::default();
    let token = world.use_cases.sign_in("jo", PASSWORD.into(), &client).await.unwrap();
    let look = async || world.use_cases.look_at_session(&token, None).await.unwrap();
    let session = look().await.unwrap().caller.session_id().unwrap();
    for _ in 0..2 {
        world.clock.advance(Duration::minutes(14));
        assert!(look().await.is_some());
        assert_eq!(world.use_cases.live_sessions(&[session]).await.unwrap(), [session]);
    }
    world.clock.advance(Duration::minutes(2));
    assert!(look().await.is_none(), "half an hour without a person");
    assert!(world.use_cases.live_sessions(&[session]).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_page_counts_what_was_committed_after_it() {
    let world = world();
    let admin = Caller::command_line();
    let peer = peer(&world).await;
    let start = world.use_cases.live_cursor(&admin).await.unwrap();
    store(&world, vec![request(peer, "a", &[1], true)], &mut Silent::default()).await;
    let since = world.use_cases.live_since(&admin, Some(start)).await.unwrap();
    assert_eq!((since.new, since.changed, since.complete), (1, 0, true));
    let from_now = world.use_cases.live_since(&admin, None).await.unwrap();
    assert_eq!((from_now.new, from_now.cursor), (0, since.cursor));
    let sample = world.use_cases.live_sample().await.unwrap();
    assert_eq!(
        (sample.head, sample.counts.open_total(), sample.totals.events),
        (since.cursor, 1, 1)
    );
}

#[tokio::test]
async fn the_last_admin_stays_one() {
    let world = world();
    let admin = Caller::command_line();
    let ada = world
        .use_cases
        .add_user(&admin, "ada", Role::Admin, PASSWORD.into())
        .await
        .unwrap();
    for outcome in [
        world.use_cases.set_user_role(&admin, ada.id, Role::Viewer).await,
        world.use_cases.set_user_enabled(&admin, ada.id, false).await,
    ] {
        assert_eq!(outcome.unwrap_err().kind, FailureKind::Invalid);
    }
    world
        .use_cases
        .add_user(&admin, "bo", Role::Admin, PASSWORD.into())
        .await
        .unwrap();
    world
        .use_cases
        .set_user_role(&admin, ada.id, Role::Viewer)
        .await
        .unwrap();
}

#[tokio::test]
async fn an_enrolment_token_grows_old() {
    let world = world();
    let (token, _) = world.use_cases.create_enrolment(&Caller::command_line()).await.unwrap();
    world.clock.advance(Duration::hours(24) + Duration::seconds(1));
    let refused = world.use_cases.enrol_peer(&token, "web-01", None).await.unwrap_err();
    assert_eq!(refused.kind, FailureKind::Unauthenticated);
}

#[tokio::test]
async fn guessing_waits_longer_each_time() {
    let world = world();
    world
        .use_cases
        .add_user(&Caller::command_line(), "ada", Role::Admin, PASSWORD.into())
        .await
        .unwrap();
    let client = ClientInfo {
        address: Some("192.0.2.1".into()),
        ..ClientInfo::default()
    };
    for _ in 0..5 {
        let wrong = world
            .use_cases
            .sign_in("ada", "wrong".into(), &client)
            .await
            .unwrap_err();
        assert_eq!(wrong.kind, FailureKind::Unauthenticated);
    }
    let slowed = world
        .use_cases
        .sign_in("ada", PASSWORD.into(), &client)
        .await
        .unwrap_err();
    assert_eq!((slowed.kind, slowed.retry_after), (FailureKind::TooFast, Some(2)));
    world.clock.advance(Duration::seconds(2));
    world.use_cases.sign_in("ada", PASSWORD.into(), &client).await.unwrap();
}

#[tokio::test]
async fn the_largest_page_still_leads_to_the_next_one() {
    let world = world();
    let admin = Caller::command_line();
    for n in 0..1001 {
        world.use_cases.add_peer(&admin, &format!("peer-{n:04}")).await.unwrap();
    }
    let limit = wolfsec::page::Limit::new(1000).unwrap();
    let first = world.use_cases.list_peers(&admin, None, limit).await.unwrap();
    assert_eq!(
        (first.items.len(), first.next_cursor.as_deref()),
        (1000, Some("peer-0999"))
    );
    let rest = world
        .use_cases
        .list_peers(&admin, Some("peer-0999"), limit)
        .await
        .unwrap();
    assert_eq!((rest.items.len(), rest.next_cursor), (1, None));
}

const IMPORT: &str = "a.yml=usable id-a\nb.yml=needs_values id-b\nc.yml=a broken one";

async fn import(world: &World, archive: &str, enable: bool) -> wolfsec::rules::RuleImport {
    let caller = Caller::command_line();
    let archive = archive.as_bytes().to_vec();
    world
        .use_cases
        .import_rule_archive(&caller, "pack".to_owned(), archive, enable)
        .await
        .unwrap()
}

#[tokio::test]
async fn an_import_switches_on_what_can_run_names_the_rest_and_changes_nothing_twice() {
    let world = world();
    let caller = Caller::command_line();
    let first = import(&world, IMPORT, true).await;
    assert_eq!((first.used, first.needs_values, first.refused), (1, 1, 1));
    assert_eq!((first.added, first.changed), (2, 0));
    let refused: Vec<_> = first.refused_files().collect();
    assert_eq!(
        (refused[0].path.as_str(), refused[0].reason.as_str()),
        ("c.yml", "a broken one")
    );
    assert!(world.use_cases.get_rule(&caller, "id-a").await.unwrap().enabled);
    assert!(!world.use_cases.get_rule(&caller, "id-b").await.unwrap().enabled);
    world.use_cases.switch_rule(&caller, "id-a", false).await.unwrap();
    let revision = world.use_cases.rules_revision().await.unwrap();
    let second = import(&world, IMPORT, true).await;
    assert_eq!((second.used, second.added, second.changed), (1, 0, 0));
    assert_eq!(world.use_cases.rules_revision().await.unwrap(), revision);

    let third = import(&world, "a.yml=usable id-a but newer\nd.yml=usable id-d", false).await;
    assert_eq!((third.added, third.changed), (1, 1));
    let changed = world.use_cases.get_rule(&caller, "id-a").await.unwrap();
    assert_eq!(
        (changed.enabled, changed.yaml.as_str()),
        (false, "usable id-a but newer")
    );
    assert!(!world.use_cases.get_rule(&caller, "id-d").await.unwrap().enabled);
    assert_eq!(world.use_cases.get_rule_import(&caller, third.id).await.unwrap(), third);
    let trail = world
        .use_cases
        .list_audit(&caller, &wolfsec::audit::AuditQuery::default())
        .await
        .unwrap();
    let imports: Vec<_> = trail
        .iter()
        .filter(|record| record.entry.action == "rules.imported")
        .collect();
    assert_eq!(imports.len(), 3);
    assert_eq!(
        imports[2].entry.note,
        "1 used, 1 need values, 1 refused; 2 new, 0 changed"
    );
}

#[tokio::test]
async fn an_import_leaves_other_rules_alone_and_an_unreadable_pack_changes_nothing() {
    let world = world();
    let caller = Caller::command_line();
    world
        .use_cases
        .sync_rules(&[build::rule("id-a", "Bundled")])
        .await
        .unwrap();
    let taken = import(&world, IMPORT, true).await;
    assert_eq!((taken.used, taken.refused), (0, 2));
    assert!(
        taken
            .refused_files()
            .any(|file| file.reason == "a bundled rule has the id id-a")
    );
    assert_eq!(
        world.use_cases.get_rule(&caller, "id-a").await.unwrap().title,
        "Bundled"
    );

    let revision = world.use_cases.rules_revision().await.unwrap();
    let broken = world
        .use_cases
        .import_rule_archive(&caller, "pack".to_owned(), vec![0xff], true)
        .await
        .unwrap();
    assert_eq!((broken.failure.as_str(), broken.used), ("not an archive", 0));
    assert_eq!(world.use_cases.rules_revision().await.unwrap(), revision);
    assert_eq!(world.use_cases.list_rule_imports(&caller).await.unwrap().len(), 2);
}

#[tokio::test]
async fn ingest_is_measured_once_and_a_visit_remembered() {
    use wolfsec::events::{RejectCode, RejectedLine};
    use wolfsec::overview::{OverviewRange, step_end, step_of};
    let world = world();
    let peer = peer(&world).await;
    let caller = Caller::command_line();
    let view = world.use_cases.overview(&caller, OverviewRange::Day).await.unwrap();
    assert_eq!(
        (view.ingest.lag_p95, view.ingest.detection_p95, view.ingest.rejects),
        (None, None, 0)
    );
    let mut first = request(peer, "a", &[1, 2], true);
    first.rejects.push(RejectedLine {
        line: 3,
        code: RejectCode::MalformedJson,
        reason: "no".into(),
        sample: String::new(),
    });
    first.request.received_at = build::at(599);
    let mut again = request(peer, "a", &[1, 2], true);
    again.request.received_at = build::at(600);
    store(&world, vec![first, again], &mut Silent::default()).await;
    let view = world.use_cases.overview(&caller, OverviewRange::Day).await.unwrap();
    // Events come two seconds after they happened; the request waited a minute.
    assert_eq!(view.ingest.lag_p95, Some(step_end(step_of(2_000))));
    assert_eq!(view.ingest.detection_p95, Some(step_end(step_of(60_000))));
    assert_eq!(view.ingest.rejects, 1, "a replay rejects nothing anew");
    assert_eq!(view.since_visit, None, "a program makes no visits");

    world
        .use_cases
        .add_user(&caller, "ola", Role::Operator, PASSWORD.into())
        .await
        .unwrap();
    let look = async || {
        let client = ClientInfo::default();
        let token = world.use_cases.sign_in("ola", PASSWORD.into(), &client).await.unwrap();
        let ola = world
            .use_cases
            .authenticate_session(&token, None)
            .await
            .unwrap()
            .unwrap();
        let view = world
            .use_cases
            .overview(&ola.caller, OverviewRange::Hour)
            .await
            .unwrap();
        view.since_visit
    };
    world.clock.set(build::at(601));
    assert_eq!(look().await, None, "the first visit");
    world.clock.set(build::at(640));
    store(&world, vec![request(peer, "b", &[3], true)], &mut Silent::default()).await;
    let (since, raised) = look().await.unwrap();
    assert_eq!((since, raised.alerts), (build::at(601), 0), "a repeat is no new alert");
}
