//! One change of many alerts. Each row names the version it was seen at: what somebody else has changed is reported,
//! never overwritten. Few statements, however many rows; one audit entry that names every alert.

use std::collections::{BTreeMap, HashMap, HashSet};

use wolfsec::alerts::{
    ActivityKind, AlertActivity, AlertQuery, AlertStatus, AlertTally, BulkAct, BulkChange, BulkRow, BulkVerdict,
    LockedAlert, MAX_BULK, MAX_NOTE_CHARS, check_transition, judge,
};
use wolfsec::ids::{AlertId, BulkId};
use wolfsec::page::Limit;

use crate::audit::Act;
use crate::{Action, Caller, Failure, UseCases};

impl UseCases {
    /// What a change of everything that matches would change: the rows as they are now, at most [`MAX_BULK`], in the
    /// query's order, and how many match in all.
    #[tracing::instrument(name = "app.select_alerts", skip_all)]
    pub async fn select_alerts(
        &self,
        caller: &Caller,
        query: &AlertQuery,
    ) -> Result<(Vec<BulkRow>, AlertTally), Failure> {
        self.permit(caller, Action::WorkAlerts).await?;
        let query = AlertQuery {
            limit: Limit::new(MAX_BULK).unwrap_or_default(),
            after: None,
            ..query.clone()
        };
        let mut uow = self.begin().await?;
        let rows = uow.alerts().rows(&query).await?;
        let tally = uow.alerts().tally(&query).await?;
        Ok((rows, tally))
    }

    /// Changes these alerts; the answer says what became of each row and is kept.
    #[tracing::instrument(name = "app.change_alerts", skip_all, fields(rows = rows.len()))]
    pub async fn change_alerts(&self, caller: &Caller, rows: &[BulkRow], act: &BulkAct) -> Result<BulkChange, Failure> {
        self.permit(caller, Action::WorkAlerts).await?;
        check(rows, act)?;
        let mut seen: HashMap<AlertId, i64> = HashMap::with_capacity(rows.len());
        for row in rows {
            seen.entry(row.id).or_insert(row.version);
        }
        let ids: Vec<AlertId> = seen.keys().copied().collect();
        let mut uow = self.begin().await?;
        let locked = uow.alerts().lock_many(&ids).await?;
        let sorted = Sorted::new(&seen, &locked, act);
        let change = self.outcome(caller, act, &sorted);
        if !sorted.change.is_empty() {
            if let BulkAct::Status { to, resolution, .. } = act {
                let moved: Vec<AlertId> = sorted.change.iter().map(|alert| alert.id).collect();
                uow.alerts()
                    .set_status_of(&moved, *to, *resolution, caller.user_id())
                    .await?;
            }
            let activities: Vec<(AlertId, AlertActivity)> = sorted
                .change
                .iter()
                .map(|alert| (alert.id, activity(&change, alert, act)))
                .collect();
            uow.alerts().add_activities(&activities).await?;
        }
        uow.alerts().keep_bulk_change(&change).await?;
        self.record(uow.as_mut(), audit(caller, &change, &sorted, act)).await?;
        uow.commit().await?;
        Ok(change)
    }

    /// A bulk change as it was made.
    #[tracing::instrument(name = "app.get_bulk_change", skip_all)]
    pub async fn get_bulk_change(&self, caller: &Caller, id: BulkId) -> Result<BulkChange, Failure> {
        self.permit(caller, Action::ReadAlerts).await?;
        let found = self.begin().await?.alerts().bulk_change(id).await?;
        found.ok_or_else(|| Failure::not_found("bulk change"))
    }

    /// Opens again what a bulk change has resolved, as far as nobody has touched it since.
    #[tracing::instrument(name = "app.undo_bulk_change", skip_all)]
    pub async fn undo_bulk_change(&self, caller: &Caller, id: BulkId) -> Result<BulkChange, Failure> {
        self.permit(caller, Action::WorkAlerts).await?;
        let change = self.get_bulk_change(caller, id).await?;
        if !change.can_be_undone() {
            return Err(Failure::conflict(
                "not_undoable",
                "only resolving can be taken back: the other steps of an alert lead forward",
            ));
        }
        let reopen = BulkAct::Status {
            to: AlertStatus::Open,
            resolution: None,
            note: format!("Undo of the bulk change {id}"),
        };
        self.change_alerts(caller, &change.changed, &reopen).await
    }

    fn outcome(&self, caller: &Caller, act: &BulkAct, sorted: &Sorted<'_>) -> BulkChange {
        let (to, resolution, step) = match act {
            BulkAct::Status { to, resolution, .. } => (Some(*to), *resolution, 1),
            BulkAct::Comment { .. } => (None, None, 0),
        };
        BulkChange {
            id: BulkId(self.ports().ids.new_id()),
            at: self.now(),
            actor: caller.name().to_owned(),
            to,
            resolution,
            changed: sorted
                .change
                .iter()
                .map(|alert| BulkRow {
                    id: alert.id,
                    version: alert.version + step,
                })
                .collect(),
            overtaken: sorted.overtaken.clone(),
            refused: sorted.refused.clone(),
            missing: sorted.missing.clone(),
        }
    }
}

/// The rows by what becomes of them.
struct Sorted<'a> {
    change: Vec<&'a LockedAlert>,
    overtaken: Vec<AlertId>,
    refused: Vec<AlertId>,
    missing: Vec<AlertId>,
}

impl<'a> Sorted<'a> {
    fn new(seen: &HashMap<AlertId, i64>, locked: &'a [LockedAlert], act: &BulkAct) -> Self {
        let mut sorted = Self {
            change: Vec::with_capacity(locked.len()),
            overtaken: Vec::new(),
            refused: Vec::new(),
            missing: Vec::new(),
        };
        for alert in locked {
            match seen.get(&alert.id).map(|seen| judge(act, *seen, alert)) {
                Some(BulkVerdict::Change) => sorted.change.push(alert),
                Some(BulkVerdict::Overtaken) => sorted.overtaken.push(alert.id),
                Some(BulkVerdict::Refused) => sorted.refused.push(alert.id),
                None => {}
            }
        }
        let there: HashSet<AlertId> = locked.iter().map(|alert| alert.id).collect();
        sorted.missing = seen.keys().filter(|id| !there.contains(id)).copied().collect();
        sorted.missing.sort_unstable();
        sorted
    }
}

fn check(rows: &[BulkRow], act: &BulkAct) -> Result<(), Failure> {
    if rows.is_empty() {
        return Err(Failure::invalid("rows", "select at least one alert first"));
    }
    if rows.len() > usize::from(MAX_BULK) {
        return Err(Failure::invalid(
            "rows",
            format!("one act changes at most {MAX_BULK} alerts; narrow the filter or do it in parts"),
        ));
    }
    let note = match act {
        BulkAct::Comment { note } if note.trim().is_empty() => {
            return Err(Failure::invalid("note", "write the comment first"));
        }
        BulkAct::Status { note, .. } | BulkAct::Comment { note } => note,
    };
    if note.chars().count() > MAX_NOTE_CHARS {
        return Err(Failure::invalid(
            "note",
            format!("a note has at most {MAX_NOTE_CHARS} characters; shorten it"),
        ));
    }
    // What no alert could take is refused as a whole: a resolution or a reason is missing.
    if let BulkAct::Status { to, resolution, note } = act {
        let from = if *to == AlertStatus::Open {
            AlertStatus::Resolved
        } else {
            AlertStatus::Open
        };
        check_transition(from, *to, *resolution, note)
            .map_err(|error| Failure::from(super::ChangeStatusError::from(error)))?;
    }
    Ok(())
}

fn activity(change: &BulkChange, alert: &LockedAlert, act: &BulkAct) -> AlertActivity {
    let (kind, note) = match act {
        BulkAct::Status { note, .. } => (ActivityKind::Transition, note),
        BulkAct::Comment { note } => (ActivityKind::Comment, note),
    };
    AlertActivity {
        at: change.at,
        actor: change.actor.clone(),
        kind,
        from: change.to.map(|_| alert.status),
        to: change.to,
        resolution: change.resolution,
        note: note.trim().to_owned(),
    }
}

/// One entry: how many went from where to where, what they were resolved as, and the id of each.
fn audit<'a>(caller: &Caller, change: &BulkChange, sorted: &Sorted<'_>, act: &BulkAct) -> Act<'a> {
    let (action, note) = match act {
        BulkAct::Status { note, .. } => ("alert.bulk_status_changed", note),
        BulkAct::Comment { note } => ("alert.bulk_commented", note),
    };
    let mut entry = Act::done(caller.actor(), action, "bulk_change", change.id.to_string()).note(note.trim());
    if let Some(to) = change.to {
        let mut from: BTreeMap<&str, usize> = BTreeMap::new();
        for alert in &sorted.change {
            *from.entry(alert.status.as_str()).or_default() += 1;
        }
        for (status, n) in from {
            entry = entry.change(&format!("status of {n}"), Some(status), Some(to.as_str()));
        }
    }
    if let Some(resolution) = change.resolution {
        entry = entry.change("resolution", None, Some(resolution.as_str()));
    }
    let changed: Vec<String> = change.changed.iter().map(|row| row.id.to_string()).collect();
    entry = entry.change("alerts", None, Some(&changed.join(" ")));
    for (name, ids) in [
        ("overtaken", &change.overtaken),
        ("refused", &change.refused),
        ("missing", &change.missing),
    ] {
        if !ids.is_empty() {
            let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
            entry = entry.change(name, None, Some(&ids.join(" ")));
        }
    }
    entry
}
