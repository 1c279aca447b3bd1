//! WASM entry: wakes the islands that the server rendered. It never grows.

// The islands live in `app`; without this line the linker would leave them out.
use app as _;

/// Called by the hydration script once the module is loaded.
#[wasm_bindgen::prelude::wasm_bindgen]
pub fn hydrate() {
    console_error_panic_hook::set_once();
    leptos::mount::hydrate_islands();
}
