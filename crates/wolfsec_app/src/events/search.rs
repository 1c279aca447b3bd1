//! Reading events; always bounded in time.

use wolfsec::Timestamp;
use wolfsec::events::{EventQuery, SecurityEvent};
use wolfsec::ids::EventId;
use wolfsec::page::Page;

use crate::{Action, Caller, Failure, UseCases};

impl UseCases {
    /// Newest first.
    #[tracing::instrument(name = "app.search_events", skip_all)]
    pub async fn search_events(&self, caller: &Caller, query: &EventQuery) -> Result<Page<SecurityEvent>, Failure> {
        self.permit(caller, Action::ReadEvents).await?;
        if query.until <= query.since {
            return Err(Failure::invalid("until", "the end must be after the start"));
        }
        Ok(self.begin().await?.events().search(query).await?)
    }

    /// The same for a list that people read: bounded in bytes too.
    #[tracing::instrument(name = "app.preview_events", skip_all)]
    pub async fn preview_events(&self, caller: &Caller, query: &EventQuery) -> Result<Page<SecurityEvent>, Failure> {
        self.permit(caller, Action::ReadEvents).await?;
        Ok(self.begin().await?.events().preview(query).await?)
    }

    /// One event by its identity: time and id.
    #[tracing::instrument(name = "app.get_event", skip_all)]
    pub async fn get_event(&self, caller: &Caller, ts: Timestamp, id: EventId) -> Result<SecurityEvent, Failure> {
        self.permit(caller, Action::ReadEvents).await?;
        self.begin()
            .await?
            .events()
            .get(ts, id)
            .await?
            .ok_or_else(|| Failure::not_found("event"))
    }
}
