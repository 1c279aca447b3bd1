//! The sign-in page.

use leptos::prelude::*;

use super::server_fns::SignIn;
use crate::features::layout::{CalmPage, Input, error_notice, form_error, post_form, query_value};

/// Name and password; on success back to where one wanted to go.
#[component]
pub fn SignInPage() -> impl IntoView {
    let error = form_error::<SignIn>();
    let field = |name: &str| error.as_ref().and_then(|error| error.field(name));
    let next = query_value("next");
    let purpose = if next.is_empty() {
        "With the name and password that an admin gave you."
    } else {
        "Sign in to go on to the page you asked for."
    };
    let (name_error, password_error) = (field("name"), field("password"));
    let name = error.as_ref().and_then(|error| error.value("name"));
    let notice = error_notice(error.as_ref());
    let form = view! {
        <div class="stack stack--4">
            <div class="stack">
                <h1 class="h-xl">"Sign in"</h1>
                <p class="ink2">{purpose}</p>
            </div>
            {notice}
            <input type="hidden" name="next" value=next/>
            <Input id="sign-in-name" name="name" label="Name" autocomplete="username" value=name error=name_error/>
            <Input id="sign-in-password" name="password" label="Password" kind="password" autocomplete="current-password"
                error=password_error/>
            <button class="btn btn--primary btn--form btn--block" type="submit">"Sign in"</button>
        </div>
    };
    let form = post_form::<SignIn>("Sign in", form);
    view! { <CalmPage title="Sign in">{form}</CalmPage> }.into_any()
}
