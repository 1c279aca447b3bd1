//! What a timer does: partitions ahead, old days away.

use chrono::Duration;
use wolfsec::Timestamp;

use crate::{Failure, UseCases};

/// Requests are remembered for a week.
const REQUEST_MEMORY: Duration = Duration::days(7);
/// Correlation hits are kept as long as the longest window may be.
pub(super) const HIT_MEMORY: Duration = Duration::days(2);
/// What was measured of ingest is kept as long as the overview looks back.
const MEASURE_MEMORY: Duration = Duration::days(31);
/// Browsers catch up over at most this long; no session lasts longer.
const CHANGE_MEMORY: Duration = Duration::days(2);
/// A change of many can be taken back for as long; the audit trail keeps what it did.
const BULK_CHANGE_MEMORY: Duration = Duration::days(30);
/// Days whose partitions are made ahead.
const DAYS_AHEAD: i64 = 3;

impl UseCases {
    /// Makes the coming partitions of events and of metrics; returns how many were missing. Nothing can be stored without.
    #[tracing::instrument(name = "app.make_partitions", skip_all)]
    pub async fn make_partitions(&self) -> Result<u32, Failure> {
        let today = self.now().date_naive();
        let (from, to) = (today - Duration::days(1), today + Duration::days(DAYS_AHEAD));
        let mut uow = self.begin().await?;
        let events = uow.events().ensure_partitions(from, to).await?;
        let metrics = uow.metrics().ensure_partitions(from, to).await?;
        uow.commit().await?;
        Ok(events + metrics)
    }

    /// Retires what is past its days; returns how many days were dropped. Each part stands alone: what waits too long for a
    /// busy table does not keep the rest.
    #[tracing::instrument(name = "app.retire", skip_all)]
    pub async fn retire(&self, retention_days: u16, metric_retention_days: u16) -> Result<u32, Failure> {
        let now = self.now();
        let today = now.date_naive();
        let forgotten = self.forget(now).await;
        let before = today - Duration::days(i64::from(retention_days));
        let mut uow = self.begin().await?;
        let events = uow
            .events()
            .retire(before, now - REQUEST_MEMORY, now - HIT_MEMORY)
            .await?;
        uow.commit().await?;
        let before = today - Duration::days(i64::from(metric_retention_days));
        let mut uow = self.begin().await?;
        let metrics = uow.metrics().retire(before).await?;
        uow.commit().await?;
        forgotten?;
        Ok(events + metrics)
    }

    async fn forget(&self, now: Timestamp) -> Result<(), Failure> {
        let mut uow = self.begin().await?;
        uow.live().forget(now - CHANGE_MEMORY).await?;
        uow.alerts().forget_bulk_changes(now - BULK_CHANGE_MEMORY).await?;
        uow.overview().forget_measured(now - MEASURE_MEMORY).await?;
        uow.commit().await?;
        Ok(())
    }
}
