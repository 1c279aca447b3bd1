//! What pages share: the frame around a signed-in page, the one load of its view, and the outcome of a form.

use std::future::Future;

use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;
use wolfsec::identity::Role;

use crate::components::shell::{Frame, app_shell};
use crate::components::sprite::{Sprite, icon};
use crate::context;
use crate::error::AppError;
use crate::features::alerts::model::QUEUE;
use crate::features::sign_in::server_fns::SignOut;
use crate::features::url_query::UrlQuery;

/// A page for somebody who is signed in: document title, heading, rail and bar around its content.
#[component]
pub fn Page(
    /// Heading and document title.
    #[prop(into)]
    title: String,
    /// Path of the rail's entry that this page belongs to, such as `/alerts`.
    current: &'static str,
    children: Children,
) -> impl IntoView {
    let heading = title.clone();
    let content = children();
    let framed = Suspend::new(async move { frame(heading, current, open_alerts().await, content) });
    view! {
        <Title text=title/>
        {framed}
    }
}

fn frame(title: String, current: &'static str, open_alerts: Option<i64>, content: AnyView) -> AnyView {
    let request = context::request();
    let news_href = request
        .as_ref()
        .map(|request| news_href(current, request))
        .unwrap_or_default();
    let theme = request.as_ref().and_then(|request| request.theme.clone());
    let Some(signed_in) = request.and_then(|request| request.signed_in) else {
        return calm(
            view! { <h1 class="h-xl">{title}</h1>{content}<p><a class="link" href="/signin">"Sign in"</a></p> }
                .into_any(),
        );
    };
    let role = signed_in.caller.role();
    let live_cursor = use_context::<context::LiveStart>().and_then(|start| start.0);
    let frame = Frame {
        title,
        current,
        user: signed_in.user.name,
        role: role.label(),
        is_admin: role == Role::Admin,
        open_alerts,
        live_cursor: live_cursor.map(|cursor| cursor.to_string()).unwrap_or_default(),
        news_href,
        theme,
        sign_out: SignOut::url(),
    };
    app_shell(frame, content)
}

/// The page again with what is new on it: the overview, or the queue's first page as it is filtered.
fn news_href(current: &str, request: &context::RequestContext) -> String {
    match current {
        "/" => "/".to_owned(),
        QUEUE if request.path == QUEUE => UrlQuery::parse(&request.query).without(&["after", "done"]).href(QUEUE),
        QUEUE => QUEUE.to_owned(),
        _ => String::new(),
    }
}

/// Open alerts for the rail; absent when they cannot be counted, which is no reason to refuse the page.
async fn open_alerts() -> Option<i64> {
    let caller = context::request()?.signed_in?.caller;
    let counts = context::use_cases().ok()?.count_alerts(&caller).await.ok()?;
    Some(counts.open_total())
}

/// Awaits a page's one view and shows it, or says what went wrong.
pub fn loaded<T>(
    view: impl Future<Output = Result<T, AppError>> + Send + 'static,
    show: impl FnOnce(T) -> AnyView + Send + 'static,
) -> AnyView
where
    T: Send + 'static,
{
    Suspend::new(async move {
        match view.await {
            Ok(view) => show(view),
            Err(error) => load_failed(&error),
        }
    })
    .into_any()
}

/// In the place of a view that could not be loaded.
fn load_failed(error: &AppError) -> AnyView {
    let retry = context::request().map(|request| {
        if request.query.is_empty() {
            request.path
        } else {
            format!("{}?{}", request.path, request.query)
        }
    });
    view! {
        <section class="board" aria-label="Failure">
            <div class="empty" role="alert">
                <h2>"This page could not be loaded"</h2>
                <p>{sentence(&error.message)}" "{field_list(error)}</p>
                <p class="dim small">"Request "<code>{error.request_id.clone()}</code></p>
                <p><a class="link" href=retry>"Try again"</a></p>
            </div>
        </section>
    }
    .into_any()
}

/// What a form's last attempt failed with; decoded from the address that the form came back to.
pub fn form_error<S>() -> Option<AppError>
where
    S: ServerFn<Output = (), Error = AppError> + Clone + Send + Sync + 'static,
{
    ServerAction::<S>::new().value().get_untracked().and_then(Result::err)
}

/// A plain form that the browser posts to a server function, with or without script.
pub fn post_form<S: ServerFn>(label: impl Into<String>, content: impl IntoView) -> AnyView {
    view! { <form method="post" action=S::url() aria-label=label.into()>{content.into_view()}</form> }.into_any()
}

/// The notice above a form that failed. It takes the focus: readers of the screen say what is new only when it appears later,
/// and a page that answers a form is new as a whole. Errors of fields stand under their fields as well.
pub fn error_notice(error: Option<&AppError>) -> Option<AnyView> {
    let error = error?;
    let notice = view! {
        <div class="callout crit" role="alert" tabindex="-1" autofocus>
            {icon("warn")}
            <p>
                <b>{sentence(&error.message)}</b>" "
                <span class="dim">"Request "<code>{error.request_id.clone()}</code></span>
            </p>
        </div>
    };
    Some(notice.into_any())
}

/// The notice after a change: the page's word for what `?done=` names. Nothing where a form has just failed.
pub fn done_notice(failed: bool, word: impl Fn(&str) -> Option<&'static str>) -> Option<AnyView> {
    if failed {
        return None;
    }
    let text = word(&query_value("done"))?;
    Some(view! { <div class="callout callout--ok" role="status" tabindex="-1" autofocus>{icon("check")}<p><b>{text}</b></p></div> }.into_any())
}

/// A value of the page's address; empty when absent.
pub fn query_value(name: &str) -> String {
    use_query_map().with_untracked(|map| map.get(name)).unwrap_or_default()
}

/// A message as a sentence on its own.
fn sentence(message: &str) -> String {
    let mut chars = message.chars();
    let first = chars
        .next()
        .map(|first| first.to_uppercase().to_string())
        .unwrap_or_default();
    let end = if message.ends_with(['.', '!', '?']) { "" } else { "." };
    format!("{first}{}{end}", chars.as_str())
}

fn field_list(error: &AppError) -> String {
    let fields: Vec<String> = error
        .fields
        .iter()
        .map(|(field, message)| format!("{field}: {message}."))
        .collect();
    fields.join(" ")
}

/// A labelled input with its hint and error.
#[component]
pub fn Input(
    #[prop(into)] id: String,
    name: &'static str,
    #[prop(into)] label: String,
    #[prop(default = "text")] kind: &'static str,
    #[prop(optional)] autocomplete: Option<&'static str>,
    #[prop(optional_no_strip)] value: Option<String>,
    #[prop(optional_no_strip)] error: Option<String>,
    #[prop(optional)] hint: Option<&'static str>,
    #[prop(default = true)] required: bool,
) -> impl IntoView {
    let invalid = error.is_some().then_some("true");
    let hint_id = format!("{id}-hint");
    let error_id = format!("{id}-error");
    let described = match (hint.is_some(), error.is_some()) {
        (true, true) => Some(format!("{hint_id} {error_id}")),
        (true, false) => Some(hint_id.clone()),
        (false, true) => Some(error_id.clone()),
        (false, false) => None,
    };
    view! {
        <div class="field">
            <label for=id.clone()>{label}</label>
            <input class="input" id=id name=name type=kind autocomplete=autocomplete value=value required=required
                aria-invalid=invalid aria-describedby=described/>
            {hint.map(|hint| view! { <p class="field__hint" id=hint_id>{hint}</p> })}
            {error.map(|error| view! { <p class="field__error" id=error_id>{icon("warn")}<span>{sentence(&error)}</span></p> })}
        </div>
    }
    .into_any()
}

/// A labelled choice of a role, named `role`.
#[component]
pub fn RoleSelect(
    #[prop(into)] id: String,
    #[prop(into)] label: String,
    chosen: Role,
    #[prop(optional_no_strip)] error: Option<String>,
) -> impl IntoView {
    let invalid = error.is_some().then_some("true");
    let error_id = format!("{id}-error");
    let described = error.is_some().then(|| error_id.clone());
    let options: Vec<AnyView> = Role::ALL
        .iter()
        .map(|&role| view! { <option value=role.as_str() selected=role == chosen>{format!("{}: {}", role.label(), role.explanation())}</option> }.into_any())
        .collect();
    view! {
        <div class="field">
            <label for=id.clone()>{label}</label>
            <select class="input" id=id name="role" aria-invalid=invalid aria-describedby=described>{options}</select>
            {error.map(|error| view! { <p class="field__error" id=error_id>{icon("warn")}<span>{sentence(&error)}</span></p> })}
        </div>
    }
    .into_any()
}

/// The frame of the pages before signing in: a calm column.
#[component]
pub fn CalmPage(
    /// Document title.
    title: &'static str,
    children: Children,
) -> impl IntoView {
    let content = children();
    view! {
        <Title text=title/>
        {calm(content)}
    }
}

fn calm(content: AnyView) -> AnyView {
    let address = context::request().map(|request| request.public_url).unwrap_or_default();
    let host = address
        .split_once("://")
        .map_or_else(|| address.clone(), |(_, host)| host.to_owned());
    view! {
        <Sprite/>
        <div class="calm">
            <header class="calm__head"><span class="calm__brand">{icon("logo")}"Wolfsec"</span><span class="push mono">{host}</span></header>
            <main class="calm__body" id="main" tabindex="-1">{content}</main>
            <footer class="calm__foot"><span>"Every sign-in is written to the audit log"</span></footer>
        </div>
    }
    .into_any()
}

/// What a new password has to be.
pub const PASSWORD_HINT: &str = "12 to 256 characters, without the user's name. Four unrelated words do well.";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_becomes_a_sentence() {
        assert_eq!(sentence("the two differ"), "The two differ.");
        assert_eq!(sentence("Try again."), "Try again.");
        assert_eq!(sentence(""), ".");
    }
}
