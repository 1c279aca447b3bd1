//! What the overview page shows.

use chrono::Duration;
use wolfsec::alerts::{AlertQuery, AlertStatus};
use wolfsec::overview::{FleetCounts, Overview};
use wolfsec::page::Limit;
use wolfsec::peers::PeerStatus;

use crate::{Action, Caller, Failure, UseCases, authorise};

/// Width of a bar in the event-rate chart (minutes).
const BUCKET_MINUTES: i32 = 15;

impl UseCases {
    /// All of the page's figures, from one transaction.
    #[tracing::instrument(name = "app.overview", skip_all)]
    pub async fn overview(&self, caller: &Caller) -> Result<Overview, Failure> {
        authorise(caller, Action::ReadOverview)?;
        let now = self.now();
        let mut uow = self.begin().await?;
        let query = AlertQuery {
            statuses: vec![AlertStatus::Open, AlertStatus::Acknowledged, AlertStatus::InProgress],
            limit: Limit::new(8).unwrap_or_default(),
            ..AlertQuery::default()
        };
        let latest = uow.alerts().list(&query).await?.items;
        let counts = uow.alerts().counts().await?;
        let rate = uow.events().rate(now - Duration::hours(24), BUCKET_MINUTES).await?;
        let last_event_at = uow.events().last_received_at().await?;
        let rules_enabled = uow.rules().count_enabled().await?;
        let mut fleet = FleetCounts::default();
        for (status, count) in uow.peers().count_by_status(None, now).await? {
            match status {
                PeerStatus::Online => fleet.online += count,
                PeerStatus::Late => fleet.late += count,
                PeerStatus::Offline => fleet.offline += count,
                _ => fleet.other += count,
            }
        }
        Ok(Overview {
            rendered_at: now,
            counts,
            latest,
            rate,
            last_event_at,
            fleet,
            rules_enabled,
        })
    }
}
