//! A comment on an alert: adds to its history, changes nothing else.

use wolfsec::alerts::{ActivityKind, AlertActivity, MAX_NOTE_CHARS};
use wolfsec::ids::AlertId;

use crate::audit::Act;
use crate::{Action, Caller, Failure, UseCases};

impl UseCases {
    #[tracing::instrument(name = "app.comment_alert", skip_all, fields(alert = %id))]
    pub async fn comment_alert(&self, caller: &Caller, id: AlertId, text: &str) -> Result<(), Failure> {
        self.permit(caller, Action::WorkAlerts).await?;
        let text = text.trim();
        if text.is_empty() {
            return Err(Failure::invalid("note", "write something first"));
        }
        if text.chars().count() > MAX_NOTE_CHARS {
            return Err(Failure::invalid(
                "note",
                format!("a comment has at most {MAX_NOTE_CHARS} characters"),
            ));
        }
        let mut uow = self.begin().await?;
        uow.alerts()
            .lock(id)
            .await?
            .ok_or_else(|| Failure::not_found("alert"))?;
        let activity = AlertActivity {
            at: self.now(),
            actor: caller.name().to_owned(),
            kind: ActivityKind::Comment,
            from: None,
            to: None,
            resolution: None,
            note: text.to_owned(),
        };
        uow.alerts().add_activity(id, &activity).await?;
        let act = Act::done(caller.actor(), "alert.commented", "alert", id.to_string()).note(text);
        self.record(uow.as_mut(), act).await?;
        Ok(uow.commit().await?)
    }
}
