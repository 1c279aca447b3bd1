//! Folding: repeats of the same finding raise a count instead of a second row.

use std::collections::BTreeMap;

use chrono::Duration;

use crate::Timestamp;
use crate::alerts::{AlertStatus, Evidence, MAX_EVIDENCE};
use crate::attack::Tactic;
use crate::detection::{Entity, RuleMatch};
use crate::events::EcsColumns;
use crate::ids::{AlertId, PeerId};
use crate::severity::Severity;

/// A repeat within this time of an alert's last (or first) occurrence folds into it.
pub const FOLD_WINDOW: Duration = Duration::hours(1);

/// One rule match on one event, ready to be folded.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    pub key: String,
    pub peer: PeerId,
    pub ts: Timestamp,
    pub rule_id: String,
    pub title: String,
    pub severity: Severity,
    pub techniques: Vec<String>,
    pub tactics: Vec<Tactic>,
    pub entities: Vec<Entity>,
    pub evidence: Vec<Evidence>,
}

/// Rule + its group-by values; for a rule without group-by: peer + host + user, absent counting as empty.
/// Parts are joined by the unit separator, which cannot come out of a stored name.
pub fn dedup_key(rule_match: &RuleMatch, peer: PeerId, columns: &EcsColumns) -> String {
    const SEPARATOR: &str = "\u{1f}";
    let mut parts = vec![rule_match.rule_id.clone()];
    if rule_match.group_by.is_empty() {
        parts.push(peer.to_string());
        parts.push(clean(columns.host_name.as_deref()));
        parts.push(clean(columns.user_name.as_deref()));
    } else {
        parts.extend(
            rule_match
                .group_by
                .iter()
                .map(|(name, value)| format!("{name}={}", clean(Some(value)))),
        );
    }
    parts.join(SEPARATOR)
}

fn clean(part: Option<&str>) -> String {
    part.unwrap_or_default().replace('\u{1f}', " ").to_lowercase()
}

/// An unresolved alert that repeats may belong to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenAlert {
    pub id: AlertId,
    pub key: String,
    pub status: AlertStatus,
    /// The one of its key that takes what comes now; the others are of past hours.
    pub collects: bool,
    pub first_seen: Timestamp,
    pub last_seen: Timestamp,
    pub evidence_count: i64,
}

/// What one key's findings of a batch amount to.
#[derive(Debug, Clone, PartialEq)]
pub struct FoldedAlert {
    pub first_seen: Timestamp,
    pub last_seen: Timestamp,
    pub count: i64,
    /// The first finding of the group names rule, peer and severity.
    pub head: Finding,
    pub entities: Vec<Entity>,
    pub evidence: Vec<Evidence>,
    /// The newest group of its key collects later repeats.
    pub collects: bool,
}

/// A repeat of an alert that is there already.
#[derive(Debug, Clone, PartialEq)]
pub struct Fold {
    pub id: AlertId,
    pub group: FoldedAlert,
}

/// What has to be written for a batch.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct FoldOutcome {
    pub repeats: Vec<Fold>,
    pub new: Vec<FoldedAlert>,
    /// Open alerts whose window has passed and which a new one of the same key replaces as collector.
    pub retired: Vec<AlertId>,
}

/// Groups findings by key, splits each key's findings where they are more than [`FOLD_WINDOW`] apart, and
/// decides for each group which of the key's open alerts it repeats: the collecting one first, then the newest. `open` holds at
/// most one collecting alert a key.
pub fn fold(findings: Vec<Finding>, open: &[OpenAlert]) -> FoldOutcome {
    let mut by_key: BTreeMap<String, Vec<Finding>> = BTreeMap::new();
    for finding in findings {
        by_key.entry(finding.key.clone()).or_default().push(finding);
    }
    let mut outcome = FoldOutcome::default();
    for (key, mut findings) in by_key {
        findings.sort_by_key(|finding| finding.ts);
        let mut of_key: Vec<OpenAlert> = open
            .iter()
            .filter(|alert| alert.key == key && alert.status != AlertStatus::Resolved)
            .cloned()
            .collect();
        of_key.sort_by_key(|alert| std::cmp::Reverse((alert.collects, alert.last_seen)));
        fold_key(split_by_gap(findings), &mut of_key, &mut outcome);
    }
    outcome
}

fn fold_key(groups: Vec<FoldedAlert>, open: &mut [OpenAlert], outcome: &mut FoldOutcome) {
    let mut new = Vec::new();
    for group in groups {
        let near = |alert: &&mut OpenAlert| {
            group.first_seen <= alert.last_seen + FOLD_WINDOW && group.last_seen >= alert.first_seen - FOLD_WINDOW
        };
        match open.iter_mut().find(near) {
            Some(alert) => {
                alert.last_seen = alert.last_seen.max(group.last_seen);
                alert.first_seen = alert.first_seen.min(group.first_seen);
                outcome.repeats.push(Fold { id: alert.id, group });
            }
            None => new.push(group),
        }
    }
    let collecting = open.iter().find(|alert| alert.collects);
    // Late news of a past hour is an alert of its own, but the current one goes on collecting.
    if let Some(newest) = new.last_mut()
        && collecting.is_none_or(|current| newest.last_seen > current.last_seen)
    {
        newest.collects = true;
        outcome.retired.extend(collecting.map(|current| current.id));
    }
    outcome.new.append(&mut new);
}

fn split_by_gap(sorted: Vec<Finding>) -> Vec<FoldedAlert> {
    let mut groups: Vec<FoldedAlert> = Vec::new();
    for mut finding in sorted {
        match groups.last_mut() {
            Some(group) if finding.ts - group.last_seen <= FOLD_WINDOW => {
                group.count += 1;
                group.last_seen = finding.ts;
                for entity in finding.entities {
                    if !group.entities.contains(&entity) {
                        group.entities.push(entity);
                    }
                }
                for evidence in finding.evidence {
                    if group.evidence.len() < MAX_EVIDENCE
                        && group.evidence.iter().all(|kept| kept.event_id != evidence.event_id)
                    {
                        group.evidence.push(evidence);
                    }
                }
            }
            _ => {
                let entities = std::mem::take(&mut finding.entities);
                let mut evidence = std::mem::take(&mut finding.evidence);
                evidence.truncate(MAX_EVIDENCE);
                groups.push(FoldedAlert {
                    first_seen: finding.ts,
                    last_seen: finding.ts,
                    count: 1,
                    head: finding,
                    entities,
                    evidence,
                    collects: false,
                });
            }
        }
    }
    groups
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minutes: i64) -> Timestamp {
        Timestamp::from_timestamp(1_700_000_000 + minutes * 60, 0).unwrap()
    }

    fn finding(key: &str, minutes: i64) -> Finding {
        Finding {
            key: key.into(),
            peer: PeerId(uuid::Uuid::nil()),
            ts: at(minutes),
            rule_id: "r".into(),
            title: "t".into(),
            severity: Severity::High,
            techniques: Vec::new(),
            tactics: Vec::new(),
            entities: Vec::new(),
            evidence: Vec::new(),
        }
    }

    fn open(key: &str, first: i64, last: i64) -> OpenAlert {
        OpenAlert {
            id: AlertId(uuid::Uuid::from_u128(9)),
            key: key.into(),
            status: AlertStatus::Open,
            collects: true,
            first_seen: at(first),
            last_seen: at(last),
            evidence_count: 0,
        }
    }

    #[test]
    fn repeats_within_the_hour_count_up() {
        let outcome = fold(vec![finding("a", 70), finding("a", 130)], &[open("a", 0, 10)]);
        assert_eq!(outcome.repeats.iter().map(|fold| fold.group.count).sum::<i64>(), 2);
        assert!(outcome.new.is_empty() && outcome.retired.is_empty());
    }

    #[test]
    fn after_the_hour_a_new_alert_takes_over() {
        let outcome = fold(vec![finding("a", 71)], &[open("a", 0, 10)]);
        assert_eq!(outcome.new.len(), 1);
        assert!(outcome.new[0].collects);
        assert_eq!(outcome.retired, [AlertId(uuid::Uuid::from_u128(9))]);
    }

    #[test]
    fn late_news_of_a_past_hour_does_not_take_over() {
        let outcome = fold(vec![finding("a", 0)], &[open("a", 200, 210)]);
        assert_eq!(outcome.new.len(), 1);
        assert!(!outcome.new[0].collects);
        assert!(outcome.retired.is_empty());
    }

    #[test]
    fn late_news_repeats_the_alert_of_its_own_hour() {
        let past = OpenAlert {
            id: AlertId(uuid::Uuid::from_u128(7)),
            collects: false,
            ..open("a", 0, 10)
        };
        let outcome = fold(
            vec![finding("a", 20), finding("a", 205)],
            &[past.clone(), open("a", 200, 210)],
        );
        let repeated: Vec<AlertId> = outcome.repeats.iter().map(|fold| fold.id).collect();
        assert_eq!(repeated, [past.id, open("a", 0, 0).id]);
        assert!(outcome.new.is_empty() && outcome.retired.is_empty());
    }

    #[test]
    fn a_first_sighting_opens_one_alert_a_key_and_gaps_split_it() {
        let outcome = fold(
            vec![finding("b", 0), finding("a", 5), finding("a", 0), finding("a", 90)],
            &[],
        );
        let counts: Vec<(&str, i64, bool)> = outcome
            .new
            .iter()
            .map(|alert| (alert.head.key.as_str(), alert.count, alert.collects))
            .collect();
        assert_eq!(counts, [("a", 2, false), ("a", 1, true), ("b", 1, true)]);
    }
}
