//! Buttons, and links that look like one.

use leptos::prelude::*;

use super::icon::IconName;
use super::sprite::icon;

/// How much a button asks for attention; one primary a view.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ButtonKind {
    #[default]
    Plain,
    Primary,
    Danger,
    Quiet,
}

impl ButtonKind {
    const fn class(self) -> &'static str {
        match self {
            Self::Plain => "btn",
            Self::Primary => "btn btn--primary",
            Self::Danger => "btn btn--danger",
            Self::Quiet => "btn btn--quiet",
        }
    }
}

/// A button that sends its form.
#[component]
pub fn Button(
    #[prop(into)] label: String,
    #[prop(optional)] kind: ButtonKind,
    #[prop(optional_no_strip)] picture: Option<IconName>,
    /// Sent with the form, where one form has several buttons.
    #[prop(optional_no_strip)]
    name: Option<&'static str>,
    #[prop(optional_no_strip)] value: Option<String>,
    /// The key that presses it, such as `a`.
    #[prop(optional_no_strip)]
    key: Option<&'static str>,
    #[prop(optional)] disabled: bool,
) -> impl IntoView {
    view! {
        <button class=kind.class() type="submit" name=name value=value data-key=key aria-keyshortcuts=key disabled=disabled>
            {picture.map(|picture| icon(picture.symbol()))}{label}
        </button>
    }
    .into_any()
}

/// A link that looks like a button.
#[component]
pub fn ButtonLink(
    #[prop(into)] label: String,
    #[prop(into)] href: String,
    #[prop(optional)] kind: ButtonKind,
    #[prop(optional_no_strip)] picture: Option<IconName>,
) -> impl IntoView {
    view! { <a class=kind.class() href=href>{picture.map(|picture| icon(picture.symbol()))}{label}</a> }.into_any()
}
