//! Slows down guessing: per account and per address, after a few failures, for a time that doubles.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use chrono::Duration;
use wolfsec::Timestamp;

/// Failures that cost nothing.
const FREE_FAILURES: u32 = 5;
/// First wait; each further failure doubles it.
const FIRST_WAIT_SECONDS: i64 = 2;
const LONGEST_WAIT_SECONDS: i64 = 900;
/// Failures are forgotten after this long without a further one.
const MEMORY: Duration = Duration::minutes(15);
/// Keys remembered at most: the oldest go first.
const MAX_KEYS: usize = 20_000;

#[derive(Clone, Copy)]
struct Failures {
    count: u32,
    last: Timestamp,
}

/// In-memory counters; a restart forgets them, which costs an attacker more than it gives.
#[derive(Default)]
pub struct SignInThrottle {
    failures: Mutex<HashMap<String, Failures>>,
}

impl SignInThrottle {
    /// Seconds to wait before any of these keys may try again; 0 when free.
    pub fn wait_seconds(&self, keys: &[String], now: Timestamp) -> u32 {
        let failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        let longest = keys
            .iter()
            .filter_map(|key| failures.get(key))
            .map(|seen| remaining(*seen, now))
            .max();
        u32::try_from(longest.unwrap_or(0)).unwrap_or(0)
    }

    pub fn record_failure(&self, keys: &[String], now: Timestamp) {
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        if failures.len() > MAX_KEYS {
            failures.retain(|_, seen| now - seen.last < MEMORY);
            if failures.len() > MAX_KEYS {
                failures.clear();
            }
        }
        for key in keys {
            let seen = failures.entry(key.clone()).or_insert(Failures { count: 0, last: now });
            if now - seen.last >= MEMORY {
                seen.count = 0;
            }
            seen.count = seen.count.saturating_add(1);
            seen.last = now;
        }
    }

    pub fn record_success(&self, key: &str) {
        self.failures.lock().unwrap_or_else(PoisonError::into_inner).remove(key);
    }
}

fn remaining(seen: Failures, now: Timestamp) -> i64 {
    if seen.count < FREE_FAILURES || now - seen.last >= MEMORY {
        return 0;
    }
    let doublings = (seen.count - FREE_FAILURES).min(20);
    let wait = (FIRST_WAIT_SECONDS << doublings).min(LONGEST_WAIT_SECONDS);
    (wait - (now - seen.last).num_seconds()).max(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wait_starts_late_doubles_and_ends() {
        let throttle = SignInThrottle::default();
        let now = Timestamp::from_timestamp(1_700_000_000, 0).unwrap();
        let keys = vec!["account:jo".to_owned()];
        for _ in 0..4 {
            throttle.record_failure(&keys, now);
        }
        assert_eq!(throttle.wait_seconds(&keys, now), 0);
        throttle.record_failure(&keys, now);
        assert_eq!(throttle.wait_seconds(&keys, now), 2);
        throttle.record_failure(&keys, now);
        assert_eq!(throttle.wait_seconds(&keys, now), 4);
        assert_eq!(throttle.wait_seconds(&keys, now + Duration::seconds(4)), 0);
        throttle.record_success("account:jo");
        assert_eq!(throttle.wait_seconds(&keys, now), 0);
        assert_eq!(throttle.wait_seconds(&["account:other".to_owned()], now), 0);
    }
}
