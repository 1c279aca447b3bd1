//! A chip: a thing that events and alerts are about.

use leptos::prelude::*;

use super::sprite::icon;

/// Kind (by its picture) and value of a thing.
#[component]
pub fn Chip(
    /// `host`, `user`, `ip`; anything else is shown as a program.
    #[prop(into)]
    kind: String,
    #[prop(into)] value: String,
    /// Where it leads to.
    #[prop(optional_no_strip)]
    href: Option<String>,
) -> impl IntoView {
    let shape = match kind.as_str() {
        "host" => "peer",
        "user" => "user",
        "ip" => "globe",
        _ => "term",
    };
    let title = kind + ": " + &value;
    match href {
        Some(href) => view! { <a class="chip" href=href title=title>{icon(shape)}{value}</a> }.into_any(),
        None => view! { <span class="chip" title=title>{icon(shape)}{value}</span> }.into_any(),
    }
}
