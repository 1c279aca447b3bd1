//! A command or a secret to copy.

use leptos::prelude::*;

use super::copy_button::CopyButton;

/// Text to copy; it can be reached and scrolled by keyboard.
#[component]
pub fn CodeBlock(
    /// What it is, for screen readers.
    #[prop(into)]
    label: String,
    #[prop(into)] text: String,
) -> impl IntoView {
    // Only a named region may take the focus.
    view! { <div class="cmd"><pre tabindex="0" role="region" aria-label=label>{text.clone()}</pre><CopyButton text/></div> }
        .into_any()
}
