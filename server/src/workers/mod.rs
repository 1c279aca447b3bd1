//! What runs on timers: keeping house, the server's own events and metrics. Each tick is idempotent.

mod follow_rules;
mod host;
mod live;
mod supervise;

use std::future::Future;
use std::time::Duration;

use tokio::sync::{mpsc, watch};
use wolfsec::ids::PeerId;
use wolfsec_app::UseCases;

use crate::ingest::{Pipeline, StatusChange, forward_audit, forward_changes};

pub use follow_rules::follow_rules;
pub use host::OwnReport;
pub use live::live;
pub use supervise::supervise;

const HOUSE_EVERY: Duration = Duration::from_mins(10);
const FORWARD_EVERY: Duration = Duration::from_millis(500);
/// A worker that panicked is started again after this long.
const RESTART_AFTER: Duration = Duration::from_secs(5);

/// How long things are kept.
#[derive(Debug, Clone, Copy)]
pub struct Retention {
    pub event_days: u16,
    pub metric_days: u16,
}

/// Runs until `stop` turns true; then forwards what the trail still holds.
pub async fn run(
    use_cases: UseCases,
    pipeline: Pipeline,
    own_peer: PeerId,
    retention: Retention,
    own_report: OwnReport,
    mut changes: mpsc::Receiver<StatusChange>,
    mut stop: watch::Receiver<bool>,
) {
    let reporting = tokio::spawn(keep_alive("own report", RESTART_AFTER, stop.clone(), move |stop| {
        own_report.clone().run(stop)
    }));
    let mut house = tokio::time::interval(HOUSE_EVERY);
    let mut forward = tokio::time::interval(FORWARD_EVERY);
    forward.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut kept = Vec::new();
    loop {
        tokio::select! {
            _ = stop.changed() => break,
            // Those that could not be handed over wait for the next tick.
            Some(first) = changes.recv(), if kept.is_empty() => {
                kept.push(first);
                tell_changes(&mut kept, &mut changes, &use_cases, &pipeline, own_peer).await;
            }
            _ = house.tick() => keep_house(&use_cases, retention).await,
            _ = forward.tick() => {
                tell_changes(&mut kept, &mut changes, &use_cases, &pipeline, own_peer).await;
                if let Err(error) = forward_audit(&use_cases, &pipeline, own_peer).await {
                    tracing::warn!(%error, "own events wait: they are forwarded when the store answers again");
                }
            }
        }
    }
    if let Err(error) = reporting.await {
        tracing::error!(%error, "the own report did not end");
    }
    tell_changes(&mut kept, &mut changes, &use_cases, &pipeline, own_peer).await;
}

async fn tell_changes(
    kept: &mut Vec<StatusChange>,
    changes: &mut mpsc::Receiver<StatusChange>,
    use_cases: &UseCases,
    pipeline: &Pipeline,
    own_peer: PeerId,
) {
    if let Err(error) = forward_changes(kept, changes, use_cases, pipeline, own_peer).await {
        tracing::warn!(%error, waiting = kept.len(), "changes of peers' status wait: they become events when the store answers again");
    }
}

/// Runs a worker until it ends by itself, as it does when `stop` turns true; one that panics is started again after a while.
async fn keep_alive<F>(
    name: &'static str,
    restart_after: Duration,
    mut stop: watch::Receiver<bool>,
    worker: impl Fn(watch::Receiver<bool>) -> F,
) where
    F: Future<Output = ()> + Send + 'static,
{
    while let Err(error) = tokio::spawn(worker(stop.clone())).await {
        tracing::error!(%error, name, "a worker failed; it is started again soon");
        tokio::select! {
            stopped = stop.wait_for(|stop| *stop) => {
                drop(stopped);
                return;
            }
            () = tokio::time::sleep(restart_after) => {}
        }
    }
}

async fn keep_house(use_cases: &UseCases, retention: Retention) {
    match use_cases.make_partitions().await {
        Ok(0) => {}
        Ok(made) => tracing::info!(made, "partitions of events and metrics"),
        Err(error) => tracing::warn!(%error, "partitions are not made ahead; tried again later"),
    }
    match use_cases.retire(retention.event_days, retention.metric_days).await {
        Ok(0) => {}
        Ok(dropped) => tracing::info!(dropped, "days of events and metrics are past their time"),
        Err(error) => tracing::warn!(%error, "nothing was retired; tried again later"),
    }
    if let Err(error) = use_cases.remove_expired_sessions().await {
        tracing::warn!(%error, "expired sessions stay for now");
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[tokio::test]
    async fn a_worker_that_panics_is_started_again() {
        let starts = Arc::new(AtomicUsize::new(0));
        let (_stop, stopped) = watch::channel(false);
        let count = starts.clone();
        keep_alive("test", Duration::ZERO, stopped, move |_| {
            let count = count.clone();
            async move { assert!(count.fetch_add(1, Ordering::SeqCst) > 0, "the first time fails") }
        })
        .await;
        assert_eq!(starts.load(Ordering::SeqCst), 2);
    }
}
