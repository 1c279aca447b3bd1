//! Severity as colour, shape and word together.

use leptos::prelude::*;

use super::sprite::icon;

/// Shape (which is also the colour's class) and word of `critical`, `high`, `medium`, `low` or `informational`.
pub const fn severity_look(slug: &str) -> (&'static str, &'static str) {
    match slug.as_bytes() {
        b"critical" => ("crit", "Critical"),
        b"high" => ("high", "High"),
        b"medium" => ("med", "Medium"),
        b"low" => ("low", "Low"),
        _ => ("info", "Informational"),
    }
}

/// The mark of a severity.
#[component]
pub fn SeverityMark(
    /// `critical`, `high`, `medium`, `low` or `informational`.
    slug: &'static str,
    /// The shortest word, where five stand side by side.
    #[prop(optional)]
    short: bool,
) -> impl IntoView {
    let (shape, word) = severity_look(slug);
    let word = if short && shape == "info" { "Info" } else { word };
    view! { <span class=format!("sev {shape}")>{icon(shape)}{word}</span> }.into_any()
}
