//! A facet: a filter that is one link away.

use leptos::prelude::*;

use super::severity::severity_look;
use super::shell::grouped;
use super::sprite::icon;

/// A link that narrows a list; the chosen one says so by `aria-current`.
#[component]
pub fn Facet(
    #[prop(into)] label: String,
    #[prop(into)] href: String,
    /// What the list would hold; `None` when it was not counted.
    #[prop(optional_no_strip)]
    count: Option<i64>,
    #[prop(optional)] chosen: bool,
    /// Puts the severity's shape and colour in front.
    #[prop(optional_no_strip)]
    severity: Option<&'static str>,
) -> impl IntoView {
    let shape = severity.map(|slug| severity_look(slug).0);
    let class = format!("facet {}", shape.unwrap_or_default());
    view! {
        <a class=class.trim_end().to_owned() href=href aria-current=chosen.then_some("true")>
            {shape.map(icon)}{label}{count.map(|count| view! { " "<span class="n">{grouped(count)}</span> })}
        </a>
    }
    .into_any()
}
