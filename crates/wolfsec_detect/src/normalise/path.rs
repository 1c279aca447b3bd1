//! Reading values out of an event by name: ECS names arrive nested, dotted or half dotted.

use std::borrow::Cow;

use crate::json::{Object, Value};

/// The value under a dotted name, whichever way the sender nested it.
pub(crate) fn lookup<'a>(map: Object<'a>, path: &str) -> Option<Value<'a>> {
    if let Some(value) = map.get(path) {
        return Some(value);
    }
    path.match_indices('.').find_map(|(dot, _)| {
        let inner = map.get(path.get(..dot)?)?.as_object()?;
        lookup(inner, path.get(dot + 1..)?)
    })
}

/// A scalar as text; blank text and `-` count as absent, an array gives its first scalar.
pub(crate) fn text(value: Value<'_>) -> Option<Cow<'_, str>> {
    match value {
        Value::Text(text) => {
            let text = text.trim();
            (!text.is_empty() && text != "-").then_some(Cow::Borrowed(text))
        }
        Value::Bool(flag) => Some(Cow::Borrowed(if flag { "true" } else { "false" })),
        Value::List(items) => items.iter().copied().find_map(text),
        Value::Null | Value::Object(_) => None,
        number => number.number().map(Cow::Owned),
    }
}

/// The text under a dotted name.
pub(crate) fn text_at<'a>(map: Object<'a>, path: &str) -> Option<Cow<'a, str>> {
    lookup(map, path).and_then(text)
}

/// The first `max` bytes at most, cut between characters.
pub(crate) fn shorten(text: &str, max: usize) -> &str {
    text.get(..text.floor_char_boundary(max)).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use bumpalo::Bump;

    use crate::json::parse;

    #[test]
    fn names_are_found_nested_dotted_and_half_dotted() {
        let arena = Bump::new();
        let object = |text| parse(text, &arena).unwrap().as_object().unwrap();
        for text in [
            r#"{"a": {"b": {"c": 1}}}"#,
            r#"{"a.b.c": 1}"#,
            r#"{"a.b": {"c": 1}}"#,
            r#"{"a": {"b.c": 1}}"#,
        ] {
            assert_eq!(lookup(object(text), "a.b.c"), Some(Value::Integer(1)), "{text}");
        }
        assert_eq!(lookup(object(r#"{"a": 1}"#), "a.b"), None);
    }

    #[test]
    fn text_is_cut_between_characters() {
        assert_eq!(shorten("aä", 2), "a");
        assert_eq!(shorten("abc", 5), "abc");
    }
}
