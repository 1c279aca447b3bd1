//! The account page.

use leptos::prelude::*;
use leptos::server_fn::ServerFn as _;
use wolfsec::identity::{SESSION_ABSOLUTE_HOURS, SESSION_IDLE_MINUTES, Session};

use super::device::device;
use super::server_fns::{ChangeOwnPassword, OwnSessions, RevokeOwnSession, list_own_sessions};
use crate::components::table::{Column, Row, table};
use crate::context;
use crate::features::layout::{Input, PASSWORD_HINT, Page, done_notice, error_notice, form_error, loaded};
use crate::features::parts::ago;

/// One's own sessions and password; the look is chosen in the account menu.
#[component]
pub fn AccountPage() -> impl IntoView {
    let error = form_error::<ChangeOwnPassword>().or_else(form_error::<RevokeOwnSession>);
    let notice = error_notice(error.as_ref());
    let done = done_notice(error.is_some(), |slug| match slug {
        "session" => Some("Session ended."),
        "password" => Some("Password changed; your other sessions have ended."),
        _ => None,
    });
    let view = loaded(list_own_sessions(), |view| {
        view! {
            <section class="board" aria-label="Account">
                {sessions(&view)}
                {password_form()}
            </section>
        }
        .into_any()
    });
    view! {
        <Page title="Account" current="/account">
            {notice}
            {done}
            {view}
        </Page>
    }
}

fn sessions(view: &OwnSessions) -> AnyView {
    let meta = format!(
        "{} signed in; each ends after {SESSION_IDLE_MINUTES} minutes without use and after {SESSION_ABSOLUTE_HOURS} hours",
        view.sessions.len()
    );
    let current = view.current;
    let rows = view
        .sessions
        .iter()
        .map(|session| session_row(session, current == Some(session.id)))
        .collect();
    view! {
        <div class="panel">
            <div class="panel__head"><h2>"Sessions"</h2><span class="meta">{meta}</span></div>
            {table("sessions", "Your sessions", COLUMNS, rows)}
        </div>
    }
    .into_any()
}

const COLUMNS: &[Column] = &[
    Column::new("Device"),
    Column::new("Address").nowrap(),
    Column::new("Signed in").nowrap(),
    Column::new("Last used").nowrap(),
    Column::acts("End"),
];

fn session_row(session: &Session, is_current: bool) -> Row {
    let name = device(&session.user_agent);
    let address = if session.address.is_empty() {
        "unknown".to_owned()
    } else {
        session.address.clone()
    };
    let end = if is_current {
        view! { <span class="tag tag--ok">"this session"</span> }.into_any()
    } else {
        view! {
            <form method="post" action=RevokeOwnSession::url()>
                <input type="hidden" name="id" value=session.id.to_string()/>
                <button class="btn" type="submit" aria-label=format!("End {name} at {address}")>"End"</button>
            </form>
        }
        .into_any()
    };
    let device = view! { <span title=session.user_agent.clone()>{name}</span> };
    Row::new(vec![
        device.into_any(),
        view! { <span class="ink2">{address}</span> }.into_any(),
        ago(session.created_at),
        ago(session.last_used_at),
        end,
    ])
}

fn password_form() -> AnyView {
    let error = form_error::<ChangeOwnPassword>();
    let field = |name: &str| error.as_ref().and_then(|error| error.field(name));
    let user = context::request()
        .and_then(|request| request.signed_in)
        .map(|signed_in| signed_in.user.name);
    view! {
        <div class="panel">
            <div class="panel__head"><h2 id="password">"Password"</h2></div>
            <form method="post" action=ChangeOwnPassword::url() aria-labelledby="password">
                <div class="stack stack--4">
                    // For password managers: whose password this is.
                    <input type="text" autocomplete="username" value=user hidden=true/>
                    <Input id="password-current" name="current" label="Current password" kind="password"
                        autocomplete="current-password" error=field("current")/>
                    <Input id="password-new" name="new" label="New password" kind="password" autocomplete="new-password"
                        error=field("new") hint=PASSWORD_HINT/>
                    <Input id="password-again" name="new_again" label="New password, again" kind="password"
                        autocomplete="new-password" error=field("new_again")/>
                    <div class="row row--wrap">
                        <button class="btn btn--primary" type="submit">"Change password"</button>
                        <span class="dim small">"ends every other session"</span>
                    </div>
                </div>
            </form>
        </div>
    }
    .into_any()
}
