//! The keys: names, kinds, defaults and meanings; docs/operations.md carries this table.

use std::fmt::Write as _;

use anyhow::{Context, bail};

use super::Settings;

/// How a key's text is read from the environment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Text,
    Number,
    Flag,
    /// Comma-separated.
    List,
}

/// One documented key.
#[derive(Debug, Clone, Copy)]
pub struct Key {
    pub name: &'static str,
    pub kind: Kind,
    pub default: &'static str,
    pub meaning: &'static str,
}

const fn key(name: &'static str, kind: Kind, default: &'static str, meaning: &'static str) -> Key {
    Key {
        name,
        kind,
        default,
        meaning,
    }
}

/// Every key of `wolfsec.toml`; each is also `WOLFSEC_` + its name in capitals.
pub const KEYS: &[Key] = &[
    key("listen", Kind::Text, "127.0.0.1:8080", "address and port to listen on"),
    key(
        "public_url",
        Kind::Text,
        "http:// + listen",
        "this server as browsers and peers reach it; a form's Origin must equal it",
    ),
    key(
        "allow_insecure_http",
        Kind::Flag,
        "false",
        "allow listening beyond loopback without an https public_url",
    ),
    key(
        "trusted_proxies",
        Kind::List,
        "none",
        "addresses of proxies whose X-Forwarded-For is believed",
    ),
    key(
        "database_url",
        Kind::Text,
        "embedded PostgreSQL",
        "PostgreSQL of your own (also DATABASE_URL)",
    ),
    key(
        "migration_database_url",
        Kind::Text,
        "database_url",
        "the owner's connection, for migrations only",
    ),
    key(
        "database_connections",
        Kind::Number,
        "16",
        "connections in the one pool",
    ),
    key("retention_days", Kind::Number, "90", "days that events are kept"),
    key(
        "metric_retention_days",
        Kind::Number,
        "30",
        "days that samples of peers are kept",
    ),
    key("max_body_mb", Kind::Number, "32", "largest request body (MiB)"),
    key(
        "max_decoded_mb",
        Kind::Number,
        "64",
        "largest request body after decompression (MiB)",
    ),
    key(
        "ingest_queue_requests",
        Kind::Number,
        "1024",
        "ingest requests waiting at once; a further one gets 429",
    ),
    key(
        "ingest_queue_mb",
        Kind::Number,
        "256",
        "ingest bodies waiting at once (MiB); a further one gets 429",
    ),
    key(
        "ingest_requests_per_second",
        Kind::Number,
        "0",
        "ingest requests a second for each peer; 0 is without limit",
    ),
    key(
        "api_requests_per_second",
        Kind::Number,
        "100",
        "API requests a second for each token",
    ),
    key(
        "sign_in_requests_per_minute",
        Kind::Number,
        "30",
        "sign-in and set-up forms a minute for each address",
    ),
    key(
        "enrolment_requests_per_minute",
        Kind::Number,
        "30",
        "enrolments a minute for each address",
    ),
    key(
        "live_streams",
        Kind::Number,
        "256",
        "streams of live updates at once; a further one gets 429",
    ),
    key(
        "live_streams_per_session",
        Kind::Number,
        "4",
        "streams of live updates of one session; its visible tabs share one where the browser can",
    ),
    key(
        "log",
        Kind::Text,
        "info,sqlx=warn",
        "log filter, as in tracing's EnvFilter",
    ),
    key("log_json", Kind::Flag, "false", "log lines as JSON"),
    key(
        "otlp_endpoint",
        Kind::Text,
        "none",
        "collector that traces are sent to, as OTLP over HTTP (http://127.0.0.1:4318)",
    ),
];

impl Key {
    /// The value of an environment variable's text.
    pub(super) fn parse(&self, text: &str) -> anyhow::Result<toml::Value> {
        Ok(match self.kind {
            Kind::Text => toml::Value::String(text.to_owned()),
            Kind::Number => {
                let number = text
                    .parse()
                    .with_context(|| format!("{} must be a whole number, not {text:?}", self.name))?;
                toml::Value::Integer(number)
            }
            Kind::Flag => match text {
                "true" | "1" => toml::Value::Boolean(true),
                "false" | "0" => toml::Value::Boolean(false),
                _ => bail!("{} must be true or false, not {text:?}", self.name),
            },
            Kind::List => {
                let items = text.split(',').map(str::trim).filter(|item| !item.is_empty());
                toml::Value::Array(items.map(|item| toml::Value::String(item.to_owned())).collect())
            }
        })
    }
}

/// The effective settings as TOML-like lines, secrets masked.
pub fn show(settings: &Settings) -> String {
    let optional = |text: Option<&str>| text.map_or_else(|| "(default)".to_owned(), |text| format!("{text:?}"));
    let hidden = |set: bool| {
        if set {
            "\"********\"".to_owned()
        } else {
            "(default)".to_owned()
        }
    };
    let mut out = format!("data_dir = {:?}\n", settings.data_dir.display().to_string());
    for key in KEYS {
        let value = match key.name {
            "listen" => format!("\"{}\"", settings.listen),
            "public_url" => optional(settings.public_url.as_deref()),
            "allow_insecure_http" => settings.allow_insecure_http.to_string(),
            "trusted_proxies" => format!(
                "{:?}",
                settings
                    .trusted_proxies
                    .iter()
                    .map(ToString::to_string)
                    .collect::<Vec<_>>()
            ),
            "database_url" => hidden(settings.database_url.is_some()),
            "migration_database_url" => hidden(settings.migration_database_url.is_some()),
            "database_connections" => settings.database_connections.to_string(),
            "retention_days" => settings.retention_days.to_string(),
            "metric_retention_days" => settings.metric_retention_days.to_string(),
            "max_body_mb" => settings.max_body_mb.to_string(),
            "max_decoded_mb" => settings.max_decoded_mb.to_string(),
            "ingest_queue_requests" => settings.ingest_queue_requests.to_string(),
            "ingest_queue_mb" => settings.ingest_queue_mb.to_string(),
            "ingest_requests_per_second" => settings.ingest_requests_per_second.to_string(),
            "api_requests_per_second" => settings.api_requests_per_second.to_string(),
            "sign_in_requests_per_minute" => settings.sign_in_requests_per_minute.to_string(),
            "enrolment_requests_per_minute" => settings.enrolment_requests_per_minute.to_string(),
            "live_streams" => settings.live_streams.to_string(),
            "live_streams_per_session" => settings.live_streams_per_session.to_string(),
            "log" => format!("{:?}", settings.log),
            "log_json" => settings.log_json.to_string(),
            "otlp_endpoint" => optional(settings.otlp_endpoint.as_deref()),
            _ => continue,
        };
        let _ = writeln!(out, "{} = {value}", key.name);
    }
    out
}

/// The table for docs/operations.md.
pub fn markdown_table() -> String {
    let mut out = String::from("| Key | Variable | Default | Meaning |\n|---|---|---|---|\n");
    for key in KEYS {
        let _ = writeln!(
            out,
            "| `{}` | `WOLFSEC_{}` | {} | {} |",
            key.name,
            key.name.to_uppercase(),
            key.default,
            key.meaning
        );
    }
    out
}
