//! Moving an alert to its end. A change names the version it saw; a stale one changes nothing.

use wolfsec::alerts::{
    ActivityKind, Alert, AlertActivity, MAX_NOTE_CHARS, StatusChange, TransitionError, check_transition,
};
use wolfsec::ids::AlertId;

use crate::audit::Act;
use crate::{Action, Caller, Failure, FailureKind, Forbidden, Principal, UseCases};

/// Why an alert was not changed.
#[derive(Debug, thiserror::Error)]
pub enum ChangeStatusError {
    #[error(transparent)]
    Forbidden(#[from] Forbidden),
    #[error("there is no such alert")]
    NotFound,
    /// Somebody changed it since; the current state comes with it.
    #[error("the alert was changed by somebody else; it is now {} (version {})", .0.status, .0.version)]
    Stale(Box<Alert>),
    #[error("a form must say which version it saw")]
    VersionMissing,
    #[error("a note has at most {MAX_NOTE_CHARS} characters")]
    NoteTooLong,
    #[error(transparent)]
    Transition(#[from] TransitionError),
    #[error(transparent)]
    Repository(#[from] wolfsec::ports::RepositoryError),
}

impl From<ChangeStatusError> for Failure {
    fn from(error: ChangeStatusError) -> Self {
        let message = error.to_string();
        match error {
            ChangeStatusError::Forbidden(error) => error.into(),
            ChangeStatusError::Repository(error) => error.into(),
            ChangeStatusError::NotFound => Self::not_found("alert"),
            ChangeStatusError::Stale(_) => Self::conflict("stale", message),
            ChangeStatusError::VersionMissing => Self::invalid("version", message),
            ChangeStatusError::NoteTooLong => Self::invalid("note", message),
            ChangeStatusError::Transition(kind) => {
                let mut failure = Self::new(FailureKind::Invalid, "transition_refused", message.clone());
                let field = match kind {
                    TransitionError::Forbidden { .. } => "status",
                    TransitionError::ResolutionMissing | TransitionError::ResolutionUnexpected => "resolution",
                    TransitionError::ReasonMissing => "note",
                };
                failure.fields.push((field, message));
                failure
            }
        }
    }
}

impl UseCases {
    /// Changes the status; who works an alert that is nobody's takes it, reopening gives it back. Returns the alert after the change.
    #[tracing::instrument(name = "app.change_alert_status", skip_all, fields(alert = %id, to = %change.to))]
    pub async fn change_alert_status(
        &self,
        caller: &Caller,
        id: AlertId,
        change: &StatusChange,
    ) -> Result<Alert, ChangeStatusError> {
        self.permit(caller, Action::WorkAlerts).await?;
        if change.note.chars().count() > MAX_NOTE_CHARS {
            return Err(ChangeStatusError::NoteTooLong);
        }
        if change.seen_version.is_none() && matches!(caller.principal(), Principal::User { .. }) {
            return Err(ChangeStatusError::VersionMissing);
        }
        let mut uow = self.begin().await?;
        let before = uow.alerts().lock(id).await?.ok_or(ChangeStatusError::NotFound)?;
        if change.seen_version.is_some_and(|seen| seen != before.version) {
            return Err(ChangeStatusError::Stale(Box::new(before)));
        }
        check_transition(before.status, change.to, change.resolution, &change.note)?;
        uow.alerts()
            .set_status(id, change.to, change.resolution, caller.user_id())
            .await?;
        let activity = AlertActivity {
            at: self.now(),
            actor: caller.name().to_owned(),
            kind: ActivityKind::Transition,
            from: Some(before.status),
            to: Some(change.to),
            resolution: change.resolution,
            note: change.note.trim().to_owned(),
        };
        uow.alerts().add_activity(id, &activity).await?;
        let mut act = Act::done(caller.actor(), "alert.status_changed", "alert", id.to_string())
            .change("status", Some(before.status.as_str()), Some(change.to.as_str()))
            .note(activity.note);
        if before.resolution != change.resolution {
            act = act.change(
                "resolution",
                before.resolution.map(wolfsec::alerts::Resolution::as_str),
                change.resolution.map(wolfsec::alerts::Resolution::as_str),
            );
        }
        let after = uow.alerts().lock(id).await?.ok_or(ChangeStatusError::NotFound)?;
        if before.assignee != after.assignee {
            act = act.change("assignee", before.assignee.as_deref(), after.assignee.as_deref());
        }
        self.record(uow.as_mut(), act).await?;
        uow.commit().await?;
        Ok(after)
    }
}
