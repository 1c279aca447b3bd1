//! The frame of a signed-in page: rail, top bar with the account menu, bottom bar on a phone.

use leptos::prelude::*;

use super::key_switch::KeySwitch;
use super::keyboard::Keyboard;
use super::live::Live;
use super::local_times::LocalTimes;
pub use super::number::grouped;
use super::sprite::{Sprite, icon};
use super::theme_switch::ThemeSwitch;

struct Entry {
    href: &'static str,
    label: &'static str,
    icon: &'static str,
    /// Shown to admins only.
    admin: bool,
}

const fn entry(href: &'static str, label: &'static str, icon: &'static str) -> Entry {
    Entry {
        href,
        label,
        icon,
        admin: false,
    }
}

const WATCH: &[Entry] = &[
    entry("/", "Overview", "overview"),
    entry("/alerts", "Alerts", "bell"),
    entry("/events", "Events", "list"),
];
const KNOW: &[Entry] = &[entry("/rules", "Rules", "rule"), entry("/peers", "Peers", "peer")];
const KEEP: &[Entry] = &[
    entry("/audit", "Audit", "audit"),
    Entry {
        href: "/admin/users",
        label: "Users",
        icon: "admin",
        admin: true,
    },
    Entry {
        href: "/admin/tokens",
        label: "API tokens",
        icon: "key",
        admin: true,
    },
];
/// What fits into the bottom bar of a phone; the rest is reached by the account menu.
const BOTTOM: &[Entry] = &[
    entry("/", "Overview", "overview"),
    entry("/alerts", "Alerts", "bell"),
    entry("/events", "Events", "list"),
    entry("/rules", "Rules", "rule"),
    entry("/peers", "Peers", "peer"),
];

/// Who is looking, and at what.
pub struct Frame {
    pub title: String,
    /// Path of the rail's entry that the page belongs to.
    pub current: &'static str,
    pub user: String,
    pub role: &'static str,
    pub is_admin: bool,
    /// `None` when they could not be counted.
    pub open_alerts: Option<i64>,
    /// Where the sequence of changes stood when the page was read.
    pub live_cursor: String,
    /// Where the page's "N new" leads; empty where alerts are not shown.
    pub news_href: String,
    /// `light`, `dark` or none for the system's choice.
    pub theme: Option<String>,
    /// Where the sign-out form posts to.
    pub sign_out: &'static str,
}

/// The frame around `content`.
pub fn app_shell(frame: Frame, content: AnyView) -> AnyView {
    let rail = rail(&frame);
    let bottom = bottom(&frame);
    let top = top(frame);
    view! {
        <Sprite/>
        <a class="skip" href="#main">"Skip to content"</a>
        <div class="app">
            {rail}
            {top}
            <main class="main" id="main" tabindex="-1">{content}</main>
        </div>
        {bottom}
        <Keyboard/>
        <LocalTimes/>
    }
    .into_any()
}

fn rail(frame: &Frame) -> AnyView {
    view! {
        <nav class="rail" aria-label="Main">
            <a class="rail__brand" href="/" aria-label="Wolfsec, overview">{icon("logo")}<span class="rail__label">"Wolfsec"</span></a>
            <ul class="rail__list" aria-label="Watch">{entries(WATCH, frame)}</ul>
            <p class="rail__group" id="rail-know">"Know"</p>
            <ul class="rail__list" aria-labelledby="rail-know">{entries(KNOW, frame)}</ul>
            <p class="rail__group" id="rail-keep">"Keep"</p>
            <ul class="rail__list" aria-labelledby="rail-keep">{entries(KEEP, frame)}</ul>
        </nav>
    }
    .into_any()
}

fn entries(list: &'static [Entry], frame: &Frame) -> Vec<AnyView> {
    list.iter()
        .filter(|entry| !entry.admin || frame.is_admin)
        .map(|entry| {
            let current = (entry.href == frame.current).then_some("page");
            let count = frame.open_alerts.filter(|_| entry.href == "/alerts");
            let count = count.map(|n| view! { <span class="rail__n" title="open alerts" data-live="open" hidden={n == 0}>{grouped(n)}</span> });
            view! {
                <li>
                    <a class="rail__item" href=entry.href aria-current=current title=entry.label>
                        {icon(entry.icon)}<span class="rail__label">{entry.label}</span>{count}
                    </a>
                </li>
            }
            .into_any()
        })
        .collect()
}

fn top(frame: Frame) -> AnyView {
    let initials: String = frame.user.chars().take(2).collect::<String>().to_uppercase();
    let label = format!("Account of {}", frame.user);
    let admin = frame.is_admin.then(|| {
        view! { <a class="narrow-only" href="/admin/users">"Users"</a><a class="narrow-only" href="/admin/tokens">"API tokens"</a> }
    });
    view! {
        <header class="top">
            <h1 class="top__title">{frame.title}</h1>
            <div class="top__right push">
                <Live cursor=frame.live_cursor href=frame.news_href/>
                <button class="btn btn--quiet btn--icon" type="button" popovertarget="me" aria-label=label>
                    <span class="avatar" aria-hidden="true">{initials}</span>
                </button>
            </div>
            <div class="menu" id="me" popover="auto">
                <p class="menu__head">{format!("{} · {}", frame.user, frame.role)}</p>
                <a href="/account">"Account and sessions"</a>
                <a class="narrow-only" href="/audit">"Audit"</a>
                {admin}
                <ThemeSwitch theme=frame.theme.unwrap_or_default()/>
                <KeySwitch/>
                <hr/>
                <form method="post" action=frame.sign_out><button class="btn btn--quiet btn--block" type="submit">"Sign out"</button></form>
            </div>
        </header>
    }
    .into_any()
}

fn bottom(frame: &Frame) -> AnyView {
    let items: Vec<AnyView> = BOTTOM
        .iter()
        .map(|entry| {
            let current = (entry.href == frame.current).then_some("page");
            view! { <a href=entry.href aria-current=current>{icon(entry.icon)}{entry.label}</a> }.into_any()
        })
        .collect();
    view! { <nav class="bottom" aria-label="Main, small screen">{items}</nav> }.into_any()
}
