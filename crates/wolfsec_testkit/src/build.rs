//! Valid values with few words; tests change what they are about.

use chrono::Duration;
use uuid::Uuid;
use wolfsec::Timestamp;
use wolfsec::alerts::{Evidence, Finding};
use wolfsec::attack::Tactic;
use wolfsec::audit::{AuditActor, NewAuditEntry};
use wolfsec::detection::{CorrelationHit, Entity, SelectionMatch};
use wolfsec::events::{EcsColumns, EventQuery, LogSource, NewEvent};
use wolfsec::identity::{ApiToken, Role, Session, User};
use wolfsec::ids::{ApiTokenId, EnrolmentId, EventId, PeerId, SessionId, UserId};
use wolfsec::page::Limit;
use wolfsec::peers::{DEFAULT_INTERVAL_SECONDS, ENROLMENT_HOURS, Enrolment, MetricSample, Peer, PeerMark, PeerSample};
use wolfsec::ports::Digest;
use wolfsec::rules::{Rule, RuleKind, RuleOrigin, RuleState};
use wolfsec::severity::Severity;

/// So many minutes after 2023-11-14 22:10 UTC; 110 minutes later a new day begins.
pub fn at(minutes: i64) -> Timestamp {
    Timestamp::from_timestamp(1_699_999_800, 0).unwrap() + Duration::minutes(minutes)
}

pub fn digest(text: &str) -> Digest {
    scramble(&[text.as_bytes()])
}

/// 32 bytes that depend on every part (FNV-1a, four times with different starts).
pub(crate) fn scramble(parts: &[&[u8]]) -> [u8; 32] {
    let mut out = [0; 32];
    for (lane, chunk) in (1_u64..).zip(out.chunks_exact_mut(8)) {
        let mut hash = 0xcbf2_9ce4_8422_2325_u64.wrapping_mul(lane);
        for part in parts {
            for &byte in *part {
                hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
            }
            hash = (hash ^ part.len() as u64).wrapping_mul(0x0100_0000_01b3);
        }
        chunk.copy_from_slice(&hash.to_be_bytes());
    }
    out
}

pub fn limit(rows: u16) -> Limit {
    Limit::new(rows).unwrap()
}

pub fn user(n: u128, name: &str) -> User {
    User {
        id: UserId(Uuid::from_u128(n)),
        name: name.into(),
        role: Role::Viewer,
        enabled: true,
        created_at: at(0),
        last_sign_in: None,
    }
}

pub fn session(n: u128, user: UserId) -> Session {
    Session {
        id: SessionId(Uuid::from_u128(n)),
        user_id: user,
        created_at: at(0),
        last_used_at: at(0),
        address: "192.0.2.7".into(),
        user_agent: "browser".into(),
    }
}

pub fn token(n: u128, name: &str) -> ApiToken {
    ApiToken {
        id: ApiTokenId(Uuid::from_u128(n)),
        name: name.into(),
        role: Role::Viewer,
        created_at: at(0),
        expires_at: None,
        last_used_at: None,
        revoked_at: None,
    }
}

pub fn peer(n: u128, name: &str) -> Peer {
    Peer {
        id: PeerId(Uuid::from_u128(n)),
        name: name.into(),
        mark: PeerMark::Active,
        interval_seconds: DEFAULT_INTERVAL_SECONDS,
        enrolled_at: at(0),
        last_seen: None,
        address: None,
        event_count: 0,
        reject_count: 0,
    }
}

/// A sample with nothing but its time.
pub fn sample(peer: PeerId, at: Timestamp) -> PeerSample {
    let sample = MetricSample {
        at,
        ..MetricSample::default()
    };
    PeerSample { peer, sample }
}

pub fn enrolment(n: u128) -> Enrolment {
    Enrolment {
        id: EnrolmentId(Uuid::from_u128(n)),
        created_at: at(0),
        expires_at: at(0) + Duration::hours(ENROLMENT_HOURS),
        created_by: "admin".into(),
        used_at: None,
    }
}

pub fn event(n: u128, peer: PeerId, ts: Timestamp) -> NewEvent {
    NewEvent {
        id: EventId(Uuid::from_u128(n)),
        ts,
        received_at: ts + Duration::seconds(2),
        peer,
        logsource: LogSource {
            product: Some("linux".into()),
            category: None,
            service: Some("sshd".into()),
        },
        severity: Severity::Low,
        message: format!("event {n}"),
        fields: format!(r#"{{"n":{n}}}"#),
        columns: EcsColumns::default(),
        time_adjusted: false,
        sanitised: false,
    }
}

/// Everything around [`at`]`(0)`.
pub fn event_query() -> EventQuery {
    EventQuery {
        since: at(0) - Duration::days(2),
        until: at(0) + Duration::days(2),
        peer: None,
        min_severity: None,
        terms: Vec::new(),
        limit: limit(50),
        after: None,
    }
}

pub fn hit(n: u128, peer: PeerId, ts: Timestamp) -> CorrelationHit {
    CorrelationHit {
        event_id: EventId(Uuid::from_u128(n)),
        ts,
        peer,
        rule_ids: vec!["rule-a".into(), "rule-b".into()],
        fields: r#"{"user":"jo"}"#.into(),
    }
}

pub fn entity(kind: &str, value: &str) -> Entity {
    Entity {
        kind: kind.into(),
        value: value.into(),
    }
}

pub fn evidence(n: u128, ts: Timestamp) -> Evidence {
    Evidence {
        event_id: EventId(Uuid::from_u128(n)),
        ts,
        message: format!("event {n}"),
        fields: "{}".into(),
        matched: vec![SelectionMatch {
            selection: "selection".into(),
            fields: Vec::new(),
        }],
    }
}

/// A finding on one event of its own, for which `n` stands.
pub fn finding(key: &str, peer: PeerId, n: u128, ts: Timestamp) -> Finding {
    Finding {
        key: key.into(),
        peer,
        ts,
        rule_id: "rule-a".into(),
        title: "Something happened".into(),
        severity: Severity::High,
        techniques: vec!["T1110.001".into()],
        tactics: vec![Tactic::CredentialAccess],
        entities: vec![entity("host", "web-01")],
        evidence: vec![evidence(n, ts)],
    }
}

pub fn rule(id: &str, title: &str) -> Rule {
    Rule {
        id: id.into(),
        title: title.into(),
        description: "what it finds".into(),
        author: "somebody".into(),
        license: String::new(),
        level: Severity::Medium,
        kind: RuleKind::Detection,
        origin: RuleOrigin::Bundled,
        state: RuleState::Usable,
        reason: String::new(),
        enabled: true,
        version: 1,
        logsource: "linux//sshd".into(),
        techniques: vec!["T1110".into()],
        tactics: vec![Tactic::CredentialAccess],
        false_positives: vec!["Somebody at work".into()],
        references: vec!["https://example.org/a".into(), "https://example.org/b".into()],
        pack: String::new(),
        path: format!("rules/{id}.yml"),
        yaml: format!("title: {title}\n"),
        updated_at: at(0),
    }
}

pub fn audit_entry(action: &str, actor: &str) -> NewAuditEntry {
    NewAuditEntry {
        at: at(0),
        actor: AuditActor {
            kind: "user".into(),
            name: actor.into(),
            address: Some("192.0.2.7".into()),
        },
        action: action.into(),
        object_kind: "alert".into(),
        object: "1".into(),
        success: true,
        changes: vec![wolfsec::audit::Change::new("status", Some("open"), None)],
        note: "because".into(),
    }
}
