//! What a timer does: partitions ahead, old days away.

use chrono::Duration;

use crate::{Failure, UseCases};

/// Requests are remembered for a week.
const REQUEST_MEMORY: Duration = Duration::days(7);
/// Correlation hits are kept longer than any window.
const HIT_MEMORY: Duration = Duration::days(2);
/// What was measured of ingest is kept as long as the overview looks back.
const MEASURE_MEMORY: Duration = Duration::days(31);
/// Browsers catch up over at most this long; no session lasts longer.
const CHANGE_MEMORY: Duration = Duration::days(2);
/// A change of many can be taken back for as long; the audit trail keeps what it did.
const BULK_CHANGE_MEMORY: Duration = Duration::days(30);
/// Days whose partitions are made ahead.
const DAYS_AHEAD: i64 = 3;

impl UseCases {
    /// Makes coming partitions of events and of metrics, and retires what is past its days; returns (made, dropped).
    #[tracing::instrument(name = "app.keep_house", skip_all)]
    pub async fn keep_house(&self, retention_days: u16, metric_retention_days: u16) -> Result<(u32, u32), Failure> {
        let now = self.now();
        let today = now.date_naive();
        let mut uow = self.begin().await?;
        let made = uow
            .events()
            .ensure_partitions(today - Duration::days(1), today + Duration::days(DAYS_AHEAD))
            .await?;
        let metric_days_made = uow
            .metrics()
            .ensure_partitions(today - Duration::days(1), today + Duration::days(DAYS_AHEAD))
            .await?;
        let days_before = today - Duration::days(i64::from(retention_days));
        let dropped = uow
            .events()
            .retire(days_before, now - REQUEST_MEMORY, now - HIT_MEMORY)
            .await?;
        let metric_days_before = today - Duration::days(i64::from(metric_retention_days));
        let metric_days_dropped = uow.metrics().retire(metric_days_before).await?;
        uow.live().forget(now - CHANGE_MEMORY).await?;
        uow.alerts().forget_bulk_changes(now - BULK_CHANGE_MEMORY).await?;
        uow.overview().forget_measured(now - MEASURE_MEMORY).await?;
        uow.commit().await?;
        Ok((made + metric_days_made, dropped + metric_days_dropped))
    }
}
