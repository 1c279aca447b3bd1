//! One alert: what it is, why it fired, what happened since.

use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_params_map;
use wolfsec::alerts::{Alert, AlertActivity, AlertDetail};
use wolfsec::detection::{FieldMatch, SelectionMatch};
use wolfsec::rules::RuleBrief;

use super::evidence::marked_text;
use super::forms;
use super::matches::{beside, operator, what_matched};
use super::model::QUEUE;
use super::server_fns::alert_detail;
use super::view::AlertView;
use crate::components::shell::grouped;
use crate::features::layout::{Page, loaded};
use crate::features::parts::{ago, entity_link, exact, icon, severity_mark, status_mark, technique_links};
use crate::features::peers::model::peer_href;
use crate::features::rules::brief;
use crate::features::rules::model::rule_href;
use crate::features::url_query::UrlQuery;

#[component]
pub fn AlertPage() -> impl IntoView {
    let id = use_params_map()
        .with_untracked(|params| params.get("id"))
        .unwrap_or_default();
    let forms = forms::Forms::new(format!("{QUEUE}/{id}"));
    view! {
        <Page title="Alert" current=QUEUE>
            {loaded(alert_detail(id), move |view| alert(&view, &forms))}
        </Page>
    }
}

fn alert(view: &AlertView, forms: &forms::Forms) -> AnyView {
    let title = view.detail.alert.rule_title.clone();
    let back = view! { <a class="btn btn--quiet" href=QUEUE>"Back to the queue"</a> }.into_any();
    view! {
        <Title text=title/>
        {forms.notices(&view.detail.alert)}
        <article class="board" aria-labelledby="alert-title">
            <div class="detail">{parts(view, forms, back)}</div>
        </article>
    }
    .into_any()
}

/// An alert from its head to the comment form; `forms` where the caller may work it, `corner` stands in the head.
pub fn parts(view: &AlertView, forms: &forms::Forms, corner: AnyView) -> AnyView {
    let AlertView {
        detail,
        brief,
        may_work,
    } = view;
    let forms = may_work.then_some(forms);
    view! {
        {header(&detail.alert, forms, corner)}
        {facts(&detail.alert)}
        {matched(detail, brief.as_ref())}
        {super::evidence::section(&detail.evidence)}
        {history(detail)}
        {forms.map(|forms| forms.comment(&detail.alert))}
    }
    .into_any()
}

fn header(alert: &Alert, forms: Option<&forms::Forms>, corner: AnyView) -> AnyView {
    view! {
        <header class="detail__head">
            <div class="row row--wrap">
                <span>{severity_mark(alert.severity)}</span>
                {status_mark(alert.status)}
                {alert.resolution.map(|resolution| view! { <span class="tag">{resolution.label()}</span> })}
                <span class="push row row--tight">{corner}</span>
            </div>
            <h2 id="alert-title">{alert.rule_title.clone()}</h2>
            <div class="row row--wrap">{forms.map(|forms| forms.actions(alert))}</div>
        </header>
    }
    .into_any()
}

fn facts(alert: &Alert) -> AnyView {
    let previous = alert.previous.map(|id| {
        view! { <div><dt>"Came before"</dt><dd><a class="link" href=format!("{QUEUE}/{id}")>"Previous alert"</a></dd></div> }
    });
    let assignee = alert.assignee.clone().map_or_else(
        || view! { <span class="dim">"nobody"</span> }.into_any(),
        |name| view! { <span>{name}</span> }.into_any(),
    );
    view! {
        <section class="section" aria-label="Facts">
            <dl class="facts">
                <div><dt>"First seen"</dt><dd>{ago(alert.first_seen)}</dd></div>
                <div><dt>"Last seen"</dt><dd>{ago(alert.last_seen)}</dd></div>
                <div><dt>"Count"</dt><dd>{grouped(alert.count)}</dd></div>
                <div><dt>"Peer"</dt><dd><a class="link" href=peer_href(&alert.peer)>{alert.peer.clone()}</a></dd></div>
                <div><dt>"Assigned to"</dt><dd>{assignee}</dd></div>
                <div><dt>"ATT&CK"</dt><dd>{technique_links(&alert.techniques)}</dd></div>
                {previous}
            </dl>
            {(!alert.entities.is_empty()).then(|| view! {
                <div class="row row--wrap" role="group" aria-label="Entities">{alert.entities.iter().map(entity_link).collect_view()}</div>
            })}
        </section>
    }
    .into_any()
}

fn matched(detail: &AlertDetail, brief: Option<&RuleBrief>) -> AnyView {
    let selections = what_matched(&detail.evidence);
    let same_rule = UrlQuery::default()
        .with("status", "all")
        .with("rule", &detail.alert.rule_id)
        .href(QUEUE);
    let table = if selections.iter().all(|selection| selection.fields.is_empty()) {
        view! { <p class="dim">"The rule counts events; it looked at no single value. See the evidence."</p> }
            .into_any()
    } else {
        let rows = selections.iter().map(selection_rows).collect_view();
        view! {
            <div class="match">
                <table class="table table--kv">
                    <caption class="sr">"Fields the rule matched, by selection"</caption>
                    {rows}
                </table>
            </div>
        }
        .into_any()
    };
    view! {
        <section class="section" aria-labelledby="h-match">
            <div class="section__head">
                <h3 id="h-match">"What matched"</h3>
                <a class="btn btn--quiet" href=rule_href(&detail.alert.rule_id)>{icon("rule")}{detail.alert.rule_title.clone()}</a>
            </div>
            {brief.map(brief::meaning)}
            {table}
            {brief.map(brief::credit)}
            <p class="small"><a class="link" href=same_rule>"All alerts of this rule"</a></p>
        </section>
    }
    .into_any()
}

fn selection_rows(selection: &SelectionMatch) -> AnyView {
    if selection.fields.is_empty() {
        return ().into_any();
    }
    let rows = selection.fields.iter().map(field_row).collect_view();
    view! {
        <tbody>
            <tr><th scope="rowgroup" class="dim" colspan="3">"selection "<code>{selection.selection.clone()}</code></th></tr>
            {rows}
        </tbody>
    }
    .into_any()
}

fn field_row(found: &FieldMatch) -> AnyView {
    let pattern = found.pattern.as_deref();
    let asked = beside(&found.value, pattern);
    let how = match pattern {
        Some(pattern) if asked.is_none() => operator(pattern).0.to_owned(),
        _ => "is".to_owned(),
    };
    let asked = asked.map(|text| view! { <span class="dim">", asked for: "{text}</span> });
    view! {
        <tr>
            <th scope="row">{field_name(&found.field)}</th>
            <td><code><span class="op">{how}" "</span>{marked_text(&found.value, pattern)}</code>{asked}</td>
            <td class="hit">{icon("check")}<span class="sr">"matched"</span></td>
        </tr>
    }
    .into_any()
}

/// A field of the event, or in words what a correlation has counted.
fn field_name(field: &str) -> AnyView {
    let counted = match field {
        "event_count" => "events",
        "value_count" => "different values",
        "temporal" => "rules that matched together",
        "temporal_ordered" => "rules that matched in this order",
        _ => return view! { <code>{field.to_owned()}</code> }.into_any(),
    };
    counted.into_any()
}

fn history(detail: &AlertDetail) -> AnyView {
    let entries = detail.activity.iter().map(entry).collect_view();
    let raised = detail.alert.created_at;
    view! {
        <section class="section" aria-labelledby="h-history">
            <div class="section__head"><h3 id="h-history">"History"</h3><span class="dim small">"times in UTC"</span></div>
            <ol class="timeline">
                <li>
                    {moment(raised)}
                    <span class="node fill"></span>
                    <span>"Alert raised"</span>
                </li>
                {entries}
            </ol>
        </section>
    }
    .into_any()
}

fn entry(activity: &AlertActivity) -> AnyView {
    let what = match (activity.from, activity.to) {
        (Some(from), Some(to)) => {
            let resolution = activity
                .resolution
                .map(|resolution| format!(" as {}", resolution.label().to_lowercase()))
                .unwrap_or_default();
            format!(
                " moved it from {} to {}{resolution}",
                from.label().to_lowercase(),
                to.label().to_lowercase()
            )
        }
        _ => " commented".to_owned(),
    };
    let note = (!activity.note.is_empty()).then(|| view! { <p class="note">{activity.note.clone()}</p> });
    view! {
        <li>
            {moment(activity.at)}
            <span class="node"></span>
            <div><b class="strong">{activity.actor.clone()}</b>{what}{note}</div>
        </li>
    }
    .into_any()
}

fn moment(at: wolfsec::Timestamp) -> AnyView {
    let text = at.format("%d %b %H:%M").to_string();
    view! { <time datetime=at.to_rfc3339() title=exact(at)>{text}</time> }.into_any()
}
