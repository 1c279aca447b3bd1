//! Adds the browser's local time to the exact one that hovers over a time. Pages are written in UTC; only the browser knows
//! where it is.

use leptos::prelude::*;

/// Looks after every time of the page, those that come later too.
#[island]
pub fn LocalTimes() -> impl IntoView {
    #[cfg(feature = "hydrate")]
    {
        let handle = window_event_listener(leptos::ev::pointerover, |event| browser::add_local(&event));
        on_cleanup(move || handle.remove());
    }
}

#[cfg(feature = "hydrate")]
mod browser {
    use leptos::wasm_bindgen::{JsCast as _, JsValue};
    use web_sys::{Element, PointerEvent};

    const DONE: &str = "data-local";

    pub(super) fn add_local(event: &PointerEvent) {
        let target = event.target().and_then(|target| target.dyn_into::<Element>().ok());
        let Some(time) = target.and_then(|target| target.closest("time[datetime][title]").ok().flatten()) else {
            return;
        };
        let (Some(at), Some(title)) = (time.get_attribute("datetime"), time.get_attribute("title")) else {
            return;
        };
        let date = js_sys::Date::new(&JsValue::from_str(&at));
        if time.has_attribute(DONE) || date.get_time().is_nan() {
            return;
        }
        let local = String::from(date.to_string());
        // `Tue Nov 24 2026 10:00:00 GMT+0100 (Central European Standard Time)`: without the zone's long name.
        let short = local.split(" (").next().unwrap_or(&local);
        let _ = time.set_attribute("title", &format!("{title}\nhere: {short}"));
        let _ = time.set_attribute(DONE, "");
    }
}
