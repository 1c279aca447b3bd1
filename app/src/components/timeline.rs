//! What happened to a thing, in order.

use chrono::{DateTime, Utc};
use leptos::prelude::*;

/// One step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimelineEntry {
    pub at: DateTime<Utc>,
    /// Who did it; empty for the server itself.
    pub actor: String,
    /// What was done, such as "moved it from open to resolved".
    pub what: String,
    /// A comment; empty for none.
    pub note: String,
    /// A filled node: something began or ended.
    pub filled: bool,
}

/// Steps in order, one under the other.
#[component]
pub fn Timeline(entries: Vec<TimelineEntry>) -> impl IntoView {
    view! { <ol class="timeline">{entries.into_iter().map(step).collect_view()}</ol> }.into_any()
}

fn step(entry: TimelineEntry) -> AnyView {
    let text = entry.at.format("%d %b %H:%M").to_string();
    let exact = entry.at.format("%Y-%m-%d %H:%M:%S%.6f UTC").to_string();
    let node = if entry.filled { "node fill" } else { "node" };
    let actor = (!entry.actor.is_empty()).then(|| view! { <b class="strong">{entry.actor}</b>" " });
    let note = (!entry.note.is_empty()).then(|| view! { <p class="note">{entry.note}</p> });
    view! {
        <li>
            <time datetime=entry.at.to_rfc3339() title=exact>{text}</time>
            <span class=node></span>
            <div>{actor}{entry.what}{note}</div>
        </li>
    }
    .into_any()
}
