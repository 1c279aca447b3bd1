//! A read line as the engine looks at it: the same answers as its own event over a JSON tree gives.

use std::borrow::Cow;

use rsigma_eval::event::{Event, EventValue};
use rsigma_parser::fieldpath::{first_unescaped, unescape_brackets};

use super::{Object, Value};

/// How deep values are looked for.
const MAX_DEPTH: usize = 64;

/// What rules see of an event.
#[derive(Debug, Clone, Copy)]
pub(crate) struct View<'a>(pub Object<'a>);

impl Event for View<'_> {
    /// The member of this very name first, then along the dots. A path that crosses a list follows each of its members,
    /// `name[N]` one of them.
    fn get_field(&self, path: &str) -> Option<EventValue<'_>> {
        if let Some(value) = self.0.get(path) {
            return Some(value.into());
        }
        // Most names that rules ask for are plain, or begin with a name that the event has not.
        let special = path.bytes().any(|byte| matches!(byte, b'.' | b'[' | b'\\'));
        if !special || root_of(path).is_some_and(|root| self.0.get(&root).is_none()) {
            return None;
        }
        let mut found = Vec::new();
        collect(Value::Object(self.0), &steps(path), &mut found);
        match found.len() {
            0 | 1 => found.pop(),
            _ => Some(EventValue::Array(found)),
        }
    }

    fn any_string_value(&self, holds: &dyn Fn(&str) -> bool) -> bool {
        any_text(Value::Object(self.0), holds, MAX_DEPTH)
    }

    fn all_string_values(&self) -> Vec<Cow<'_, str>> {
        let mut all = Vec::new();
        self.visit_string_values(&mut |text| all.push(Cow::Owned(text.to_owned())));
        all
    }

    fn visit_string_values(&self, visit: &mut dyn FnMut(&str)) {
        visit_texts(Value::Object(self.0), visit, MAX_DEPTH);
    }

    fn to_json(&self) -> serde_json::Value {
        EventValue::from(Value::Object(self.0)).to_json()
    }

    fn top_level_keys(&self) -> Option<Vec<Cow<'_, str>>> {
        Some(self.0.iter().map(|(name, _)| Cow::Borrowed(name)).collect())
    }

    fn visit_top_level_keys(&self, visit: &mut dyn FnMut(&str)) -> bool {
        self.0.iter().for_each(|(name, _)| visit(name));
        true
    }
}

impl<'a> From<Value<'a>> for EventValue<'a> {
    fn from(value: Value<'a>) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Bool(flag) => Self::Bool(flag),
            Value::Integer(number) => Self::Int(number),
            Value::Natural(number) => Self::Float(number as f64),
            Value::Float(number) => Self::Float(number),
            Value::Text(text) => Self::Str(Cow::Borrowed(text)),
            Value::List(items) => Self::Array(items.iter().copied().map(Self::from).collect()),
            Value::Object(object) => Self::Map(
                object
                    .iter()
                    .map(|(name, value)| (Cow::Borrowed(name), value.into()))
                    .collect(),
            ),
        }
    }
}

/// One step of a path.
enum Step<'p> {
    Member(Cow<'p, str>),
    /// Below zero from the end.
    Place(i64),
}

/// The first member's name of a path; none where it begins with a place or a dot.
fn root_of(path: &str) -> Option<Cow<'_, str>> {
    let segment = until(path, b'.')?;
    until(segment, b'[').map(unescape_brackets)
}

/// What stands before the first unescaped `end`; none if that is nothing.
fn until(text: &str, end: u8) -> Option<&str> {
    let at = first_unescaped(text, end).unwrap_or(text.len());
    text.get(..at).filter(|part| !part.is_empty())
}

fn steps(path: &str) -> Vec<Step<'_>> {
    let mut steps = Vec::new();
    for part in path.split('.') {
        let bracket = first_unescaped(part, b'[').and_then(|at| part.split_at_checked(at));
        match bracket.and_then(|(name, groups)| Some((name, places(groups)?))) {
            Some((name, places)) => {
                if !name.is_empty() {
                    steps.push(Step::Member(unescape_brackets(name)));
                }
                steps.extend(places.into_iter().map(Step::Place));
            }
            None => steps.push(Step::Member(unescape_brackets(part))),
        }
    }
    steps
}

/// The numbers of `[N][M]`; none where anything else stands there.
fn places(mut groups: &str) -> Option<Vec<i64>> {
    let mut places = Vec::new();
    while !groups.is_empty() {
        let (number, rest) = groups.strip_prefix('[')?.split_once(']')?;
        places.push(number.parse().ok()?);
        groups = rest;
    }
    Some(places)
}

fn collect<'a>(value: Value<'a>, steps: &[Step<'_>], found: &mut Vec<EventValue<'a>>) {
    let Some((step, rest)) = steps.split_first() else {
        found.push(value.into());
        return;
    };
    match (step, value) {
        (Step::Member(name), Value::Object(object)) => {
            if let Some(next) = object.get(name) {
                collect(next, rest, found);
            }
        }
        (Step::Member(_), Value::List(items)) => items.iter().for_each(|item| collect(*item, steps, found)),
        (Step::Place(place), Value::List(items)) => {
            let at = if *place < 0 {
                usize::try_from(place.unsigned_abs())
                    .ok()
                    .and_then(|back| items.len().checked_sub(back))
            } else {
                usize::try_from(*place).ok()
            };
            if let Some(next) = at.and_then(|at| items.get(at)) {
                collect(*next, rest, found);
            }
        }
        _ => {}
    }
}

fn any_text(value: Value<'_>, holds: &dyn Fn(&str) -> bool, depth: usize) -> bool {
    let Some(below) = depth.checked_sub(1) else {
        return false;
    };
    match value {
        Value::Text(text) => holds(text),
        Value::Object(object) => object.iter().any(|(_, value)| any_text(value, holds, below)),
        Value::List(items) => items.iter().any(|item| any_text(*item, holds, below)),
        other => other.number().is_some_and(|number| holds(&number)),
    }
}

fn visit_texts(value: Value<'_>, visit: &mut dyn FnMut(&str), depth: usize) {
    let Some(below) = depth.checked_sub(1) else {
        return;
    };
    match value {
        Value::Text(text) => visit(text),
        Value::Object(object) => object.iter().for_each(|(_, value)| visit_texts(value, visit, below)),
        Value::List(items) => items.iter().for_each(|item| visit_texts(*item, visit, below)),
        other => {
            if let Some(number) = other.number() {
                visit(&number);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use bumpalo::Bump;
    use rsigma_eval::JsonEvent;

    use super::super::parse;
    use super::*;

    const EVENTS: [&str; 4] = [
        r#"{"a":1,"b":"x","a.b":2,"n":null,"t":true,"big":18446744073709551615,"f":1.5}"#,
        r#"{"a":{"b":{"c":"deep"},"c.d":4},"list":[{"k":"1"},{"k":2},{"x":[[5,6],[7]]}]}"#,
        r#"{"args":["one","two"],"args[0]":"flat","o":{"p":[1,{"q":[{"r":"s"}]}]},"":"empty"}"#,
        r#"{"list":[],"Image":"C:\\a\\b.exe","ä":"ö"}"#,
    ];
    const PATHS: [&str; 26] = [
        "a",
        "b",
        "a.b",
        "a.b.c",
        "a.c.d",
        "n",
        "t",
        "big",
        "f",
        "list",
        "list.k",
        "list.x",
        "list[0].k",
        "list[-1].x",
        "list[9]",
        "args",
        "args[0]",
        "args[1]",
        "args\\[0\\]",
        "args[x]",
        "o.p.q.r",
        "o.p[1].q[0].r",
        ".a",
        "[0]",
        "",
        "list[2].x[0][1]",
    ];

    fn sorted<T: Ord>(mut all: Vec<T>) -> Vec<T> {
        all.sort_unstable();
        all
    }

    /// Every text that a keyword is looked for in.
    fn asked(event: &impl Event) -> Vec<String> {
        let seen = RefCell::new(Vec::new());
        let found = event.any_string_value(&|text| {
            seen.borrow_mut().push(text.to_owned());
            false
        });
        assert!(!found);
        sorted(seen.into_inner())
    }

    #[test]
    fn answers_are_those_of_the_engines_own_event() {
        let arena = Bump::new();
        for text in EVENTS {
            let tree: serde_json::Value = serde_json::from_str(text).unwrap();
            let (theirs, ours) = (
                JsonEvent::borrow(&tree),
                View(parse(text, &arena).unwrap().as_object().unwrap()),
            );
            for path in PATHS {
                assert_eq!(ours.get_field(path), theirs.get_field(path), "{path} of {text}");
            }
            assert_eq!(
                sorted(ours.all_string_values()),
                sorted(theirs.all_string_values()),
                "{text}"
            );
            assert_eq!(
                sorted(ours.top_level_keys().unwrap()),
                sorted(theirs.top_level_keys().unwrap()),
                "{text}"
            );
            assert_eq!(asked(&ours), asked(&theirs), "{text}");
        }
    }
}
