//! From an event to the log sources that rules are looked up under.

use std::collections::HashMap;
use std::sync::Arc;

use serde::Deserialize;
use wolfsec::events::LogSource;

/// Longest logsource word kept (bytes).
const MAX_WORD_BYTES: usize = 128;

/// One log source as mapping files write it.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Source {
    pub product: Option<String>,
    pub category: Option<String>,
    pub service: Option<String>,
}

impl Source {
    /// Fills what is missing here from another.
    pub fn or(self, other: &Self) -> Self {
        Self {
            product: self.product.or_else(|| other.product.clone()),
            category: self.category.or_else(|| other.category.clone()),
            service: self.service.or_else(|| other.service.clone()),
        }
    }

    /// Whether nothing that both name differs.
    pub fn agrees_with(&self, other: &Self) -> bool {
        let agree = |a: &Option<String>, b: &Option<String>| match (a, b) {
            (Some(a), Some(b)) => a.eq_ignore_ascii_case(b),
            _ => true,
        };
        agree(&self.product, &other.product)
            && agree(&self.category, &other.category)
            && agree(&self.service, &other.service)
    }

    pub fn is_empty(&self) -> bool {
        self.product.is_none() && self.category.is_none() && self.service.is_none()
    }
}

/// The log sources of an event: what is stored, and what rules are looked up under.
#[derive(Debug, Default)]
pub(crate) struct Routes {
    pub stored: LogSource,
    /// In lower case, as rules are kept.
    pub sigma: Vec<Source>,
}

impl Routes {
    /// The first source is the one that is stored.
    pub fn new(sources: &[Source]) -> Self {
        let stored = sources.first().map(to_stored).unwrap_or_default();
        let sigma = if sources.is_empty() {
            vec![to_sigma(&Source::default())]
        } else {
            sources.iter().map(to_sigma).collect()
        };
        Self { stored, sigma }
    }
}

fn to_stored(source: &Source) -> LogSource {
    let word = |w: &Option<String>| w.as_deref().map(|w| super::path::shorten(w, MAX_WORD_BYTES).to_owned());
    LogSource {
        product: word(&source.product),
        category: word(&source.category),
        service: word(&source.service),
    }
}

fn to_sigma(source: &Source) -> Source {
    let word = |w: &Option<String>| w.as_deref().map(str::to_ascii_lowercase);
    Source {
        product: word(&source.product),
        category: word(&source.category),
        service: word(&source.service),
    }
}

/// Windows channels and the service that rules call them by.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Channel {
    names: Vec<String>,
    service: String,
    #[serde(default = "windows")]
    product: String,
}

/// The categories of one event id of a service.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Category {
    service: String,
    event_id: u64,
    categories: Vec<String>,
}

/// A further category where EventType decides.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct EventType {
    event_id: u64,
    value: String,
    category: String,
}

fn windows() -> String {
    "windows".to_owned()
}

/// What one channel leads to.
#[derive(Debug)]
struct Service {
    name: String,
    product: String,
    names: Vec<String>,
    other: Arc<Routes>,
    by_id: HashMap<u64, Arc<Routes>>,
    by_type: Vec<(u64, String, Arc<Routes>)>,
}

/// Channel + EventID (+ EventType) to log sources.
#[derive(Debug, Default)]
pub(crate) struct WindowsRoutes {
    services: Vec<Service>,
    unknown: Arc<Routes>,
}

impl WindowsRoutes {
    pub fn new(channels: Vec<Channel>, categories: &[Category], types: &[EventType]) -> Self {
        let services = channels
            .into_iter()
            .map(|channel| Service::new(channel, categories, types))
            .collect();
        let unknown = Source {
            product: Some(windows()),
            ..Source::default()
        };
        Self {
            services,
            unknown: Arc::new(Routes::new(&[unknown])),
        }
    }

    /// The product of a service by its Sigma name.
    pub fn product_of(&self, service: &str) -> Option<&str> {
        let mut all = self.services.iter();
        all.find(|known| known.name == service)
            .map(|known| known.product.as_str())
    }

    /// `channel` may also be a service's Sigma name, where an event names that instead.
    pub fn find(&self, channel: &str, event_id: Option<u64>, event_type: Option<&str>) -> Arc<Routes> {
        let service = self
            .services
            .iter()
            .find(|service| service.names.iter().any(|name| name.eq_ignore_ascii_case(channel)))
            .or_else(|| self.services.iter().find(|service| service.name == channel));
        let Some(service) = service else {
            return Arc::clone(&self.unknown);
        };
        let Some(id) = event_id else {
            return Arc::clone(&service.other);
        };
        let typed = event_type.and_then(|event_type| {
            let mut types = service.by_type.iter();
            types.find(|(of, value, _)| *of == id && value == event_type)
        });
        let routes = match typed {
            Some((_, _, routes)) => routes,
            None => service.by_id.get(&id).unwrap_or(&service.other),
        };
        Arc::clone(routes)
    }
}

impl Service {
    fn new(channel: Channel, categories: &[Category], types: &[EventType]) -> Self {
        let source = |category: Option<&String>| Source {
            product: Some(channel.product.clone()),
            service: Some(channel.service.clone()),
            category: category.cloned(),
        };
        let routes = |categories: &[&String]| {
            let sources: Vec<_> = categories.iter().map(|category| source(Some(category))).collect();
            Arc::new(Routes::new(&sources))
        };
        let own = || categories.iter().filter(|category| category.service == channel.service);
        let by_id = own()
            .map(|own| (own.event_id, routes(&own.categories.iter().collect::<Vec<_>>())))
            .collect();
        let by_type = types
            .iter()
            .filter_map(|of| {
                let base = own().find(|own| own.event_id == of.event_id)?;
                // The more telling category first: it is the one that is stored.
                let all: Vec<_> = std::iter::once(&of.category).chain(&base.categories).collect();
                Some((of.event_id, of.value.clone(), routes(&all)))
            })
            .collect();
        Self {
            other: Arc::new(Routes::new(&[source(None)])),
            by_id,
            by_type,
            names: channel.names,
            name: channel.service,
            product: channel.product,
        }
    }
}
