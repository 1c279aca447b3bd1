//! The frame of the pages before signing in: one calm column.

use leptos::prelude::*;

use super::sprite::{Sprite, icon};

/// Brand, host and one column.
#[component]
pub fn Calm(
    /// This server's host, as the address bar shows it.
    #[prop(into)]
    host: String,
    #[prop(into)] foot: String,
    /// Room for a form of two columns.
    #[prop(optional)]
    wide: bool,
    children: Children,
) -> impl IntoView {
    let body = if wide {
        "calm__body calm__body--wide"
    } else {
        "calm__body"
    };
    view! {
        <Sprite/>
        <div class="calm">
            <header class="calm__head"><span class="calm__brand">{icon("logo")}"Wolfsec"</span><span class="push mono">{host}</span></header>
            <main class=body id="main" tabindex="-1">{children()}</main>
            <footer class="calm__foot"><span>{foot}</span></footer>
        </div>
    }
    .into_any()
}
