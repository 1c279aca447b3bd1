//! Why an alert fired: what its rule looked at, and which part of a value fulfilled it.

use wolfsec::alerts::Evidence;
use wolfsec::detection::{FieldMatch, SelectionMatch};

/// Rows of "What matched"; an alert with thousands of repeats has at most this many.
const MAX_ROWS: usize = 40;

/// The selections that were fulfilled, each field and value once, in the order of the evidence.
pub fn what_matched(evidence: &[Evidence]) -> Vec<SelectionMatch> {
    let mut selections: Vec<SelectionMatch> = Vec::new();
    let mut rows = 0;
    for found in evidence.iter().flat_map(|event| &event.matched) {
        let position = selections.iter().position(|kept| kept.selection == found.selection);
        let index = position.unwrap_or_else(|| {
            selections.push(SelectionMatch {
                selection: found.selection.clone(),
                fields: Vec::new(),
            });
            selections.len() - 1
        });
        for field in &found.fields {
            if let Some(kept) = selections.get_mut(index)
                && rows < MAX_ROWS
                && !kept.fields.contains(field)
            {
                kept.fields.push(field.clone());
                rows += 1;
            }
        }
    }
    selections
}

/// How a rule compares, as the detector writes it in front of what it looked for.
const VERBS: &[&str] = &[
    "is",
    "contains",
    "starts with",
    "ends with",
    "matches",
    "one of",
    "within",
    "exists",
    "equals the field",
    "expands",
];
/// How a correlation bounds what it counted.
const BOUNDS: &[&str] = &["less than", "at most", "more than", "at least", "exactly", "other than"];

/// How a field was compared (`contains`), and what with; a pattern without an operator is one value.
pub fn operator(pattern: &str) -> (&str, &str) {
    let plain = pattern.strip_prefix("not ").unwrap_or(pattern);
    let found = VERBS.iter().chain(BOUNDS).find_map(|verb| {
        let rest = plain.strip_prefix(verb)?.strip_prefix(' ')?;
        Some((&pattern[..pattern.len() - rest.len() - 1], rest))
    });
    found.unwrap_or(("is", pattern))
}

/// What has to be said beside the value: a bound that it reached, or a pattern that is no plain part of it.
pub fn beside(value: &str, pattern: Option<&str>) -> Option<String> {
    let pattern = pattern?;
    let (how, literal) = operator(pattern);
    let literal = literal.trim_matches('*');
    let is_bound = BOUNDS.contains(&how) || how == "within";
    let is_part = value.to_ascii_lowercase().contains(&literal.to_ascii_lowercase());
    (is_bound || !is_part).then(|| pattern.to_owned())
}

/// A value in pieces, with those marked that the pattern asked for; the whole where the pattern is not a plain part of it.
pub fn marked(value: &str, pattern: Option<&str>) -> Vec<(bool, String)> {
    let whole = || vec![(true, value.to_owned())];
    let Some(literal) = pattern.map(|pattern| operator(pattern).1.trim_matches('*')) else {
        return whole();
    };
    if literal.is_empty() {
        return whole();
    }
    // Only ASCII letters change case here, so positions in both texts are the same.
    let Some(start) = value.to_ascii_lowercase().find(&literal.to_ascii_lowercase()) else {
        return whole();
    };
    let end = start + literal.len();
    let pieces = [
        (false, &value[..start]),
        (true, &value[start..end]),
        (false, &value[end..]),
    ];
    pieces
        .into_iter()
        .filter(|(_, piece)| !piece.is_empty())
        .map(|(hit, piece)| (hit, piece.to_owned()))
        .collect()
}

/// The match that a field of an event took part in.
pub fn match_of<'a>(matched: &'a [SelectionMatch], field: &str, value: &str) -> Option<&'a FieldMatch> {
    matched
        .iter()
        .flat_map(|selection| &selection.fields)
        .find(|found| found.field == field || (found.field == "keyword" && found.value == value))
}

#[cfg(test)]
mod tests {
    use super::*;
    use wolfsec::Timestamp;
    use wolfsec::ids::EventId;

    fn field(name: &str, value: &str) -> FieldMatch {
        FieldMatch {
            field: name.to_owned(),
            value: value.to_owned(),
            pattern: None,
        }
    }

    fn evidence(fields: Vec<FieldMatch>) -> Evidence {
        Evidence {
            event_id: EventId(uuid::Uuid::nil()),
            ts: Timestamp::default(),
            message: String::new(),
            fields: "{}".to_owned(),
            matched: vec![SelectionMatch {
                selection: "selection".to_owned(),
                fields,
            }],
        }
    }

    #[test]
    fn each_field_and_value_is_said_once() {
        let events = [
            evidence(vec![field("user", "root")]),
            evidence(vec![field("user", "root"), field("user", "admin")]),
        ];
        let selections = what_matched(&events);
        assert_eq!(selections.len(), 1);
        let values: Vec<&str> = selections[0].fields.iter().map(|found| found.value.as_str()).collect();
        assert_eq!(values, ["root", "admin"]);
    }

    #[test]
    fn only_the_asked_part_is_marked() {
        let pieces = marked("sh -c CURL -s x", Some("contains curl -s"));
        let text: Vec<(bool, &str)> = pieces.iter().map(|(hit, piece)| (*hit, piece.as_str())).collect();
        assert_eq!(text, [(false, "sh -c "), (true, "CURL -s"), (false, " x")]);
        assert_eq!(marked("ünïx", Some("ends with ïx")).len(), 2);
        for pattern in [None, Some("re ^a.*b$"), Some("*")] {
            assert_eq!(marked("axb", pattern), [(true, "axb".to_owned())]);
        }
    }

    #[test]
    fn bounds_and_patterns_that_are_not_in_the_value_are_said() {
        assert_eq!(
            beside("10", Some("at least 10 within 60 s")).as_deref(),
            Some("at least 10 within 60 s")
        );
        assert_eq!(beside("abc", Some("matches ^a.c$")).as_deref(), Some("matches ^a.c$"));
        assert_eq!(beside("SH -c x", Some("starts with sh")), None);
        assert_eq!(beside("x", None), None);
    }

    #[test]
    fn patterns_name_their_operator() {
        assert_eq!(operator("contains a b"), ("contains", "a b"));
        assert_eq!(operator("starts with C:\\"), ("starts with", "C:\\"));
        assert_eq!(operator("not ends with x"), ("not ends with", "x"));
        assert_eq!(operator("at least 10 within 60 s"), ("at least", "10 within 60 s"));
        assert_eq!(operator("root"), ("is", "root"));
        assert_eq!(operator("/bin/sh -c"), ("is", "/bin/sh -c"));
    }
}
