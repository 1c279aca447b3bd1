//! What a rule means, who wrote it and where it comes from: shown wherever a match of it is, as rule licences ask.

use leptos::prelude::*;
use wolfsec::rules::{Rule, RuleBrief, RuleOrigin};

use super::model::{origin_label, rule_href};
use crate::features::parts::dash;

/// Words of a rule that knows nothing harmless.
const NO_KNOWLEDGE: [&str; 5] = ["", "-", "none", "unknown", "unlikely"];
/// References shown with a match; the rule's page has all of them.
const MAX_LINKS: usize = 5;

/// What a match of the rule means, and when it means nothing.
pub fn meaning(brief: &RuleBrief) -> AnyView {
    let description = (!brief.description.trim().is_empty())
        .then(|| view! { <p class="ink2 prose">{brief.description.trim().to_owned()}</p> });
    view! { {description}{harmless(&brief.false_positives)} }.into_any()
}

/// What the rule's author knows to be harmless. Rules that know of none often say so in a word.
pub fn harmless(false_positives: &[String]) -> Option<AnyView> {
    let known: Vec<&str> = false_positives
        .iter()
        .map(|text| text.trim().trim_end_matches('.'))
        .filter(|text| !NO_KNOWLEDGE.contains(&text.to_ascii_lowercase().as_str()))
        .collect();
    if known.is_empty() {
        return None;
    }
    let known = known.join("; ");
    Some(view! { <p class="small ink2 prose"><b>"Can be harmless: "</b>{known}"."</p> }.into_any())
}

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

/// Under what a rule has found: who is to thank.
pub fn credit(brief: &RuleBrief) -> AnyView {
    let author = if brief.author.is_empty() {
        "no author named".to_owned()
    } else {
        format!("by {}", brief.author)
    };
    let license = (!brief.license.is_empty()).then(|| format!(", licence {}", brief.license));
    let source = (!brief.pack.is_empty()).then(|| {
        view! { ". From the pack "<span class="strong">{brief.pack.clone()}</span>", "<code class="break">{brief.path.clone()}</code> }
    });
    let more = brief.references.len().saturating_sub(MAX_LINKS);
    let links = brief.references.iter().take(MAX_LINKS);
    let links = links.map(|text| view! { <li>{reference(text)}</li> }).collect_view();
    let more = (more > 0)
        .then(|| view! { <li><a class="link" href=rule_href(&brief.id)>{format!("{more} more on the rule\u{2019}s page")}</a></li> });
    let list = (!brief.references.is_empty()).then(|| view! { <ul class="small break">{links}{more}</ul> });
    view! {
        <div class="stack" role="group" aria-label="Author and source of the rule">
            <p class="small ink2"><a class="link" href=rule_href(&brief.id)>"Rule"</a>" "{author}{license}{source}"."</p>
            {list}
        </div>
    }
    .into_any()
}
