//! The system's clock and random ids.

use wolfsec::Timestamp;
use wolfsec::ports::{Clock, IdSource};

/// UTC from the operating system, cut to the microsecond that PostgreSQL keeps.
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the port's one real implementation")]
    fn now(&self) -> Timestamp {
        let now = chrono::Utc::now();
        Timestamp::from_timestamp_micros(now.timestamp_micros()).unwrap_or(now)
    }
}

/// UUID version 7: time-ordered, so that new rows land at the end of their index.
pub struct TimeOrderedIds<C> {
    clock: C,
}

impl<C: Clock> TimeOrderedIds<C> {
    pub const fn new(clock: C) -> Self {
        Self { clock }
    }
}

impl<C: Clock> IdSource for TimeOrderedIds<C> {
    fn new_id(&self) -> uuid::Uuid {
        let millis = u64::try_from(self.clock.now().timestamp_millis()).unwrap_or(0);
        let random = super::crypto::random_16();
        let mut bytes = [0_u8; 10];
        bytes.copy_from_slice(&random[..10]);
        uuid::Builder::from_unix_timestamp_millis(millis, &bytes).into_uuid()
    }
}
