//! Keeps the embedded PostgreSQL alive: when it does not answer twice in a row and is not there, it is started again.

use std::time::Duration;

use sqlx::PgPool;
use tokio::sync::watch;
use wolf_cluster::{Cluster, ClusterOptions};

use crate::adapters::pg;

const EVERY: Duration = Duration::from_secs(5);
/// One missed answer may be load; two in a row are worth a look.
const MISSES: u32 = 2;

/// Runs until `stop` turns true.
pub async fn supervise(pool: PgPool, options: ClusterOptions, mut stop: watch::Receiver<bool>) {
    let mut tick = tokio::time::interval(EVERY);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut misses = 0;
    loop {
        tokio::select! {
            _ = stop.changed() => return,
            _ = tick.tick() => {}
        }
        if pg::answers(&pool).await {
            misses = 0;
            continue;
        }
        misses += 1;
        if misses >= MISSES {
            revive(options.clone()).await;
            misses = 0;
        }
    }
}

/// Starts the cluster if it is not running; the server's own hold on it keeps it running afterwards.
async fn revive(options: ClusterOptions) {
    tracing::warn!("the embedded PostgreSQL does not answer; starting it if it is gone");
    let started = tokio::task::spawn_blocking(move || Cluster::revive(&options)).await;
    match started {
        Ok(Ok(running)) => tracing::info!(running, "looked after the embedded PostgreSQL"),
        Ok(Err(error)) => tracing::error!(%error, "the embedded PostgreSQL could not be started; tried again soon"),
        Err(error) => tracing::error!(%error, "starting the embedded PostgreSQL failed"),
    }
}
