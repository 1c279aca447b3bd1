//! From a raw line to a [`NewEvent`] and the view of it that rules look at.
//!
//! What is stored in `fields` is the line as sent. Rules see more: the sent fields, the names that Sigma
//! rules use for them, what was read out of the message, and the normalised columns.

mod access_log;
mod auditd;
mod columns;
pub(crate) mod identity;
mod lines;
mod mapping;
pub(crate) mod path;
mod pattern;
pub(crate) mod routes;
mod scan;
mod sudo;
mod syslog;
mod time;
mod windows;

use std::borrow::Cow;
use std::sync::Arc;

use bumpalo::Bump;
use bumpalo::collections::Vec as ArenaVec;
use wolfsec::Timestamp;
use wolfsec::events::{NewEvent, is_acceptable_time};
use wolfsec::ids::{EventId, PeerId};

use crate::json::{Object, Value, keep};
pub(crate) use identity::Identities;
pub(crate) use lines::{Line, lines, read_line};
pub use mapping::MappingError;
use mapping::{COLUMN_NAMES, Extract, Mapping, Seen};
use routes::{Routes, Source};
pub use time::parse_json as parse_time;

/// Longest message kept (bytes); the whole of it stays in `fields`.
const MAX_MESSAGE_BYTES: usize = 32 * 1024;
/// Longest message that is composed from fields (bytes).
const MAX_SUMMARY_BYTES: usize = 400;
/// Names of an event's envelope, which say nothing about what happened.
const ENVELOPE_FIELDS: [&str; 2] = ["_id", "_index"];
/// Fields in a summary of an event of unknown shape.
const SUMMARY_FIELDS: usize = 6;
/// Names of the time field that any source may use, in order.
const TIME_FIELDS: [&str; 3] = ["@timestamp", "timestamp", "time"];

/// In the order in which shapes are tried.
const MAPPINGS: [(&str, &str); 12] = [
    ("windows", include_str!("../../../../mappings/windows.toml")),
    ("wolfsec", include_str!("../../../../mappings/wolfsec.toml")),
    ("cloudtrail", include_str!("../../../../mappings/cloudtrail.toml")),
    ("zeek", include_str!("../../../../mappings/zeek.toml")),
    ("auditd", include_str!("../../../../mappings/auditd.toml")),
    ("sshd", include_str!("../../../../mappings/sshd.toml")),
    ("sudo", include_str!("../../../../mappings/sudo.toml")),
    ("accounts", include_str!("../../../../mappings/accounts.toml")),
    ("cron", include_str!("../../../../mappings/cron.toml")),
    ("dns", include_str!("../../../../mappings/dns.toml")),
    ("access_log", include_str!("../../../../mappings/access_log.toml")),
    ("syslog", include_str!("../../../../mappings/syslog.toml")),
];
const COMMON: (&str, &str) = ("common", include_str!("../../../../mappings/common.toml"));

/// What was read out of an event beside what was sent, the more telling first.
pub(crate) type Added<'a> = Vec<(&'a str, Value<'a>)>;

/// Knows every mapping file.
#[derive(Debug)]
pub(crate) struct Normaliser {
    mappings: Vec<Mapping>,
    common: Mapping,
    unknown: Arc<Routes>,
}

/// An event with what rules need to know about it.
pub(crate) struct Normalised<'a> {
    pub event: NewEvent,
    /// What rules look at.
    pub view: Object<'a>,
    pub routes: Arc<Routes>,
}

/// Who sent a line, when, and what it is called.
pub(crate) struct Receipt {
    pub id: EventId,
    pub peer: PeerId,
    pub received_at: Timestamp,
}

impl Normaliser {
    pub fn new() -> Result<Self, MappingError> {
        let mappings: Result<_, _> = MAPPINGS
            .iter()
            .map(|(name, text)| Mapping::compile(name, text))
            .collect();
        Ok(Self {
            mappings: mappings?,
            common: Mapping::compile(COMMON.0, COMMON.1)?,
            unknown: Arc::new(Routes::new(&[])),
        })
    }

    /// Normalises one parsed line.
    pub fn normalise<'a>(&'a self, line: Line<'a>, receipt: &Receipt, arena: &'a Bump) -> Normalised<'a> {
        let Line {
            text, map, sanitised, ..
        } = line;
        let mut added = Vec::new();
        let message = self.common.message.iter().find_map(|name| path::text_at(map, name));
        let message = message.map(|message| keep(message, arena));
        let syslog = syslog::split(message.unwrap_or_default());
        let (program, by_syslog) = self.program(map, syslog.program);
        let seen = Seen {
            map,
            text: syslog.text,
            program,
            by_syslog,
            arena,
        };
        let (mapping, explicit) = self.source_of(&seen);
        let routes = self.extract(mapping, &seen, explicit, &mut added);
        for (name, value) in [("host.name", syslog.host), ("process.name", seen.program)] {
            if let Some(value) = value.filter(|_| by_syslog) {
                added.push((name, value.into()));
            }
        }
        let columns = columns::fill(map, &added, mapping.map(|m| &m.columns), &self.common.columns);
        let names = mapping.into_iter().flat_map(|m| &m.time).chain(&self.common.time);
        let (ts, time_adjusted) = event_time(map, &added, names, syslog.time, receipt.received_at);
        let message = match message {
            Some(text) => path::shorten(text, MAX_MESSAGE_BYTES).to_owned(),
            None => summary(map, &added, mapping),
        };
        let event = NewEvent {
            id: receipt.id,
            ts,
            received_at: receipt.received_at,
            peer: receipt.peer,
            logsource: routes.stored.clone(),
            severity: columns::severity(map),
            message,
            fields: text.to_owned(),
            columns,
            time_adjusted,
            sanitised,
        };
        let view = view(map, &added, &event, arena);
        Normalised { event, view, routes }
    }

    /// The program's name, and whether syslog rather than ECS gave it.
    fn program<'e>(&self, map: Object<'e>, by_header: Option<&'e str>) -> (Option<&'e str>, bool) {
        let sent = self
            .common
            .program
            .iter()
            .find_map(|name| path::lookup(map, name)?.as_str().map(|tag| (name, tag)));
        match sent {
            Some((name, tag)) => {
                let by_syslog = name != "process.name" || by_header.is_some();
                (Some(syslog::program_name(tag)), by_syslog)
            }
            None => (by_header, by_header.is_some()),
        }
    }

    /// The mapping of an event and what the event says about its source. A lone `service` is a field of many formats:
    /// it speaks only where no shape does, or where the shape's mapping has a service of that name.
    fn source_of(&self, seen: &Seen<'_>) -> (Option<&Mapping>, Source) {
        let (explicit, lone) = explicit_source(seen.map);
        let mapping = self.recognise(seen, &explicit);
        let Some(lone) = lone else {
            return (mapping, explicit);
        };
        match mapping {
            Some(mapping) => (Some(mapping), mapping.special_source(&lone).unwrap_or_default()),
            None => self
                .mappings
                .iter()
                .find_map(|mapping| Some((Some(mapping), mapping.known_source(seen, &lone)?)))
                .unwrap_or_default(),
        }
    }

    /// By shape, unless the line names another source than the shape's; then by name.
    fn recognise(&self, seen: &Seen<'_>, explicit: &Source) -> Option<&Mapping> {
        let agrees = |mapping: &&Mapping| {
            explicit.is_empty() || mapping.sources.iter().any(|source| source.agrees_with(explicit))
        };
        let by_shape = self.mappings.iter().filter(agrees).find(|m| m.recognises(seen));
        by_shape.or_else(|| {
            let mut known = self.mappings.iter();
            known.find(|mapping| {
                mapping
                    .sources
                    .iter()
                    .any(|source| source.service.is_some() && same(source, explicit))
            })
        })
    }

    /// Adds what the mapping reads out of the event; gives the rules' routes.
    fn extract<'a>(
        &self,
        mapping: Option<&'a Mapping>,
        seen: &Seen<'a>,
        explicit: Source,
        added: &mut Added<'a>,
    ) -> Arc<Routes> {
        let Some(mapping) = mapping else {
            return if explicit.is_empty() {
                Arc::clone(&self.unknown)
            } else {
                Arc::new(Routes::new(&[explicit]))
            };
        };
        let mut found = None;
        match mapping.extract {
            Extract::Patterns => mapping.read_message(seen.text, added),
            Extract::Sudo => match sudo::read(seen.text) {
                Some(fields) => {
                    added.extend(fields.into_iter().map(|(name, value)| (name, value.into())));
                }
                None => mapping.read_message(seen.text, added),
            },
            Extract::AccessLog => {
                let fields = access_log::read(seen.text);
                added.extend(fields.unwrap_or_else(|| access_log::read_variables(seen.map)));
            }
            Extract::Auditd => added.extend(auditd::read(seen.text, seen.arena).unwrap_or_default()),
            Extract::Windows => found = Some(windows::flatten(seen.map, added, seen.arena)),
        }
        add_aliases(mapping, seen.map, added);
        let shape_routes = match found {
            Some(kind) => {
                let channel = Some(kind.channel).filter(|channel| !channel.is_empty());
                let channel = channel.or(explicit.service.as_deref()).unwrap_or_default();
                mapping.windows.find(channel, kind.event_id, kind.event_type)
            }
            None => mapping.routes_of_program(seen.program),
        };
        let service = mapping.service(seen.map).map(|service| Source {
            category: mapping.categories.get(&service).cloned(),
            service: Some(service),
            ..Source::default()
        });
        match service {
            Some(service) if explicit.is_empty() => with_explicit(service, &mapping.routes),
            _ if explicit.is_empty() => shape_routes,
            _ => with_explicit(explicit, &shape_routes),
        }
    }
}

/// The names that rules use, where the event has the value under another name.
fn add_aliases<'a>(mapping: &'a Mapping, map: Object<'a>, added: &mut Added<'a>) {
    for (name, others) in &mapping.aliases {
        if find(map, added, name).is_none() {
            let value = others.iter().find_map(|other| find(map, added, other));
            added.extend(value.map(|value| (name.as_str(), value)));
        }
    }
}

/// A value as sent, else as read or renamed.
fn find<'a>(map: Object<'a>, added: &Added<'a>, name: &str) -> Option<Value<'a>> {
    path::lookup(map, name).or_else(|| added.iter().find(|(added, _)| *added == name).map(|(_, value)| *value))
}

/// What the line says about itself; a `service` that stands alone is given apart.
fn explicit_source(map: Object<'_>) -> (Source, Option<String>) {
    let word = |name: &str, nested: &str| {
        [name, nested]
            .iter()
            .find_map(|at| path::lookup(map, at)?.as_str())
            .map(str::trim)
            .filter(|word| !word.is_empty())
            .map(str::to_ascii_lowercase)
    };
    let source = Source {
        product: word("product", "logsource.product"),
        category: word("category", "logsource.category"),
        service: word("service", "logsource.service"),
    };
    let named = source.product.is_some() || source.category.is_some() || map.get("logsource").is_some();
    if named {
        (source, None)
    } else {
        (Source::default(), source.service)
    }
}

/// The line's own words first, its shape's for what it leaves open; then the shape's routes that agree.
fn with_explicit(explicit: Source, shape: &Arc<Routes>) -> Arc<Routes> {
    let stored = Source {
        product: shape.stored.product.clone(),
        category: shape.stored.category.clone(),
        service: shape.stored.service.clone(),
    };
    if same(&stored, &explicit) && stored.agrees_with(&explicit) {
        return Arc::clone(shape);
    }
    let mut routes = Routes::new(&[explicit.or(&stored)]);
    routes.sigma.extend(shape.sigma.iter().skip(1).cloned());
    Arc::new(routes)
}

/// Whether every dimension that `explicit` names is named alike by `source`.
fn same(source: &Source, explicit: &Source) -> bool {
    let covered = |ours: &Option<String>, theirs: &Option<String>| theirs.is_none() || ours.is_some();
    !explicit.is_empty()
        && source.agrees_with(explicit)
        && covered(&source.product, &explicit.product)
        && covered(&source.category, &explicit.category)
        && covered(&source.service, &explicit.service)
}

/// The first time that can be read, the syslog header's last; outside the accepted window, or without one, the time of receipt.
fn event_time<'n>(
    map: Object<'_>,
    added: &Added<'_>,
    names: impl Iterator<Item = &'n String>,
    header: Option<&str>,
    received_at: Timestamp,
) -> (Timestamp, bool) {
    let names = TIME_FIELDS.iter().copied().chain(names.map(String::as_str));
    let sent = names
        .filter_map(|name| find(map, added, name))
        .find_map(time::parse)
        .or_else(|| time::parse_zoned(header?));
    match sent {
        Some(ts) if is_acceptable_time(ts, received_at) => (ts, false),
        _ => (received_at, true),
    }
}

/// A readable line for an event that brings none.
fn summary(map: Object<'_>, added: &Added<'_>, mapping: Option<&Mapping>) -> String {
    let value = |name: &String| find(map, added, name).and_then(path::text).map(Cow::into_owned);
    let mut parts: Vec<String> = mapping
        .into_iter()
        .flat_map(|mapping| &mapping.summary)
        .filter_map(value)
        .collect();
    if parts.is_empty() {
        let mut named: Vec<_> = map.iter().collect();
        named.sort_unstable_by_key(|(name, _)| *name);
        parts = named
            .into_iter()
            .filter(|(name, _)| !TIME_FIELDS.contains(name) && !ENVELOPE_FIELDS.contains(name))
            .filter_map(|(name, value)| path::text(value).map(|text| format!("{name}={text}")))
            .take(SUMMARY_FIELDS)
            .collect();
    }
    if parts.is_empty() {
        return "(no text)".to_owned();
    }
    path::shorten(&parts.join(" "), MAX_SUMMARY_BYTES).to_owned()
}

/// Sent fields win over what was read or renamed, except the Windows event id, which rules want as a number.
fn view<'a>(map: Object<'a>, added: &Added<'a>, event: &NewEvent, arena: &'a Bump) -> Object<'a> {
    let mut members = ArenaVec::with_capacity_in(map.len() + added.len() + COLUMN_NAMES.len(), arena);
    members.extend(added.iter().copied().rev().find(|(name, _)| *name == "EventID"));
    members.extend(map.iter());
    members.extend(added.iter().copied());
    let unsaid = columns::named(&event.columns).filter(|(name, _)| find(map, added, name).is_none());
    members.extend(unsaid.map(|(name, value)| (name, Value::Text(arena.alloc_str(value)))));
    Object::with_first(members)
}

#[cfg(test)]
mod tests;
