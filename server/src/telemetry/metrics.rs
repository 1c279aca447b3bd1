//! Metrics in the text format of OpenMetrics. Labels are routes, methods, classes of status and severities: bounded sets, no
//! names of people, peers or addresses.

use std::time::Duration;

use prometheus_client::encoding::{EncodeLabelSet, text::encode};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};
use wolfsec::severity::Severity;

pub const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Upper bounds (seconds): from a cached page to a batch on a busy disk.
const SECONDS: [f64; 14] = [
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0,
];

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Request {
    method: &'static str,
    /// The template of the route, never the path.
    route: String,
    /// `2xx` and so on.
    status: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Route {
    method: &'static str,
    route: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfSeverity {
    severity: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Connections {
    state: &'static str,
}

/// What is measured where it is kept, at the moment somebody asks.
#[derive(Debug, Clone, Copy, Default)]
pub struct Reading {
    pub queue_requests: usize,
    pub queue_kilobytes: usize,
    pub connections: u32,
    pub idle_connections: usize,
    pub rules: usize,
}

/// Everything that is counted; shared, cheap to count with.
pub struct Metrics {
    registry: Registry,
    pub ingest_events: Counter,
    pub ingest_bytes: Counter,
    pub ingest_rejects: Counter,
    pub ingest_duplicates: Counter,
    pub ingest_refused: Counter,
    pub batch_seconds: Histogram,
    pub commit_seconds: Histogram,
    pub detection_seconds: Histogram,
    pub correlation_entries: Gauge,
    alerts_raised: Family<OfSeverity, Counter>,
    requests: Family<Request, Counter>,
    request_seconds: Family<Route, Histogram, fn() -> Histogram>,
    queue_requests: Gauge,
    queue_bytes: Gauge,
    connections: Family<Connections, Gauge>,
    rules: Gauge,
    resident_memory: Gauge,
}

impl Default for Metrics {
    fn default() -> Self {
        let mut metrics = Self {
            registry: Registry::default(),
            ingest_events: Counter::default(),
            ingest_bytes: Counter::default(),
            ingest_rejects: Counter::default(),
            ingest_duplicates: Counter::default(),
            ingest_refused: Counter::default(),
            batch_seconds: seconds(),
            commit_seconds: seconds(),
            detection_seconds: seconds(),
            correlation_entries: Gauge::default(),
            alerts_raised: Family::default(),
            requests: Family::default(),
            request_seconds: Family::new_with_constructor(seconds as fn() -> Histogram),
            queue_requests: Gauge::default(),
            queue_bytes: Gauge::default(),
            connections: Family::default(),
            rules: Gauge::default(),
            resident_memory: Gauge::default(),
        };
        metrics.register();
        metrics
    }
}

fn seconds() -> Histogram {
    Histogram::new(SECONDS)
}

impl Metrics {
    fn register(&mut self) {
        for severity in Severity::ALL {
            let severity = severity.as_str();
            drop(self.alerts_raised.get_or_create(&OfSeverity { severity }));
        }
        let all = self.registry.sub_registry_with_prefix("wolfsec");
        for (name, help, counter) in [
            ("ingest_events", "Events stored", &self.ingest_events),
            ("ingest_rejects", "Lines rejected", &self.ingest_rejects),
            (
                "ingest_duplicates",
                "Events that were there already",
                &self.ingest_duplicates,
            ),
            (
                "ingest_refused",
                "Requests refused as a whole by the pipeline",
                &self.ingest_refused,
            ),
        ] {
            all.register(name, help, counter.clone());
        }
        let bytes = self.ingest_bytes.clone();
        all.register_with_unit("ingest", "Decoded bodies handed to the pipeline", Unit::Bytes, bytes);
        for (name, help, histogram) in [
            (
                "ingest_batch",
                "From analysis to commit of a group",
                &self.batch_seconds,
            ),
            ("ingest_commit", "The transaction of a group", &self.commit_seconds),
            (
                "detection",
                "From receipt of an event to the commit of its alert",
                &self.detection_seconds,
            ),
        ] {
            all.register_with_unit(name, help, Unit::Seconds, histogram.clone());
        }
        all.register("alerts_raised", "New alerts", self.alerts_raised.clone());
        all.register("http_requests", "Requests answered", self.requests.clone());
        let times = self.request_seconds.clone();
        all.register_with_unit("http_request", "Time to an answer", Unit::Seconds, times);
        all.register("ingest_queue_requests", "Requests waiting", self.queue_requests.clone());
        let waiting = self.queue_bytes.clone();
        all.register_with_unit("ingest_queue", "Bodies waiting or under way", Unit::Bytes, waiting);
        all.register(
            "database_connections",
            "Connections of the pool",
            self.connections.clone(),
        );
        all.register("rules_in_use", "Rules that look at events", self.rules.clone());
        let entries = self.correlation_entries.clone();
        all.register("correlation_state_entries", "Entries of correlations' windows", entries);
        // The name that dashboards know.
        let resident = self.resident_memory.clone();
        let help = "Resident memory of the process, where the system tells it";
        self.registry
            .register_with_unit("process_resident_memory", help, Unit::Bytes, resident);
    }

    pub fn alert_raised(&self, severity: Severity) {
        let severity = severity.as_str();
        self.alerts_raised.get_or_create(&OfSeverity { severity }).inc();
    }

    /// `route` is a template, so that there are only as many as routes.
    pub fn request(&self, method: &http::Method, route: &str, status: http::StatusCode, took: Duration) {
        let method = match method.as_str() {
            "GET" => "GET",
            "HEAD" => "HEAD",
            "POST" => "POST",
            "PUT" => "PUT",
            "PATCH" => "PATCH",
            "DELETE" => "DELETE",
            _ => "other",
        };
        let status = match status.as_u16() / 100 {
            2 => "2xx",
            3 => "3xx",
            4 => "4xx",
            5 => "5xx",
            _ => "1xx",
        };
        let route = route.to_owned();
        self.request_seconds
            .get_or_create(&Route {
                method,
                route: route.clone(),
            })
            .observe(took.as_secs_f64());
        self.requests.get_or_create(&Request { method, route, status }).inc();
    }

    /// All of them as text.
    pub fn text(&self, reading: &Reading) -> Result<String, std::fmt::Error> {
        self.queue_requests.set(whole(reading.queue_requests));
        self.queue_bytes
            .set(whole(reading.queue_kilobytes).saturating_mul(1024));
        let idle = whole(reading.idle_connections);
        let busy = i64::from(reading.connections).saturating_sub(idle).max(0);
        for (state, count) in [("idle", idle), ("busy", busy)] {
            self.connections.get_or_create(&Connections { state }).set(count);
        }
        self.rules.set(whole(reading.rules));
        if let Some(bytes) = resident_bytes() {
            self.resident_memory.set(bytes);
        }
        let mut text = String::with_capacity(16 * 1024);
        encode(&mut text, &self.registry)?;
        Ok(text)
    }
}

fn whole(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// `VmRSS` of proc(5), in kB there.
fn resident_bytes() -> Option<i64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kilobytes: i64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    kilobytes.checked_mul(1024)
}
