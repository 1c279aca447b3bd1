//! In the place of a list without entries: why it is empty and the next step.

use leptos::prelude::*;

use super::code_block::CodeBlock;
use super::icon::IconName;
use super::sprite::icon;

/// Why there is nothing, and the next step.
#[component]
pub fn EmptyState(
    picture: IconName,
    #[prop(into)] heading: String,
    #[prop(into)] text: String,
    /// A command to copy.
    #[prop(optional_no_strip)]
    command: Option<String>,
    /// Links and buttons.
    #[prop(optional)]
    children: Option<Children>,
) -> impl IntoView {
    let command = command.map(|text| view! { <CodeBlock label=format!("Command: {heading}") text/> });
    view! {
        <div class="empty">
            {icon(picture.symbol())}
            <div class="stack"><h2 class="h-sm">{heading}</h2><p>{text}</p></div>
            {command}
            {children.map(|children| view! { <div class="row row--wrap">{children()}</div> })}
        </div>
    }
    .into_any()
}
