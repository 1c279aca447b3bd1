//! Small things that several pages show: marks, chips, times, commands.

use chrono::Duration;
use leptos::prelude::*;
use wolfsec::Timestamp;
use wolfsec::alerts::AlertStatus;
use wolfsec::detection::Entity;
use wolfsec::peers::PeerStatus;
use wolfsec::severity::Severity;

use crate::components::copy_button::CopyButton;
pub use crate::components::sprite::icon;
use crate::context;
use crate::features::alerts::model::technique_href;
use crate::features::url_query::{UrlQuery, bad_filter};

const fn severity_class(severity: Severity) -> (&'static str, &'static str) {
    match severity {
        Severity::Critical => ("sev crit", "crit"),
        Severity::High => ("sev high", "high"),
        Severity::Medium => ("sev med", "med"),
        Severity::Low => ("sev low", "low"),
        Severity::Informational => ("sev info", "info"),
    }
}

/// Severity as colour, shape and word.
pub fn severity_mark(severity: Severity) -> AnyView {
    let (class, shape) = severity_class(severity);
    view! { <span class=class>{icon(shape)}{severity.label()}</span> }.into_any()
}

/// The same with the shortest word, where five stand side by side.
pub fn severity_mark_short(severity: Severity) -> AnyView {
    let (class, shape) = severity_class(severity);
    let word = match severity {
        Severity::Informational => "Info",
        other => other.label(),
    };
    view! { <span class=class>{icon(shape)}{word}</span> }.into_any()
}

/// Colour class and shape of a severity, for facets.
pub const fn severity_shape(severity: Severity) -> &'static str {
    severity_class(severity).1
}

/// An alert's status as shape and word.
pub fn status_mark(status: AlertStatus) -> AnyView {
    let shape = match status {
        AlertStatus::Open => "st-open",
        AlertStatus::Acknowledged => "st-ack",
        AlertStatus::InProgress => "st-prog",
        AlertStatus::Resolved => "st-done",
    };
    view! { <span class="status">{icon(shape)}{status.label()}</span> }.into_any()
}

/// The class of a peer status's dot.
pub const fn peer_dot(status: PeerStatus) -> &'static str {
    match status {
        PeerStatus::Online => "dot dot--ok",
        PeerStatus::Late => "dot dot--late",
        PeerStatus::Offline => "dot dot--off",
        PeerStatus::Maintenance => "dot dot--maint",
        PeerStatus::Pending => "dot dot--pend",
        PeerStatus::Stopped => "dot dot--stop",
        PeerStatus::Blocked => "dot dot--block",
    }
}

/// A peer's status as shape and word.
pub fn peer_mark(status: PeerStatus) -> AnyView {
    view! { <span class="state"><span class=peer_dot(status)></span>{status.label()}</span> }.into_any()
}

/// The picture of a kind of thing.
pub fn entity_icon(kind: &str) -> &'static str {
    match kind {
        "host" => "peer",
        "user" => "user",
        "ip" => "globe",
        _ => "term",
    }
}

/// A thing an alert is about.
pub fn entity_chip(entity: &Entity) -> AnyView {
    let shape = entity_icon(&entity.kind);
    let title = format!("{}: {}", entity.kind, entity.value);
    view! { <span class="chip" title=title>{icon(shape)}<span class="trunc">{entity.value.clone()}</span></span> }
        .into_any()
}

/// The same, leading to all alerts about it.
pub fn entity_link(entity: &Entity) -> AnyView {
    let shape = entity_icon(&entity.kind);
    let name = format!("{}:{}", entity.kind, entity.value);
    let title = format!("{}: {}, all its alerts", entity.kind, entity.value);
    let query = UrlQuery::default().with("status", "all").with("entity", &name);
    let href = query.href("/alerts");
    view! { <a class="chip" href=href title=title>{icon(shape)}<span class="trunc">{entity.value.clone()}</span></a> }
        .into_any()
}

/// Stands where there is no value.
pub fn dash() -> AnyView {
    view! { <span class="dim">"–"</span> }.into_any()
}

/// ATT&CK techniques, each a link to its description.
pub fn technique_links(techniques: &[String]) -> AnyView {
    if techniques.is_empty() {
        return dash();
    }
    let links = techniques
        .iter()
        .map(|id| match technique_href(id) {
            Some(href) => view! { <a class="chip mono" href=href rel="noreferrer">{id.clone()}</a> }.into_any(),
            None => view! { <span class="chip mono">{id.clone()}</span> }.into_any(),
        })
        .collect_view();
    view! { <span class="chips">{links}</span> }.into_any()
}

/// When the request arrived; every relative time on a page is computed from it.
pub fn rendered_at() -> Timestamp {
    context::request()
        .map(|request| request.rendered_at)
        .unwrap_or_default()
}

/// `4 min` before the page was rendered, with the exact time on hover.
pub fn age(at: Timestamp) -> AnyView {
    let text = span_text(rendered_at() - at);
    view! { <time class="age" datetime=at.to_rfc3339() title=exact(at)>{text}</time> }.into_any()
}

/// The same as a sentence's part: `4 min ago`.
pub fn ago(at: Timestamp) -> AnyView {
    let distance = rendered_at() - at;
    let text = match span_text(distance).as_str() {
        "now" => "now".to_owned(),
        text if distance < Duration::zero() => format!("in {text}"),
        text => format!("{text} ago"),
    };
    view! { <time datetime=at.to_rfc3339() title=exact(at)>{text}</time> }.into_any()
}

/// Date and time to the millisecond; what it stands in says that it is UTC.
pub fn clock(at: Timestamp) -> AnyView {
    let text = at.format("%Y-%m-%d %H:%M:%S%.3f").to_string();
    view! { <time datetime=at.to_rfc3339() title=exact(at)>{text}</time> }.into_any()
}

/// The exact time, as the hover shows it.
pub fn exact(at: Timestamp) -> String {
    at.format("%Y-%m-%d %H:%M:%S%.6f UTC").to_string()
}

/// A distance in the largest unit that says enough.
pub fn span_text(distance: Duration) -> String {
    let seconds = distance.num_seconds().abs();
    match seconds {
        0..5 => "now".to_owned(),
        5..60 => format!("{seconds} s"),
        60..3600 => format!("{} min", seconds / 60),
        3600..86_400 => format!("{} h", seconds / 3600),
        _ => format!("{} d", seconds / 86_400),
    }
}

/// A command to copy.
pub fn command(label: &'static str, text: String) -> AnyView {
    view! { <div class="cmd"><pre tabindex="0" aria-label=label>{text.clone()}</pre><CopyButton text/></div> }
        .into_any()
}

/// What is wrong with one field of a filter.
pub fn message_of(bad: &[(&'static str, String)], name: &str) -> Option<String> {
    bad.iter()
        .find(|(field, _)| *field == name)
        .map(|(_, message)| message.clone())
}

/// In the place of a list whose filter cannot be used; the fields say which.
pub fn filter_refused(bad: Vec<(&'static str, String)>, clear: &'static str) -> AnyView {
    let error = bad_filter(bad);
    view! {
        <div class="empty" role="alert">
            <h2 class="h-sm">"This filter cannot be used"</h2>
            <ul>{error.fields.iter().map(|(field, message)| view! { <li><b>{field.clone()}</b>": "{message.clone()}</li> }).collect_view()}</ul>
            <p><a class="link" href=clear>"Clear the filter"</a></p>
            <p class="dim small">"Request "<code>{error.request_id.clone()}</code></p>
        </div>
    }
    .into_any()
}

/// A labelled choice with its error.
pub fn filter_select(
    id: &'static str,
    name: &'static str,
    label: &'static str,
    options: Vec<(&'static str, &'static str)>,
    chosen: &str,
    error: Option<String>,
) -> AnyView {
    let error_id = format!("{id}-error");
    let described = error.is_some().then(|| error_id.clone());
    let invalid = error.is_some().then_some("true");
    let options = options
        .into_iter()
        .map(|(value, label)| view! { <option value=value selected=value == chosen>{label}</option> })
        .collect_view();
    view! {
        <div class="field">
            <label for=id>{label}</label>
            <select class="input select" id=id name=name aria-invalid=invalid aria-describedby=described>{options}</select>
            {error.map(|text| view! { <p class="field__error" id=error_id><span>{text}</span></p> })}
        </div>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_are_said_in_their_largest_unit() {
        for (seconds, text) in [
            (0, "now"),
            (-3, "now"),
            (59, "59 s"),
            (60, "1 min"),
            (3599, "59 min"),
            (7200, "2 h"),
            (-90_000, "1 d"),
        ] {
            assert_eq!(span_text(Duration::seconds(seconds)), text);
        }
    }
}
