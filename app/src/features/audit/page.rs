//! The audit page.

use leptos::prelude::*;
use leptos_router::params::ParamsMap;
use wolfsec::audit::{AuditRecord, ChainReport, Change};

use super::server_fns::{AuditView, list_audit};
use crate::components::table::{Column, Row, table};
use crate::features::layout::{Input, Page, loaded, query_value};
use crate::features::parts::clock;
use crate::features::url_query::encode;

/// What the address says.
#[derive(Clone)]
struct Filter {
    action: String,
    actor: String,
    before: String,
}

impl Filter {
    fn link(&self, extra: &[(&'static str, String)]) -> String {
        let mut query = ParamsMap::new();
        for (name, value) in [("action", &self.action), ("actor", &self.actor)] {
            if !value.is_empty() {
                query.insert(name, value.clone());
            }
        }
        for (name, value) in extra {
            query.insert(*name, value.clone());
        }
        format!("/audit{}", query.to_query_string())
    }
}

/// Who did what, when, from where; and whether the chain still holds.
#[component]
pub fn AuditPage() -> impl IntoView {
    let filter = Filter {
        action: query_value("action"),
        actor: query_value("actor"),
        before: query_value("before"),
    };
    let asked = list_audit(
        filter.action.clone(),
        filter.actor.clone(),
        filter.before.clone(),
        query_value("verify"),
    );
    let view = loaded(asked, move |view| show(view, &filter));
    view! { <Page title="Audit" current="/audit">{view}</Page> }
}

fn show(view: AuditView, filter: &Filter) -> AnyView {
    let here = if filter.before.is_empty() {
        Vec::new()
    } else {
        vec![("before", filter.before.clone())]
    };
    let verify = filter.link(&[here, vec![("verify", "1".to_owned())]].concat());
    let next = view
        .next_before
        .map(|before| filter.link(&[("before", before.to_string())]));
    let first = (!filter.before.is_empty()).then(|| filter.link(&[]));
    view! {
        <section class="board" aria-label="Audit">
            {chain(view.report.as_ref(), &verify)}
            <div class="auditlist">
                {filter_form(filter)}
                {entries(view.entries)}
                <nav class="bar" aria-label="Pages">
                    <span class="dim small">"Newest first. Entries cannot be changed or removed here, by anyone."</span>
                    <span class="push row">
                        {first.map(|href| view! { <a class="btn" href=href>"Newest"</a> })}
                        {next.map(|href| view! { <a class="btn" rel="next" href=href>"Older"</a> })}
                    </span>
                </nav>
            </div>
        </section>
    }
    .into_any()
}

/// What is known about the chain on this page load; never more.
fn chain(report: Option<&ChainReport>, verify: &str) -> AnyView {
    let button = |label: &'static str| view! { <a class="btn" href=verify.to_owned()>{label}</a> }.into_any();
    match report {
        None => view! {
            <div class="bar">
                <p class="grow"><b>"Not verified on this page load"</b>" "<span class="ink2">"Verifying reads the whole trail and checks every seal."</span></p>
                {button("Verify chain")}
            </div>
        }
        .into_any(),
        Some(report) if report.is_intact() => view! {
            <div class="chainbar" role="status">
                <p class="grow"><b>{format!("Chain verified: {} entries", report.entries)}</b>" "<span class="ink2">"no edit, swap, deletion or cut tail found"</span></p>
                {button("Verify again")}
            </div>
        }
        .into_any(),
        Some(report) => {
            let defects: Vec<AnyView> = report.defects.iter().map(|defect| view! { <li>{defect.clone()}</li> }.into_any()).collect();
            view! {
                <div class="callout crit" role="alert">
                    <div class="stack grow">
                        <p><b>"The chain is broken: somebody changed the stored trail."</b></p>
                        <ul>{defects}</ul>
                        <p>{format!("{} entries were read. Keep a copy of the database before anything else.", report.entries)}</p>
                    </div>
                    {button("Verify again")}
                </div>
            }
            .into_any()
        }
    }
}

fn filter_form(filter: &Filter) -> AnyView {
    view! {
        <form class="bar" role="search" aria-label="Audit" action="/audit" method="get">
            <Input id="audit-action" name="action" label="Action starts with" kind="search" required=false value=Some(filter.action.clone())/>
            <Input id="audit-actor" name="actor" label="Actor" kind="search" required=false value=Some(filter.actor.clone())/>
            <button class="btn" type="submit">"Filter"</button>
            <a class="btn btn--quiet" href="/audit">"Clear"</a>
        </form>
    }
    .into_any()
}

fn entries(entries: Vec<AuditRecord>) -> AnyView {
    if entries.is_empty() {
        return view! { <div class="empty"><h2>"No entry fits"</h2><p>"Clear the filter to see the whole trail."</p></div> }.into_any();
    }
    let rows = entries.into_iter().map(row).collect();
    table("audit", "Audit entries, newest first", COLUMNS, rows)
}

const COLUMNS: &[Column] = &[
    Column::number("Entry"),
    Column::new("Time, UTC").nowrap(),
    Column::new("Actor").nowrap(),
    Column::new("Action").nowrap(),
    Column::new("Object and what changed").wide(),
    Column::new("From").nowrap(),
    Column::new("Outcome").nowrap(),
];

fn row(record: AuditRecord) -> Row {
    let AuditRecord { seq, entry } = record;
    let outcome = if entry.success {
        view! { <span class="dim">"done"</span> }.into_any()
    } else {
        view! { <span class="tag tag--warn">"failed"</span> }.into_any()
    };
    let kind = entry.actor.kind.replace('_', " ");
    let kind = (kind != entry.actor.name).then(|| view! { " "<span class="dim">{kind}</span> });
    let object = object(&entry.object_kind, entry.object);
    let changed = changed(seq, entry.changes, entry.note);
    let from = entry.actor.address.unwrap_or_else(|| "local".to_owned());
    Row::new(vec![
        view! { <span class="dim">{seq}</span> }.into_any(),
        clock(entry.at),
        view! { <span>{entry.actor.name}{kind}</span> }.into_any(),
        view! { <code>{entry.action}</code> }.into_any(),
        view! { <div class="what">{object}{changed}</div> }.into_any(),
        view! { <span class="dim">{from}</span> }.into_any(),
        outcome,
    ])
}

/// What it was done to; a link where it has a page.
fn object(kind: &str, object: String) -> AnyView {
    let href = match kind {
        "alert" => Some(format!("/alerts/{}", encode(&object))),
        "peer" => Some(format!("/peers/{}", encode(&object))),
        "bulk_change" => Some(format!("/alerts?status=all&changed={}", encode(&object))),
        "rule" => Some(format!("/rules/{}", encode(&object))),
        _ => None,
    };
    let kind = kind.replace('_', " ");
    match href {
        Some(href) => view! { <span>{kind}" "<a class="link" href=href>{object}</a></span> }.into_any(),
        None => view! { <span>{kind}" "<b>{object}</b></span> }.into_any(),
    }
}

/// Longer values, and more of them, are folded away.
const SHORT: usize = 60;
const INLINE: usize = 3;

/// What changed, at a glance where it is short: `status open → acknowledged`.
fn changed(seq: i64, changes: Vec<Change>, note: String) -> AnyView {
    let short = |text: &Option<String>| text.as_ref().is_none_or(|text| text.chars().count() <= SHORT);
    let is_short = changes.len() <= INLINE
        && changes
            .iter()
            .all(|change| short(&change.before) && short(&change.after))
        && note.chars().count() <= SHORT;
    if !is_short {
        return details(seq, changes, note);
    }
    let values = changes.into_iter().map(glance).collect_view();
    let note = (!note.is_empty()).then(|| view! { <span class="ink2">"“"{note}"”"</span> });
    view! { {values}{note} }.into_any()
}

fn glance(change: Change) -> AnyView {
    let Change { name, before, after } = change;
    let before = before.map(|text| view! { <del><span class="sr">"before "</span>{text}</del>" → " });
    let after = after.map_or_else(
        || view! { <span class="dim">"not set"</span> }.into_any(),
        |text| view! { <ins><span class="sr">"after "</span>{text}</ins> }.into_any(),
    );
    view! { <span class="change"><code>{name}</code>" "{before}{after}</span> }.into_any()
}

/// Before and after, and the note, folded away.
fn details(seq: i64, changes: Vec<Change>, note: String) -> AnyView {
    let names: Vec<String> = changes.iter().map(|change| change.name.clone()).collect();
    let summary = if names.is_empty() {
        "note".to_owned()
    } else {
        names.join(", ")
    };
    let diff = (!changes.is_empty()).then(|| diff(changes));
    let note = (!note.is_empty()).then(|| view! { <p class="ink2">{note}</p> });
    view! {
        <details>
            <summary aria-label=format!("Details of entry {seq}: {summary}")>{summary.clone()}" …"</summary>
            <div class="stack">{diff}{note}</div>
        </details>
    }
    .into_any()
}

fn diff(changes: Vec<Change>) -> AnyView {
    let rows: Vec<AnyView> = changes
        .into_iter()
        .map(|change| {
            let before = change.before.map_or_else(
                || view! { <span class="dim">"not set"</span> }.into_any(),
                |text| view! { <del><span class="sr">"Before: "</span>{text}</del> }.into_any(),
            );
            let after = change.after.map_or_else(
                || view! { <span class="dim">"not set"</span> }.into_any(),
                |text| view! { <ins><span class="sr">"After: "</span>{text}</ins> }.into_any(),
            );
            view! { <tr><th scope="row"><code>{change.name}</code></th><td>{before}</td><td>{after}</td></tr> }
                .into_any()
        })
        .collect();
    view! {
        <table class="table table--inset diff">
            <thead><tr><th scope="col">"Field"</th><th scope="col">"Before"</th><th scope="col">"After"</th></tr></thead>
            <tbody>{rows}</tbody>
        </table>
    }
    .into_any()
}
