//! What runs on timers: keeping house, the server's own events and heartbeat. Each tick is idempotent.

mod follow_rules;
mod live;
mod supervise;

use std::time::Duration;

use tokio::sync::watch;
use wolfsec::ids::PeerId;
use wolfsec::peers::HeartbeatState;
use wolfsec_app::UseCases;

use crate::ingest::{Pipeline, forward_audit};

pub use follow_rules::follow_rules;
pub use live::live;
pub use supervise::supervise;

const HOUSE_EVERY: Duration = Duration::from_mins(10);
const FORWARD_EVERY: Duration = Duration::from_millis(500);
const HEARTBEAT_EVERY: Duration = Duration::from_secs(15);

/// Runs until `stop` turns true; then forwards what the trail still holds.
pub async fn run(
    use_cases: UseCases,
    pipeline: Pipeline,
    own_peer: PeerId,
    retention_days: u16,
    mut stop: watch::Receiver<bool>,
) {
    let mut house = tokio::time::interval(HOUSE_EVERY);
    let mut forward = tokio::time::interval(FORWARD_EVERY);
    let mut heartbeat = tokio::time::interval(HEARTBEAT_EVERY);
    forward.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = stop.changed() => break,
            _ = house.tick() => keep_house(&use_cases, retention_days).await,
            _ = forward.tick() => {
                if let Err(error) = forward_audit(&use_cases, &pipeline, own_peer).await {
                    tracing::warn!(%error, "own events wait: they are forwarded when the store answers again");
                }
            }
            _ = heartbeat.tick() => {
                if let Err(error) = use_cases.heartbeat(own_peer, HeartbeatState::Running, None).await {
                    tracing::warn!(%error, "own heartbeat failed");
                }
            }
        }
    }
    if let Err(error) = use_cases.heartbeat(own_peer, HeartbeatState::Stopping, None).await {
        tracing::warn!(%error, "own last heartbeat failed");
    }
}

async fn keep_house(use_cases: &UseCases, retention_days: u16) {
    match use_cases.keep_house(retention_days).await {
        Ok((made, dropped)) if made > 0 || dropped > 0 => tracing::info!(made, dropped, "event partitions"),
        Ok(_) => {}
        Err(error) => tracing::warn!(%error, "keeping house failed; tried again later"),
    }
    if let Err(error) = use_cases.remove_expired_sessions().await {
        tracing::warn!(%error, "expired sessions stay for now");
    }
}
