//! Working an alert: forms that carry the version they saw, and what became of the last one.

use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use wolfsec::alerts::{Alert, AlertStatus, Resolution};

use super::model::done_message;
use super::server_fns::{ChangeAlertStatus, CommentAlert};
use crate::error::AppError;
use crate::features::layout::{done_notice, error_notice, form_error};
use crate::features::parts::{ago, icon, status_mark};

/// The page's forms and the outcome of the last one that was sent.
pub struct Forms {
    change_error: Option<AppError>,
    comment_error: Option<AppError>,
    /// Path and query of the page that a form leads back to.
    back: String,
}

impl Forms {
    pub fn new(back: String) -> Self {
        Self {
            back,
            change_error: form_error::<ChangeAlertStatus>(),
            comment_error: form_error::<CommentAlert>(),
        }
    }

    /// What became of the last form: done, refused, or overtaken by somebody else's change.
    pub fn notices(&self, alert: &Alert) -> AnyView {
        let failed = self.change_error.is_some() || self.comment_error.is_some();
        let change = match &self.change_error {
            Some(error) if error.code == "stale" => Some(overtaken(alert, error)),
            other => error_notice(other.as_ref()),
        };
        view! {
            {done_notice(failed, done_message)}
            {change}
            {error_notice(self.comment_error.as_ref())}
        }
        .into_any()
    }

    /// The buttons for where the alert can go from here.
    pub fn actions(&self, alert: &Alert) -> AnyView {
        alert
            .status
            .next()
            .iter()
            .map(|&to| match to {
                AlertStatus::Acknowledged => self.press(alert, to, "Acknowledge", Some("a")),
                AlertStatus::InProgress => self.press(alert, to, "Start work", None),
                AlertStatus::Resolved => self.resolve(alert),
                AlertStatus::Open => self.reopen(alert),
            })
            .collect_view()
            .into_any()
    }

    fn press(&self, alert: &Alert, to: AlertStatus, label: &'static str, key: Option<&'static str>) -> AnyView {
        let primary = alert.status.next().first() == Some(&to);
        let class = if primary { "btn btn--primary" } else { "btn" };
        let seen = self.hidden(alert, to);
        view! {
            <form method="post" action=ChangeAlertStatus::url()>
                {seen}
                <button class=class type="submit" data-key=key>
                    {label}{key.map(|key| view! { " "<kbd aria-hidden="true">{key}</kbd> })}
                </button>
            </form>
        }
        .into_any()
    }

    fn resolve(&self, alert: &Alert) -> AnyView {
        let error = self.error_of(AlertStatus::Resolved);
        let resolution = resolution_field("resolution", "What was it?", None, error);
        let seen = self.hidden(alert, AlertStatus::Resolved);
        let note = note_field("resolve-note", "Note (optional)", false, error);
        view! {
            <details class="sheetlike" open=error.is_some()>
                <summary class="btn" data-key="e">"Resolve…"" "<kbd aria-hidden="true">"e"</kbd></summary>
                <form method="post" action=ChangeAlertStatus::url() class="stack stack--3" aria-label="Resolve">
                    {seen}
                    {resolution}
                    {note}
                    <button class="btn btn--primary btn--form" type="submit">"Resolve"</button>
                </form>
            </details>
        }
        .into_any()
    }

    fn reopen(&self, alert: &Alert) -> AnyView {
        let error = self.error_of(AlertStatus::Open);
        let seen = self.hidden(alert, AlertStatus::Open);
        let reason = note_field("reopen-note", "Reason", true, error);
        view! {
            <details class="sheetlike" open=error.is_some()>
                <summary class="btn">"Reopen…"</summary>
                <form method="post" action=ChangeAlertStatus::url() class="stack stack--3" aria-label="Reopen">
                    {seen}
                    {reason}
                    <button class="btn btn--primary btn--form" type="submit">"Reopen"</button>
                </form>
            </details>
        }
        .into_any()
    }

    /// The comment form; it never collides with anybody's change.
    pub fn comment(&self, alert: &Alert) -> AnyView {
        let id = alert.id.to_string();
        let note = note_field("comment", "Comment", true, self.comment_error.as_ref());
        view! {
            <form method="post" action=CommentAlert::url() class="comment stack stack--3" aria-label="Comment">
                <input type="hidden" name="id" value=id/>
                <input type="hidden" name="back" value=self.back.clone()/>
                {note}
                <button class="btn" type="submit">"Add comment"</button>
            </form>
        }
        .into_any()
    }

    fn hidden(&self, alert: &Alert, to: AlertStatus) -> AnyView {
        view! {
            <input type="hidden" name="id" value=alert.id.to_string()/>
            <input type="hidden" name="to" value=to.as_str()/>
            <input type="hidden" name="version" value=alert.version.to_string()/>
            <input type="hidden" name="back" value=self.back.clone()/>
        }
        .into_any()
    }

    /// The last error of the form that leads to this status.
    fn error_of(&self, to: AlertStatus) -> Option<&AppError> {
        self.change_error
            .as_ref()
            .filter(|error| error.value("to").as_deref() == Some(to.as_str()))
    }
}

/// Somebody else was faster: nothing is overwritten, what was typed is kept, and the current state is shown.
fn overtaken(alert: &Alert, error: &AppError) -> AnyView {
    let note = error.value("note").filter(|note| !note.trim().is_empty()).map(|note| {
        view! { <p>"Your note, kept: "<q>{note}</q></p> }
    });
    let who = alert.assignee.clone().map(|name| format!("assigned to {name}"));
    view! {
        <div class="callout med" role="alert">
            {icon("warn")}
            <div class="stack">
                <p><b>"This alert was changed by somebody else meanwhile."</b>
                    " Your change was not made and nothing was overwritten. Look at the current state and decide again."</p>
                <p class="row row--wrap">"Now: "{status_mark(alert.status)}
                    {alert.resolution.map(|resolution| view! { <span class="tag">{resolution.label()}</span> })}
                    {who}</p>
                {note}
                <p class="dim small">"Last seen "{ago(alert.last_seen)}" · Request "<code>{error.request_id.clone()}</code></p>
            </div>
        </div>
    }
    .into_any()
}

/// What an alert was; `form` where the field stands outside of its form.
pub fn resolution_field(
    id: &'static str,
    label: &'static str,
    form: Option<&'static str>,
    error: Option<&AppError>,
) -> AnyView {
    let chosen = error.and_then(|error| error.value("resolution")).unwrap_or_default();
    let problem = error.and_then(|error| error.field("resolution"));
    let error_id = format!("{id}-error");
    let invalid = problem.is_some().then_some("true");
    let described = problem.is_some().then(|| error_id.clone());
    let options = Resolution::ALL
        .iter()
        .map(|resolution| {
            let selected = chosen == resolution.as_str();
            view! { <option value=resolution.as_str() selected=selected>{resolution.label()}</option> }
        })
        .collect_view();
    view! {
        <div class="field">
            <label for=id>{label}</label>
            <select class="input select" id=id name="resolution" form=form required aria-invalid=invalid aria-describedby=described>
                <option value="">"Choose…"</option>
                {options}
            </select>
            {problem.map(|text| view! { <p class="field__error" id=error_id><span>{text}</span></p> })}
        </div>
    }
    .into_any()
}

fn note_field(id: &'static str, label: &'static str, required: bool, error: Option<&AppError>) -> AnyView {
    let typed = error.and_then(|error| error.value("note")).unwrap_or_default();
    let problem = error.and_then(|error| error.field("note"));
    let error_id = format!("{id}-error");
    let invalid = problem.is_some().then_some("true");
    let described = problem.is_some().then(|| error_id.clone());
    view! {
        <div class="field">
            <label for=id>{label}</label>
            <textarea class="input" id=id name="note" rows="2" maxlength="4000" required=required
                aria-invalid=invalid aria-describedby=described>{typed}</textarea>
            {problem.map(|text| view! { <p class="field__error" id=error_id><span>{text}</span></p> })}
        </div>
    }
    .into_any()
}
