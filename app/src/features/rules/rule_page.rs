//! One rule.

use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_params_map;
use wolfsec::rules::Rule;

use super::brief;
use super::list_page::{notices, state, switch};
use super::model::{LIST, origin_label};
use super::server_fns::{SwitchRule, get_rule};
use super::view::RuleView;
use crate::features::alerts::model::QUEUE;
use crate::features::layout::{Page, form_error, loaded};
use crate::features::parts::{ago, severity_mark, technique_links};
use crate::features::url_query::UrlQuery;

#[component]
pub fn RulePage() -> impl IntoView {
    let id = use_params_map()
        .with_untracked(|params| params.get("id"))
        .unwrap_or_default();
    let error = form_error::<SwitchRule>();
    let notices = notices(error.as_ref());
    view! {
        <Page title="Rule" current=LIST>
            {notices}
            {loaded(get_rule(id), |view| page(&view))}
        </Page>
    }
}

fn page(view: &RuleView) -> AnyView {
    let rule = &view.rule;
    let alerts = |status: &str| {
        UrlQuery::default()
            .with("status", status)
            .with("rule", &rule.id)
            .href(QUEUE)
    };
    let enabled = if rule.enabled { "tag tag--ok" } else { "tag" };
    view! {
        <Title text=rule.title.clone()/>
        <article class="board" aria-labelledby="rule-title">
            <div class="detail">
                <header class="detail__head">
                    <div class="row row--wrap">
                        <span>{severity_mark(rule.level)}</span>
                        <span class="tag">{origin_label(rule.origin)}</span>
                        <span class=enabled>{if rule.enabled { "enabled" } else { "disabled" }}</span>
                        {state(rule)}
                        <span class="push row row--wrap">
                            {switch(rule, view.may_switch, "rule")}
                            <a class="btn" href=alerts("unresolved")>"Unresolved alerts"</a>
                            <a class="btn btn--quiet" href=alerts("all")>"All its alerts"</a>
                            <a class="btn btn--quiet" href=LIST>"Back to the rules"</a>
                        </span>
                    </div>
                    <h2 id="rule-title">{rule.title.clone()}</h2>
                    {(!rule.description.is_empty()).then(|| view! { <p class="ink2">{rule.description.clone()}</p> })}
                    {brief::harmless(&rule.false_positives)}
                    {(!rule.reason.is_empty()).then(|| view! { <div class="callout med"><p><b>"This rule cannot run. "</b>{rule.reason.clone()}</p></div> })}
                </header>
                {facts(rule)}
                {references(rule)}
                <section class="section" aria-labelledby="h-yaml">
                    <div class="section__head"><h3 id="h-yaml">"Sigma"</h3><span class="dim small mono">{rule.path.clone()}</span></div>
                    <div class="cmd"><pre class="raw" tabindex="0" aria-label="The rule's YAML">{rule.yaml.clone()}</pre></div>
                </section>
            </div>
        </article>
    }
    .into_any()
}

fn facts(rule: &Rule) -> AnyView {
    view! {
        <section class="section" aria-label="Facts">
            <dl class="facts">
                <div><dt>"Kind"</dt><dd>{rule.kind.as_str()}</dd></div>
                <div><dt>"Log source"</dt><dd>{rule.logsource.clone()}</dd></div>
                <div><dt>"ATT&CK"</dt><dd>{technique_links(&rule.techniques)}</dd></div>
                {brief::facts(rule)}
                <div><dt>"Version"</dt><dd>{rule.version}</dd></div>
                <div><dt>"Changed"</dt><dd>{ago(rule.updated_at)}</dd></div>
                <div><dt>"Sigma id"</dt><dd class="mono">{rule.id.clone()}</dd></div>
            </dl>
        </section>
    }
    .into_any()
}

fn references(rule: &Rule) -> AnyView {
    if rule.references.is_empty() {
        return ().into_any();
    }
    let items = rule
        .references
        .iter()
        .map(|reference| view! { <li>{brief::reference(reference)}</li> })
        .collect_view();
    view! {
        <section class="section" aria-labelledby="h-references">
            <h3 id="h-references">"References"</h3>
            <ul class="break">{items}</ul>
        </section>
    }
    .into_any()
}
