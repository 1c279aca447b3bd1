//! Importing a rule pack: the form, and what became of an import.

use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_params_map;
use wolfsec::rules::{ImportProblem, MAX_IMPORT_PROBLEMS, RuleImport, RuleState};

use super::model::{IMPORT, LIST, import_href, upload_problem};
use super::server_fns::{get_rule_import, list_rule_imports};
use super::view::RuleImportsView;
use crate::components::shell::grouped;
use crate::features::layout::{Page, loaded, query_value};
use crate::features::parts::{ago, icon};

#[component]
pub fn RuleImportPage() -> impl IntoView {
    let notice = upload_problem(&query_value("problem")).map(|text| {
        view! { <div class="callout crit" role="alert">{icon("warn")}<p><b>{text}</b></p></div> }
    });
    view! {
        <Page title="Import rules" current=LIST>
            {notice}
            {loaded(list_rule_imports(), |view| imports(&view))}
        </Page>
    }
}

fn imports(view: &RuleImportsView) -> AnyView {
    let form = if view.may_import {
        upload_form()
    } else {
        view! { <div class="panel"><p class="ink2">"Rules are imported by operators and admins."</p></div> }.into_any()
    };
    let rows = view.imports.iter().map(row).collect_view();
    let list = if view.imports.is_empty() {
        view! { <p class="ink2">"No pack was imported yet."</p> }.into_any()
    } else {
        view! {
            <table class="table table--inset table--cards">
                <caption class="sr">"Imports, newest first"</caption>
                <thead><tr>
                    <th scope="col">"Pack"</th><th scope="col">"When"</th><th scope="col">"Outcome"</th>
                </tr></thead>
                <tbody>{rows}</tbody>
            </table>
        }
        .into_any()
    };
    view! {
        <section class="board" aria-label="Import rules">
            {form}
            <div class="panel">
                <div class="panel__head"><h2>"Last imports"</h2></div>
                {list}
            </div>
        </section>
    }
    .into_any()
}

fn upload_form() -> AnyView {
    view! {
        <div class="panel">
            <div class="panel__head"><h2 id="import-pack">"Import a pack"</h2><span class="push"><a class="btn btn--quiet" href=LIST>"Back to the rules"</a></span></div>
            <form method="post" action=IMPORT enctype="multipart/form-data" aria-labelledby="import-pack">
                <div class="stack stack--4">
                    <div class="field">
                        <label for="pack">"Zip archive"</label>
                        <input class="input" id="pack" name="pack" type="file" accept=".zip,application/zip" required=true aria-describedby="pack-hint"/>
                        <p class="field__hint" id="pack-hint">"Sigma rules as .yml or .yaml in any folder, such as a release of SigmaHQ. At most 16 MiB; larger ones by "<code>"wolf_server rules import"</code>"."</p>
                    </div>
                    <label class="row"><input type="checkbox" name="disabled" value="true"/>"Leave new rules switched off"</label>
                    <p class="field__hint">"Rules that are here keep their switch; a changed file becomes a new version. Bundled rules and rules of your own are left alone."</p>
                    <div class="row"><button class="btn btn--primary" type="submit">"Import"</button></div>
                </div>
            </form>
        </div>
    }
    .into_any()
}

fn row(import: &RuleImport) -> AnyView {
    let failed = (!import.failure.is_empty()).then(|| view! { " "<span class="tag">"failed"</span> });
    view! {
        <tr>
            <th scope="row"><a class="link" href=import_href(import.id)>{import.pack.clone()}</a>{failed}</th>
            <td class="nowrap">{ago(import.at)}</td>
            <td>{number(import.used)}" used, "{number(import.needs_values)}" need values, "{number(import.refused)}" refused"<span class="dim">", by "{import.actor.clone()}</span></td>
        </tr>
    }
    .into_any()
}

#[component]
pub fn RuleImportResultPage() -> impl IntoView {
    let id = use_params_map()
        .with_untracked(|params| params.get("id"))
        .unwrap_or_default();
    view! {
        <Page title="Import" current=LIST>
            {loaded(get_rule_import(id), |import| outcome(&import))}
        </Page>
    }
}

fn outcome(import: &RuleImport) -> AnyView {
    let notice = if import.failure.is_empty() {
        view! {
            <div class="callout callout--ok" role="status">{icon("check")}
                <p><b>"Imported. "</b>"Rules that can run: "{number(import.used)}". New: "{number(import.added)}", changed: "{number(import.changed)}"."</p>
            </div>
        }
        .into_any()
    } else {
        view! {
            <div class="callout crit" role="alert">{icon("warn")}
                <p><b>"Nothing was imported. "</b>{import.failure.clone()}</p>
            </div>
        }
        .into_any()
    };
    let waiting: Vec<_> = import.of_state(RuleState::NeedsValues).collect();
    let refused: Vec<_> = import.refused_files().collect();
    view! {
        <Title text=format!("Import of {}", import.pack)/>
        {notice}
        <article class="board" aria-labelledby="import-title">
            <div class="detail">
                <header class="detail__head">
                    <div class="row row--wrap">
                        <h2 id="import-title">{import.pack.clone()}</h2>
                        <span class="push row">
                            <a class="btn" href=format!("{LIST}?origin=imported")>"Imported rules"</a>
                            <a class="btn btn--quiet" href=IMPORT>"Import another"</a>
                        </span>
                    </div>
                </header>
                <section class="section" aria-label="Facts">
                    <dl class="facts">
                        <div><dt>"Used"</dt><dd>{number(import.used)}</dd></div>
                        <div><dt>"Need values"</dt><dd>{number(import.needs_values)}</dd></div>
                        <div><dt>"Refused"</dt><dd>{number(import.refused)}</dd></div>
                        <div><dt>"Imported"</dt><dd>{ago(import.at)}</dd></div>
                        <div><dt>"By"</dt><dd>{import.actor.clone()}</dd></div>
                    </dl>
                </section>
                {problems("Refused", "h-refused", &refused, import.refused)}
                {problems("Need values", "h-waiting", &waiting, import.needs_values)}
            </div>
        </article>
    }
    .into_any()
}

/// A list of what cannot run; `all` counts also those beyond what is kept.
fn problems(title: &'static str, id: &'static str, problems: &[&ImportProblem], all: u64) -> AnyView {
    if all == 0 {
        return ().into_any();
    }
    let rows = problems
        .iter()
        .map(|problem| {
            view! {
                <li>
                    <code class="break">{problem.path.clone()}</code>
                    <p class="small ink2 break">{problem.reason.clone()}</p>
                </li>
            }
        })
        .collect_view();
    let beyond = all.saturating_sub(problems.len() as u64);
    let more = (beyond > 0).then(|| {
        view! { <p class="dim small">{number(beyond)}" more: an import remembers its first "{number(MAX_IMPORT_PROBLEMS as u64)}" problems, refused ones first. The command line names all."</p> }
    });
    view! {
        <section class="section" aria-labelledby=id>
            <h3 id=id>{title}</h3>
            <ul class="stack">{rows}</ul>
            {more}
        </section>
    }
    .into_any()
}

fn number(n: u64) -> String {
    grouped(i64::try_from(n).unwrap_or(i64::MAX))
}
