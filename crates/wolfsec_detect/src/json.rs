//! JSON that borrows: what a line is read into lies in an arena or in the line itself, and copies cost nothing.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::fmt;

use bumpalo::Bump;
use bumpalo::collections::Vec as ArenaVec;
use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};

mod event;

pub(crate) use event::View;

/// Members that an object has room for at first.
const FIRST_CAPACITY: usize = 16;

#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Value<'a> {
    Null,
    Bool(bool),
    Integer(i64),
    /// Above what an `i64` holds.
    Natural(u64),
    Float(f64),
    Text(&'a str),
    List(&'a [Value<'a>]),
    Object(Object<'a>),
}

/// Each name once; in the order of [`by_name`].
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Object<'a>(&'a [(&'a str, Value<'a>)]);

/// Reads one JSON value, the whole text.
pub(crate) fn parse<'a>(text: &'a str, arena: &'a Bump) -> Result<Value<'a>, serde_json::Error> {
    let mut reader = serde_json::Deserializer::from_str(text);
    let value = Reader(arena).deserialize(&mut reader)?;
    reader.end()?;
    Ok(value)
}

/// Text that lives as long as the arena: copied there if nothing else holds it.
pub(crate) fn keep<'a>(text: Cow<'a, str>, arena: &'a Bump) -> &'a str {
    match text {
        Cow::Borrowed(text) => text,
        Cow::Owned(text) => arena.alloc_str(&text),
    }
}

/// The shorter first: of the names that a search passes, few are as long as the one it looks for, and only those are read.
fn by_name(a: &str, b: &str) -> Ordering {
    a.len().cmp(&b.len()).then_with(|| a.cmp(b))
}

impl<'a> Value<'a> {
    pub fn as_str(self) -> Option<&'a str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    pub fn as_object(self) -> Option<Object<'a>> {
        match self {
            Self::Object(object) => Some(object),
            _ => None,
        }
    }

    pub fn is_null(self) -> bool {
        self == Self::Null
    }

    /// A number as JSON writes it.
    pub fn number(self) -> Option<String> {
        match self {
            Self::Integer(number) => Some(number.to_string()),
            Self::Natural(number) => Some(number.to_string()),
            Self::Float(number) => serde_json::Number::from_f64(number).map(|number| number.to_string()),
            _ => None,
        }
    }
}

impl<'a> From<&'a str> for Value<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(text)
    }
}

impl From<u64> for Value<'_> {
    fn from(number: u64) -> Self {
        i64::try_from(number).map_or(Self::Natural(number), Self::Integer)
    }
}

impl<'a> Object<'a> {
    /// The first of equal names stays.
    pub fn with_first(mut members: ArenaVec<'a, (&'a str, Value<'a>)>) -> Self {
        members.sort_by(|(a, _), (b, _)| by_name(a, b));
        members.dedup_by_key(|(name, _)| *name);
        Self(members.into_bump_slice())
    }

    /// The last of equal names stays, as JSON readers have it.
    fn with_last(mut members: ArenaVec<'a, (&'a str, Value<'a>)>) -> Self {
        members.sort_by(|(a, _), (b, _)| by_name(a, b));
        members.dedup_by(|later, kept| {
            let same = later.0 == kept.0;
            if same {
                kept.1 = later.1;
            }
            same
        });
        Self(members.into_bump_slice())
    }

    pub fn get(self, name: &str) -> Option<Value<'a>> {
        let at = self.0.binary_search_by(|(member, _)| by_name(member, name)).ok()?;
        self.0.get(at).map(|(_, value)| *value)
    }

    pub fn iter(self) -> impl Iterator<Item = (&'a str, Value<'a>)> {
        self.0.iter().copied()
    }

    pub fn len(self) -> usize {
        self.0.len()
    }
}

/// Reads any value into the arena.
#[derive(Clone, Copy)]
struct Reader<'a>(&'a Bump);

impl<'a> DeserializeSeed<'a> for Reader<'a> {
    type Value = Value<'a>;

    fn deserialize<D: Deserializer<'a>>(self, reader: D) -> Result<Value<'a>, D::Error> {
        reader.deserialize_any(self)
    }
}

impl<'a> Visitor<'a> for Reader<'a> {
    type Value = Value<'a>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON value")
    }
    fn visit_unit<E>(self) -> Result<Value<'a>, E> {
        Ok(Value::Null)
    }
    fn visit_bool<E>(self, flag: bool) -> Result<Value<'a>, E> {
        Ok(Value::Bool(flag))
    }
    fn visit_i64<E>(self, number: i64) -> Result<Value<'a>, E> {
        Ok(Value::Integer(number))
    }
    fn visit_u64<E>(self, number: u64) -> Result<Value<'a>, E> {
        Ok(number.into())
    }
    fn visit_f64<E>(self, number: f64) -> Result<Value<'a>, E> {
        Ok(Value::Float(number))
    }
    fn visit_borrowed_str<E>(self, text: &'a str) -> Result<Value<'a>, E> {
        Ok(Value::Text(text))
    }
    fn visit_str<E>(self, text: &str) -> Result<Value<'a>, E> {
        Ok(Value::Text(self.0.alloc_str(text)))
    }
    fn visit_seq<A: SeqAccess<'a>>(self, mut list: A) -> Result<Value<'a>, A::Error> {
        let mut items = ArenaVec::new_in(self.0);
        while let Some(item) = list.next_element_seed(self)? {
            items.push(item);
        }
        Ok(Value::List(items.into_bump_slice()))
    }
    fn visit_map<A: MapAccess<'a>>(self, mut object: A) -> Result<Value<'a>, A::Error> {
        let mut members = ArenaVec::with_capacity_in(FIRST_CAPACITY, self.0);
        while let Some(name) = object.next_key_seed(Name(self.0))? {
            members.push((name, object.next_value_seed(self)?));
        }
        Ok(Value::Object(Object::with_last(members)))
    }
}

/// Reads a member's name.
struct Name<'a>(&'a Bump);

impl<'a> DeserializeSeed<'a> for Name<'a> {
    type Value = &'a str;

    fn deserialize<D: Deserializer<'a>>(self, reader: D) -> Result<&'a str, D::Error> {
        reader.deserialize_str(self)
    }
}

impl<'a> Visitor<'a> for Name<'a> {
    type Value = &'a str;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a member's name")
    }
    fn visit_borrowed_str<E>(self, text: &'a str) -> Result<&'a str, E> {
        Ok(text)
    }
    fn visit_str<E>(self, text: &str) -> Result<&'a str, E> {
        Ok(self.0.alloc_str(text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_come_once_and_the_last_value_counts() {
        let arena = Bump::new();
        let value = parse(r#"{"b":1,"a":"x","b":[2,null,"\u00e4"],"\u0062":{}}"#, &arena).unwrap();
        let object = value.as_object().unwrap();
        assert_eq!(object.len(), 2);
        assert_eq!(object.get("a"), Some(Value::Text("x")));
        assert_eq!(object.get("b").and_then(Value::as_object), Some(Object::default()));
        assert_eq!(object.get("c"), None);
    }

    #[test]
    fn numbers_keep_their_kind() {
        let arena = Bump::new();
        let value = parse("[-1,18446744073709551615,1.50,1e3]", &arena).unwrap();
        let Value::List(items) = value else { panic!("{value:?}") };
        let written: Vec<_> = items.iter().filter_map(|item| item.number()).collect();
        assert_eq!(written, ["-1", "18446744073709551615", "1.5", "1000.0"]);
    }

    #[test]
    fn only_a_whole_text_is_read() {
        let arena = Bump::new();
        for text in ["", "{", "{} {}", "{\"a\":01}", "[1,]"] {
            assert!(parse(text, &arena).is_err(), "{text}");
        }
    }
}
