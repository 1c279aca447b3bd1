//! Log shippers that speak Elasticsearch's bulk API: requests as they were recorded, and the clients themselves where they
//! are installed.

#![allow(
    clippy::unwrap_used,
    clippy::print_stderr,
    clippy::too_many_lines,
    clippy::format_collect,
    reason = "a test ends with the panic; what it skips it says"
)]

mod support;

use std::io::Write as _;

use axum::body::Body;
use http::{Method, Request, StatusCode};
use serde_json::{Value, json};
use support::clients::{Python, Rsyslog};
use support::{Answer, Listening, TestServer, now_plus};
use wolfsec::identity::Role;

const RSYSLOG: &str = include_str!("recorded/rsyslog_bulk.http");
const PYTHON: &str = include_str!("recorded/python_bulk.http");

fn basic(key: &str) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(format!("any:{key}"))
}

/// A recorded request with a key and the current time.
fn recorded(text: &str, key: &str, body: impl FnOnce(&str) -> Vec<u8>) -> Request<Body> {
    let text = text.replace("{KEY}", &basic(key)).replace("{TIME}", &now_plus(-30));
    let (head, sent) = text.split_once("\n\n").unwrap();
    let mut lines = head.lines();
    let mut first = lines.next().unwrap().split(' ');
    let mut request = Request::builder()
        .method(first.next().unwrap())
        .uri(first.next().unwrap());
    for line in lines {
        let (name, value) = line.split_once(": ").unwrap();
        request = request.header(name, value);
    }
    request.body(Body::from(body(sent))).unwrap()
}

fn bulk(path: &str, key: &str, body: impl Into<Body>) -> Request<Body> {
    Request::post(path)
        .header("authorization", format!("ApiKey {key}"))
        .header("content-type", "application/x-ndjson")
        .body(body.into())
        .unwrap()
}

fn gzip(plain: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(plain).unwrap();
    encoder.finish().unwrap()
}

/// Status and result or error type of each item, without the action's name.
fn items(answer: &Answer) -> Vec<(u64, String)> {
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    assert_eq!(answer.headers["x-elastic-product"], "Elasticsearch");
    let answer = answer.json();
    assert!(answer["took"].as_i64().unwrap() >= 0);
    let items = answer["items"].as_array().unwrap();
    items
        .iter()
        .map(|item| {
            let outcome = item.as_object().unwrap().values().next().unwrap();
            let word = outcome["result"]
                .as_str()
                .or(outcome["error"]["type"].as_str())
                .unwrap();
            (outcome["status"].as_u64().unwrap(), word.to_owned())
        })
        .collect()
}

async fn events(server: &TestServer, token: &str, peer: &str) -> Vec<Value> {
    let found = server
        .get(&format!("/api/v1/events?peer={peer}&limit=1000"), token)
        .await;
    found.json()["items"].as_array().unwrap().clone()
}

async fn alerts(server: &TestServer, token: &str, peer: &str) -> Vec<Value> {
    let found = server.get(&format!("/api/v1/alerts?peer={peer}"), token).await;
    found.json()["items"].as_array().unwrap().clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_root_answers_clients_with_a_key_and_people_with_a_page() {
    let Some(server) = TestServer::start().await else {
        return;
    };
    let key = server.peer("web-01").await;
    let ask = |method: Method, headers: &[(&str, String)]| {
        let mut request = Request::builder().method(method).uri("/");
        for (name, value) in headers {
            request = request.header(*name, value);
        }
        request.body(Body::empty()).unwrap()
    };
    for form in [
        format!("Basic {}", basic(&key)),
        format!("ApiKey {key}"),
        format!("Bearer {key}"),
    ] {
        let answer = server.send(ask(Method::GET, &[("authorization", form.clone())])).await;
        assert_eq!(answer.status, StatusCode::OK, "{form}: {}", answer.text());
        assert_eq!(answer.headers["x-elastic-product"], "Elasticsearch");
        let info = answer.json();
        assert_eq!(info["tagline"], "You Know, for Search");
        for field in ["name", "cluster_name", "cluster_uuid"] {
            assert!(!info[field].as_str().unwrap().is_empty(), "{field}");
        }
        assert!(info["version"]["number"].as_str().unwrap().starts_with("8."));
        let head = server.send(ask(Method::HEAD, &[("authorization", form)])).await;
        assert_eq!((head.status, head.body.len()), (StatusCode::OK, 0));
        assert_eq!(head.headers["x-elastic-product"], "Elasticsearch");
    }
    let wrong = server
        .send(ask(Method::GET, &[("authorization", "ApiKey wsp_wrong".to_owned())]))
        .await;
    assert_eq!(wrong.status, StatusCode::UNAUTHORIZED);
    assert_eq!(
        (wrong.json()["status"].clone(), wrong.json()["error"]["type"].clone()),
        (json!(401), json!("security_exception"))
    );
    // A browser, also one whose proxy asked for a password of its own.
    let html = ("accept", "text/html,*/*".to_owned());
    let proxy = ("authorization", format!("Basic {}", basic("password")));
    for headers in [vec![html.clone()], vec![html, proxy]] {
        let page = server.send(ask(Method::GET, &headers)).await;
        assert_eq!(page.status, StatusCode::SEE_OTHER, "{}", page.text());
        assert!(!page.headers.contains_key("x-elastic-product"));
    }
    let missing = server.send(ask(Method::GET, &[])).await;
    assert_eq!(missing.status, StatusCode::SEE_OTHER);
    for (path, status) in [("/_cat/health", 200), ("/_cluster/health", 200), ("/_nodes", 404)] {
        let answer = server.get(path, &key).await;
        assert_eq!(answer.status.as_u16(), status, "{path}");
        assert_eq!(answer.headers["x-elastic-product"], "Elasticsearch", "{path}");
    }
    server.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rsyslogs_recorded_request_is_recognised_and_detected() {
    let Some(server) = TestServer::start().await else {
        return;
    };
    let key = server.peer("bastion-01").await;
    let token = server.token("reader", Role::Viewer).await;
    let answer = server
        .send(recorded(RSYSLOG, &key, |body| body.as_bytes().to_vec()))
        .await;
    assert_eq!(items(&answer), vec![(201, "created".to_owned()); 3]);
    // The same with a port each, as a password guesser makes them.
    let many = |body: &str| {
        let one = body.split_inclusive("\n\n").next().unwrap();
        (0..30)
            .map(|i| one.replace("4000", &(5000 + i).to_string()))
            .collect::<String>()
            .into_bytes()
    };
    assert_eq!(items(&server.send(recorded(RSYSLOG, &key, many)).await).len(), 30);
    let stored = events(&server, &token, "bastion-01").await;
    assert_eq!(stored.len(), 33);
    for event in &stored {
        assert_eq!(
            (
                &event["product"],
                &event["service"],
                &event["severity"],
                &event["time_adjusted"],
                &event["fields"]["_index"]
            ),
            (
                &json!("linux"),
                &json!("sshd"),
                &json!("informational"),
                &json!(false),
                &json!("syslog")
            ),
            "{event:#}"
        );
        assert!(
            event["message"].as_str().unwrap().starts_with("Failed password"),
            "{event:#}"
        );
    }
    let raised = alerts(&server, &token, "bastion-01").await;
    assert_eq!(raised.len(), 1, "{raised:#?}");
    assert!(raised[0]["techniques"].to_string().contains("T1110"), "{raised:#?}");
    assert!(
        raised[0]["entities"].to_string().contains("\"value\":\"bastion\""),
        "{raised:#?}"
    );
    server.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn programs_are_recognised_under_every_name_that_templates_give_them() {
    let Some(server) = TestServer::start().await else {
        return;
    };
    let key = server.peer("web-01").await;
    let token = server.token("reader", Role::Viewer).await;
    let at = now_plus(-5);
    let sudo = "  ada : TTY=pts/0 ; PWD=/home/ada ; USER=root ; COMMAND=/usr/bin/bash";
    let lines: String = ["program", "programname", "syslogtag", "tag", "app_name"]
        .iter()
        .map(|name| {
            let tag = if name.contains("tag") { "sudo[812]:" } else { "sudo" };
            let document =
                json!({ "@timestamp": at, "host": "web-01", "severity": "notice", (*name): tag, "message": sudo });
            format!("{{\"create\":{{}}}}\n{document}\n")
        })
        .collect();
    assert_eq!(items(&server.send(bulk("/_bulk", &key, lines)).await).len(), 5);
    let stored = events(&server, &token, "web-01").await;
    let services: Vec<_> = stored.iter().map(|event| event["service"].as_str()).collect();
    assert_eq!(services, [Some("sudo"); 5], "{stored:#?}");
    server.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pythons_recorded_request_is_stored_once_and_conflicts_are_named() {
    let Some(server) = TestServer::start().await else {
        return;
    };
    let key = server.peer("app-01").await;
    let token = server.token("reader", Role::Viewer).await;
    let at = now_plus(-30);
    let with_time = PYTHON.replace("{TIME}", &at);
    let plain = |body: &str| body.as_bytes().to_vec();
    let first = server.send(recorded(&with_time, &key, plain)).await;
    assert_eq!(
        items(&first),
        [(201, "created".to_owned()), (201, "created".to_owned())]
    );
    let answer = first.json();
    assert_eq!(answer["items"][0]["index"]["_index"], "app");
    assert_eq!(answer["items"][0]["index"]["_id"], "1");
    assert!(!answer["items"][1]["create"]["_id"].as_str().unwrap().is_empty());
    // Sent again because the answer was lost: named documents conflict, unnamed ones are there already.
    let again = server.send(recorded(&with_time, &key, plain)).await;
    assert_eq!(
        items(&again),
        [
            (409, "version_conflict_engine_exception".to_owned()),
            (200, "noop".to_owned())
        ]
    );
    assert_eq!(again.json()["errors"], true);
    // In another batch, compressed as the client does on request; the id at another time is another event,
    // and so is what names neither id nor time.
    let mut request = recorded(&with_time, &key, |body| {
        let later = body.replace(&at, &now_plus(-10)).replace("{\"create", "{\"index");
        gzip(format!("{body}{later}").as_bytes())
    });
    let encoding = http::HeaderValue::from_static("gzip");
    request.headers_mut().insert("content-encoding", encoding);
    let statuses: Vec<u64> = items(&server.send(request).await)
        .into_iter()
        .map(|(status, _)| status)
        .collect();
    assert_eq!(statuses, [409, 201, 201, 201]);
    assert_eq!(events(&server, &token, "app-01").await.len(), 5);
    server.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_stored_is_an_items_error_and_its_neighbours_are_stored() {
    let Some(server) = TestServer::start().await else {
        return;
    };
    let key = server.peer("web-01").await;
    let token = server.token("reader", Role::Viewer).await;
    let at = now_plus(-5);
    let body = format!(
        "{{\"index\":{{\"_id\":\"a\"}}}}\n{{\"@timestamp\":\"{at}\",\"message\":\"first\"}}\n\
         {{\"index\":{{\"_index\":\"other\"}}}}\n{{broken\n\
         {{\"update\":{{\"_id\":\"a\"}}}}\n{{\"doc\":{{}}}}\n\
         {{\"delete\":{{\"_id\":\"a\"}}}}\n\
         not an action\n{{\"message\":\"its document\"}}\n\
         {{\"create\":{{\"_id\":\"a\"}}}}\n{{\"@timestamp\":\"{at}\",\"message\":\"twin\"}}\n\
         {{\"create\":{{\"_type\":\"_doc\"}}}}\n[1]\n\
         {{\"index\":{{}}}}\n{{\"@timestamp\":\"{at}\",\"message\":\"last\"}}\n\
         {{\"index\":{{}}}}\n"
    );
    let answer = server.send(bulk("/logs-app/_doc/_bulk", &key, body)).await;
    let told = items(&answer);
    let told: Vec<_> = told.iter().map(|(status, word)| (*status, word.as_str())).collect();
    assert_eq!(
        told,
        [
            (201, "created"),
            (400, "document_parsing_exception"),
            (400, "unsupported_operation_exception"),
            (400, "unsupported_operation_exception"),
            (400, "illegal_argument_exception"),
            (409, "version_conflict_engine_exception"),
            (400, "document_parsing_exception"),
            (201, "created"),
            (400, "illegal_argument_exception"),
        ]
    );
    let answer = answer.json();
    assert_eq!(answer["errors"], true);
    assert_eq!(answer["items"][0]["index"]["_index"], "logs-app");
    assert_eq!(answer["items"][1]["index"]["_index"], "other");
    let reason = answer["items"][3]["delete"]["error"]["reason"].as_str().unwrap();
    assert!(reason.contains("only index and create"), "{reason}");
    let stored = events(&server, &token, "web-01").await;
    let mut messages: Vec<_> = stored.iter().map(|event| event["message"].as_str().unwrap()).collect();
    messages.sort_unstable();
    assert_eq!(messages, ["first", "last"]);
    // What was refused is counted and kept for the peer's page.
    let peers = server.get("/api/v1/peers", &token).await.json();
    let peers = peers["items"].as_array().unwrap();
    let peer = peers.iter().find(|peer| peer["name"] == "web-01").unwrap();
    assert_eq!(peer["reject_count"], 6, "{peer:#}");
    server.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_refused_as_a_whole_says_so_in_both_shapes() {
    let variables = [
        ("WOLFSEC_MAX_BODY_MB", "1"),
        ("WOLFSEC_MAX_DECODED_MB", "2"),
        ("WOLFSEC_INGEST_REQUESTS_PER_SECOND", "1"),
    ];
    let Some(server) = TestServer::start_with(&variables).await else {
        return;
    };
    let line = "{\"index\":{}}\n{\"message\":\"x\"}\n";
    let mut typed = bulk("/_bulk", &server.peer("a").await, line);
    typed.headers_mut().remove("content-type");
    let mut bomb = bulk("/_bulk", &server.peer("b").await, gzip(&vec![b' '; 3 * 1024 * 1024]));
    bomb.headers_mut()
        .insert("content-encoding", http::HeaderValue::from_static("gzip"));
    let fast = server.peer("fast").await;
    assert_eq!(server.send(bulk("/_bulk", &fast, line)).await.status, StatusCode::OK);
    for (request, status, code, kind) in [
        (typed, 415, "unsupported_media_type", "media_type_header_exception"),
        (bomb, 413, "body_too_large", "content_too_long_exception"),
        (
            bulk("/_bulk", &server.peer("c").await, "\n"),
            400,
            "bad_request",
            "illegal_argument_exception",
        ),
        (
            bulk("/_bulk", "wsp_wrong", line),
            401,
            "unauthenticated",
            "security_exception",
        ),
        (
            bulk("/_bulk", &fast, line),
            429,
            "too_fast",
            "es_rejected_execution_exception",
        ),
    ] {
        let answer = server.send(request).await;
        let body = answer.json();
        assert_eq!(
            (
                answer.status.as_u16(),
                answer.code().as_str(),
                body["error"]["type"].as_str()
            ),
            (status, code, Some(kind)),
            "{body:#}"
        );
        assert_eq!(body["status"], status);
        assert!(!body["error"]["request_id"].as_str().unwrap().is_empty());
        assert_eq!(body["error"]["root_cause"][0]["type"], kind);
        assert_eq!(answer.headers.contains_key("retry-after"), status == 429);
    }
    server.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_offers_configurations_with_this_servers_address() {
    let Some(server) = TestServer::start().await else {
        return;
    };
    server.user("ada", Role::Admin).await;
    let cookie = server.sign_in("ada").await;
    let page = server.page("/peers/add", Some(&cookie)).await.text();
    let plain = page.replace("&quot;", "\"");
    for part in [
        "server=\"127.0.0.1\" serverport=\"8080\"",
        "uid=\"peer\" pwd=\"KEY\"",
        "Elasticsearch(\"http://127.0.0.1:8080\", api_key=\"KEY\")",
        "curl -sS http://127.0.0.1:8080/api/v1/events",
    ] {
        assert!(plain.contains(part), "{part} is not in\n{plain}");
    }
    server.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rsyslogs_request_is_held_where_others_are_told_to_come_again() {
    let variables = [("WOLFSEC_INGEST_REQUESTS_PER_SECOND", "1")];
    let Some(server) = TestServer::start_with(&variables).await else {
        return;
    };
    let key = server.peer("bastion-01").await;
    let plain = |body: &str| body.as_bytes().to_vec();
    let (first, second) = tokio::join!(
        server.send(recorded(RSYSLOG, &key, plain)),
        server.send(recorded(RSYSLOG, &key, plain))
    );
    assert_eq!((items(&first).len(), items(&second).len()), (3, 3));
    // A key that is wrong stays wrong.
    let wrong = server.send(recorded(RSYSLOG, "wsp_wrong", plain)).await;
    assert_eq!(wrong.status, StatusCode::UNAUTHORIZED);
    server.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rsyslog_itself_delivers_a_brute_force_and_loses_nothing_to_overload() {
    let Some(rsyslog) = Rsyslog::find() else { return };
    let variables = [("WOLFSEC_INGEST_REQUESTS_PER_SECOND", "2")];
    let Some(server) = TestServer::start_with(&variables).await else {
        return;
    };
    let key = server.peer("bastion-02").await;
    let token = server.token("reader", Role::Viewer).await;
    let listening = Listening::start(&server).await;
    let mut running = rsyslog.start(listening.address, &key).await;
    let failure = |i: i64| {
        format!(
            "<38>{} bastion-02 sshd[{}]: Failed password for root from 203.0.113.77 port {} ssh2\n",
            now_plus(i - 60),
            900 + i,
            41_000 + i
        )
    };
    // Each alone, until the limit is met; then the rest.
    for i in 0..4 {
        running.log(&failure(i)).await;
        let answered = listening.requests();
        let next = async || listening.requests();
        if i < 2 {
            running.until(next, |requests| *requests > answered).await;
        }
    }
    running.log(&(4..30).map(failure).collect::<String>()).await;
    let all = |stored: &Vec<Value>| stored.len() >= 30;
    let stored = running.until(|| events(&server, &token, "bastion-02"), all).await;
    let log = running.end().await;
    assert_eq!(stored.len(), 30, "{log}");
    assert!(stored.iter().all(|event| event["service"] == "sshd"), "{stored:#?}");
    assert_eq!(alerts(&server, &token, "bastion-02").await.len(), 1, "{log}");
    listening.end().await;
    server.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_python_client_itself_is_content() {
    let Some(python) = Python::find() else { return };
    let Some(server) = TestServer::start().await else {
        return;
    };
    let key = server.peer("app-02").await;
    let token = server.token("reader", Role::Viewer).await;
    let listening = Listening::start(&server).await;
    let script = r#"
import sys
from elasticsearch import Elasticsearch, helpers, AuthenticationException
url, key, at = sys.argv[1:]
es = Elasticsearch(url, basic_auth=("any", key))
assert es.ping()
print(es.info()["version"]["number"])
documents = [{"_index": "app", "_id": str(i), "@timestamp": at, "message": f"event {i}"} for i in range(50)]
print(helpers.bulk(es, documents)[0])
again, errors = helpers.bulk(Elasticsearch(url, api_key=key, http_compress=True), documents, raise_on_error=False)
print(again, {error["index"]["status"] for error in errors})
try:
    Elasticsearch(url, api_key="wsp_wrong").info()
except AuthenticationException as error:
    print(error.status_code, error.message)
"#;
    let url = format!("http://{}", listening.address);
    let said = python.run(script, &[&url, &key, &now_plus(-5)]).await;
    assert_eq!(said, "8.19.0\n50\n0 {409}\n401 security_exception\n");
    assert_eq!(events(&server, &token, "app-02").await.len(), 50);
    listening.end().await;
    server.end().await;
}
