//! A tag: a fact about a thing, in a word or two.

use leptos::prelude::*;

/// A fact in a word or two.
#[component]
pub fn Tag(#[prop(into)] text: String) -> impl IntoView {
    view! { <span class="tag">{text}</span> }.into_any()
}
