//! An alert's status as shape and word.

use leptos::prelude::*;

use super::sprite::icon;

/// The mark of an alert's status.
#[component]
pub fn StatusMark(
    /// `open`, `acknowledged`, `in_progress` or `resolved`.
    slug: &'static str,
) -> impl IntoView {
    let (shape, word) = match slug {
        "acknowledged" => ("st-ack", "Acknowledged"),
        "in_progress" => ("st-prog", "In progress"),
        "resolved" => ("st-done", "Resolved"),
        _ => ("st-open", "Open"),
    };
    view! { <span class="status">{icon(shape)}{word}</span> }.into_any()
}
