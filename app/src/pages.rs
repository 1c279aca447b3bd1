//! The document, the routes and what every page shares.

use leptos::config::LeptosOptions;
use leptos::nonce::use_nonce;
use leptos::prelude::*;
use leptos_meta::{MetaTags, Title, provide_meta_context};
use leptos_router::components::{FlatRoutes, Route, Router};
use leptos_router::{SsrMode, path};

use crate::context;
use crate::features::account::page::AccountPage;
use crate::features::alerts::alert_page::AlertPage;
use crate::features::alerts::change_page::ChangeAlertsPage;
use crate::features::alerts::queue_page::AlertQueuePage;
use crate::features::audit::page::AuditPage;
use crate::features::events::event_page::EventPage;
use crate::features::events::search_page::EventsPage;
use crate::features::layout::Page;
use crate::features::overview::page::OverviewPage;
use crate::features::peers::add_page::AddPeerPage;
use crate::features::peers::list_page::PeersPage;
use crate::features::peers::peer_page::PeerPage;
use crate::features::rules::import_page::{RuleImportPage, RuleImportResultPage};
use crate::features::rules::list_page::RulesPage;
use crate::features::rules::rule_page::RulePage;
use crate::features::set_up::page::SetUpPage;
use crate::features::sign_in::page::SignInPage;
use crate::features::tokens::page::TokensPage;
use crate::features::users::page::UsersPage;

/// Hashed asset paths that the document links to.
#[derive(Clone, Debug)]
pub struct Assets {
    pub stylesheet: String,
}

/// The HTML document around every page. Its content security policy allows only what carries this answer's nonce.
pub fn shell(options: LeptosOptions) -> impl IntoView {
    set_content_security_policy();
    let theme = context::request().and_then(|request| request.theme);
    let stylesheet = use_context::<Assets>().map(|assets| assets.stylesheet);
    view! {
        <!DOCTYPE html>
        <html lang="en" data-theme=theme>
            <head>
                <meta charset="utf-8"/>
                <meta name="viewport" content="width=device-width, initial-scale=1"/>
                <meta name="color-scheme" content="dark light"/>
                <link rel="icon" href="/favicon.svg" type="image/svg+xml"/>
                <link rel="stylesheet" href=stylesheet/>
                <HydrationScripts options islands=true/>
                <MetaTags/>
            </head>
            <body>
                <App/>
            </body>
        </html>
    }
}

fn set_content_security_policy() {
    let (Some(response), Some(nonce)) = (use_context::<leptos_axum::ResponseOptions>(), use_nonce()) else {
        return;
    };
    let policy = format!(
        "default-src 'none'; script-src 'nonce-{nonce}' 'strict-dynamic' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self'; \
         connect-src 'self'; font-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    );
    if let Ok(value) = http::HeaderValue::from_str(&policy) {
        response.insert_header(http::header::CONTENT_SECURITY_POLICY, value);
    }
}

/// All routes. Pages are rendered whole before the first byte, so that status and redirects are right.
#[component]
pub fn App() -> impl IntoView {
    provide_meta_context();
    view! {
        <Title formatter=|page: String| if page.is_empty() { "Wolfsec".to_owned() } else { format!("{page} · Wolfsec") }/>
        <Router>
            <FlatRoutes fallback=NotFoundPage>
                <Route path=path!("/") view=OverviewPage ssr=SsrMode::Async/>
                <Route path=path!("/alerts") view=AlertQueuePage ssr=SsrMode::Async/>
                <Route path=path!("/alerts/change") view=ChangeAlertsPage ssr=SsrMode::Async/>
                <Route path=path!("/alerts/:id") view=AlertPage ssr=SsrMode::Async/>
                <Route path=path!("/events") view=EventsPage ssr=SsrMode::Async/>
                <Route path=path!("/events/:ts/:id") view=EventPage ssr=SsrMode::Async/>
                <Route path=path!("/rules") view=RulesPage ssr=SsrMode::Async/>
                <Route path=path!("/rules/import") view=RuleImportPage ssr=SsrMode::Async/>
                <Route path=path!("/rules/imports/:id") view=RuleImportResultPage ssr=SsrMode::Async/>
                <Route path=path!("/rules/:id") view=RulePage ssr=SsrMode::Async/>
                <Route path=path!("/peers") view=PeersPage ssr=SsrMode::Async/>
                <Route path=path!("/peers/add") view=AddPeerPage ssr=SsrMode::Async/>
                <Route path=path!("/peers/:name") view=PeerPage ssr=SsrMode::Async/>
                <Route path=path!("/audit") view=AuditPage ssr=SsrMode::Async/>
                <Route path=path!("/admin/users") view=UsersPage ssr=SsrMode::Async/>
                <Route path=path!("/admin/tokens") view=TokensPage ssr=SsrMode::Async/>
                <Route path=path!("/account") view=AccountPage ssr=SsrMode::Async/>
                <Route path=path!("/signin") view=SignInPage ssr=SsrMode::Async/>
                <Route path=path!("/setup") view=SetUpPage ssr=SsrMode::Async/>
            </FlatRoutes>
        </Router>
    }
}

/// Any other address.
#[component]
fn NotFoundPage() -> impl IntoView {
    context::set_status(http::StatusCode::NOT_FOUND);
    view! {
        <Page title="No such page" current="">
            <section class="board" aria-label="No such page">
                <div class="empty">
                    <p>"This address leads nowhere. It may have been mistyped, or what it showed is gone."</p>
                    <p><a class="link" href="/">"To the overview"</a></p>
                </div>
            </section>
        </Page>
    }
}
