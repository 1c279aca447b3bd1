//! Traces to a collector by OTLP over HTTP, when an endpoint is configured. A request never waits for one: spans go into a
//! bounded queue, a thread of its own sends them, and what does not fit is dropped.
//! <https://opentelemetry.io/docs/specs/otlp/#otlphttp>

use std::time::Duration;

use anyhow::Context as _;
use async_trait::async_trait;
use bytes::Bytes;
use http::{HeaderMap, Request, Response};
use opentelemetry::propagation::{Extractor, TextMapPropagator as _};
use opentelemetry::trace::TracerProvider as _;
use opentelemetry_http::hyper::HyperClient;
use opentelemetry_http::{HttpClient, HttpError};
use opentelemetry_otlp::{Protocol, SpanExporter, WithExportConfig as _, WithHttpConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::{BatchConfigBuilder, BatchSpanProcessor, SdkTracer, SdkTracerProvider};
use tokio::runtime::Handle;
use tracing_opentelemetry::OpenTelemetrySpanExt as _;

const TIMEOUT: Duration = Duration::from_secs(5);
/// Spans that wait for the collector; a request makes about ten.
const QUEUE_SPANS: usize = 8192;
const BATCH_SPANS: usize = 512;
const EVERY: Duration = Duration::from_secs(2);
const SERVICE: &str = "wolfsec";

/// The sender's handle: made once, shut down before the process ends.
pub struct Traces {
    provider: SdkTracerProvider,
}

impl Traces {
    /// Spans go to `endpoint` + `/v1/traces`. Needs to be called on the runtime that is to send them.
    pub fn start(endpoint: &str) -> anyhow::Result<Self> {
        let client = OnRuntime {
            client: std::sync::Arc::new(HyperClient::with_default_connector(TIMEOUT, None)),
            runtime: Handle::try_current().context("traces need the async runtime")?,
        };
        let exporter = SpanExporter::builder()
            .with_http()
            .with_http_client(client)
            .with_protocol(Protocol::HttpBinary)
            .with_timeout(TIMEOUT)
            .with_endpoint(format!("{}/v1/traces", endpoint.trim_end_matches('/')))
            .build()
            .context("the setting `otlp_endpoint` cannot be used")?;
        let config = BatchConfigBuilder::default()
            .with_max_queue_size(QUEUE_SPANS)
            .with_max_export_batch_size(BATCH_SPANS)
            .with_scheduled_delay(EVERY)
            .build();
        let processor = BatchSpanProcessor::builder(exporter).with_batch_config(config).build();
        let resource = Resource::builder().with_service_name(SERVICE).build();
        let provider = SdkTracerProvider::builder()
            .with_resource(resource)
            .with_span_processor(processor)
            .build();
        Ok(Self { provider })
    }

    pub fn tracer(&self) -> SdkTracer {
        self.provider.tracer(SERVICE)
    }

    /// Sends what waits. Blocks: not for the async runtime's threads.
    pub fn shut_down(self) {
        if let Err(error) = self.provider.shutdown_with_timeout(TIMEOUT) {
            tracing::warn!(%error, "the last traces were not sent");
        }
    }
}

/// The sender's thread has no runtime: requests are made on the server's.
#[derive(Debug)]
struct OnRuntime {
    client: std::sync::Arc<HyperClient>,
    runtime: Handle,
}

#[async_trait]
impl HttpClient for OnRuntime {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let client = std::sync::Arc::clone(&self.client);
        let sent = self.runtime.spawn(async move { client.send_bytes(request).await });
        sent.await?
    }
}

struct Headers<'h>(&'h HeaderMap);

impl Extractor for Headers<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key).and_then(|value| value.to_str().ok())
    }
    fn keys(&self) -> Vec<&str> {
        self.0.keys().map(http::HeaderName::as_str).collect()
    }
}

/// Makes a request's span part of the trace that its `traceparent` names
/// (<https://www.w3.org/TR/trace-context/>). Without traces, or without that header, nothing happens.
pub fn adopt_parent(span: &tracing::Span, headers: &HeaderMap) {
    if headers.contains_key("traceparent") {
        let parent = TraceContextPropagator::new().extract(&Headers(headers));
        // An error says that no traces are kept.
        let _ = span.set_parent(parent);
    }
}
