//! Whether single keys do anything: speech input and trembling hands press them unmeant (WCAG 2.1.4). Kept in a cookie.

use leptos::prelude::*;

/// A box for the keys and a button for their list; neither is shown without script, where no key does anything.
#[island]
pub fn KeySwitch() -> impl IntoView {
    let on = RwSignal::new(true);
    let ready = RwSignal::new(false);
    Effect::new(move |_| {
        on.set(are_on());
        ready.set(true);
    });
    let toggle = move |_| {
        let wanted = !on.get_untracked();
        on.set(wanted);
        switch(wanted);
    };
    view! {
        <fieldset class="menu__set" hidden=move || !ready.get()>
            <legend class="menu__head">"Keys"</legend>
            <label><input type="checkbox" prop:checked=move || on.get() on:change=toggle/>"Single keys act"</label>
            <button type="button" on:click=|_| show_list()>"List of keys"</button>
        </fieldset>
    }
}

/// The list's element.
pub const LIST: &str = "keys";

#[cfg(feature = "hydrate")]
mod browser {
    use leptos::prelude::*;
    use leptos::wasm_bindgen::JsCast as _;

    const OFF: &str = "wolfsec_keys=off";

    fn html() -> Option<web_sys::HtmlDocument> {
        document().dyn_into().ok()
    }

    /// On unless switched off in this browser.
    pub fn are_on() -> bool {
        let cookies = html().and_then(|html| html.cookie().ok()).unwrap_or_default();
        !cookies.split("; ").any(|cookie| cookie == OFF)
    }

    pub fn switch(on: bool) {
        if let Some(html) = html() {
            let age = if on { 0 } else { 31_536_000 };
            // A refused write leaves the keys as they are.
            let _ = html.set_cookie(&format!("{OFF}; Path=/; SameSite=Lax; Max-Age={age}"));
        }
    }

    pub fn show_list() {
        let list = document().get_element_by_id(super::LIST);
        if let Some(list) = list.and_then(|list| list.dyn_into::<web_sys::HtmlDialogElement>().ok()) {
            let _ = list.show_modal();
        }
    }
}

#[cfg(feature = "hydrate")]
pub use browser::are_on;
#[cfg(feature = "hydrate")]
use browser::{show_list, switch};

#[cfg(not(feature = "hydrate"))]
const fn are_on() -> bool {
    true
}
#[cfg(not(feature = "hydrate"))]
const fn switch(_on: bool) {}
#[cfg(not(feature = "hydrate"))]
const fn show_list() {}
