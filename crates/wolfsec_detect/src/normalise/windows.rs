//! Windows events: whatever the shipper's nesting, rules see `EventID` as a number, `Channel`, and the
//! event's data under its own names, without blanks in them.

use bumpalo::Bump;

use super::path;
use crate::json::{Object, Value, keep};

/// Where the event's data hides.
const DATA_PATHS: [&str; 4] = [
    "Event.EventData",
    "Event.UserData",
    "winlog.event_data",
    "winlog.user_data",
];
/// Where the event's id is.
const EVENT_ID_PATHS: [&str; 6] = [
    "EventID",
    "winlog.event_id",
    "Event.System.EventID",
    "Event.System.EventID.#text",
    "event_id",
    "event.code",
];
const CHANNEL_PATHS: [&str; 3] = ["Channel", "winlog.channel", "Event.System.Channel"];

/// What decides over the rules that look at the event.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Kind<'a> {
    pub channel: &'a str,
    pub event_id: Option<u64>,
    pub event_type: Option<&'a str>,
}

/// Adds the flattened fields.
pub(crate) fn flatten<'a>(map: Object<'a>, added: &mut Vec<(&'a str, Value<'a>)>, arena: &'a Bump) -> Kind<'a> {
    // First, because event 104 has the cleared channel in its data under the same name.
    let text_at = |at| path::text_at(map, at).map(|text| keep(text, arena));
    let channel = CHANNEL_PATHS.iter().find_map(|at| text_at(at));
    if let Some(channel) = channel {
        added.push(("Channel", channel.into()));
    }
    for data in DATA_PATHS.iter().filter_map(|at| path::lookup(map, at)) {
        add_data(data, added, arena);
    }
    for (name, value) in map.iter().filter(|(name, _)| name.contains(' ')) {
        added.push((without_blanks(name, arena), value));
    }
    let event_id = EVENT_ID_PATHS
        .iter()
        .find_map(|at| path::text_at(map, at)?.parse::<u64>().ok());
    if let Some(id) = event_id {
        added.push(("EventID", id.into()));
    }
    let nested_type = || {
        let found = added.iter().find(|(name, _)| *name == "EventType");
        found.and_then(|(_, value)| value.as_str())
    };
    Kind {
        channel: channel.unwrap_or_default(),
        event_id,
        event_type: text_at("EventType").or_else(nested_type),
    }
}

/// A map of names to values, or evtx_dump's list of `{"#attributes": {"Name": …}, "#text": …}`.
fn add_data<'a>(data: Value<'a>, added: &mut Vec<(&'a str, Value<'a>)>, arena: &'a Bump) {
    let Some(map) = data.as_object() else {
        return;
    };
    for (name, value) in map.iter() {
        match value {
            Value::Object(inner) if !name.starts_with('#') => added.extend(
                inner
                    .iter()
                    .filter(|(name, _)| !name.starts_with('#'))
                    .map(|(name, value)| (without_blanks(name, arena), value)),
            ),
            Value::List(items) if name == "Data" => {
                added.extend(items.iter().filter_map(|item| named_item(*item, arena)));
            }
            _ if !name.starts_with('#') => added.push((without_blanks(name, arena), value)),
            _ => {}
        }
    }
}

fn named_item<'a>(item: Value<'a>, arena: &'a Bump) -> Option<(&'a str, Value<'a>)> {
    let map = item.as_object()?;
    let name = ["#attributes.Name", "@Name", "Name"]
        .iter()
        .find_map(|at| path::lookup(map, at)?.as_str())?;
    let value = ["#text", "text", "value"].iter().find_map(|at| map.get(at))?;
    Some((without_blanks(name, arena), value))
}

fn without_blanks<'a>(name: &'a str, arena: &'a Bump) -> &'a str {
    if name.contains(' ') {
        arena.alloc_str(&name.replace(' ', ""))
    } else {
        name
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;
    use serde_json::json;

    use crate::json::parse;

    /// Channel, event id, and the names and values that rules see beside the sent ones.
    fn flat(value: &serde_json::Value) -> (String, Option<u64>, HashMap<String, String>) {
        let (arena, text) = (Bump::new(), value.to_string());
        let mut added = Vec::new();
        let kind = flatten(parse(&text, &arena).unwrap().as_object().unwrap(), &mut added, &arena);
        let named = added
            .iter()
            .filter_map(|(name, value)| Some(((*name).to_owned(), path::text(*value)?.into_owned())));
        (kind.channel.to_owned(), kind.event_id, named.collect())
    }

    #[test]
    fn every_nesting_gives_the_same_names() {
        for value in [
            json!({"Channel": "Security", "EventID": "4688", "CommandLine": "id"}),
            json!({"winlog": {"channel": "Security", "event_id": 4688, "event_data": {"CommandLine": "id"}}}),
            json!({"Event": {"System": {"Channel": "Security", "EventID": 4688}, "EventData": {"CommandLine": "id"}}}),
            json!({"Event": {"System": {"Channel": "Security", "EventID": {"#text": 4688}},
                   "EventData": {"Data": [{"#attributes": {"Name": "CommandLine"}, "#text": "id"}]}}}),
        ] {
            let (channel, event_id, fields) = flat(&value);
            assert_eq!((channel.as_str(), event_id), ("Security", Some(4688)), "{value}");
            let line = fields.get("CommandLine").map(String::as_str);
            assert_eq!(line.or(value["CommandLine"].as_str()), Some("id"));
        }
    }

    #[test]
    fn user_data_and_blanks_are_flattened() {
        let value = json!({"Event": {"System": {"Channel": "Security", "EventID": 1102},
            "UserData": {"LogFileCleared": {"#attributes": {"xmlns": "x"}, "SubjectUserName": "eve"}}},
            "Threat Name": "X"});
        let (_, _, fields) = flat(&value);
        assert_eq!(fields["SubjectUserName"], "eve");
        assert_eq!(fields["ThreatName"], "X");
    }
}
