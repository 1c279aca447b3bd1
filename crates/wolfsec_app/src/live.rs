//! Live updates: where a page stands in the sequence of changes, what it missed, and the figures that move.

use wolfsec::ids::SessionId;
use wolfsec::live::{LiveCursor, LiveSample, Since};

use crate::{Action, Caller, Failure, UseCases};

impl UseCases {
    /// Where the sequence of changes stands. Asked before a page reads its alerts, so that none is missed between.
    #[tracing::instrument(name = "app.live_cursor", skip_all)]
    pub async fn live_cursor(&self, caller: &Caller) -> Result<LiveCursor, Failure> {
        self.permit(caller, Action::ReadAlerts).await?;
        Ok(self.begin().await?.live().head().await?)
    }

    /// What was committed after `cursor`; without one, where to start.
    #[tracing::instrument(name = "app.live_since", skip_all)]
    pub async fn live_since(&self, caller: &Caller, cursor: Option<LiveCursor>) -> Result<Since, Failure> {
        self.permit(caller, Action::ReadAlerts).await?;
        let mut uow = self.begin().await?;
        let cursor = match cursor {
            Some(cursor) => cursor,
            None => uow.live().head().await?,
        };
        Ok(uow.live().since(cursor).await?)
    }

    /// The figures behind the live counters, for the worker that tells them to all who may read alerts.
    #[tracing::instrument(name = "app.live_sample", skip_all)]
    pub async fn live_sample(&self) -> Result<LiveSample, Failure> {
        let at = self.now();
        let mut uow = self.begin().await?;
        Ok(LiveSample {
            at,
            head: uow.live().head().await?,
            counts: uow.alerts().counts().await?,
            totals: uow.live().totals().await?,
        })
    }

    /// Those of these sessions that still live and whose users may still read alerts.
    #[tracing::instrument(name = "app.live_sessions", skip_all)]
    pub async fn live_sessions(&self, ids: &[SessionId]) -> Result<Vec<SessionId>, Failure> {
        let now = self.now();
        let found = self.begin().await?.sessions().get_many(ids).await?;
        Ok(found
            .iter()
            .filter(|(session, user)| {
                user.enabled && session.is_live(now) && user.role >= Action::ReadAlerts.least_role()
            })
            .map(|(session, _)| session.id)
            .collect())
    }
}
