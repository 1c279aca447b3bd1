//! Light, dark, or as the system wants it. Kept in a cookie, so that the server renders it right the next time.

use leptos::prelude::*;

/// Three radio buttons; without script the system's choice stands and the switch is not shown.
#[island]
pub fn ThemeSwitch(
    /// `light`, `dark` or empty.
    theme: String,
) -> impl IntoView {
    let (chosen, set_chosen) = signal(theme);
    let ready = RwSignal::new(false);
    Effect::new(move |_| ready.set(true));
    let option = move |value: &'static str, label: &'static str| {
        view! {
            <label>
                <input type="radio" name="theme" value=value prop:checked=move || chosen.get() == value
                    on:change=move |_| { set_chosen.set(value.to_owned()); apply(value); }/>
                {label}
            </label>
        }
    };
    view! {
        <fieldset class="menu__set" hidden=move || !ready.get()>
            <legend class="menu__head">"Theme"</legend>
            {option("", "System")}
            {option("light", "Light")}
            {option("dark", "Dark")}
        </fieldset>
    }
}

#[cfg(feature = "hydrate")]
fn apply(value: &str) {
    use leptos::wasm_bindgen::JsCast as _;
    let Some(root) = document().document_element() else {
        return;
    };
    // A refused write leaves the theme as it is, which the person sees.
    let _ = if value.is_empty() {
        root.remove_attribute("data-theme")
    } else {
        root.set_attribute("data-theme", value)
    };
    if let Some(html) = document().dyn_ref::<web_sys::HtmlDocument>() {
        let age = if value.is_empty() { 0 } else { 31_536_000 };
        let _ = html.set_cookie(&format!("wolfsec_theme={value}; Path=/; SameSite=Lax; Max-Age={age}"));
    }
}

#[cfg(not(feature = "hydrate"))]
const fn apply(_value: &str) {}
