//! The queue and one alert.

use wolfsec::alerts::{Alert, AlertCounts, AlertDetail, AlertQuery, AlertTally};
use wolfsec::ids::AlertId;
use wolfsec::page::Page;

use crate::{Action, Caller, Failure, UseCases};

impl UseCases {
    /// Alerts, newest `last_seen` first.
    #[tracing::instrument(name = "app.list_alerts", skip_all)]
    pub async fn list_alerts(&self, caller: &Caller, query: &AlertQuery) -> Result<Page<Alert>, Failure> {
        self.permit(caller, Action::ReadAlerts).await?;
        Ok(self.begin().await?.alerts().list(query).await?)
    }

    /// How many alerts a query has, by status and severity; bounded.
    #[tracing::instrument(name = "app.tally_alerts", skip_all)]
    pub async fn tally_alerts(&self, caller: &Caller, query: &AlertQuery) -> Result<AlertTally, Failure> {
        self.permit(caller, Action::ReadAlerts).await?;
        Ok(self.begin().await?.alerts().tally(query).await?)
    }

    /// Counts by severity for the rail.
    #[tracing::instrument(name = "app.count_alerts", skip_all)]
    pub async fn count_alerts(&self, caller: &Caller) -> Result<AlertCounts, Failure> {
        self.permit(caller, Action::ReadAlerts).await?;
        Ok(self.begin().await?.alerts().counts().await?)
    }

    /// An alert with its evidence and history.
    #[tracing::instrument(name = "app.get_alert", skip_all)]
    pub async fn get_alert(&self, caller: &Caller, id: AlertId) -> Result<AlertDetail, Failure> {
        self.permit(caller, Action::ReadAlerts).await?;
        self.begin()
            .await?
            .alerts()
            .detail(id)
            .await?
            .ok_or_else(|| Failure::not_found("alert"))
    }
}
