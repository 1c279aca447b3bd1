//! The audit page.

use leptos::prelude::*;
use leptos_router::params::ParamsMap;
use wolfsec::audit::{AuditRecord, ChainReport, Change};

use super::server_fns::{AuditView, list_audit};
use crate::features::layout::{Input, Page, loaded, query_value};
use crate::features::parts::clock;

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
    let rows: Vec<AnyView> = entries.into_iter().map(row).collect();
    view! {
        <table class="table table--cards audit">
            <caption class="sr">"Audit entries, newest first"</caption>
            <thead>
                <tr>
                    <th scope="col" class="num">"Entry"</th>
                    <th scope="col">"Time"</th>
                    <th scope="col">"Actor"</th>
                    <th scope="col">"Action"</th>
                    <th scope="col">"Object"</th>
                    <th scope="col">"From"</th>
                    <th scope="col">"Outcome"</th>
                </tr>
            </thead>
            <tbody>{rows}</tbody>
        </table>
    }
    .into_any()
}

fn row(record: AuditRecord) -> AnyView {
    let AuditRecord { seq, entry } = record;
    let more = details(seq, entry.changes, entry.note);
    let outcome = if entry.success {
        view! { <span class="dim">"done"</span> }.into_any()
    } else {
        view! { <span class="tag tag--warn">"failed"</span> }.into_any()
    };
    view! {
        <tr>
            <td class="num dim">{seq}</td>
            <td class="nowrap">{clock(entry.at)}</td>
            <td class="nowrap">{entry.actor.name}" "<span class="dim">{entry.actor.kind.replace('_', " ")}</span></td>
            <td class="nowrap"><code>{entry.action}</code></td>
            <td>{entry.object_kind.replace('_', " ")}" "<b>{entry.object}</b>{more}</td>
            <td class="nowrap dim">{entry.actor.address.unwrap_or_else(|| "local".to_owned())}</td>
            <td class="nowrap">{outcome}</td>
        </tr>
    }
    .into_any()
}

/// Before and after, and the note, folded away.
fn details(seq: i64, changes: Vec<Change>, note: String) -> Option<AnyView> {
    if changes.is_empty() && note.is_empty() {
        return None;
    }
    let diff = (!changes.is_empty()).then(|| diff(changes));
    let note = (!note.is_empty()).then(|| view! { <p>{note}</p> });
    let view = view! {
        <details>
            <summary aria-label=format!("Details of entry {seq}")>"Details"</summary>
            <div class="stack">{diff}{note}</div>
        </details>
    };
    Some(view.into_any())
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
