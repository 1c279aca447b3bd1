//! Reading values out of an event by name: ECS names arrive nested, dotted or half dotted.

use std::borrow::Cow;

use serde_json::{Map, Value};

/// The value under a dotted name, whichever way the sender nested it.
pub(crate) fn lookup<'v>(map: &'v Map<String, Value>, path: &str) -> Option<&'v Value> {
    if let Some(value) = map.get(path) {
        return Some(value);
    }
    path.match_indices('.').find_map(|(dot, _)| {
        let inner = map.get(path.get(..dot)?)?.as_object()?;
        lookup(inner, path.get(dot + 1..)?)
    })
}

/// A scalar as text; blank text and `-` count as absent, an array gives its first scalar.
pub(crate) fn text(value: &Value) -> Option<Cow<'_, str>> {
    match value {
        Value::String(text) => {
            let text = text.trim();
            (!text.is_empty() && text != "-").then_some(Cow::Borrowed(text))
        }
        Value::Number(number) => Some(Cow::Owned(number.to_string())),
        Value::Bool(flag) => Some(Cow::Borrowed(if *flag { "true" } else { "false" })),
        Value::Array(items) => items.iter().find_map(text),
        Value::Null | Value::Object(_) => None,
    }
}

/// The text under a dotted name.
pub(crate) fn text_at<'v>(map: &'v Map<String, Value>, path: &str) -> Option<Cow<'v, str>> {
    lookup(map, path).and_then(text)
}

/// The first `max` bytes at most, cut between characters.
pub(crate) fn shorten(text: &str, max: usize) -> &str {
    text.get(..text.floor_char_boundary(max)).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn names_are_found_nested_dotted_and_half_dotted() {
        for value in [
            json!({"a": {"b": {"c": 1}}}),
            json!({"a.b.c": 1}),
            json!({"a.b": {"c": 1}}),
            json!({"a": {"b.c": 1}}),
        ] {
            assert_eq!(lookup(value.as_object().unwrap(), "a.b.c"), Some(&json!(1)), "{value}");
        }
        assert_eq!(lookup(json!({"a": 1}).as_object().unwrap(), "a.b"), None);
    }

    #[test]
    fn text_is_cut_between_characters() {
        assert_eq!(shorten("aä", 2), "a");
        assert_eq!(shorten("abc", 5), "abc");
    }
}
