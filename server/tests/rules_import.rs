//! Rule packs through the real use case, beside a running server, by the form and by the API.

#![allow(
    clippy::unwrap_used,
    clippy::print_stderr,
    clippy::too_many_lines,
    reason = "a test ends with the panic; what it skips it says"
)]

mod support;

use std::io::{Cursor, Write as _};
use std::path::PathBuf;

use axum::body::Body;
use http::{Request, StatusCode};
use support::{Answer, TestServer, now_plus};
use wolfsec::identity::Role;
use wolfsec::rules::{RuleImport, RuleOrigin, RuleQuery, RuleState};
use wolfsec_app::Caller;
use zip::write::{SimpleFileOptions, ZipWriter};

fn rule(id: u8, value: &str) -> String {
    format!(
        "title: Rule {id}\nid: 00000000-0000-4000-8000-0000000000{id:02}\nauthor: Ada\nlicense: DRL 1.1\nreferences:\n  - \
         https://example.org/{id}\nlogsource:\n  product: made-up\ndetection:\n  selection:\n    a: {value}\n  condition: \
         selection\nlevel: high\n"
    )
}

fn zip_of(entries: &[(&str, String)]) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, text) in entries {
        writer.start_file(*name, SimpleFileOptions::default()).unwrap();
        writer.write_all(text.as_bytes()).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

async fn import(server: &TestServer, archive: Vec<u8>, enable: bool) -> RuleImport {
    let caller = Caller::command_line();
    let use_cases = server.use_cases();
    use_cases
        .import_rule_archive(&caller, "pack".to_owned(), archive, enable)
        .await
        .unwrap()
}

/// Alerts that one event raises, by the rule's title.
async fn alerts_of(server: &TestServer, key: &str, token: &str, value: &str) -> Vec<(String, String)> {
    let line = format!(
        r#"{{"@timestamp":"{}","product":"made-up","a":"{value}"}}"#,
        now_plus(0)
    );
    assert_eq!(server.ingest(key, &line).await.json()["accepted"], 1);
    let alerts = server.get("/api/v1/alerts", token).await.json();
    let text = |value: &serde_json::Value| value.as_str().unwrap_or("none").to_owned();
    let alerts = alerts["items"].as_array().unwrap().iter();
    alerts
        .map(|alert| (text(&alert["rule_title"]), text(&alert["rule_author"])))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn imported_rules_find_at_once_and_a_changed_file_keeps_its_switch() {
    let Some(server) = TestServer::start().await else {
        return;
    };
    let (key, token) = (server.peer("web-01").await, server.token("t", Role::Viewer).await);
    assert!(alerts_of(&server, &key, &token, "one").await.is_empty());
    let pack = [("rules/a.yml", rule(1, "one")), ("rules/b.yml", rule(2, "two"))];
    let done = import(&server, zip_of(&pack), true).await;
    assert_eq!((done.used, done.added), (2, 2));
    let found = alerts_of(&server, &key, &token, "one").await;
    assert_eq!(found, [("Rule 1".to_owned(), "Ada".to_owned())]);

    let id = "00000000-0000-4000-8000-000000000002";
    let caller = Caller::command_line();
    server.use_cases().switch_rule(&caller, id, false).await.unwrap();
    let changed = [("rules/a.yml", rule(1, "one")), ("rules/b.yml", rule(2, "'2'"))];
    let done = import(&server, zip_of(&changed), true).await;
    assert_eq!((done.added, done.changed), (0, 1));
    let stored = server.use_cases().get_rule(&caller, id).await.unwrap();
    assert_eq!((stored.enabled, stored.version), (false, 3));
    assert_eq!(
        (stored.origin, stored.pack.as_str(), stored.path.as_str()),
        (RuleOrigin::Imported, "pack", "rules/b.yml")
    );
    assert_eq!(
        alerts_of(&server, &key, &token, "2").await.len(),
        1,
        "the rule is still off"
    );

    let server = server.restart().await;
    assert_eq!(
        alerts_of(&server, &key, &token, "one").await.len(),
        1,
        "it folds into the alert that is there"
    );
    let listed = server
        .get("/api/v1/rules?origin=imported&enabled=true", &token)
        .await
        .json();
    assert_eq!(listed["items"].as_array().unwrap().len(), 1);
    server.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_beside_the_server_returns_when_the_server_uses_the_rules() {
    let Some(server) = TestServer::start().await else {
        return;
    };
    let (key, token) = (server.peer("web-01").await, server.token("t", Role::Viewer).await);
    let beside = server.beside().await;
    let caller = Caller::command_line();
    let archive = zip_of(&[("a.yml", rule(1, "one"))]);
    let use_cases = beside.use_cases();
    use_cases
        .import_rule_archive(&caller, "pack".to_owned(), archive, true)
        .await
        .unwrap();
    assert_eq!(alerts_of(&server, &key, &token, "one").await.len(), 1);
    use_cases
        .switch_rule(&caller, "00000000-0000-4000-8000-000000000001", false)
        .await
        .unwrap();
    let line = format!(
        r#"{{"@timestamp":"{}","product":"made-up","a":"one","n":2}}"#,
        now_plus(0)
    );
    server.ingest(&key, &line).await;
    let alerts = server.get("/api/v1/alerts", &token).await.json();
    assert_eq!(alerts["items"][0]["count"], 1, "the switch counted at once too");
    beside.close().await;
    server.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broken_archive_changes_nothing_and_is_recorded() {
    let Some(server) = TestServer::start().await else {
        return;
    };
    let caller = Caller::command_line();
    let before = server.use_cases().rules_revision().await.unwrap();
    let mut archive = zip_of(&[("a.yml", rule(1, "one"))]);
    archive.truncate(archive.len() / 2);
    let done = import(&server, archive, true).await;
    assert!(done.failure.contains("cannot be read"), "{}", done.failure);
    assert_eq!(server.use_cases().rules_revision().await.unwrap(), before);
    let trail = server
        .use_cases()
        .list_audit(&caller, &wolfsec::audit::AuditQuery::default())
        .await
        .unwrap();
    assert!(
        trail
            .iter()
            .any(|record| record.entry.action == "rules.imported" && !record.entry.success)
    );
    server.end().await;
}

/// Posts the upload form as a browser does.
async fn upload(server: &TestServer, cookie: Option<&str>, fields: &[(&str, Option<&str>, &[u8])]) -> Answer {
    let mut body = Vec::new();
    for (name, file, bytes) in fields {
        let file = file.map(|file| format!("; filename=\"{file}\"")).unwrap_or_default();
        write!(
            body,
            "--x\r\nContent-Disposition: form-data; name=\"{name}\"{file}\r\n\r\n"
        )
        .unwrap();
        body.extend_from_slice(bytes);
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(b"--x--\r\n");
    let mut request = Request::post("/rules/import")
        .header("origin", "http://127.0.0.1:8080")
        .header("accept", "text/html")
        .header("content-type", "multipart/form-data; boundary=x");
    if let Some(cookie) = cookie {
        request = request.header("cookie", cookie);
    }
    server.send(request.body(Body::from(body)).unwrap()).await
}

fn location(answer: &Answer) -> &str {
    answer.headers["location"].to_str().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_form_takes_a_pack_and_its_page_names_what_was_refused() {
    let Some(server) = TestServer::start().await else {
        return;
    };
    server.user("ada", Role::Operator).await;
    server.user("vic", Role::Viewer).await;
    let cookie = server.sign_in("ada").await;
    let page = server.page("/rules/import", Some(&cookie)).await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.text().contains("multipart/form-data"));

    let waiting = rule(2, "'%admins%'").replace("a: ", "a|expand: ");
    let archive = zip_of(&[
        ("rules/a.yml", rule(1, "one")),
        ("rules/wait.yml", waiting),
        ("rules/<b>.yml", "title: [".to_owned()),
    ]);
    let answer = upload(&server, Some(&cookie), &[("pack", Some("my-pack.zip"), &archive)]).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text());
    let result = server.page(location(&answer), Some(&cookie)).await;
    assert_eq!(result.status, StatusCode::OK);
    let text = result.text();
    for expected in [
        "my-pack",
        "rules/&lt;b&gt;.yml",
        "rules/wait.yml",
        "needs values for %admins%",
    ] {
        assert!(text.contains(expected), "{expected}: {text}");
    }
    let caller = Caller::command_line();
    let query = RuleQuery {
        origin: Some(RuleOrigin::Imported),
        ..RuleQuery::default()
    };
    let rules = server.use_cases().list_rules(&caller, &query).await.unwrap().items;
    let seen: Vec<_> = rules.iter().map(|rule| (rule.state, rule.enabled)).collect();
    assert_eq!(seen, [(RuleState::Usable, true), (RuleState::NeedsValues, false)]);
    let rule_page = server
        .page(&format!("/rules/{}", rules[0].id), Some(&cookie))
        .await
        .text();
    for expected in ["DRL 1.1", "Ada", "my-pack", "rules/a.yml", "https://example.org/1"] {
        assert!(rule_page.contains(expected), "{expected}");
    }
    let list = server
        .page("/rules?origin=imported&state=needs_values", Some(&cookie))
        .await
        .text();
    assert!(list.contains("Rule 2") && !list.contains("Rule 1"));

    let off = zip_of(&[("c.yml", rule(3, "three"))]);
    upload(
        &server,
        Some(&cookie),
        &[("disabled", None, b"true"), ("pack", Some("c.zip"), &off)],
    )
    .await;
    let third = server
        .use_cases()
        .get_rule(&caller, "00000000-0000-4000-8000-000000000003")
        .await;
    assert!(!third.unwrap().enabled);

    let broken = upload(&server, Some(&cookie), &[("pack", Some("x.zip"), b"no archive")]).await;
    let text = server.page(location(&broken), Some(&cookie)).await.text();
    assert!(text.contains("cannot be read"), "{text}");
    let empty = upload(&server, Some(&cookie), &[("pack", Some(""), b"")]).await;
    let text = server.page(location(&empty), Some(&cookie)).await.text();
    assert!(text.contains("Choose a zip archive"), "{text}");

    let viewer = server.sign_in("vic").await;
    let refused = upload(&server, Some(&viewer), &[("pack", Some("c.zip"), &off)]).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    assert!(
        !server
            .page("/rules/import", Some(&viewer))
            .await
            .text()
            .contains("multipart/form-data")
    );
    let nobody = upload(&server, None, &[("pack", Some("c.zip"), &off)]).await;
    assert_eq!(nobody.status, StatusCode::UNAUTHORIZED);
    let large = vec![0; 17 * 1024 * 1024];
    let answer = upload(&server, Some(&cookie), &[("pack", Some("c.zip"), &large)]).await;
    let text = server.page(location(&answer), Some(&cookie)).await.text();
    assert!(text.contains("larger than 16 MiB"), "{text}");
    server.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_whole_sigmahq_pack_is_accounted_for() {
    let folder = std::env::var_os("WOLFSEC_SHARED_DATA").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared/data"),
        PathBuf::from,
    );
    let path = folder.join("sigmahq-rules.zip");
    let Ok(archive) = std::fs::read(&path) else {
        eprintln!("SKIPPED: {} is not there (set WOLFSEC_SHARED_DATA)", path.display());
        return;
    };
    let Some(server) = TestServer::start().await else {
        return;
    };
    let started = std::time::Instant::now();
    let done = import(&server, archive.clone(), true).await;
    eprintln!(
        "{} used, {} need values, {} refused; imported and loaded in {:.1} s",
        done.used,
        done.needs_values,
        done.refused,
        started.elapsed().as_secs_f64()
    );
    assert_eq!(done.used + done.needs_values + done.refused, 3780);
    assert_eq!(done.refused_files().count() as u64, done.refused);
    assert!(
        done.refused_files()
            .all(|file| !file.path.is_empty() && !file.reason.is_empty())
    );
    let started = std::time::Instant::now();
    let again = import(&server, archive, true).await;
    eprintln!(
        "the second time, when nothing changes: {:.1} s",
        started.elapsed().as_secs_f64()
    );
    assert_eq!((again.added, again.changed), (0, 0));
    let token = server.token("t", Role::Viewer).await;
    let started = std::time::Instant::now();
    let page = server.get("/api/v1/rules?limit=100&q=mimikatz", &token).await;
    eprintln!("one page of the list: {:.0} ms", started.elapsed().as_secs_f64() * 1e3);
    assert_eq!(page.status, StatusCode::OK);
    server.end().await;
}
