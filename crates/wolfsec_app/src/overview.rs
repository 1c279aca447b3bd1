//! What the overview page shows.

use wolfsec::Timestamp;
use wolfsec::alerts::{AlertOrder, AlertQuery, AlertStatus};
use wolfsec::overview::{INGEST_WINDOW, Overview, OverviewRange, RaisedCount, Visit};
use wolfsec::page::Limit;
use wolfsec::ports::{RepositoryResult, UnitOfWork};
use wolfsec::severity::Severity;

use crate::{Action, Caller, Failure, UseCases};

/// Rows of "waiting longest".
const LONGEST: u16 = 5;

impl UseCases {
    /// All of the page's figures, from one transaction and a fixed number of statements.
    #[tracing::instrument(name = "app.overview", skip_all)]
    pub async fn overview(&self, caller: &Caller, range: OverviewRange) -> Result<Overview, Failure> {
        self.permit(caller, Action::ReadOverview).await?;
        let now = self.now();
        let since = range.start(now);
        let mut uow = self.begin().await?;
        let longest = AlertQuery {
            statuses: vec![AlertStatus::Open],
            severities: vec![Severity::Critical, Severity::High],
            order: AlertOrder::Waiting,
            limit: Limit::new(LONGEST).unwrap_or_default(),
            ..AlertQuery::default()
        };
        let (since_visit, visit_moved) = look(uow.as_mut(), caller, now).await?;
        let view = Overview {
            rendered_at: now,
            range,
            since,
            waiting: uow.overview().waiting(caller.user_id()).await?,
            longest: uow.alerts().list(&longest).await?.items,
            since_visit,
            rate: uow.events().rate(since, range.bucket_minutes()).await?,
            alerts: uow.overview().alert_figures(since, range.bucket_minutes()).await?,
            fleet: uow.overview().fleet(now).await?,
            ingest: uow.overview().ingest(now - INGEST_WINDOW, since).await?,
            storage: uow.overview().storage().await?,
            coverage: uow.rules().coverage().await?,
        };
        if visit_moved {
            uow.commit().await?;
        }
        Ok(view)
    }
}

/// Since when the caller was away, with what was raised meanwhile; and whether the visit was written down.
async fn look(
    uow: &mut dyn UnitOfWork,
    caller: &Caller,
    now: Timestamp,
) -> RepositoryResult<(Option<(Timestamp, RaisedCount)>, bool)> {
    let Some(user) = caller.user_id() else {
        return Ok((None, false));
    };
    let (visit, moved) = Visit::look(uow.overview().visit(user).await?, now);
    if moved {
        uow.overview().set_visit(user, &visit).await?;
    }
    let Some(before) = visit.before else {
        return Ok((None, moved));
    };
    let raised = uow.overview().raised_since(before).await?;
    Ok((Some((before, raised)), moved))
}
