//! One number that counts, with its name and window.

use leptos::prelude::*;

use super::shell::grouped;

/// A number with its name. No data is a dash, which is not nought.
#[component]
pub fn Figure(
    #[prop(into)] label: String,
    value: Option<i64>,
    /// Unit and window, such as "events in 24 h".
    #[prop(into, optional)]
    detail: String,
    /// The one number of the page.
    #[prop(optional)]
    large: bool,
    /// Where it leads to.
    #[prop(optional_no_strip)]
    href: Option<String>,
) -> impl IntoView {
    let class = if large { "figure figure--lg" } else { "figure" };
    let detail = if value.is_none() { "no data".to_owned() } else { detail };
    let content = view! {
        <span class="k">{label}</span>
        <span class="v">{value.map_or_else(|| "–".to_owned(), grouped)}</span>
        {(!detail.is_empty()).then(|| view! { <span class="d">{detail}</span> })}
    };
    match href {
        Some(href) => view! { <a class=class href=href>{content}</a> }.into_any(),
        None => view! { <div class=class>{content}</div> }.into_any(),
    }
}
