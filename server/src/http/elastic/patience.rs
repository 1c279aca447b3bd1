//! Waiting on behalf of a client that cannot. rsyslog's omelasticsearch (8.2302) throws away a batch that is refused as a
//! whole, whatever the status: only a server that cannot be reached makes it wait. It does wait for an answer, though, and
//! keeps what comes meanwhile in its own queue: so its requests are held until they can be taken.

use std::time::Duration;

use http::{HeaderMap, StatusCode, header};

use crate::http::error::ApiError;

/// Further tries for one request; with a second or more between them, some minutes.
const TRIES: u32 = 120;
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// How often a request is tried again before its refusal is told.
#[derive(Debug)]
pub(super) struct Patience {
    tries: u32,
}

impl Patience {
    /// rsyslog names itself nowhere; no other known client sends this type without a User-Agent.
    pub(super) fn of(headers: &HeaderMap) -> Self {
        let kind = headers.get(header::CONTENT_TYPE);
        let rsyslog = kind.is_some_and(|kind| kind == "application/json; charset=utf-8")
            && !headers.contains_key(header::USER_AGENT);
        Self {
            tries: if rsyslog { TRIES } else { 0 },
        }
    }

    /// Waits when a refusal is one that passes; else tells it.
    pub(super) async fn after(&mut self, refusal: ApiError) -> Result<(), ApiError> {
        if self.tries == 0 || !passes(refusal.status()) {
            return Err(refusal);
        }
        self.tries -= 1;
        tokio::time::sleep(pause(&refusal)).await;
        Ok(())
    }
}

fn passes(status: StatusCode) -> bool {
    matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE)
}

fn pause(error: &ApiError) -> Duration {
    let seconds = error.retry_after().unwrap_or(1);
    Duration::from_secs(seconds.into()).min(LONGEST_PAUSE)
}
