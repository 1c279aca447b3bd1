//! The frozen events of an alert, with what matched marked.

use leptos::prelude::*;
use wolfsec::alerts::{Evidence, MAX_EVIDENCE};

use super::matches::{marked, match_of};
use crate::features::events::model::{Leaf, event_href, flatten, pretty};
use crate::features::parts::clock;

/// The events kept with the alert, oldest first; the first one is open.
pub fn section(evidence: &[Evidence]) -> AnyView {
    let events = evidence
        .iter()
        .enumerate()
        .map(|(index, event)| one(event, index == 0))
        .collect_view();
    view! {
        <section class="section" aria-labelledby="h-evidence">
            <div class="section__head">
                <h3 id="h-evidence">"Evidence"</h3>
                <span class="dim small">{format!("the first {MAX_EVIDENCE} events are kept with the alert; times in UTC")}</span>
            </div>
            {evidence.is_empty().then(|| view! { <p class="dim">"No event was kept with this alert."</p> })}
            {events}
        </section>
    }
    .into_any()
}

fn one(event: &Evidence, open: bool) -> AnyView {
    let message = match match_of(&event.matched, "message", &event.message) {
        Some(found) => marked_text(&event.message, found.pattern.as_deref()),
        None => event.message.clone().into_any(),
    };
    let rows = flatten(&event.fields)
        .into_iter()
        .map(|leaf| field(event, leaf))
        .collect_view();
    view! {
        <details class="event" open=open>
            <summary><span class="dim nowrap">{clock(event.ts)}</span>" "<code class="msg">{message}</code></summary>
            <table class="table table--kv table--inset docfields">
                <caption class="sr">"Fields of the event"</caption>
                <tbody>{rows}</tbody>
            </table>
            <details>
                <summary class="btn btn--quiet">"Raw JSON"</summary>
                <pre class="raw" tabindex="0" aria-label="Raw JSON">{pretty(&event.fields)}</pre>
            </details>
            <p class="small"><a class="link" href=event_href(event.ts, event.event_id)>"Open the event"</a></p>
        </details>
    }
    .into_any()
}

fn field(event: &Evidence, leaf: Leaf) -> AnyView {
    let value = match match_of(&event.matched, &leaf.name, &leaf.value) {
        Some(found) => marked_text(&leaf.value, found.pattern.as_deref()),
        None => leaf.value.into_any(),
    };
    view! { <tr><th scope="row"><code>{leaf.name}</code></th><td><code>{value}</code></td></tr> }.into_any()
}

/// A value with the matched part marked.
pub fn marked_text(value: &str, pattern: Option<&str>) -> AnyView {
    marked(value, pattern)
        .into_iter()
        .map(|(hit, piece)| {
            if hit {
                view! { <mark>{piece}</mark> }.into_any()
            } else {
                piece.into_any()
            }
        })
        .collect_view()
        .into_any()
}
