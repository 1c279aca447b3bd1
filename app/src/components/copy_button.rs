//! A button that copies a command; hidden where there is no script.

use leptos::prelude::*;

/// Copies `text` and says so.
#[island]
pub fn CopyButton(text: String) -> impl IntoView {
    let (label, set_label) = signal("Copy");
    let ready = RwSignal::new(false);
    Effect::new(move |_| ready.set(true));
    view! {
        <button class="btn" type="button" hidden=move || !ready.get() on:click=move |_| copy(&text, set_label)>
            <span aria-live="polite">{move || label.get()}</span>
        </button>
    }
}

#[cfg(feature = "hydrate")]
fn copy(text: &str, set_label: WriteSignal<&'static str>) {
    let written = wasm_bindgen_futures::JsFuture::from(window().navigator().clipboard().write_text(text));
    leptos::task::spawn_local(async move {
        set_label.set(if written.await.is_ok() {
            "Copied"
        } else {
            "Copying failed: select the text"
        });
    });
}

#[cfg(not(feature = "hydrate"))]
fn copy(_text: &str, _set_label: WriteSignal<&'static str>) {}
