//! Who wrote a rule and where it comes from: shown wherever a match of it is, as rule licences ask.

use leptos::prelude::*;
use wolfsec::rules::{Rule, RuleCredit, RuleOrigin};

use super::model::{origin_label, rule_href};
use crate::features::parts::dash;

/// References shown with a match; the rule's page has all of them.
const MAX_LINKS: usize = 5;

/// A reference: a link where it is a web address; a rule file is foreign text.
pub fn reference(text: &str) -> AnyView {
    if text.starts_with("https://") || text.starts_with("http://") {
        view! { <a class="link" href=text.to_owned() rel="noreferrer">{text.to_owned()}</a> }.into_any()
    } else {
        view! { <span>{text.to_owned()}</span> }.into_any()
    }
}

/// Author, licence and source of a rule, as entries of a list of facts.
pub fn facts(rule: &Rule) -> AnyView {
    let author = if rule.author.is_empty() {
        dash()
    } else {
        rule.author.clone().into_any()
    };
    let license =
        (!rule.license.is_empty()).then(|| view! { <div><dt>"Licence"</dt><dd>{rule.license.clone()}</dd></div> });
    let source = match rule.origin {
        RuleOrigin::Imported => format!("{}, {}", rule.pack, rule.path),
        other => origin_label(other).to_owned(),
    };
    view! {
        <div><dt>"Author"</dt><dd>{author}</dd></div>
        {license}
        <div><dt>"Source"</dt><dd class="break">{source}</dd></div>
    }
    .into_any()
}

/// The line under what a rule has found.
pub fn line(credit: &RuleCredit) -> AnyView {
    let author = if credit.author.is_empty() {
        "no author named".to_owned()
    } else {
        format!("by {}", credit.author)
    };
    let license = (!credit.license.is_empty()).then(|| format!(", licence {}", credit.license));
    let source = (!credit.pack.is_empty()).then(|| {
        view! { ". From the pack "<span class="strong">{credit.pack.clone()}</span>", "<code class="break">{credit.path.clone()}</code> }
    });
    let more = credit.references.len().saturating_sub(MAX_LINKS);
    let links = credit.references.iter().take(MAX_LINKS);
    let links = links.map(|text| view! { <li>{reference(text)}</li> }).collect_view();
    let more = (more > 0)
        .then(|| view! { <li><a class="link" href=rule_href(&credit.id)>{format!("{more} more on the rule\u{2019}s page")}</a></li> });
    let list = (!credit.references.is_empty()).then(|| view! { <ul class="small break">{links}{more}</ul> });
    view! {
        <div class="stack" role="group" aria-label="Author and source of the rule">
            <p class="small ink2"><a class="link" href=rule_href(&credit.id)>"Rule"</a>" "{author}{license}{source}"."</p>
            {list}
        </div>
    }
    .into_any()
}
