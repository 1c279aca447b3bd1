//! Writing a fold: five statements, however many alerts it holds.

use std::collections::{BTreeMap, HashSet};

use sqlx::Row as _;
use wolfsec::Timestamp;
use wolfsec::alerts::{Evidence, Fold, FoldOutcome, FoldedAlert, MAX_EVIDENCE, OpenAlert};
use wolfsec::detection::Entity;
use wolfsec::ids::AlertId;
use wolfsec::ports::{RepositoryError, RepositoryResult};

use super::PgUnitOfWork;
use super::error::{store_error, stored, to_json};
use super::text::storable;

/// Entities kept with an alert.
const MAX_ENTITIES: usize = 50;

/// Alerts looked at for one batch; beyond it, late news opens an alert of its own.
const MAX_OPEN: i64 = 10_000;

/// All repeats of one alert in a batch.
struct Repeat<'a> {
    count: i64,
    first_seen: Timestamp,
    last_seen: Timestamp,
    entities: Vec<&'a Entity>,
}

impl PgUnitOfWork {
    /// Those that collect, and other unresolved ones seen between the bounds.
    pub(super) async fn lock_near(
        &mut self,
        keys: &[String],
        since: Timestamp,
        until: Timestamp,
    ) -> RepositoryResult<Vec<OpenAlert>> {
        let keys: Vec<_> = keys.iter().map(|key| storable(key)).collect();
        let rows = sqlx::query(
            "SELECT a.id, a.dedup_key, a.status, a.collecting, a.first_seen, a.last_seen,
                    (SELECT count(*) FROM alert_evidence e WHERE e.alert_id = a.id) AS evidence_count
             FROM alerts a
             WHERE key_digest(a.dedup_key) = ANY(ARRAY(SELECT key_digest(k) FROM unnest($1::text[]) AS k))
               AND a.status <> 'resolved' AND (a.collecting OR a.last_seen >= $2 AND a.first_seen <= $3)
             ORDER BY a.id LIMIT $4 FOR UPDATE OF a",
        )
        .bind(&keys)
        .bind(since)
        .bind(until)
        .bind(MAX_OPEN)
        .fetch_all(self.conn())
        .await
        .map_err(store_error)?;
        rows.iter()
            .map(|row| {
                Ok(OpenAlert {
                    id: AlertId(row.try_get("id").map_err(store_error)?),
                    key: row.try_get("dedup_key").map_err(store_error)?,
                    status: stored("status", row.try_get("status").map_err(store_error)?)?,
                    collects: row.try_get("collecting").map_err(store_error)?,
                    first_seen: row.try_get("first_seen").map_err(store_error)?,
                    last_seen: row.try_get("last_seen").map_err(store_error)?,
                    evidence_count: row.try_get("evidence_count").map_err(store_error)?,
                })
            })
            .collect()
    }

    pub(super) async fn write_fold(
        &mut self,
        outcome: &FoldOutcome,
        ids: &[AlertId],
        now: Timestamp,
    ) -> RepositoryResult<()> {
        if ids.len() != outcome.new.len() {
            return Err(RepositoryError::Other("a fold needs one id for each new alert".into()));
        }
        self.retire_collectors(&outcome.retired).await?;
        self.write_repeats(&outcome.repeats).await?;
        self.write_new(&outcome.new, ids, now).await?;
        self.touched.raised.extend(ids);
        self.touched.changed.extend(outcome.repeats.iter().map(|fold| fold.id));
        let of_repeats = outcome.repeats.iter().map(|fold| (fold.id, &fold.group));
        let of_new = ids.iter().copied().zip(&outcome.new);
        self.write_evidence(of_repeats.chain(of_new)).await
    }

    async fn retire_collectors(&mut self, retired: &[AlertId]) -> RepositoryResult<()> {
        if retired.is_empty() {
            return Ok(());
        }
        let ids: Vec<_> = retired.iter().map(|id| id.0).collect();
        sqlx::query("UPDATE alerts SET collecting = false WHERE id = ANY($1)")
            .bind(&ids)
            .execute(self.conn())
            .await
            .map_err(store_error)?;
        Ok(())
    }

    async fn write_repeats(&mut self, folds: &[Fold]) -> RepositoryResult<()> {
        let repeats = by_alert(folds);
        if repeats.is_empty() {
            return Ok(());
        }
        let ids: Vec<_> = repeats.keys().map(|id| id.0).collect();
        let counts: Vec<_> = repeats.values().map(|repeat| repeat.count).collect();
        let firsts: Vec<_> = repeats.values().map(|repeat| repeat.first_seen).collect();
        let lasts: Vec<_> = repeats.values().map(|repeat| repeat.last_seen).collect();
        let entities = repeats
            .values()
            .map(|repeat| to_json(&clean(&repeat.entities)))
            .collect::<RepositoryResult<Vec<_>>>()?;
        sqlx::query(
            "UPDATE alerts a SET
                 count = a.count + r.count,
                 first_seen = least(a.first_seen, r.first_seen),
                 last_seen = greatest(a.last_seen, r.last_seen),
                 entities = (
                     SELECT coalesce(jsonb_agg(entity ORDER BY n), '[]') FROM (
                         SELECT entity, min(n) AS n
                         FROM jsonb_array_elements(a.entities || r.entities::jsonb) WITH ORDINALITY AS e (entity, n)
                         GROUP BY entity ORDER BY min(n) LIMIT $6) AS merged)
             FROM unnest($1::uuid[], $2::bigint[], $3::timestamptz[], $4::timestamptz[], $5::text[])
                  AS r (id, count, first_seen, last_seen, entities)
             WHERE a.id = r.id",
        )
        .bind(&ids)
        .bind(&counts)
        .bind(&firsts)
        .bind(&lasts)
        .bind(&entities)
        .bind(bound(MAX_ENTITIES))
        .execute(self.conn())
        .await
        .map_err(store_error)?;
        Ok(())
    }

    /// `previous` is the key's latest resolved alert.
    async fn write_new(&mut self, new: &[FoldedAlert], ids: &[AlertId], now: Timestamp) -> RepositoryResult<()> {
        if new.is_empty() {
            return Ok(());
        }
        let ids: Vec<_> = ids.iter().map(|id| id.0).collect();
        let keys: Vec<_> = new.iter().map(|alert| storable(&alert.head.key)).collect();
        let collects: Vec<_> = new.iter().map(|alert| alert.collects).collect();
        let peers: Vec<_> = new.iter().map(|alert| alert.head.peer.0).collect();
        let rules: Vec<_> = new.iter().map(|alert| storable(&alert.head.rule_id)).collect();
        let titles: Vec<_> = new.iter().map(|alert| storable(&alert.head.title)).collect();
        let severities: Vec<_> = new.iter().map(|alert| alert.head.severity.rank()).collect();
        let counts: Vec<_> = new.iter().map(|alert| alert.count).collect();
        let firsts: Vec<_> = new.iter().map(|alert| alert.first_seen).collect();
        let lasts: Vec<_> = new.iter().map(|alert| alert.last_seen).collect();
        let entities = new
            .iter()
            .map(|alert| to_json(&clean(&merged(alert.entities.iter()))))
            .collect::<RepositoryResult<Vec<_>>>()?;
        let tactics = new
            .iter()
            .map(|alert| to_json(&alert.head.tactics))
            .collect::<RepositoryResult<Vec<_>>>()?;
        let techniques = new
            .iter()
            .map(|alert| to_json(&alert.head.techniques))
            .collect::<RepositoryResult<Vec<_>>>()?;
        sqlx::query(
            "INSERT INTO alerts (id, version, dedup_key, collecting, peer_id, rule_id, rule_title, severity, status, count,
                                 first_seen, last_seen, created_at, previous_id, entities, techniques, tactics)
             SELECT n.id, 1, n.key, n.collects, n.peer_id, n.rule_id, n.title, n.severity, 'open', n.count,
                    n.first_seen, n.last_seen, $13,
                    (SELECT o.id FROM alerts o
                     WHERE key_digest(o.dedup_key) = key_digest(n.key) AND o.status = 'resolved'
                     ORDER BY o.last_seen DESC, o.id DESC LIMIT 1),
                    n.entities::jsonb, ARRAY(SELECT json_array_elements_text(n.techniques::json)),
                    ARRAY(SELECT json_array_elements_text(n.tactics::json))
             FROM unnest($1::uuid[], $2::text[], $3::bool[], $4::uuid[], $5::text[], $6::text[], $7::smallint[],
                         $8::bigint[], $9::timestamptz[], $10::timestamptz[], $11::text[], $12::text[], $14::text[])
                  AS n (id, key, collects, peer_id, rule_id, title, severity, count, first_seen, last_seen, entities,
                        techniques, tactics)",
        )
        .bind(&ids)
        .bind(&keys)
        .bind(&collects)
        .bind(&peers)
        .bind(&rules)
        .bind(&titles)
        .bind(&severities)
        .bind(&counts)
        .bind(&firsts)
        .bind(&lasts)
        .bind(&entities)
        .bind(&techniques)
        .bind(now)
        .bind(&tactics)
        .execute(self.conn())
        .await
        .map_err(store_error)?;
        Ok(())
    }

    /// Adds to each alert's evidence until it is full.
    async fn write_evidence<'a>(
        &mut self,
        groups: impl Iterator<Item = (AlertId, &'a FoldedAlert)>,
    ) -> RepositoryResult<()> {
        let mut seen = HashSet::new();
        let proofs: Vec<(AlertId, &Evidence)> = groups
            .flat_map(|(id, group)| group.evidence.iter().map(move |evidence| (id, evidence)))
            .filter(|(id, evidence)| seen.insert((*id, evidence.event_id)))
            .collect();
        if proofs.is_empty() {
            return Ok(());
        }
        let alerts: Vec<_> = proofs.iter().map(|(id, _)| id.0).collect();
        let events: Vec<_> = proofs.iter().map(|(_, evidence)| evidence.event_id.0).collect();
        let times: Vec<_> = proofs.iter().map(|(_, evidence)| evidence.ts).collect();
        let messages: Vec<_> = proofs.iter().map(|(_, evidence)| storable(&evidence.message)).collect();
        let fields: Vec<_> = proofs.iter().map(|(_, evidence)| evidence.fields.as_str()).collect();
        let matched = proofs
            .iter()
            .map(|(_, evidence)| to_json(&evidence.matched))
            .collect::<RepositoryResult<Vec<_>>>()?;
        sqlx::query(
            "INSERT INTO alert_evidence (alert_id, event_id, ts, message, fields, matched)
             SELECT fresh.alert_id, fresh.event_id, fresh.ts, fresh.message, fresh.fields::json, fresh.matched::json
             FROM (
                 SELECT n.*, row_number() OVER (PARTITION BY n.alert_id ORDER BY n.position) AS place
                 FROM unnest($1::uuid[], $2::uuid[], $3::timestamptz[], $4::text[], $5::text[], $6::text[])
                      WITH ORDINALITY AS n (alert_id, event_id, ts, message, fields, matched, position)
                 WHERE NOT EXISTS (
                     SELECT FROM alert_evidence e WHERE e.alert_id = n.alert_id AND e.event_id = n.event_id)
             ) AS fresh
             LEFT JOIN (
                 SELECT alert_id, count(*) AS kept FROM alert_evidence WHERE alert_id = ANY($1) GROUP BY alert_id
             ) AS have USING (alert_id)
             WHERE fresh.place + coalesce(have.kept, 0) <= $7",
        )
        .bind(&alerts)
        .bind(&events)
        .bind(&times)
        .bind(&messages)
        .bind(&fields)
        .bind(&matched)
        .bind(bound(MAX_EVIDENCE))
        .execute(self.conn())
        .await
        .map_err(store_error)?;
        Ok(())
    }
}

fn bound(rows: usize) -> i64 {
    i64::try_from(rows).unwrap_or(i64::MAX)
}

fn by_alert(folds: &[Fold]) -> BTreeMap<AlertId, Repeat<'_>> {
    let mut repeats: BTreeMap<AlertId, Repeat<'_>> = BTreeMap::new();
    for Fold { id, group } in folds {
        let repeat = repeats.entry(*id).or_insert(Repeat {
            count: 0,
            first_seen: group.first_seen,
            last_seen: group.last_seen,
            entities: Vec::new(),
        });
        repeat.count += group.count;
        repeat.first_seen = repeat.first_seen.min(group.first_seen);
        repeat.last_seen = repeat.last_seen.max(group.last_seen);
        repeat.entities = merged(repeat.entities.drain(..).chain(&group.entities));
    }
    repeats
}

/// Without duplicates, bounded, in order of appearance.
fn merged<'a>(entities: impl Iterator<Item = &'a Entity>) -> Vec<&'a Entity> {
    let mut seen = HashSet::new();
    entities
        .filter(|entity| seen.insert(*entity))
        .take(MAX_ENTITIES)
        .collect()
}

/// jsonb cannot hold NUL.
fn clean(entities: &[&Entity]) -> Vec<Entity> {
    entities
        .iter()
        .map(|entity| Entity {
            kind: storable(&entity.kind).into_owned(),
            value: storable(&entity.value).into_owned(),
        })
        .collect()
}
