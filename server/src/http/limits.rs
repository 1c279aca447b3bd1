//! Rate limits: token buckets per peer, API token or address.

use std::num::NonZeroU32;

use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};

use super::error::ApiError;
use crate::config::Settings;

type Buckets = DefaultKeyedRateLimiter<String>;

/// All buckets; idle ones are dropped once there are many.
pub struct Limits {
    ingest: Option<Buckets>,
    api: Option<Buckets>,
    sign_in: Option<Buckets>,
    enrolment: Option<Buckets>,
}

impl Limits {
    pub fn new(settings: &Settings) -> Self {
        let per_second = |n| NonZeroU32::new(n).map(|n| RateLimiter::keyed(Quota::per_second(n)));
        let per_minute = |n| NonZeroU32::new(n).map(|n| RateLimiter::keyed(Quota::per_minute(n)));
        Self {
            ingest: per_second(settings.ingest_requests_per_second),
            api: per_second(settings.api_requests_per_second),
            sign_in: per_minute(settings.sign_in_requests_per_minute),
            enrolment: per_minute(settings.enrolment_requests_per_minute),
        }
    }
    pub fn ingest(&self, peer: &str) -> Result<(), ApiError> {
        check(self.ingest.as_ref(), peer, 1)
    }
    pub fn api(&self, token: &str) -> Result<(), ApiError> {
        check(self.api.as_ref(), token, 1)
    }
    pub fn sign_in(&self, address: &str) -> Result<(), ApiError> {
        check(self.sign_in.as_ref(), address, 10)
    }
    pub fn enrolment(&self, address: &str) -> Result<(), ApiError> {
        check(self.enrolment.as_ref(), address, 10)
    }
}

/// Buckets kept before idle ones are looked for.
const MANY: usize = 10_000;

fn check(buckets: Option<&Buckets>, key: &str, retry_after: u32) -> Result<(), ApiError> {
    let Some(buckets) = buckets else { return Ok(()) };
    if buckets.len() > MANY {
        buckets.retain_recent();
    }
    buckets
        .check_key(&key.to_owned())
        .map_err(|_| ApiError::too_fast(retry_after))
}
