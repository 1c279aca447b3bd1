//! Configuration: defaults, then `wolfsec.toml` in the data folder, then `WOLFSEC_*` (and `.env`), then flags; one
//! struct, validated once.

mod keys;

use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use serde::Deserialize;

pub use keys::{KEYS, Key, markdown_table, show};

/// What the command line may override.
#[derive(Debug, Clone, Default)]
pub struct Flags {
    pub listen: Option<SocketAddr>,
    pub data_dir: Option<PathBuf>,
}

/// A setting that must not be shown.
#[derive(Clone, Deserialize)]
#[serde(transparent)]
pub struct Hidden(String);

impl Hidden {
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Hidden {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("********")
    }
}

/// The effective settings. Keys and meanings: [`KEYS`].
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    #[serde(skip)]
    pub data_dir: PathBuf,
    pub listen: SocketAddr,
    pub public_url: Option<String>,
    pub allow_insecure_http: bool,
    pub trusted_proxies: Vec<IpAddr>,
    pub database_url: Option<Hidden>,
    pub migration_database_url: Option<Hidden>,
    pub database_connections: u32,
    pub retention_days: u16,
    pub metric_retention_days: u16,
    pub max_body_mb: u32,
    pub max_decoded_mb: u32,
    pub ingest_queue_requests: usize,
    pub ingest_queue_mb: u32,
    pub ingest_requests_per_second: u32,
    pub api_requests_per_second: u32,
    pub sign_in_requests_per_minute: u32,
    pub enrolment_requests_per_minute: u32,
    pub live_streams: usize,
    pub live_streams_per_session: usize,
    pub log: String,
    pub log_json: bool,
    pub otlp_endpoint: Option<String>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            data_dir: PathBuf::from("./data"),
            listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
            public_url: None,
            allow_insecure_http: false,
            trusted_proxies: Vec::new(),
            database_url: None,
            migration_database_url: None,
            database_connections: 16,
            retention_days: 90,
            metric_retention_days: 30,
            max_body_mb: 32,
            max_decoded_mb: 64,
            ingest_queue_requests: 1024,
            ingest_queue_mb: 256,
            ingest_requests_per_second: 0,
            api_requests_per_second: 100,
            sign_in_requests_per_minute: 30,
            enrolment_requests_per_minute: 30,
            live_streams: 256,
            live_streams_per_session: 4,
            log: "info,sqlx=warn".to_owned(),
            log_json: false,
            otlp_endpoint: None,
        }
    }
}

impl Settings {
    /// Reads all sources of this process.
    pub fn load(flags: &Flags) -> anyhow::Result<Self> {
        let mut variables: Vec<(String, String)> = Vec::new();
        if let Ok(file) = dotenvy::dotenv_iter() {
            for pair in file {
                variables.push(pair.context("reading .env")?);
            }
        }
        for (name, value) in std::env::vars_os() {
            match (name.into_string(), value.into_string()) {
                (Ok(name), Ok(value)) => variables.push((name, value)),
                (Ok(name), Err(_)) if name.starts_with("WOLFSEC_") => bail!("the variable {name} is not UTF-8"),
                // Of somebody else's.
                _ => {}
            }
        }
        Self::from_sources(flags, &variables)
    }

    /// The same from given variables; later ones win.
    pub fn from_sources(flags: &Flags, variables: &[(String, String)]) -> anyhow::Result<Self> {
        let variable = |name: &str| {
            variables
                .iter()
                .rev()
                .find(|(key, _)| key == name)
                .map(|(_, value)| value.clone())
        };
        let data_dir = flags
            .data_dir
            .clone()
            .or_else(|| variable("WOLFSEC_DATA_DIR").map(PathBuf::from))
            .unwrap_or_else(|| PathBuf::from("./data"));
        let mut table = read_file(&data_dir.join("wolfsec.toml"))?;
        for key in KEYS {
            if let Some(text) = variable(&format!("WOLFSEC_{}", key.name.to_uppercase())) {
                table.insert(key.name.to_owned(), key.parse(&text)?);
            }
        }
        if let Some(url) = variable("DATABASE_URL").filter(|url| !url.is_empty())
            && !table.contains_key("database_url")
        {
            table.insert("database_url".to_owned(), toml::Value::String(url));
        }
        if let Some(listen) = flags.listen {
            table.insert("listen".to_owned(), toml::Value::String(listen.to_string()));
        }
        let mut settings: Self = table.try_into().context("the configuration is not valid")?;
        settings.data_dir = data_dir;
        settings.public_url = settings.public_url.map(|url| as_browsers_send(&url));
        settings.check()?;
        Ok(settings)
    }

    fn check(&self) -> anyhow::Result<()> {
        if let Some(url) = &self.public_url {
            let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
            if rest.is_none_or(|host| host.is_empty() || host.contains('/')) {
                bail!("public_url must be like https://wolfsec.example.org, without a path");
            }
        }
        if self
            .otlp_endpoint
            .as_deref()
            .is_some_and(|url| !url.starts_with("http://"))
        {
            bail!("otlp_endpoint must be like http://127.0.0.1:4318; for TLS put a collector beside the server");
        }
        let https = self
            .public_url
            .as_deref()
            .is_some_and(|url| url.starts_with("https://"));
        if !self.listen.ip().is_loopback() && !https && !self.allow_insecure_http {
            bail!(
                "listening on {} would send passwords in clear text: put a TLS proxy in front and set public_url to its \
                 https address, or set allow_insecure_http = true",
                self.listen
            );
        }
        for (name, value, least, most) in [
            ("live_streams", self.live_streams as u64, 1, 100_000),
            ("live_streams_per_session", self.live_streams_per_session as u64, 1, 100),
            ("database_connections", u64::from(self.database_connections), 4, 500),
            ("retention_days", u64::from(self.retention_days), 1, 3650),
            ("metric_retention_days", u64::from(self.metric_retention_days), 1, 3650),
            ("max_body_mb", u64::from(self.max_body_mb), 1, 1024),
            ("max_decoded_mb", u64::from(self.max_decoded_mb), 1, 4096),
            ("ingest_queue_requests", self.ingest_queue_requests as u64, 1, 1_000_000),
            (
                "ingest_queue_mb",
                u64::from(self.ingest_queue_mb),
                u64::from(self.max_decoded_mb),
                65_536,
            ),
        ] {
            if value < least || value > most {
                bail!("{name} must be between {least} and {most}, not {value}");
            }
        }
        Ok(())
    }

    /// The address that browsers and peers use, without a trailing slash. `bound` is where the listener really is.
    pub fn effective_public_url(&self, bound: SocketAddr) -> String {
        self.public_url.clone().unwrap_or_else(|| format!("http://{bound}"))
    }
}

/// The form of an Origin header: host in lower case, no default port, no slash at the end.
fn as_browsers_send(url: &str) -> String {
    let url = url.trim_end_matches('/').to_ascii_lowercase();
    let default_port = if url.starts_with("https://") { ":443" } else { ":80" };
    url.strip_suffix(default_port).unwrap_or(&url).to_owned()
}

fn read_file(path: &Path) -> anyhow::Result<toml::Table> {
    match std::fs::read_to_string(path) {
        Ok(text) => text
            .parse()
            .with_context(|| format!("{} is not valid TOML", path.display())),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(toml::Table::new()),
        Err(error) => Err(error).with_context(|| format!("reading {}", path.display())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(flags: &Flags, variables: &[(&str, &str)]) -> anyhow::Result<Settings> {
        let owned: Vec<(String, String)> = variables
            .iter()
            .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
            .collect();
        Settings::from_sources(flags, &owned)
    }

    #[test]
    fn variables_override_the_file_and_flags_override_both() {
        let dir = std::env::temp_dir().join(format!("wolfsec-config-{}", std::process::id()));
        std::fs::create_dir_all(&dir).unwrap();
        std::fs::write(
            dir.join("wolfsec.toml"),
            "retention_days = 30\nlisten = \"127.0.0.1:1\"\n",
        )
        .unwrap();
        let flags = Flags {
            listen: Some("127.0.0.1:3".parse().unwrap()),
            data_dir: Some(dir.clone()),
        };
        let settings = load(
            &flags,
            &[("WOLFSEC_LISTEN", "127.0.0.1:2"), ("WOLFSEC_MAX_BODY_MB", "8")],
        )
        .unwrap();
        assert_eq!(
            (settings.retention_days, settings.max_body_mb, settings.listen.port()),
            (30, 8, 3)
        );
        std::fs::write(dir.join("wolfsec.toml"), "retenton_days = 30\n").unwrap();
        let error = load(&flags, &[]).unwrap_err();
        assert!(format!("{error:#}").contains("retenton_days"), "{error:#}");
        std::fs::remove_dir_all(dir).unwrap();
    }

    #[test]
    fn clear_text_beyond_loopback_is_refused() {
        let flags = Flags {
            listen: Some("0.0.0.0:80".parse().unwrap()),
            data_dir: Some("/nonexistent".into()),
        };
        assert!(load(&flags, &[]).is_err());
        assert!(load(&flags, &[("WOLFSEC_PUBLIC_URL", "http://w.example")]).is_err());
        assert!(load(&flags, &[("WOLFSEC_PUBLIC_URL", "https://w.example")]).is_ok());
        assert!(load(&flags, &[("WOLFSEC_ALLOW_INSECURE_HTTP", "true")]).is_ok());
        assert!(load(&flags, &[("WOLFSEC_ALLOW_INSECURE_HTTP", "maybe")]).is_err());
    }

    #[test]
    fn the_public_url_is_what_browsers_send() {
        let flags = Flags {
            data_dir: Some("/nonexistent".into()),
            ..Flags::default()
        };
        for (written, sent) in [
            ("https://Wolf.Example.org/", "https://wolf.example.org"),
            ("https://w.example:443", "https://w.example"),
            ("http://w.example:80", "http://w.example"),
            ("https://w.example:80", "https://w.example:80"),
        ] {
            let settings = load(&flags, &[("WOLFSEC_PUBLIC_URL", written)]).unwrap();
            assert_eq!(settings.public_url.as_deref(), Some(sent), "{written}");
        }
        assert!(load(&flags, &[("WOLFSEC_PUBLIC_URL", "https://w.example/path")]).is_err());
    }

    #[test]
    fn a_database_password_is_never_printed() {
        let flags = Flags {
            data_dir: Some("/nonexistent".into()),
            ..Flags::default()
        };
        let settings = load(&flags, &[("DATABASE_URL", "postgres://u:sesame@h/d")]).unwrap();
        assert!(!format!("{settings:?}").contains("sesame"));
        assert!(!keys::show(&settings).contains("sesame"));
    }

    #[test]
    fn every_setting_is_documented() {
        let flags = Flags {
            data_dir: Some("/nonexistent".into()),
            ..Flags::default()
        };
        let shown = keys::show(&load(&flags, &[]).unwrap());
        for key in KEYS {
            assert!(shown.contains(&format!("{} =", key.name)), "{} is not shown", key.name);
        }
    }
}
