//! Mapping files: how a source is recognised by shape, which fields mean what, and which rules look at it.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use bumpalo::Bump;
use serde::Deserialize;

use super::path;
use super::pattern::{Anchor, Pattern};
use super::routes::{Category, Channel, EventType, Routes, Source, WindowsRoutes};
use super::{Added, access_log, auditd};
use crate::json::{Object, Value};

/// Why a mapping file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum MappingError {
    #[error("mapping {name}: {source}")]
    Syntax {
        name: &'static str,
        source: Box<toml::de::Error>,
    },
    #[error("mapping {name}: pattern `{pattern}` has unpaired braces")]
    Pattern { name: &'static str, pattern: String },
}

/// The normalised columns, in the order of [`Columns`].
pub(crate) const COLUMN_NAMES: [&str; 7] = [
    "host.name",
    "user.name",
    "source.ip",
    "destination.ip",
    "process.name",
    "event.code",
    "event.outcome",
];
/// Field names to try for each column.
pub(crate) type Columns = [Vec<String>; 7];

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Extract {
    #[default]
    Patterns,
    AccessLog,
    Auditd,
    Sudo,
    Windows,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct When {
    #[serde(default)]
    program: Vec<String>,
    #[serde(default)]
    present: Vec<String>,
    #[serde(default)]
    equals: BTreeMap<String, Vec<String>>,
    #[serde(default)]
    shape: Extract,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct PatternFile {
    text: String,
    #[serde(default)]
    set: BTreeMap<String, String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct MappingFile {
    name: String,
    anchor: Anchor,
    extract: Extract,
    time: Vec<String>,
    summary: Vec<String>,
    message: Vec<String>,
    program: Vec<String>,
    when: Vec<When>,
    logsource: Vec<Source>,
    columns: BTreeMap<String, Vec<String>>,
    aliases: BTreeMap<String, Vec<String>>,
    pattern: Vec<PatternFile>,
    services: BTreeMap<String, Vec<String>>,
    service_from: Vec<String>,
    service_of: BTreeMap<String, String>,
    categories: HashMap<String, String>,
    channel: Vec<Channel>,
    category: Vec<Category>,
    event_type: Vec<EventType>,
}

/// A compiled mapping file.
#[derive(Debug)]
pub(crate) struct Mapping {
    pub extract: Extract,
    pub time: Vec<String>,
    pub summary: Vec<String>,
    pub message: Vec<String>,
    pub program: Vec<String>,
    pub columns: Columns,
    pub aliases: Vec<(String, Vec<String>)>,
    pub service_from: Vec<String>,
    /// Field to service, for events that name none.
    service_of: BTreeMap<String, String>,
    /// Service to the category that rules of any product name for it.
    pub categories: HashMap<String, String>,
    pub sources: Vec<Source>,
    pub routes: Arc<Routes>,
    pub windows: WindowsRoutes,
    when: Vec<When>,
    patterns: Vec<(Pattern, Vec<(String, String)>)>,
    services: HashMap<String, Arc<Routes>>,
    /// Services that single programs have.
    special: Vec<String>,
}

/// What recognition looks at.
pub(crate) struct Seen<'e> {
    pub map: Object<'e>,
    /// The message without its syslog header.
    pub text: &'e str,
    pub program: Option<&'e str>,
    /// The program's name came by way of syslog, not of ECS.
    pub by_syslog: bool,
    /// Where what has to be written anew is kept.
    pub arena: &'e Bump,
}

impl Mapping {
    pub fn compile(name: &'static str, text: &str) -> Result<Self, MappingError> {
        let file: MappingFile = toml::from_str(text).map_err(|source| MappingError::Syntax {
            name,
            source: Box::new(source),
        })?;
        debug_assert_eq!(file.name, name);
        let patterns = compile_patterns(name, file.pattern, file.anchor)?;
        let mut columns = file.columns;
        Ok(Self {
            extract: file.extract,
            time: file.time,
            summary: file.summary,
            message: file.message,
            program: file.program,
            columns: COLUMN_NAMES.map(|column| columns.remove(column).unwrap_or_default()),
            aliases: file.aliases.into_iter().collect(),
            service_from: file.service_from,
            service_of: file.service_of,
            categories: file.categories,
            special: file.services.keys().cloned().collect(),
            services: by_program(&file.services, &file.logsource),
            routes: Arc::new(Routes::new(&file.logsource)),
            sources: file.logsource,
            windows: WindowsRoutes::new(file.channel, &file.category, &file.event_type),
            when: file.when,
            patterns,
        })
    }

    /// Whether an event has this source's shape.
    pub fn recognises(&self, seen: &Seen<'_>) -> bool {
        self.when.iter().any(|when| when.holds(seen))
    }

    /// The fields that the first fitting pattern reads out of a message.
    pub fn read_message<'a>(&'a self, text: &'a str, added: &mut Added<'a>) {
        let fitting = self
            .patterns
            .iter()
            .find_map(|(pattern, set)| pattern.read(text).map(|fields| (fields, set)));
        if let Some((fields, set)) = fitting {
            let fixed = set.iter().map(|(name, value)| (name.as_str(), value.as_str()));
            added.extend(
                fields
                    .into_iter()
                    .chain(fixed)
                    .map(|(name, value)| (name, Value::from(value))),
            );
        }
    }

    /// The source of a service that this mapping's programs may have.
    pub fn special_source(&self, service: &str) -> Option<Source> {
        let known = self.special.iter().any(|name| name == service);
        let own = Source {
            service: known.then(|| service.to_owned()),
            ..Source::default()
        };
        known.then(|| {
            self.sources
                .first()
                .map_or_else(|| own.clone(), |first| own.clone().or(first))
        })
    }

    /// The source that a service's name alone leads to. Windows' services have everyday names (`system`, `application`):
    /// they are believed beside an event id only.
    pub fn known_source(&self, seen: &Seen<'_>, service: &str) -> Option<Source> {
        let mut named = self.sources.iter();
        let named = named.find(|source| source.service.as_deref() == Some(service)).cloned();
        named.or_else(|| self.special_source(service)).or_else(|| {
            let numbered = path::lookup(seen.map, "EventID").is_some();
            numbered
                .then(|| self.windows.product_of(service))
                .flatten()
                .map(|product| Source {
                    product: Some(product.to_owned()),
                    service: Some(service.to_owned()),
                    ..Source::default()
                })
        })
    }

    /// The service that an event names, else the one whose field it has.
    pub fn service(&self, map: Object<'_>) -> Option<String> {
        let named = self.service_from.iter().find_map(|name| path::text_at(map, name));
        named.map(Cow::into_owned).or_else(|| {
            let mut fields = self.service_of.iter();
            fields
                .find(|(field, _)| path::lookup(map, field).is_some())
                .map(|(_, service)| service.clone())
        })
    }

    /// Routes of a program that has a service of its own.
    pub fn routes_of_program(&self, program: Option<&str>) -> Arc<Routes> {
        let own = program.and_then(|program| self.services.get(program));
        Arc::clone(own.unwrap_or(&self.routes))
    }
}

impl When {
    fn holds(&self, seen: &Seen<'_>) -> bool {
        let by_program = self.program.is_empty() || self.is_program(seen);
        let by_shape = match self.shape {
            Extract::AccessLog => access_log::read(seen.text).is_some(),
            Extract::Auditd => auditd::read(seen.text, seen.arena).is_some(),
            Extract::Patterns | Extract::Sudo | Extract::Windows => true,
        };
        by_program
            && self
                .present
                .iter()
                .all(|name| path::lookup(seen.map, name).is_some_and(|value| !value.is_null()))
            && self.equals.iter().all(|(name, values)| {
                path::text_at(seen.map, name)
                    .is_some_and(|sent| values.iter().any(|value| value.eq_ignore_ascii_case(&sent)))
            })
            && by_shape
    }

    fn is_program(&self, seen: &Seen<'_>) -> bool {
        seen.program.is_some_and(|program| {
            self.program
                .iter()
                .any(|name| name == program || (name == "*" && seen.by_syslog))
        })
    }
}

type CompiledPattern = (Pattern, Vec<(String, String)>);

fn compile_patterns(
    name: &'static str,
    patterns: Vec<PatternFile>,
    anchor: Anchor,
) -> Result<Vec<CompiledPattern>, MappingError> {
    patterns
        .into_iter()
        .map(|file| match Pattern::compile(&file.text, anchor) {
            Some(pattern) => Ok((pattern, file.set.into_iter().collect())),
            None => Err(MappingError::Pattern {
                name,
                pattern: file.text,
            }),
        })
        .collect()
}

/// Program name to the routes of its service, followed by the mapping's own.
fn by_program(services: &BTreeMap<String, Vec<String>>, sources: &[Source]) -> HashMap<String, Arc<Routes>> {
    let mut all = HashMap::new();
    for (service, programs) in services {
        let own = Source {
            service: Some(service.clone()),
            ..Source::default()
        };
        let own = sources
            .first()
            .map_or_else(|| own.clone(), |first| own.clone().or(first));
        let routes: Vec<_> = std::iter::once(own).chain(sources.iter().cloned()).collect();
        let routes = Arc::new(Routes::new(&routes));
        all.extend(programs.iter().map(|program| (program.clone(), Arc::clone(&routes))));
    }
    all
}
