//! A peer's state as shape and word.

use leptos::prelude::*;

/// Class of the dot and word of a state; a state that is not known looks like `pending`.
pub const fn state_look(slug: &str) -> (&'static str, &'static str) {
    match slug.as_bytes() {
        b"online" => ("dot dot--ok", "Online"),
        b"late" => ("dot dot--late", "Late"),
        b"offline" => ("dot dot--off", "Offline"),
        b"maintenance" => ("dot dot--maint", "Maintenance"),
        b"stopped" => ("dot dot--stop", "Stopped"),
        b"blocked" => ("dot dot--block", "Blocked"),
        _ => ("dot dot--pend", "Pending"),
    }
}

/// The mark of a peer's state.
#[component]
pub fn StateMark(
    /// `online`, `late`, `offline`, `maintenance`, `pending`, `stopped` or `blocked`.
    slug: &'static str,
) -> impl IntoView {
    let (dot, word) = state_look(slug);
    view! { <span class="state"><span class=dot></span>{word}</span> }.into_any()
}
