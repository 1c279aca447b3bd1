//! Code and schema cannot drift: every enum's spellings are those of a check constraint.

use std::collections::BTreeSet;

use sqlx::{Connection as _, PgConnection};
use wolfsec::alerts::{ActivityKind, AlertStatus, Resolution};
use wolfsec::attack::Tactic;
use wolfsec::events::RejectCode;
use wolfsec::identity::Role;
use wolfsec::overview::IngestMeasure;
use wolfsec::peers::PeerMark;
use wolfsec::rules::{RuleKind, RuleOrigin, RuleState};
use wolfsec::severity::Severity;

use crate::database::with_database;

/// The texts that a constraint names.
async fn spellings(connection: &mut PgConnection, constraint: &str) -> BTreeSet<String> {
    let definition: String = sqlx::query_scalar(
        "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = $1 AND conparentid = 0",
    )
    .bind(constraint)
    .fetch_one(connection)
    .await
    .unwrap();
    definition
        .split('\'')
        .skip(1)
        .step_by(2)
        .map(ToOwned::to_owned)
        .collect()
}

fn slugs<T: Copy>(all: &[T], as_str: fn(T) -> &'static str) -> BTreeSet<String> {
    all.iter().map(|value| as_str(*value).to_owned()).collect()
}

#[tokio::test]
async fn enums_and_check_constraints_have_the_same_spellings() {
    with_database(|database| async move {
        let mut connection = database.connection("wolfsec_owner").await;
        let roles = slugs(Role::ALL, Role::as_str);
        let resolutions = slugs(Resolution::ALL, Resolution::as_str);
        let actors = ["user", "api_token", "peer", "command_line", "system", "anonymous"];
        for (constraint, expected) in [
            ("users_role_check", roles.clone()),
            ("api_tokens_role_check", roles),
            ("peers_mark_check", slugs(PeerMark::ALL, PeerMark::as_str)),
            ("peer_rejects_code_check", slugs(RejectCode::ALL, RejectCode::as_str)),
            ("rules_kind_check", slugs(RuleKind::ALL, RuleKind::as_str)),
            ("rules_origin_check", slugs(RuleOrigin::ALL, RuleOrigin::as_str)),
            ("rules_state_check", slugs(RuleState::ALL, RuleState::as_str)),
            ("alerts_tactics_check", slugs(Tactic::ALL, Tactic::as_str)),
            (
                "ingest_measures_measure_check",
                slugs(IngestMeasure::ALL, IngestMeasure::as_str),
            ),
            ("alerts_status_check", slugs(AlertStatus::ALL, AlertStatus::as_str)),
            ("alerts_resolution_check", resolutions.clone()),
            ("alert_activity_resolution_check", resolutions),
            (
                "alert_activity_kind_check",
                slugs(ActivityKind::ALL, ActivityKind::as_str),
            ),
            ("audit_log_actor_kind_check", actors.map(ToOwned::to_owned).into()),
        ] {
            assert_eq!(spellings(&mut connection, constraint).await, expected, "{constraint}");
        }
    })
    .await;
}

#[tokio::test]
async fn severities_are_the_ranks_that_columns_take() {
    with_database(|database| async move {
        let mut connection = database.connection("wolfsec_owner").await;
        let highest = Severity::ALL.iter().map(|severity| severity.rank()).max().unwrap();
        for (constraint, column) in [
            ("events_severity_check", "severity"),
            ("event_rollups_severity_check", "severity"),
            ("event_rollups_hourly_severity_check", "severity"),
            ("alerts_severity_check", "severity"),
            ("rules_level_check", "level"),
        ] {
            let definition: String = sqlx::query_scalar(
                "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = $1 AND conparentid = 0 LIMIT 1",
            )
            .bind(constraint)
            .fetch_one(&mut connection)
            .await
            .unwrap();
            assert_eq!(
                definition,
                format!("CHECK ((({column} >= 0) AND ({column} <= {highest})))"),
                "{constraint}"
            );
        }
    })
    .await;
}

#[tokio::test]
async fn the_database_allows_exactly_the_domains_transitions() {
    with_database(|database| async move {
        let mut connection = database.connection("wolfsec_owner").await;
        // Only the check is asked: the alert it names need not be there.
        sqlx::query("ALTER TABLE alert_activity DROP CONSTRAINT alert_activity_alert_id_fkey")
            .execute(&mut connection)
            .await
            .unwrap();
        for &from in AlertStatus::ALL {
            for &to in AlertStatus::ALL {
                for resolution in [None, Some(Resolution::Benign)] {
                    for note in ["", " ", "because"] {
                        let mut tx = connection.begin().await.unwrap();
                        let stored = sqlx::query(
                            "INSERT INTO alert_activity (alert_id, at, actor, kind, from_status, to_status, resolution, note)
                             VALUES (gen_random_uuid(), now(), 'jo', 'transition', $1, $2, $3, $4)",
                        )
                        .bind(from.as_str())
                        .bind(to.as_str())
                        .bind(resolution.map(Resolution::as_str))
                        .bind(note)
                        .execute(&mut *tx)
                        .await;
                        let allowed = wolfsec::alerts::check_transition(from, to, resolution, note);
                        assert_eq!(stored.is_ok(), allowed.is_ok(), "{from} -> {to}, {resolution:?}, {note:?}: {stored:?}");
                    }
                }
            }
        }
    })
    .await;
}
