//! The icons, once in the document; each use refers to its symbol by `#i-name`.

use leptos::prelude::*;

/// All symbols; takes no room.
#[component]
pub fn Sprite() -> impl IntoView {
    view! { <svg class="sprite" aria-hidden="true" inner_html=include_str!("icons.svg")></svg> }
}

/// A picture from the sprite; decoration only, its meaning stands beside it in words.
pub fn icon(name: &str) -> AnyView {
    view! { <svg aria-hidden="true"><use_ href=format!("#i-{name}")/></svg> }.into_any()
}
