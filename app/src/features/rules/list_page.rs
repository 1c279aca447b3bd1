//! The rule list.

use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use wolfsec::rules::{Rule, RuleOrigin, RuleState};
use wolfsec::severity::Severity;

use super::model::{IMPORT, LIST, done_message, next_page, origin_label, rule_href, rule_query, state_label};
use super::server_fns::{SwitchRule, list_rules};
use super::view::RulesView;
use crate::context;
use crate::error::AppError;
use crate::features::layout::{Page, done_notice, error_notice, form_error, loaded};
use crate::features::parts::{filter_refused, icon, severity_mark, severity_shape, technique_links};
use crate::features::url_query::UrlQuery;

#[component]
pub fn RulesPage() -> impl IntoView {
    let raw = context::request().map(|request| request.query).unwrap_or_default();
    let url = UrlQuery::parse(&raw);
    let error = form_error::<SwitchRule>();
    let notices = notices(error.as_ref());
    let tools = tools(&url);
    let body = match rule_query(&url) {
        Ok(_) => loaded(list_rules(raw), move |view| list(&url, &view)),
        Err(bad) => filter_refused(bad, LIST),
    };
    view! {
        <Page title="Rules" current=LIST>
            {notices}
            <section class="board" aria-label="Detection rules">
                <div class="rulelist">
                    {tools}
                    {body}
                </div>
            </section>
        </Page>
    }
}

/// What became of the last switch.
pub fn notices(error: Option<&AppError>) -> AnyView {
    view! {
        {done_notice(error.is_some(), done_message)}
        {error_notice(error)}
    }
    .into_any()
}

fn tools(url: &UrlQuery) -> AnyView {
    let words = url.get("q").map(ToOwned::to_owned);
    let kept = ["level", "enabled", "origin", "state"]
        .into_iter()
        .filter_map(|name| {
            let value = url.get(name)?.to_owned();
            Some(view! { <input type="hidden" name=name value=value/> })
        })
        .collect_view();
    let facets = url.without(&["after", "title"]);
    let toggle = |name: &'static str, value: &'static str, label: &'static str| {
        let chosen = url.get(name) == Some(value);
        let href = facets.with(name, if chosen { "" } else { value }).href(LIST);
        view! { <a class="facet" href=href aria-current=chosen.then_some("true")>{label}</a> }
    };
    let levels = Severity::ALL
        .iter()
        .rev()
        .map(|&level| {
            let chosen = url.get("level") == Some(level.as_str());
            let href = facets.with("level", if chosen { "" } else { level.as_str() }).href(LIST);
            let shape = severity_shape(level);
            view! { <a class=format!("facet {shape}") href=href aria-current=chosen.then_some("true")>{icon(shape)}{level.label()}</a> }
        })
        .collect_view();
    let origins = RuleOrigin::ALL
        .iter()
        .map(|&origin| toggle("origin", origin.as_str(), origin_label(origin)))
        .collect_view();
    let states = RuleState::ALL
        .iter()
        .map(|&state| toggle("state", state.as_str(), state_label(state)))
        .collect_view();
    view! {
        <div class="bar">
            <form class="row grow" method="get" action=LIST role="search" aria-label="Filter rules">
                {kept}
                <div class="search search--wide">
                    {icon("filter")}
                    <input type="search" name="q" aria-label="Words in title or id" placeholder="Words in title or id" value=words data-search=""/>
                </div>
                <button class="btn" type="submit">"Filter"</button>
            </form>
            <a class="btn btn--quiet" href=LIST>"Clear"</a>
            <a class="btn" href=IMPORT>"Import rules"</a>
        </div>
        <nav class="bar bar--facets" aria-label="Facets">
            {toggle("enabled", "on", "Enabled")}
            {toggle("enabled", "off", "Disabled")}
            <span class="facetgap" aria-hidden="true"></span>
            {levels}
            <span class="facetgap" aria-hidden="true"></span>
            {origins}
            <span class="facetgap" aria-hidden="true"></span>
            {states}
        </nav>
    }
    .into_any()
}

fn list(url: &UrlQuery, view: &RulesView) -> AnyView {
    let first = url.without(&["after", "title"]);
    let next = view
        .rules
        .last()
        .filter(|_| view.more)
        .map(|last| next_page(&first, last).href(LIST));
    let start = url.get("after").map(|_| first.href(LIST));
    let body = if view.rules.is_empty() {
        view! {
            <div class="empty">
                {icon("rule")}
                <h2 class="h-sm">"No rule matches"</h2>
                <p><a class="link" href=LIST>"All rules"</a></p>
            </div>
        }
        .into_any()
    } else {
        let back = url.href("");
        let rows = view
            .rules
            .iter()
            .map(|rule| row(rule, view.may_switch, &back))
            .collect_view();
        view! {
            <table class="table table--cards events rules">
                <caption class="sr">"Rules by title"</caption>
                <thead><tr>
                    <th scope="col">"On"</th><th scope="col">"Level"</th><th scope="col">"Title"</th><th scope="col">"Kind"</th>
                    <th scope="col">"Log source"</th><th scope="col">"ATT&CK"</th><th scope="col">"Origin"</th><th scope="col">"State"</th>
                </tr></thead>
                <tbody>{rows}</tbody>
            </table>
        }
        .into_any()
    };
    view! {
        {body}
        <nav class="bar bar--hint queue__foot" aria-label="Pages of the list">
            <span>{view.rules.len()}" shown, by title"</span>
            <span class="push row row--tight">
                {start.map(|href| view! { <a class="btn btn--quiet" href=href>"First page"</a> })}
                {next.map(|href| view! { <a class="btn" href=href rel="next">"Next page"</a> })}
            </span>
        </nav>
    }
    .into_any()
}

fn row(rule: &Rule, may_switch: bool, back: &str) -> AnyView {
    view! {
        <tr data-row="">
            <td class="c-sw">{switch(rule, may_switch, back)}</td>
            <td class="nowrap c-sev">{severity_mark(rule.level)}</td>
            <th scope="row" class="c-title full"><a class="trunc" href=rule_href(&rule.id)>{rule.title.clone()}</a></th>
            <td class="ink2">{rule.kind.as_str()}</td>
            <td class="nowrap ink2 c-src">{rule.logsource.clone()}</td>
            <td class="c-tech">{technique_links(&rule.techniques)}</td>
            <td class="ink2 c-org">{origin_label(rule.origin)}</td>
            <td class="nowrap">{state(rule)}</td>
        </tr>
    }
    .into_any()
}

/// The state with its reason on hover.
pub fn state(rule: &Rule) -> AnyView {
    let mark = (rule.state != RuleState::Usable).then(|| icon("warn"));
    let reason = (!rule.reason.is_empty()).then(|| rule.reason.clone());
    view! { <span class="state" title=reason>{mark}{state_label(rule.state)}</span> }.into_any()
}

/// The switch: a form for who may, a word for who may not or where the rule cannot run.
pub fn switch(rule: &Rule, may_switch: bool, back: &str) -> AnyView {
    let word = if rule.enabled { "on" } else { "off" };
    let can_turn = rule.enabled || rule.state == RuleState::Usable;
    if !may_switch || !can_turn {
        let reason = (!can_turn).then_some("This rule cannot run");
        return view! { <span class="dim" title=reason>{word}</span> }.into_any();
    }
    let label = format!("Enabled: {}", rule.title);
    let checked = if rule.enabled { "true" } else { "false" };
    view! {
        <form method="post" action=SwitchRule::url()>
            <input type="hidden" name="id" value=rule.id.clone()/>
            <input type="hidden" name="enabled" value=(!rule.enabled).to_string()/>
            <input type="hidden" name="back" value=back.to_owned()/>
            <button class="toggle" type="submit" role="switch" aria-checked=checked aria-label=label title=word></button>
        </form>
    }
    .into_any()
}
