//! Traces as a collector receives them: one from the browser's request to its SQL.

#![allow(
    clippy::unwrap_used,
    clippy::print_stderr,
    clippy::format_collect,
    reason = "a test ends with the panic; what it skips it says"
)]

mod support;

use std::collections::HashMap;
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::routing::post;
use http::{HeaderMap, Request, StatusCode};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message as _;
use support::TestServer;
use tokio::sync::Mutex;
use wolf_server::config::{Flags, Settings};
use wolf_server::startup;
use wolfsec::identity::Role;

type Received = Arc<Mutex<Vec<Span>>>;

async fn receive(State(received): State<Received>, headers: HeaderMap, body: Bytes) -> StatusCode {
    assert_eq!(headers["content-type"], "application/x-protobuf");
    let request = ExportTraceServiceRequest::decode(body).unwrap();
    let spans = request
        .resource_spans
        .into_iter()
        .flat_map(|of_resource| of_resource.scope_spans)
        .flat_map(|of_scope| of_scope.spans);
    received.lock().await.extend(spans);
    StatusCode::OK
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_its_use_case_and_its_sql_are_one_trace() {
    let received = Received::default();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let collector = Router::new()
        .route("/v1/traces", post(receive))
        .with_state(received.clone());
    tokio::spawn(async move { axum::serve(listener, collector).await });
    let flags = Flags {
        data_dir: Some("/nonexistent".into()),
        ..Flags::default()
    };
    let variables = [
        ("WOLFSEC_OTLP_ENDPOINT".to_owned(), endpoint),
        ("WOLFSEC_LOG".to_owned(), "error".to_owned()),
    ];
    let settings = Settings::from_sources(&flags, &variables).unwrap();
    let Some(server) = TestServer::start().await else {
        return;
    };
    let traces = startup::start_logging(&settings, false).unwrap().unwrap();
    let token = server.token("reader", Role::Viewer).await;

    let (trace, parent) = ("0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331");
    let request = Request::get("/api/v1/alerts")
        .header("authorization", format!("Bearer {token}"))
        .header("traceparent", format!("00-{trace}-{parent}-01"));
    let answer = server.send(request.body(Body::empty()).unwrap()).await;
    assert_eq!(answer.status, StatusCode::OK);
    server.end().await;
    tokio::task::spawn_blocking(|| traces.shut_down()).await.unwrap();

    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let received = received.lock().await;
    let of_trace: HashMap<String, &Span> = received
        .iter()
        .filter(|span| hex(&span.trace_id) == trace)
        .map(|span| (hex(&span.span_id), span))
        .collect();
    let names: Vec<&str> = of_trace.values().map(|span| span.name.as_str()).collect();
    // From the SQL upwards.
    let sql = of_trace.values().find(|span| span.name == "pg.alerts.list");
    let mut chain = Vec::new();
    let mut at = sql.copied();
    while let Some(span) = at {
        chain.push(span.name.as_str());
        let above = hex(&span.parent_span_id);
        at = of_trace.get(&above).copied();
        if at.is_none() {
            assert_eq!(above, parent, "the browser's span is above all: {names:?}");
        }
    }
    assert_eq!(
        chain,
        ["pg.alerts.list", "app.list_alerts", "http.request"],
        "{names:?}"
    );
    let request = of_trace.values().find(|span| span.name == "http.request").unwrap();
    assert!(request.attributes.iter().any(|attribute| attribute.key == "http.route"));
}
