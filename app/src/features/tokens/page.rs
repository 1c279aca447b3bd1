//! The API tokens page.

use leptos::prelude::*;
use leptos::server_fn::ServerFn as _;
use wolfsec::Timestamp;
use wolfsec::identity::{ApiToken, Role};

use super::server_fns::{CreateToken, RevokeToken, list_tokens};
use crate::components::table::{Column, Row, table};
use crate::context;
use crate::features::layout::{Input, Page, RoleSelect, done_notice, error_notice, form_error, loaded};
use crate::features::parts::{ago, command};

/// Tokens of programs; for admins.
#[component]
pub fn TokensPage() -> impl IntoView {
    let error = form_error::<CreateToken>().or_else(form_error::<RevokeToken>);
    let notice = error_notice(error.as_ref());
    let done = done_notice(error.is_some(), |slug| match slug {
        "revoked" => Some("Token revoked; it is refused from now on."),
        _ => None,
    });
    let fresh = context::take_flash("/admin/tokens").map(fresh_token);
    let view = loaded(list_tokens(), show);
    view! {
        <Page title="API tokens" current="/admin/tokens">
            {notice}
            {done}
            {fresh}
            {view}
        </Page>
    }
}

/// The new token's text, this once.
fn fresh_token(text: String) -> AnyView {
    view! {
        <div class="callout callout--ok" role="status">
            <div class="stack">
                <p><b>"Token made. Copy it now: it is shown this once and kept as a digest only."</b></p>
                {command("New token", text)}
                <p>"Send it as "<code>"Authorization: Bearer …"</code>"."</p>
            </div>
        </div>
    }
    .into_any()
}

fn show(tokens: Vec<ApiToken>) -> AnyView {
    let now = context::request().map(|request| request.rendered_at);
    let list = if tokens.is_empty() {
        view! { <p class="ink2">"No program has a token yet. Make one for each program, so that each can be revoked alone."</p> }.into_any()
    } else {
        let rows = tokens.into_iter().map(|token| row(token, now)).collect();
        table("tokens", "API tokens", COLUMNS, rows)
    };
    view! {
        <section class="board" aria-label="API tokens">
            <div class="panel">
                <div class="panel__head"><h2>"API tokens"</h2><span class="meta">"shown once when made, kept as a digest"</span></div>
                {list}
            </div>
            {create_form()}
        </section>
    }
    .into_any()
}

const COLUMNS: &[Column] = &[
    Column::new("Name"),
    Column::new("Role"),
    Column::new("Made").nowrap(),
    Column::new("Expires").nowrap(),
    Column::new("Last used").nowrap(),
    Column::acts("Revoke"),
];

fn row(token: ApiToken, now: Option<Timestamp>) -> Row {
    let expired = token.expires_at.zip(now).is_some_and(|(end, now)| end <= now);
    let ended = token.revoked_at.is_some() || expired;
    let expires = match (token.revoked_at, token.expires_at) {
        (Some(at), _) => view! { <span class="dim">"revoked "{ago(at)}</span> }.into_any(),
        (None, Some(at)) if expired => view! { <span class="dim">"expired "{ago(at)}</span> }.into_any(),
        (None, Some(at)) => ago(at),
        (None, None) => view! { <span class="dim">"never"</span> }.into_any(),
    };
    let last = token
        .last_used_at
        .map_or_else(|| view! { <span class="dim">"never used"</span> }.into_any(), ago);
    let name = token.name.clone();
    let end = (!ended).then(|| {
        view! {
            <details>
                <summary aria-label=format!("Revoke {name}")>"Revoke…"</summary>
                <form method="post" action=RevokeToken::url()>
                    <input type="hidden" name="id" value=token.id.to_string()/>
                    <div class="row row--wrap">
                        <span class="ink2">"Programs that use it stop working at once."</span>
                        <button class="btn btn--danger" type="submit">{format!("Revoke {name}")}</button>
                    </div>
                </form>
            </details>
        }
        .into_any()
    });
    let role = view! { <span title=token.role.explanation()>{token.role.label()}</span> };
    Row::new(vec![
        view! { <code>{token.name}</code> }.into_any(),
        role.into_any(),
        ago(token.created_at),
        expires,
        last,
        end.into_any(),
    ])
    .off(ended)
}

fn create_form() -> AnyView {
    let error = form_error::<CreateToken>();
    let field = |name: &str| error.as_ref().and_then(|error| error.field(name));
    let value = |name: &str| error.as_ref().and_then(|error| error.value(name));
    let role: Role = value("role").and_then(|role| role.parse().ok()).unwrap_or(Role::Viewer);
    let days = value("days").or_else(|| Some("90".to_owned()));
    view! {
        <div class="panel">
            <div class="panel__head"><h2 id="new-token">"New token"</h2></div>
            <form method="post" action=CreateToken::url() aria-labelledby="new-token">
                <div class="stack stack--4">
                    <Input id="token-name" name="name" label="Name" autocomplete="off" value=value("name") error=field("name")
                        hint="Of the program that will use it, such as grafana-read."/>
                    <RoleSelect id="token-role" label="Role" chosen=role error=field("role")/>
                    <Input id="token-days" name="days" label="Days until it expires" kind="number" autocomplete="off" value=days
                        error=field("days") required=false hint="1 to 3650. Empty: it never expires."/>
                    <div class="row"><button class="btn btn--primary" type="submit">"Make token"</button></div>
                </div>
            </form>
        </div>
    }
    .into_any()
}
