//! Alerts.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use async_trait::async_trait;
use wolfsec::Timestamp;
use wolfsec::alerts::{
    Alert, AlertActivity, AlertCounts, AlertDetail, AlertOrder, AlertQuery, AlertStatus, AlertTally, AssigneeFilter,
    BulkChange, BulkRow, Evidence, FOLD_WINDOW, FoldOutcome, FoldedAlert, LockedAlert, MAX_EVIDENCE, OpenAlert,
    Resolution, TALLY_BOUND,
};
use wolfsec::attack::Tactic;
use wolfsec::detection::Entity;
use wolfsec::ids::{AlertId, BulkId, PeerId, UserId};
use wolfsec::page::Page;
use wolfsec::ports::{AlertRepository, RepositoryError, RepositoryResult};
use wolfsec::severity::Severity;

use super::{MemoryUnitOfWork, State, conflict, same_name};

const MAX_ENTITIES: usize = 50;

#[derive(Debug, Clone)]
pub(super) struct StoredAlert {
    /// Without what other rows say: peer, assignee, event ids.
    pub(super) alert: Alert,
    pub(super) tactics: Vec<Tactic>,
    key: String,
    collecting: bool,
    peer: PeerId,
    pub(super) assignee: Option<UserId>,
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
            tactics: head.tactics.clone(),
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

    /// Everything but severity and position.
    fn is_wanted_of_any_severity(&self, stored: &StoredAlert, query: &AlertQuery) -> bool {
        let alert = &stored.alert;
        let texts: Vec<String> = [&alert.rule_title, &self.peers[&stored.peer].0.name]
            .into_iter()
            .chain(alert.entities.iter().map(|entity| &entity.value))
            .map(|text| text.to_lowercase())
            .collect();
        let occurs = |term: &String| texts.iter().any(|text| text.contains(&term.to_lowercase()));
        (query.statuses.is_empty() || query.statuses.contains(&alert.status))
            && query.resolution.is_none_or(|wanted| alert.resolution == Some(wanted))
            && query.rule.as_ref().is_none_or(|rule| *rule == alert.rule_id)
            && query
                .peer
                .as_ref()
                .is_none_or(|peer| same_name(peer, &self.peers[&stored.peer].0.name))
            && query
                .assignee
                .as_ref()
                .is_none_or(|wanted| self.is_assigned(stored.assignee, wanted))
            && query.tactic.is_none_or(|tactic| stored.tactics.contains(&tactic))
            && query
                .entity
                .as_ref()
                .is_none_or(|entity| alert.entities.contains(entity))
            && query.terms.iter().all(occurs)
            && query.since.is_none_or(|since| alert.last_seen >= since)
            && query.until.is_none_or(|until| alert.last_seen < until)
            && query.raised_since.is_none_or(|since| alert.created_at >= since)
    }

    fn is_assigned(&self, assignee: Option<UserId>, wanted: &AssigneeFilter) -> bool {
        match wanted {
            AssigneeFilter::Nobody => assignee.is_none(),
            AssigneeFilter::User(user) => assignee == Some(*user),
            AssigneeFilter::UserOrNobody(user) => assignee.is_none_or(|of| of == *user),
            AssigneeFilter::Named(name) => assignee.is_some_and(|of| same_name(&self.users[&of].0.name, name)),
        }
    }

    fn wanted(&self, query: &AlertQuery) -> Vec<&StoredAlert> {
        let mut wanted: Vec<&StoredAlert> = self.alerts.values().collect();
        wanted.retain(|stored| {
            let alert = &stored.alert;
            let follows = |cursor: wolfsec::page::Cursor| match query.order {
                AlertOrder::Newest => (alert.last_seen, alert.id.0) < (cursor.at, cursor.id),
                AlertOrder::Waiting => (alert.created_at, alert.id.0) > (cursor.at, cursor.id),
            };
            self.is_wanted_of_any_severity(stored, query)
                && (query.severities.is_empty() || query.severities.contains(&alert.severity))
                && query.after.is_none_or(follows)
        });
        match query.order {
            AlertOrder::Newest => wanted.sort_by_key(|stored| Reverse((stored.alert.last_seen, stored.alert.id))),
            AlertOrder::Waiting => wanted.sort_by_key(|stored| (stored.alert.created_at, stored.alert.id)),
        }
        wanted
    }

    /// The newest of several reopened alerts of a key collects, unless one does already.
    fn move_alert(
        &mut self,
        id: AlertId,
        status: AlertStatus,
        resolution: Option<Resolution>,
        assignee: Option<UserId>,
    ) {
        let Some(key) = self.alerts.get(&id).map(|stored| stored.key.clone()) else {
            return;
        };
        let taken = self.alerts.values().any(|other| other.collects(&key));
        let stored = self.alerts.get_mut(&id).unwrap();
        stored.collecting = match (stored.alert.status, status) {
            (_, AlertStatus::Resolved) => false,
            (AlertStatus::Resolved, _) => !taken,
            _ => stored.collecting,
        };
        stored.alert.status = status;
        stored.alert.resolution = resolution;
        stored.alert.version += 1;
        stored.assignee = if status == AlertStatus::Open {
            None
        } else {
            stored.assignee.or(assignee)
        };
    }
}

#[async_trait]
impl AlertRepository for MemoryUnitOfWork {
    async fn lock_open(
        &mut self,
        keys: &[String],
        since: Timestamp,
        until: Timestamp,
    ) -> RepositoryResult<Vec<OpenAlert>> {
        let (since, until) = (since - FOLD_WINDOW, until + FOLD_WINDOW);
        let near = |alert: &Alert| alert.last_seen >= since && alert.first_seen <= until;
        let open = |stored: &StoredAlert| stored.alert.status != AlertStatus::Resolved && keys.contains(&stored.key);
        let wanted = |stored: &&StoredAlert| open(stored) && (stored.collecting || near(&stored.alert));
        let wanted = self.state.alerts.values().filter(wanted);
        let open = |stored: &StoredAlert| OpenAlert {
            id: stored.alert.id,
            key: stored.key.clone(),
            status: stored.alert.status,
            collects: stored.collecting,
            first_seen: stored.alert.first_seen,
            last_seen: stored.alert.last_seen,
            evidence_count: i64::try_from(stored.evidence.len()).unwrap(),
        };
        Ok(wanted.map(open).collect())
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
        let mut wanted = self.state.wanted(query);
        wanted.truncate(usize::from(query.limit.get()) + 1);
        let items = wanted.into_iter().map(|stored| self.state.read_alert(stored)).collect();
        Ok(Page::from_surplus(items, query.limit, |alert: &Alert| {
            alert.cursor(query.order)
        }))
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

    async fn lock_many(&mut self, ids: &[AlertId]) -> RepositoryResult<Vec<LockedAlert>> {
        let wanted = self
            .state
            .alerts
            .values()
            .filter(|stored| ids.contains(&stored.alert.id));
        let locked = |stored: &StoredAlert| LockedAlert {
            id: stored.alert.id,
            version: stored.alert.version,
            status: stored.alert.status,
            resolution: stored.alert.resolution,
        };
        Ok(wanted.map(locked).collect())
    }

    async fn set_status_of(
        &mut self,
        ids: &[AlertId],
        status: AlertStatus,
        resolution: Option<Resolution>,
        assignee: Option<UserId>,
    ) -> RepositoryResult<()> {
        if (status == AlertStatus::Resolved) != resolution.is_some() {
            return conflict("alerts_resolved_check");
        }
        let mut newest_first = ids.to_vec();
        newest_first.sort_by_key(|id| Reverse(self.state.alerts.get(id).map(|of| (of.alert.last_seen, of.alert.id))));
        for id in newest_first {
            self.state.move_alert(id, status, resolution, assignee);
            if self.state.alerts.contains_key(&id) {
                self.touched.changed.insert(id);
            }
        }
        Ok(())
    }

    async fn add_activities(&mut self, activities: &[(AlertId, AlertActivity)]) -> RepositoryResult<()> {
        for (id, activity) in activities {
            match self.state.alerts.get_mut(id) {
                Some(stored) => stored.activity.push(activity.clone()),
                None => return conflict("alert_activity_alert_id_fkey"),
            }
        }
        Ok(())
    }

    async fn rows(&mut self, query: &AlertQuery) -> RepositoryResult<Vec<BulkRow>> {
        let row = |stored: &StoredAlert| BulkRow {
            id: stored.alert.id,
            version: stored.alert.version,
        };
        let wanted = self.state.wanted(query).into_iter().map(row);
        Ok(wanted.take(usize::from(query.limit.get())).collect())
    }

    async fn tally(&mut self, query: &AlertQuery) -> RepositoryResult<AlertTally> {
        let mut counts: BTreeMap<(AlertStatus, Severity), i64> = BTreeMap::new();
        for stored in self.state.alerts.values() {
            if self.state.is_wanted_of_any_severity(stored, query) {
                *counts.entry((stored.alert.status, stored.alert.severity)).or_default() += 1;
            }
        }
        Ok(AlertTally {
            capped: counts.values().sum::<i64>() > TALLY_BOUND,
            counts: counts
                .into_iter()
                .map(|((status, severity), n)| (status, severity, n))
                .collect(),
        })
    }

    async fn keep_bulk_change(&mut self, change: &BulkChange) -> RepositoryResult<()> {
        self.state.bulk_changes.insert(change.id, change.clone());
        Ok(())
    }

    async fn forget_bulk_changes(&mut self, before: Timestamp) -> RepositoryResult<()> {
        self.state.bulk_changes.retain(|_, change| change.at >= before);
        Ok(())
    }

    async fn bulk_change(&mut self, id: BulkId) -> RepositoryResult<Option<BulkChange>> {
        Ok(self.state.bulk_changes.get(&id).cloned())
    }
}
