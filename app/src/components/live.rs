//! Live updates in the browser: "N new" to click, figures that move in place, and whether the connection stands.
//! Without script a page says what the server knew when it was loaded.

#[cfg(feature = "hydrate")]
mod browser;
#[cfg(any(feature = "hydrate", test))]
mod model;

use leptos::prelude::*;

/// What the page knows of its connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Connection {
    /// Nothing was heard yet.
    Unknown,
    Live,
    /// Since when, as text.
    Lost(String),
    /// The session is over: signing in again is all that helps.
    Ended,
}

/// Stands in the top bar of every signed-in page.
#[island]
pub fn Live(
    /// Where the sequence of changes stood before the page was read; empty when that is not known.
    cursor: String,
    /// The page with what is new on it; empty where alerts are not shown.
    href: String,
) -> impl IntoView {
    let news = RwSignal::new(String::new());
    let connection = RwSignal::new(Connection::Unknown);
    #[cfg(feature = "hydrate")]
    browser::start(cursor, news, connection);
    #[cfg(not(feature = "hydrate"))]
    drop(cursor);
    let shown = !href.is_empty();
    let verb = move || match connection.get() {
        Connection::Lost(_) => "Reconnecting, ",
        _ => "",
    };
    let words = move || match connection.get() {
        Connection::Unknown => String::new(),
        Connection::Live => "Live".to_owned(),
        Connection::Lost(since) => format!("since {since}"),
        Connection::Ended => "Session ended".to_owned(),
    };
    let class = move || match connection.get() {
        Connection::Live => "live wide-only",
        _ => "live",
    };
    let dot = move || match connection.get() {
        Connection::Live => "dot dot--ok",
        _ => "dot dot--late",
    };
    // Not a literal: the name of an element without anything dynamic is written as it stands, `use_`.
    let arrow = "#i-up".to_owned();
    view! {
        <span role="status">
            <a class="newpill" href=href hidden=move || !shown || news.get().is_empty()>
                <svg aria-hidden="true"><use_ href=arrow/></svg>
                <span>{move || news.get()}</span>
            </a>
        </span>
        <span class=class role="status" data-connection="" hidden=move || connection.get() == Connection::Unknown>
            <span class=dot></span>
            <span><span class="live__verb">{verb}</span>{words}</span>
            <a class="link" href="/signin" hidden=move || connection.get() != Connection::Ended>"Sign in"</a>
        </span>
    }
}
