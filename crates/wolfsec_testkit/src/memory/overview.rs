//! The overview's figures.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use async_trait::async_trait;
use wolfsec::Timestamp;
use wolfsec::alerts::{AlertStatus, TALLY_BOUND};
use wolfsec::attack::Tactic;
use wolfsec::detection::Entity;
use wolfsec::ids::UserId;
use wolfsec::overview::{
    AlertFigures, AlertMark, FIGURES_BOUND, FLEET_BOUND, FleetFigures, IngestFigures, IngestMeasure, Measured,
    RaisedCount, RankedEntity, RankedRule, Storage, TOP, Visit, WaitingCount, p95,
};
use wolfsec::ports::{OverviewRepository, RepositoryResult};
use wolfsec::severity::Severity;

use super::MemoryUnitOfWork;

fn length(of: usize) -> i64 {
    i64::try_from(of).unwrap()
}

#[async_trait]
impl OverviewRepository for MemoryUnitOfWork {
    async fn waiting(&mut self, user: Option<UserId>) -> RepositoryResult<Vec<WaitingCount>> {
        let mut by_severity: BTreeMap<Reverse<Severity>, WaitingCount> = BTreeMap::new();
        for stored in self.state.alerts.values() {
            let alert = &stored.alert;
            let is_open = alert.status == AlertStatus::Open;
            let is_mine = user.is_some() && stored.assignee == user;
            if alert.status == AlertStatus::Resolved || !(is_open || is_mine) {
                continue;
            }
            let count = by_severity.entry(Reverse(alert.severity)).or_insert(WaitingCount {
                severity: alert.severity,
                open: 0,
                mine: 0,
                oldest: None,
            });
            count.mine += i64::from(is_mine);
            if is_open {
                count.open += 1;
                count.oldest = Some(
                    count
                        .oldest
                        .map_or(alert.created_at, |oldest| oldest.min(alert.created_at)),
                );
            }
        }
        Ok(by_severity.into_values().collect())
    }

    async fn raised_since(&mut self, since: Timestamp) -> RepositoryResult<RaisedCount> {
        let raised: Vec<Severity> = self
            .state
            .alerts
            .values()
            .filter(|stored| stored.alert.created_at >= since)
            .map(|stored| stored.alert.severity)
            .collect();
        Ok(RaisedCount {
            alerts: length(raised.len()),
            severe: length(raised.iter().filter(|severity| **severity >= Severity::High).count()),
            capped: length(raised.len()) >= TALLY_BOUND,
        })
    }

    async fn alert_figures(&mut self, since: Timestamp, minutes: i32) -> RepositoryResult<AlertFigures> {
        let width = i64::from(minutes.max(1)) * 60;
        let mut figures = AlertFigures::default();
        let mut marks: BTreeMap<Timestamp, AlertMark> = BTreeMap::new();
        let mut tactics: BTreeMap<Tactic, i64> = BTreeMap::new();
        let mut rules: BTreeMap<String, RankedRule> = BTreeMap::new();
        let mut entities: BTreeMap<(String, String), i64> = BTreeMap::new();
        for stored in self.state.alerts.values() {
            let alert = &stored.alert;
            if alert.last_seen < since {
                continue;
            }
            figures.alerts += 1;
            let start = alert.last_seen.timestamp().div_euclid(width) * width;
            let start = Timestamp::from_timestamp(start, 0).unwrap();
            let mark = marks.entry(start).or_insert(AlertMark {
                start,
                count: 0,
                worst: alert.severity,
            });
            mark.count += 1;
            mark.worst = mark.worst.max(alert.severity);
            for tactic in &stored.tactics {
                *tactics.entry(*tactic).or_default() += 1;
            }
            let rule = rules.entry(alert.rule_id.clone()).or_insert_with(|| RankedRule {
                rule_id: alert.rule_id.clone(),
                title: alert.rule_title.clone(),
                severity: alert.severity,
                alerts: 0,
                occurrences: 0,
            });
            rule.alerts += 1;
            rule.occurrences += alert.count;
            rule.severity = rule.severity.max(alert.severity);
            for entity in &alert.entities {
                *entities.entry((entity.value.clone(), entity.kind.clone())).or_default() += 1;
            }
        }
        figures.capped = figures.alerts >= FIGURES_BOUND;
        figures.marks = marks.into_values().collect();
        figures.tactics = tactics.into_iter().collect();
        figures.rules = rules.into_values().collect();
        figures.rules.sort_by_key(|rule| Reverse(rule.alerts));
        figures.rules.truncate(TOP);
        figures.entities = entities
            .into_iter()
            .map(|((value, kind), alerts)| RankedEntity {
                entity: Entity { kind, value },
                alerts,
            })
            .collect();
        figures.entities.sort_by_key(|entity| Reverse(entity.alerts));
        figures.entities.truncate(TOP);
        Ok(figures)
    }

    async fn fleet(&mut self, now: Timestamp) -> RepositoryResult<FleetFigures> {
        let peers = self
            .state
            .peers
            .values()
            .map(|(peer, _)| (peer.name.clone(), peer.status(now)));
        Ok(FleetFigures::of(peers.take(usize::try_from(FLEET_BOUND).unwrap())))
    }

    async fn ingest(&mut self, since: Timestamp, rejects_since: Timestamp) -> RepositoryResult<IngestFigures> {
        let of = |wanted: IngestMeasure, since: Timestamp| -> Vec<(i16, i64)> {
            let measured = self.state.measured.iter();
            let wanted = measured.filter(|((measure, minute, _), _)| *measure == wanted && *minute >= since);
            let mut steps: BTreeMap<i16, i64> = BTreeMap::new();
            for ((_, _, step), n) in wanted {
                *steps.entry(*step).or_default() += n;
            }
            steps.into_iter().collect()
        };
        Ok(IngestFigures {
            lag_p95: p95(&of(IngestMeasure::Lag, since)),
            detection_p95: p95(&of(IngestMeasure::Detection, since)),
            rejects: of(IngestMeasure::Reject, rejects_since).iter().map(|(_, n)| n).sum(),
        })
    }

    async fn add_measured(&mut self, measured: &[Measured]) -> RepositoryResult<()> {
        for of in measured {
            *self.state.measured.entry((of.measure, of.minute, of.step)).or_default() += of.count;
        }
        Ok(())
    }

    async fn forget_measured(&mut self, before: Timestamp) -> RepositoryResult<()> {
        self.state.measured.retain(|(_, minute, _), _| *minute >= before);
        Ok(())
    }

    async fn storage(&mut self) -> RepositoryResult<Storage> {
        let filled: Vec<_> = self.state.days.iter().filter(|(_, last)| last.is_some()).collect();
        let bytes = self
            .state
            .events
            .values()
            .map(|event| event.message.len() + event.fields.len());
        Ok(Storage {
            bytes: length(bytes.sum()),
            days: length(filled.len()),
            oldest_day: filled.first().map(|(day, _)| **day),
            last_event_at: filled.iter().filter_map(|(_, last)| **last).max(),
        })
    }

    async fn visit(&mut self, user: UserId) -> RepositoryResult<Option<Visit>> {
        Ok(self.state.visits.get(&user).copied())
    }

    async fn set_visit(&mut self, user: UserId, visit: &Visit) -> RepositoryResult<()> {
        self.state.visits.insert(user, *visit);
        Ok(())
    }
}
