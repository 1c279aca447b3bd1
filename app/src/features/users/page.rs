//! The users page.

use leptos::prelude::*;
use leptos::server_fn::ServerFn as _;
use wolfsec::identity::{Role, User};

use super::server_fns::{AddUser, ResetPassword, SetUserEnabled, SetUserRole, list_users};
use crate::components::table::{Column, Row, table};
use crate::context;
use crate::features::layout::{Input, PASSWORD_HINT, Page, RoleSelect, done_notice, error_notice, form_error, loaded};
use crate::features::parts::ago;

/// Who may sign in, as what; for admins.
#[component]
pub fn UsersPage() -> impl IntoView {
    let error = form_error::<AddUser>()
        .or_else(form_error::<SetUserRole>)
        .or_else(form_error::<SetUserEnabled>)
        .or_else(form_error::<ResetPassword>);
    let notice = error_notice(error.as_ref());
    let done = done_notice(error.is_some(), done_word);
    let view = loaded(list_users(), show);
    view! {
        <Page title="Users" current="/admin/users">
            {notice}
            {done}
            {view}
        </Page>
    }
}

fn done_word(slug: &str) -> Option<&'static str> {
    Some(match slug {
        "added" => "User added. Tell them their name and first password.",
        "role" => "Role changed.",
        "enabled" => "The user may sign in again.",
        "disabled" => "The user is kept out; their sessions have ended.",
        "password" => "Password set; the user's sessions have ended.",
        _ => return None,
    })
}

fn show(users: Vec<User>) -> AnyView {
    let me = context::caller().ok().and_then(|caller| caller.user_id());
    let enabled = users.iter().filter(|user| user.enabled).count();
    let disabled = users.len() - enabled;
    let rows = users.into_iter().map(|user| row(&user, Some(user.id) == me)).collect();
    view! {
        <section class="board" aria-label="Users">
            <div class="panel">
                <div class="panel__head"><h2>"Users"</h2><span class="meta">{format!("{enabled} enabled, {disabled} disabled")}</span></div>
                {table("users", "Users", COLUMNS, rows)}
            </div>
            {add_form()}
        </section>
    }
    .into_any()
}

const COLUMNS: &[Column] = &[
    Column::new("User"),
    Column::new("Role"),
    Column::new("State"),
    Column::new("Last sign-in").nowrap(),
    Column::new("Added").nowrap(),
    Column::acts("Change"),
];

fn row(user: &User, is_me: bool) -> Row {
    let state = if user.enabled { "enabled" } else { "disabled" };
    let last = user
        .last_sign_in
        .map_or_else(|| view! { <span class="dim">"never"</span> }.into_any(), ago);
    let change = if is_me {
        view! { <span class="tag">"you"</span> }.into_any()
    } else {
        change_forms(user)
    };
    let role = view! { <span title=user.role.explanation()>{user.role.label()}</span> };
    let name = user.name.clone();
    Row::new(vec![
        name.into_any(),
        role.into_any(),
        state.into_any(),
        last,
        ago(user.created_at),
        change,
    ])
    .off(!user.enabled)
}

/// Role, password and door of one user, folded away until asked for.
fn change_forms(user: &User) -> AnyView {
    let id = user.id.to_string();
    let name = user.name.clone();
    let failed = form_error::<ResetPassword>().filter(|error| error.value("id").as_deref() == Some(id.as_str()));
    let password_error = failed.as_ref().and_then(|error| error.field("password"));
    let open = failed.is_some();
    let door = if user.enabled {
        (
            "false",
            format!("Disable {name}"),
            "They cannot sign in and their sessions end at once.",
        )
    } else {
        (
            "true",
            format!("Enable {name}"),
            "They can sign in again with their old password.",
        )
    };
    view! {
        <details open=open>
            <summary aria-label=format!("Change {name}")>"Change…"</summary>
            <div class="stack stack--4">
                <form method="post" action=SetUserRole::url()>
                    <input type="hidden" name="id" value=id.clone()/>
                    <div class="row row--wrap">
                        <RoleSelect id=format!("role-{id}") label=format!("Role of {name}") chosen=user.role/>
                        <button class="btn" type="submit">"Change role"</button>
                    </div>
                </form>
                <form method="post" action=ResetPassword::url()>
                    <input type="hidden" name="id" value=id.clone()/>
                    <Input id=format!("password-{id}") name="password" label=format!("New password of {name}") kind="password"
                        autocomplete="new-password" error=password_error hint=PASSWORD_HINT/>
                    <div class="row row--wrap">
                        <button class="btn" type="submit">"Set password"</button>
                        <span class="dim small">"ends every session of theirs"</span>
                    </div>
                </form>
                <form method="post" action=SetUserEnabled::url()>
                    <input type="hidden" name="id" value=id.clone()/>
                    <input type="hidden" name="enabled" value=door.0/>
                    <div class="row row--wrap">
                        <button class="btn" class:btn--danger=user.enabled type="submit">{door.1}</button>
                        <span class="dim small">{door.2}</span>
                    </div>
                </form>
            </div>
        </details>
    }
    .into_any()
}

fn add_form() -> AnyView {
    let error = form_error::<AddUser>();
    let field = |name: &str| error.as_ref().and_then(|error| error.field(name));
    let value = |name: &str| error.as_ref().and_then(|error| error.value(name));
    let role: Role = value("role").and_then(|role| role.parse().ok()).unwrap_or(Role::Viewer);
    view! {
        <div class="panel">
            <div class="panel__head"><h2 id="add-user">"Add a user"</h2></div>
            <form method="post" action=AddUser::url() aria-labelledby="add-user">
                <div class="stack stack--4">
                    <Input id="add-name" name="name" label="Name" autocomplete="off" value=value("name") error=field("name")
                        hint="Letters, digits and . _ @ - ; it is what they sign in with."/>
                    <RoleSelect id="add-role" label="Role" chosen=role error=field("role")/>
                    <Input id="add-password" name="password" label="First password" kind="password" autocomplete="new-password"
                        error=field("password") hint=PASSWORD_HINT/>
                    <div class="row"><button class="btn btn--primary" type="submit">"Add user"</button></div>
                </div>
            </form>
        </div>
    }
    .into_any()
}
