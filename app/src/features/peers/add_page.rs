//! Adding a peer: a token that is shown once, and the commands to go on with.

use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use wolfsec_app::{Action, authorise};

use super::model::{ADD, FLEET, done_message, enrol_command, event_command, heartbeat_command};
use super::server_fns::CreateEnrolment;
use super::shippers::{KEY, python, rsyslog};
use crate::context;
use crate::error::AppError;
use crate::features::layout::{Page, done_notice, error_notice, form_error, loaded};
use crate::features::parts::{command, icon, rendered_at};

#[component]
pub fn AddPeerPage() -> impl IntoView {
    let error = form_error::<CreateEnrolment>();
    let token = context::take_flash(ADD);
    let failed = error.is_some() || token.is_none();
    let notices = view! { {done_notice(failed, done_message)}{error_notice(error.as_ref())} }.into_any();
    view! {
        <Page title="Add a peer" current=FLEET>
            {notices}
            {loaded(std::future::ready(may_add()), move |()| steps(token))}
        </Page>
    }
}

/// One fold a way to send events; the first is open.
fn ways(url: &str) -> AnyView {
    let way = |name: &'static str, hint: &'static str, label: &'static str, text: String, open: bool| {
        view! {
            <details class="way" name="way" open=open>
                <summary><span>{name}</span></summary>
                <p class="field__hint">{hint}</p>
                {command(label, text)}
            </details>
        }
    };
    view! {
        <div class="ways">
            {way("curl", "One JSON object a line.", "Command that sends an event", event_command(url, rendered_at()), true)}
            {way(
                "rsyslog",
                "Put it into /etc/rsyslog.d/60-wolfsec.conf and restart rsyslog. It needs the package rsyslog-elasticsearch.",
                "Configuration of rsyslog",
                rsyslog(url, KEY),
                false,
            )}
            {way(
                "Python",
                "For programs of your own, with the official Elasticsearch client.",
                "Python program that sends an event",
                python(url, KEY),
                false,
            )}
        </div>
    }
    .into_any()
}

/// The form is for admins; its server function checks again.
fn may_add() -> Result<(), AppError> {
    authorise(&context::caller()?, Action::ManagePeers).map_err(context::app_error)
}

fn steps(token: Option<String>) -> AnyView {
    let url = context::request().map(|request| request.public_url).unwrap_or_default();
    let has_token = token.is_some();
    let shown = token.clone().unwrap_or_else(|| "TOKEN".to_owned());
    let secret = token.map(|token| {
        view! {
            {command("Enrolment token", token)}
            <p class="field__hint">"Shown once: only its digest is stored. It works for one peer, within 24 hours."</p>
        }
    });
    let button = if has_token { "btn" } else { "btn btn--primary btn--form" };
    let label = if has_token {
        "Make another token"
    } else {
        "Make a token"
    };
    view! {
        <section class="board" aria-label="Add a peer">
            <div class="section">
                <div class="section__head"><h2 class="h-sm">"1. Make a token"</h2><a class="push" href=FLEET>"Back to the peers"</a></div>
                {if has_token { ().into_any() } else {
                    view! { <p class="ink2">"A peer trades a token for a key of its own. A token works once, within 24 hours."</p> }.into_any()
                }}
                {secret}
                <form method="post" action=CreateEnrolment::url()>
                    <button class=button type="submit">{icon("key")}{label}</button>
                </form>
            </div>
            <div class="section">
                <h2 class="h-sm">"2. Enrol, on the peer"</h2>
                <p class="ink2">"Put the peer's name in the place of web-01. The answer holds "<code>"peer_id"</code>" and "<code>"api_key"</code>": keep the key, it is not shown again."</p>
                {command("Command that enrols the peer", enrol_command(&url, &shown))}
                <p class="field__hint">"Then keep the key for the next commands: "<code>"KEY=…"</code></p>
            </div>
            <div class="section">
                <h2 class="h-sm">"3. Send events"</h2>
                <p class="ink2">"With any of these: put the peer's key in the place of KEY. What arrives is under "<a class="link" href="/events">"Events"</a>" within seconds."</p>
                {ways(&url)}
            </div>
            <div class="section">
                <h2 class="h-sm">"4. Say that it is alive"</h2>
                <p class="ink2">"Every 15 seconds, also when there is nothing to send: after 3 missed ones the peer is late, after 8 offline."</p>
                {command("Command that sends a heartbeat", heartbeat_command(&url))}
            </div>
        </section>
    }
    .into_any()
}
