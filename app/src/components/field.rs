//! Labelled controls. Hint and error are tied to their control; what was typed is kept.

use leptos::prelude::*;

use super::sprite::icon;

/// Names of what describes a control, in the order in which they are read.
fn described_by(id: &str, hint: bool, error: bool) -> Option<String> {
    let names: Vec<String> = [(hint, "hint"), (error, "error")]
        .into_iter()
        .filter(|(present, _)| *present)
        .map(|(_, suffix)| format!("{id}-{suffix}"))
        .collect();
    (!names.is_empty()).then(|| names.join(" "))
}

/// Label above, hint and error below.
fn framed(id: String, label: String, hint: Option<&'static str>, error: Option<String>, control: AnyView) -> AnyView {
    let (hint_id, error_id) = (format!("{id}-hint"), format!("{id}-error"));
    view! {
        <div class="field">
            <label for=id>{label}</label>
            {control}
            {hint.map(|hint| view! { <p class="field__hint" id=hint_id>{hint}</p> })}
            {error.map(|error| view! { <p class="field__error" id=error_id>{icon("warn")}<span>{error}</span></p> })}
        </div>
    }
    .into_any()
}

/// A field of one line.
#[component]
pub fn TextField(
    #[prop(into)] id: String,
    name: &'static str,
    #[prop(into)] label: String,
    /// The input's type; a password is never filled in again.
    #[prop(default = "text")]
    kind: &'static str,
    #[prop(optional_no_strip)] autocomplete: Option<&'static str>,
    #[prop(optional_no_strip)] value: Option<String>,
    #[prop(optional_no_strip)] hint: Option<&'static str>,
    #[prop(optional_no_strip)] error: Option<String>,
    #[prop(default = true)] required: bool,
    /// `/` goes here.
    #[prop(optional)]
    search: bool,
) -> impl IntoView {
    let described = described_by(&id, hint.is_some(), error.is_some());
    let control_id = id.clone();
    let invalid = error.is_some().then_some("true");
    let value = value.filter(|_| kind != "password");
    let control = view! {
        <input class="input" id=control_id name=name type=kind autocomplete=autocomplete value=value required=required
            aria-invalid=invalid aria-describedby=described data-search=search.then_some("")/>
    };
    framed(id, label, hint, error, control.into_any())
}

/// A choice.
#[component]
pub fn SelectField(
    #[prop(into)] id: String,
    name: &'static str,
    #[prop(into)] label: String,
    /// Value and word of each.
    options: Vec<(String, String)>,
    #[prop(into)] chosen: String,
    #[prop(optional_no_strip)] hint: Option<&'static str>,
    #[prop(optional_no_strip)] error: Option<String>,
) -> impl IntoView {
    let described = described_by(&id, hint.is_some(), error.is_some());
    let control_id = id.clone();
    let invalid = error.is_some().then_some("true");
    let options = options
        .into_iter()
        .map(move |(value, word)| {
            let selected = value == chosen;
            view! { <option value=value selected=selected>{word}</option> }
        })
        .collect_view();
    let control = view! { <select class="input" id=control_id name=name aria-invalid=invalid aria-describedby=described>{options}</select> };
    framed(id, label, hint, error, control.into_any())
}

/// A field of several lines.
#[component]
pub fn TextAreaField(
    #[prop(into)] id: String,
    name: &'static str,
    #[prop(into)] label: String,
    #[prop(default = 4)] rows: u32,
    #[prop(optional_no_strip)] value: Option<String>,
    #[prop(optional_no_strip)] hint: Option<&'static str>,
    #[prop(optional_no_strip)] error: Option<String>,
    #[prop(default = true)] required: bool,
) -> impl IntoView {
    let described = described_by(&id, hint.is_some(), error.is_some());
    let control_id = id.clone();
    let invalid = error.is_some().then_some("true");
    let control = view! {
        <textarea class="input" id=control_id name=name rows=rows.to_string() required=required aria-invalid=invalid
            aria-describedby=described>{value.unwrap_or_default()}</textarea>
    };
    framed(id, label, hint, error, control.into_any())
}

#[cfg(test)]
mod tests {
    use super::described_by;

    #[test]
    fn a_control_names_what_describes_it() {
        assert_eq!(described_by("a", false, false), None);
        assert_eq!(described_by("a", true, true).as_deref(), Some("a-hint a-error"));
        assert_eq!(described_by("a", false, true).as_deref(), Some("a-error"));
    }
}
