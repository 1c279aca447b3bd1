//! What happened, above the content that it is about.

use leptos::prelude::*;

use super::sprite::icon;

/// How a notice is shown and spoken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoticeKind {
    Done,
    Warning,
    Failure,
}

/// A notice. A failure interrupts a screen reader, the others wait for their turn.
#[component]
pub fn Notice(
    kind: NoticeKind,
    /// What happened, as a sentence.
    #[prop(into)]
    text: String,
    /// Finds the failure in the log.
    #[prop(optional_no_strip)]
    request_id: Option<String>,
    /// What to do.
    #[prop(optional)]
    children: Option<Children>,
) -> impl IntoView {
    let (class, shape, role) = match kind {
        NoticeKind::Done => ("callout callout--ok", "check", "status"),
        NoticeKind::Warning => ("callout med", "warn", "status"),
        NoticeKind::Failure => ("callout crit", "warn", "alert"),
    };
    let request = request_id.map(|id| view! { " "<span class="dim">"Request "<code>{id}</code></span> });
    view! {
        <div class=class role=role>
            {icon(shape)}
            <div class="stack"><p><b>{text}</b>{request}</p>{children.map(|children| children())}</div>
        </div>
    }
    .into_any()
}
