//! The sign-in page.

use leptos::prelude::*;

/// Placeholder until the kit is in place.
#[component]
pub fn SignInPage() -> impl IntoView {
    view! { <h1>"Sign in"</h1> }
}
