//! Alerts.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use async_trait::async_trait;
use wolfsec::Timestamp;
use wolfsec::alerts::{
    Alert, AlertActivity, AlertCounts, AlertDetail, AlertQuery, AlertStatus, Evidence, FoldOutcome, FoldedAlert,
    MAX_EVIDENCE, OpenAlert, Resolution,
};
use wolfsec::detection::Entity;
use wolfsec::ids::{AlertId, PeerId, UserId};
use wolfsec::page::Page;
use wolfsec::ports::{AlertRepository, RepositoryError, RepositoryResult};
use wolfsec::severity::Severity;

use super::{MemoryUnitOfWork, State, conflict, same_name};

const MAX_ENTITIES: usize = 50;

#[derive(Debug, Clone)]
pub(super) struct StoredAlert {
    /// Without what other rows say: peer, assignee, event ids.
    alert: Alert,
    key: String,
    collecting: bool,
    peer: PeerId,
    assignee: Option<UserId>,
    evidence: Vec<Evidence>,
    activity: Vec<AlertActivity>,
}

impl StoredAlert {
    fn collects(&self, key: &str) -> bool {
        self.collecting && self.alert.status != AlertStatus::Resolved && self.key == key
    }

    fn take_in(&mut self, group: &FoldedAlert) {
        for entity in &group.entities {
            add_entity(&mut self.alert.entities, entity);
        }
        for evidence in &group.evidence {
            let known = self.evidence.iter().any(|kept| kept.event_id == evidence.event_id);
            if !known && self.evidence.len() < MAX_EVIDENCE {
                self.evidence.push(evidence.clone());
            }
        }
    }
}

fn add_entity(entities: &mut Vec<Entity>, entity: &Entity) {
    if entities.len() < MAX_ENTITIES && !entities.contains(entity) {
        entities.push(entity.clone());
    }
}

impl State {
    pub(super) fn alert(&self, id: AlertId) -> Alert {
        self.read_alert(&self.alerts[&id])
    }

    fn read_alert(&self, stored: &StoredAlert) -> Alert {
        let mut evidence: Vec<&Evidence> = stored.evidence.iter().collect();
        evidence.sort_by_key(|evidence| (evidence.ts, evidence.event_id));
        Alert {
            peer: self.peers[&stored.peer].0.name.clone(),
            assignee: stored.assignee.map(|user| self.users[&user].0.name.clone()),
            event_ids: evidence.iter().map(|evidence| evidence.event_id).collect(),
            ..stored.alert.clone()
        }
    }

    fn new_alert(&self, id: AlertId, group: &FoldedAlert, now: Timestamp) -> StoredAlert {
        let head = &group.head;
        let resolved = self
            .alerts
            .values()
            .filter(|other| other.key == head.key && other.alert.status == AlertStatus::Resolved);
        let previous = resolved
            .max_by_key(|other| (other.alert.last_seen, other.alert.id))
            .map(|other| other.alert.id);
        let alert = Alert {
            id,
            version: 1,
            rule_id: head.rule_id.clone(),
            rule_title: head.title.clone(),
            severity: head.severity,
            status: AlertStatus::Open,
            resolution: None,
            count: group.count,
            first_seen: group.first_seen,
            last_seen: group.last_seen,
            created_at: now,
            peer: String::new(),
            entities: Vec::new(),
            techniques: head.techniques.clone(),
            event_ids: Vec::new(),
            assignee: None,
            previous,
        };
        let mut stored = StoredAlert {
            alert,
            key: head.key.clone(),
            collecting: group.collects,
            peer: head.peer,
            assignee: None,
            evidence: Vec::new(),
            activity: Vec::new(),
        };
        stored.take_in(group);
        stored
    }

    fn is_wanted(&self, stored: &StoredAlert, query: &AlertQuery) -> bool {
        let alert = &stored.alert;
        (query.statuses.is_empty() || query.statuses.contains(&alert.status))
            && (query.severities.is_empty() || query.severities.contains(&alert.severity))
            && query.rule.as_ref().is_none_or(|rule| *rule == alert.rule_id)
            && query
                .peer
                .as_ref()
                .is_none_or(|peer| same_name(peer, &self.peers[&stored.peer].0.name))
            && query.assignee.is_none_or(|user| stored.assignee == Some(user))
            && query.since.is_none_or(|since| alert.last_seen >= since)
            && query.until.is_none_or(|until| alert.last_seen < until)
            && query
                .after
                .is_none_or(|cursor| (alert.last_seen, alert.id.0) < (cursor.at, cursor.id))
    }
}

#[async_trait]
impl AlertRepository for MemoryUnitOfWork {
    async fn lock_open(&mut self, keys: &[String]) -> RepositoryResult<Vec<OpenAlert>> {
        let collecting = self
            .state
            .alerts
            .values()
            .filter(|stored| keys.iter().any(|key| stored.collects(key)));
        let open = |stored: &StoredAlert| OpenAlert {
            id: stored.alert.id,
            key: stored.key.clone(),
            status: stored.alert.status,
            first_seen: stored.alert.first_seen,
            last_seen: stored.alert.last_seen,
            evidence_count: i64::try_from(stored.evidence.len()).unwrap(),
        };
        Ok(collecting.map(open).collect())
    }

    async fn apply_fold(&mut self, outcome: &FoldOutcome, ids: &[AlertId], now: Timestamp) -> RepositoryResult<()> {
        if ids.len() != outcome.new.len() {
            return Err(RepositoryError::Other("a fold needs one id for each new alert".into()));
        }
        for id in &outcome.retired {
            if let Some(stored) = self.state.alerts.get_mut(id) {
                stored.collecting = false;
            }
        }
        for fold in &outcome.repeats {
            if let Some(stored) = self.state.alerts.get_mut(&fold.id) {
                stored.alert.count += fold.group.count;
                stored.alert.first_seen = stored.alert.first_seen.min(fold.group.first_seen);
                stored.alert.last_seen = stored.alert.last_seen.max(fold.group.last_seen);
                stored.take_in(&fold.group);
                self.touched.changed.insert(fold.id);
            }
        }
        for (id, group) in ids.iter().zip(&outcome.new) {
            if group.collects && self.state.alerts.values().any(|other| other.collects(&group.head.key)) {
                return conflict("alerts_collecting_key");
            }
            if !self.state.peers.contains_key(&group.head.peer) {
                return conflict("alerts_peer_id_fkey");
            }
            let stored = self.state.new_alert(*id, group, now);
            self.state.alerts.insert(*id, stored);
            self.touched.raised.insert(*id);
        }
        Ok(())
    }

    async fn list(&mut self, query: &AlertQuery) -> RepositoryResult<Page<Alert>> {
        let mut wanted: Vec<&StoredAlert> = self.state.alerts.values().collect();
        wanted.retain(|stored| self.state.is_wanted(stored, query));
        wanted.sort_by_key(|stored| Reverse((stored.alert.last_seen, stored.alert.id)));
        wanted.truncate(usize::from(query.limit.get()) + 1);
        let items = wanted.into_iter().map(|stored| self.state.read_alert(stored)).collect();
        Ok(Page::from_surplus(items, query.limit, Alert::cursor))
    }

    async fn counts(&mut self) -> RepositoryResult<AlertCounts> {
        let mut open: BTreeMap<Severity, i64> = BTreeMap::new();
        let mut unresolved: BTreeMap<Severity, i64> = BTreeMap::new();
        for stored in self
            .state
            .alerts
            .values()
            .filter(|stored| stored.alert.status != AlertStatus::Resolved)
        {
            *unresolved.entry(stored.alert.severity).or_default() += 1;
            if stored.alert.status == AlertStatus::Open {
                *open.entry(stored.alert.severity).or_default() += 1;
            }
        }
        Ok(AlertCounts {
            open: open.into_iter().collect(),
            unresolved: unresolved.into_iter().collect(),
        })
    }

    async fn detail(&mut self, id: AlertId) -> RepositoryResult<Option<AlertDetail>> {
        Ok(self.state.alerts.get(&id).map(|stored| {
            let mut evidence = stored.evidence.clone();
            evidence.sort_by_key(|evidence| (evidence.ts, evidence.event_id));
            let mut activity = stored.activity.clone();
            activity.sort_by_key(|activity| activity.at);
            AlertDetail {
                alert: self.state.read_alert(stored),
                evidence,
                activity,
            }
        }))
    }

    async fn lock(&mut self, id: AlertId) -> RepositoryResult<Option<Alert>> {
        Ok(self.state.alerts.get(&id).map(|stored| self.state.read_alert(stored)))
    }

    async fn set_status(
        &mut self,
        id: AlertId,
        status: AlertStatus,
        resolution: Option<Resolution>,
        assignee: Option<UserId>,
    ) -> RepositoryResult<()> {
        if (status == AlertStatus::Resolved) != resolution.is_some() {
            return conflict("alerts_resolved_check");
        }
        let Some(key) = self.state.alerts.get(&id).map(|stored| stored.key.clone()) else {
            return Ok(());
        };
        let taken = self.state.alerts.values().any(|other| other.collects(&key));
        let stored = self.state.alerts.get_mut(&id).unwrap();
        stored.collecting = match (stored.alert.status, status) {
            (_, AlertStatus::Resolved) => false,
            (AlertStatus::Resolved, _) => !taken,
            _ => stored.collecting,
        };
        stored.alert.status = status;
        stored.alert.resolution = resolution;
        stored.alert.version += 1;
        stored.assignee = assignee;
        self.touched.changed.insert(id);
        Ok(())
    }

    async fn add_activity(&mut self, id: AlertId, activity: &AlertActivity) -> RepositoryResult<()> {
        match self.state.alerts.get_mut(&id) {
            Some(stored) => stored.activity.push(activity.clone()),
            None => return conflict("alert_activity_alert_id_fkey"),
        }
        Ok(())
    }
}
