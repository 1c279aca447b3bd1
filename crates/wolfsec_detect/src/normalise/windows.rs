//! Windows events: whatever the shipper's nesting, rules see `EventID` as a number, `Channel`, and the
//! event's data under its own names, without blanks in them.

use std::borrow::Cow;

use serde_json::{Map, Value};

use super::path;

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
pub(crate) struct Kind {
    pub channel: String,
    pub event_id: Option<u64>,
    pub event_type: Option<String>,
}

/// Adds the flattened fields.
pub(crate) fn flatten(map: &Map<String, Value>, added: &mut Vec<(String, Value)>) -> Kind {
    // First, because event 104 has the cleared channel in its data under the same name.
    let channel = CHANNEL_PATHS.iter().find_map(|at| path::text_at(map, at));
    if let Some(channel) = &channel {
        added.push(("Channel".to_owned(), Value::from(channel.as_ref())));
    }
    for data in DATA_PATHS.iter().filter_map(|at| path::lookup(map, at)) {
        add_data(data, added);
    }
    for (name, value) in map.iter().filter(|(name, _)| name.contains(' ')) {
        added.push((name.replace(' ', ""), value.clone()));
    }
    let event_id = EVENT_ID_PATHS
        .iter()
        .find_map(|at| path::text_at(map, at)?.parse::<u64>().ok());
    if let Some(id) = event_id {
        added.push(("EventID".to_owned(), Value::from(id)));
    }
    let nested_type = || {
        let found = added.iter().find(|(name, _)| name == "EventType");
        found.and_then(|(_, value)| value.as_str().map(str::to_owned))
    };
    Kind {
        channel: channel.map(Cow::into_owned).unwrap_or_default(),
        event_id,
        event_type: path::text_at(map, "EventType")
            .map(Cow::into_owned)
            .or_else(nested_type),
    }
}

/// A map of names to values, or evtx_dump's list of `{"#attributes": {"Name": …}, "#text": …}`.
fn add_data(data: &Value, added: &mut Vec<(String, Value)>) {
    let Some(map) = data.as_object() else {
        return;
    };
    for (name, value) in map {
        match value {
            Value::Object(inner) if !name.starts_with('#') => added.extend(
                inner
                    .iter()
                    .filter(|(name, _)| !name.starts_with('#'))
                    .map(|(name, value)| (without_blanks(name), value.clone())),
            ),
            Value::Array(items) if name == "Data" => added.extend(items.iter().filter_map(named_item)),
            _ if !name.starts_with('#') => added.push((without_blanks(name), value.clone())),
            _ => {}
        }
    }
}

fn named_item(item: &Value) -> Option<(String, Value)> {
    let map = item.as_object()?;
    let name = ["#attributes.Name", "@Name", "Name"]
        .iter()
        .find_map(|at| path::lookup(map, at)?.as_str())?;
    let value = ["#text", "text", "value"].iter().find_map(|at| map.get(*at))?;
    Some((without_blanks(name), value.clone()))
}

fn without_blanks(name: &str) -> String {
    name.replace(' ', "")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn flat(value: &Value) -> (Kind, Map<String, Value>) {
        let mut added = Vec::new();
        let kind = flatten(value.as_object().unwrap(), &mut added);
        (kind, added.into_iter().collect())
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
            let (kind, mut fields) = flat(&value);
            fields.extend(value.as_object().unwrap().clone());
            assert_eq!(
                (kind.channel.as_str(), kind.event_id),
                ("Security", Some(4688)),
                "{value}"
            );
            assert_eq!(fields["CommandLine"], "id");
        }
    }

    #[test]
    fn user_data_and_blanks_are_flattened() {
        let value = json!({"Event": {"System": {"Channel": "Security", "EventID": 1102},
            "UserData": {"LogFileCleared": {"#attributes": {"xmlns": "x"}, "SubjectUserName": "eve"}}},
            "Threat Name": "X"});
        let (_, fields) = flat(&value);
        assert_eq!(fields["SubjectUserName"], "eve");
        assert_eq!(fields["ThreatName"], "X");
    }
}
