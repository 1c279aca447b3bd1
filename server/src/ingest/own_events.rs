//! The server is a peer too: what its audit trail records becomes events of its own, through the same pipeline.
//! The trail is the outbox: nothing is lost when the server stops in between, nothing doubles.

use axum::body::Bytes;
use serde_json::json;
use wolfsec::audit::SealedEntry;
use wolfsec::ids::PeerId;
use wolfsec::page::Limit;
use wolfsec_app::UseCases;

use super::pipeline::{Pipeline, RawRequest};

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
            serde_json::to_writer(&mut body, &as_event(entry))?;
            body.push(b'\n');
        }
        let received_at = use_cases.now();
        pipeline
            .submit(RawRequest {
                peer: own_peer,
                received_at,
                address: None,
                body: Bytes::from(body),
                refused: Vec::new(),
            })
            .await?;
        use_cases.set_audit_forwarded(last).await?;
        total += entries.len();
    }
}

fn as_event(sealed: &SealedEntry) -> serde_json::Value {
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
