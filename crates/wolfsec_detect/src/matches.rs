//! From the engine's match details to what an alert shows.

use rsigma_eval::result::FieldMatch as EngineField;
use rsigma_eval::{EvaluationResult, MatcherKind};
use rsigma_parser::Level;
use serde_json::Value;
use wolfsec::attack::Tactic;
use wolfsec::detection::{FieldMatch, RuleMatch, SelectionMatch};
use wolfsec::severity::Severity;

use crate::normalise::path::shorten;

/// Longest value shown (bytes).
const MAX_VALUE_BYTES: usize = 2048;
/// Most fields shown of one match.
const MAX_FIELDS: usize = 50;

/// The domain's form of a plain rule's match.
pub(crate) fn rule_match(result: &EvaluationResult) -> Option<RuleMatch> {
    let body = result.as_detection()?;
    let mut selections: Vec<SelectionMatch> = body
        .matched_selections
        .iter()
        .map(|name| SelectionMatch {
            selection: name.clone(),
            fields: Vec::new(),
        })
        .collect();
    for field in body.matched_fields.iter().take(MAX_FIELDS) {
        let name = field.selection.as_deref().unwrap_or_default();
        let at = selections.iter().position(|selection| selection.selection == name);
        let at = at.unwrap_or_else(|| {
            selections.push(SelectionMatch {
                selection: name.to_owned(),
                fields: Vec::new(),
            });
            selections.len() - 1
        });
        if let Some(selection) = selections.get_mut(at) {
            selection.fields.push(field_match(field));
        }
    }
    Some(RuleMatch {
        rule_id: result.header.rule_id.clone()?,
        title: result.header.rule_title.clone(),
        severity: severity(result.header.level),
        techniques: techniques(&result.header.tags),
        tactics: tactics(&result.header.tags),
        selections,
        group_by: Vec::new(),
        contributing: Vec::new(),
    })
}

fn field_match(field: &EngineField) -> FieldMatch {
    let value = match &field.value {
        Value::String(text) => shorten(text, MAX_VALUE_BYTES).to_owned(),
        Value::Null => String::new(),
        other => shorten(&other.to_string(), MAX_VALUE_BYTES).to_owned(),
    };
    let pattern = field.pattern.as_deref().map(|pattern| {
        let negation = if field.negated { "not " } else { "" };
        format!(
            "{negation}{}{}",
            field.matcher.map_or("", verb),
            shorten(pattern, MAX_VALUE_BYTES)
        )
    });
    FieldMatch {
        field: field.field.clone(),
        value,
        pattern,
    }
}

fn verb(kind: MatcherKind) -> &'static str {
    match kind {
        MatcherKind::Exact | MatcherKind::Bool | MatcherKind::Null | MatcherKind::Timestamp => "is ",
        MatcherKind::Contains | MatcherKind::Keyword => "contains ",
        MatcherKind::StartsWith => "starts with ",
        MatcherKind::EndsWith => "ends with ",
        MatcherKind::Regex => "matches ",
        MatcherKind::OneOf => "one of ",
        MatcherKind::Cidr => "within ",
        MatcherKind::Numeric => "",
        MatcherKind::Exists => "exists ",
        MatcherKind::FieldRef => "equals the field ",
        MatcherKind::Expand => "expands ",
    }
}

/// A rule without a level is of medium severity.
pub(crate) fn severity(level: Option<Level>) -> Severity {
    match level {
        Some(Level::Informational) => Severity::Informational,
        Some(Level::Low) => Severity::Low,
        Some(Level::Medium) | None => Severity::Medium,
        Some(Level::High) => Severity::High,
        Some(Level::Critical) => Severity::Critical,
    }
}

/// `attack.t1110.001` is technique T1110.001; `attack.credential-access` is a tactic and left out.
pub(crate) fn techniques(tags: &[String]) -> Vec<String> {
    let technique = |tag: &String| {
        let name = tag.to_ascii_lowercase();
        let number = name.strip_prefix("attack.t")?;
        let is_id = number.len() >= 4 && number.bytes().all(|b| b.is_ascii_digit() || b == b'.');
        is_id.then(|| format!("T{number}"))
    };
    tags.iter().filter_map(technique).collect()
}

/// The tactics among the tags, each once.
pub(crate) fn tactics(tags: &[String]) -> Vec<Tactic> {
    let mut found = Vec::new();
    for tactic in tags.iter().filter_map(|tag| Tactic::of_tag(tag)) {
        if !found.contains(&tactic) {
            found.push(tactic);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn techniques_are_told_from_tactics() {
        let tags = [
            "attack.t1110.001",
            "attack.T1078",
            "attack.credential-access",
            "attack.ta0006",
            "cve.2021-1",
        ];
        let tags = tags.map(str::to_owned);
        assert_eq!(techniques(&tags), ["T1110.001", "T1078"]);
        assert_eq!(tactics(&tags), [Tactic::CredentialAccess]);
    }
}
