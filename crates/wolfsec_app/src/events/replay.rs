//! Correlation state from the store, at start-up and after a rollback.

use chrono::Duration;
use wolfsec::detection::CorrelationHit;

use super::keep_house::HIT_MEMORY;
use crate::{Failure, UseCases};

/// Hits replayed at most; more than any sane window holds.
const MAX_HITS: u32 = 500_000;

impl UseCases {
    /// Stored hits of the longest window (seconds; 0 without correlations), in event time order, to be replayed
    /// into a fresh correlator.
    #[tracing::instrument(name = "app.correlation_hits", skip_all)]
    pub async fn correlation_hits(&self, window: i64) -> Result<Vec<CorrelationHit>, Failure> {
        if window == 0 {
            return Ok(Vec::new());
        }
        // What is older is forgotten; a rule's window is bounded where rules are loaded.
        let window = Duration::try_seconds(window).map_or(HIT_MEMORY, |window| window.min(HIT_MEMORY));
        let since = self.now() - window;
        Ok(self.begin().await?.events().hits_since(since, MAX_HITS).await?)
    }
}
