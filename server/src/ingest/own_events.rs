//! The server is a peer too: what its audit trail records, and how the status of peers changes, becomes events of its own,
//! through the same pipeline as everybody's. The trail is the outbox of its entries: nothing is lost when the server stops
//! in between, nothing doubles.

use axum::body::Bytes;
use serde_json::json;
use tokio::sync::mpsc;
use wolfsec::audit::SealedEntry;
use wolfsec::ids::PeerId;
use wolfsec::page::Limit;
use wolfsec_app::UseCases;

use super::pipeline::Pipeline;
use super::request::RawRequest;
use super::status_news::StatusChange;

/// Changes of status that one request of events holds.
const GROUP: usize = 1000;

/// Forwards what the trail holds since the last time; returns how many entries.
pub async fn forward_audit(use_cases: &UseCases, pipeline: &Pipeline, own_peer: PeerId) -> anyhow::Result<usize> {
    let limit = Limit::new(Limit::MAX).unwrap_or_default();
    let mut total = 0;
    loop {
        let forwarded = use_cases.audit_forwarded().await?;
        let entries = use_cases.audit_after(forwarded, limit).await?;
        let Some(last) = entries.last().map(|entry| entry.seq) else {
            return Ok(total);
        };
        let mut body = Vec::with_capacity(entries.len() * 256);
        for entry in &entries {
            serde_json::to_writer(&mut body, &entry_event(entry))?;
            body.push(b'\n');
        }
        submit(use_cases, pipeline, own_peer, body).await?;
        use_cases.set_audit_forwarded(last).await?;
        total += entries.len();
    }
}

/// Makes events of changes of status. What could not be handed over stays in `kept` for the next time.
pub async fn forward_changes(
    kept: &mut Vec<StatusChange>,
    waiting: &mut mpsc::Receiver<StatusChange>,
    use_cases: &UseCases,
    pipeline: &Pipeline,
    own_peer: PeerId,
) -> anyhow::Result<()> {
    loop {
        while kept.len() < GROUP
            && let Ok(change) = waiting.try_recv()
        {
            kept.push(change);
        }
        if kept.is_empty() {
            return Ok(());
        }
        let mut body = Vec::with_capacity(kept.len() * 512);
        for change in kept.iter() {
            serde_json::to_writer(&mut body, &change_event(change))?;
            body.push(b'\n');
        }
        submit(use_cases, pipeline, own_peer, body).await?;
        kept.clear();
    }
}

async fn submit(use_cases: &UseCases, pipeline: &Pipeline, own_peer: PeerId, body: Vec<u8>) -> anyhow::Result<()> {
    let request = RawRequest {
        peer: own_peer,
        received_at: use_cases.now(),
        address: None,
        body: Bytes::from(body),
        refused: Vec::new(),
    };
    pipeline.submit(request).await?;
    Ok(())
}

fn entry_event(sealed: &SealedEntry) -> serde_json::Value {
    let entry = &sealed.entry;
    let outcome = if entry.success { "success" } else { "failure" };
    let mut event = json!({
        "_id": format!("audit-{}", sealed.seq),
        "@timestamp": entry.at.to_rfc3339_opts(chrono::SecondsFormat::Micros, true),
        "product": "wolfsec",
        "service": "audit",
        "severity": if entry.success { "informational" } else { "low" },
        "message": format!("{} {} {} {}: {outcome}", entry.actor.name, entry.action, entry.object_kind, entry.object),
        "action": entry.action,
        "actor": entry.actor.name,
        "actor_kind": entry.actor.kind,
        "object": entry.object,
        "object_kind": entry.object_kind,
        "outcome": outcome,
        "event": { "action": entry.action, "outcome": outcome },
        "user": { "name": entry.actor.name },
    });
    if let Some(address) = &entry.actor.address {
        event["source"] = json!({ "ip": address });
    }
    if !entry.changes.is_empty() {
        event["changes"] = json!(entry.changes);
    }
    event
}

fn change_event(change: &StatusChange) -> serde_json::Value {
    let StatusChange {
        peer,
        name,
        at,
        before,
        after,
    } = change;
    json!({
        "_id": format!("peer-status-{peer}-{}", at.timestamp_micros()),
        "@timestamp": at.to_rfc3339_opts(chrono::SecondsFormat::Micros, true),
        "product": "wolfsec",
        "service": "peers",
        "severity": "informational",
        "message": format!("{name} peer.status_changed: {after}, was {before}"),
        "action": "peer.status_changed",
        "object": name,
        "object_kind": "peer",
        "before": before,
        "after": after,
        "event": { "action": "peer.status_changed" },
        "host": { "name": name },
    })
}
