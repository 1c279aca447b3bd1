//! The first-run page.

use leptos::prelude::*;

use super::server_fns::SetUpAdmin;
use crate::features::layout::{CalmPage, Input, PASSWORD_HINT, error_notice, form_error, post_form, query_value};

/// Makes the first administrator; the server leads here until there is one.
#[component]
pub fn SetUpPage() -> impl IntoView {
    let error = form_error::<SetUpAdmin>();
    let field = |name: &str| error.as_ref().and_then(|error| error.field(name));
    let token = Some(query_value("token")).filter(|token| !token.is_empty());
    let name = error.as_ref().and_then(|error| error.value("name"));
    let (token_error, name_error, password_error, again_error) = (
        field("token"),
        field("name"),
        field("password"),
        field("password_again"),
    );
    let notice = error_notice(error.as_ref());
    let form = view! {
        <div class="stack stack--6">
            <div class="stack stack--3">
                <h1 class="h-xl">"Make the first administrator"</h1>
                <p class="ink2">"This account can add everyone else. The page closes itself afterwards."</p>
            </div>
            {notice}
            <Input id="set-up-token" name="token" label="Set-up token" autocomplete="off" value=token error=token_error
                hint="The server prints it at its start until an admin exists; the link that it prints fills it in."/>
            <Input id="set-up-name" name="name" label="Name" autocomplete="username" value=name error=name_error
                hint="Letters, digits and . _ @ - ; it is what you sign in with."/>
            <Input id="set-up-password" name="password" label="Password" kind="password" autocomplete="new-password"
                error=password_error hint=PASSWORD_HINT/>
            <Input id="set-up-password-again" name="password_again" label="Password, again" kind="password"
                autocomplete="new-password" error=again_error/>
            <div class="row row--wrap"><button class="btn btn--primary btn--form" type="submit">"Make administrator"</button></div>
        </div>
    };
    let form = post_form::<SetUpAdmin>("Make the first administrator", form);
    view! { <CalmPage title="Set up">{form}</CalmPage> }.into_any()
}
