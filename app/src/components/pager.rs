//! The foot of a list that is read in pages by key, not by number.

use leptos::prelude::*;

/// Back to the newest entries, and on to older ones.
#[component]
pub fn Pager(
    /// Name of the navigation, such as "Pages of the queue".
    #[prop(into)]
    label: String,
    /// What is shown, such as "50 shown, newest first".
    #[prop(into)]
    shown: String,
    /// Absent on the first page.
    #[prop(optional_no_strip)]
    newest: Option<String>,
    /// Absent on the last page.
    #[prop(optional_no_strip)]
    older: Option<String>,
) -> impl IntoView {
    view! {
        <nav class="bar bar--hint queue__foot" aria-label=label>
            <span>{shown}</span>
            <span class="push row row--tight">
                {newest.map(|href| view! { <a class="btn btn--quiet" href=href>"Newest"</a> })}
                {older.map(|href| view! { <a class="btn" href=href rel="next">"Older"</a> })}
            </span>
        </nav>
    }
    .into_any()
}
