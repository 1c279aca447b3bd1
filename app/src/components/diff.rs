//! What a change did: before and after, by sign as well as by colour.

use leptos::prelude::*;

/// One changed key; `None` where it did not exist.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    pub key: String,
    pub before: Option<String>,
    pub after: Option<String>,
}

/// Before and after of each changed key.
#[component]
pub fn Diff(#[prop(into)] caption: String, changes: Vec<Change>) -> impl IntoView {
    let rows = changes
        .into_iter()
        .map(|change| {
            view! {
                <tr>
                    <th scope="row"><code>{change.key}</code></th>
                    <td>{change.before.map_or_else(nothing, |text| view! { <del>{text}</del> }.into_any())}</td>
                    <td>{change.after.map_or_else(nothing, |text| view! { <ins>{text}</ins> }.into_any())}</td>
                </tr>
            }
        })
        .collect_view();
    view! {
        <table class="table table--inset diff">
            <caption class="sr">{caption}</caption>
            <thead><tr><th scope="col">"Key"</th><th scope="col">"Before"</th><th scope="col">"After"</th></tr></thead>
            <tbody>{rows}</tbody>
        </table>
    }
    .into_any()
}

fn nothing() -> AnyView {
    view! { <span class="dim">"–"</span> }.into_any()
}
