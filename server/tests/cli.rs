//! The command line beside a running server: what it answers, where, and with which exit code.

#![allow(
    clippy::unwrap_used,
    clippy::print_stderr,
    clippy::too_many_lines,
    clippy::format_collect,
    reason = "a test ends with the panic; what it skips it says"
)]

mod support;

use std::io::Write as _;
use std::process::{Command, Output, Stdio};

use http::StatusCode;
use support::{PASSWORD, TestServer};

const BINARY: &str = env!("CARGO_BIN_EXE_wolf_server");

fn command(server: &TestServer) -> Command {
    let mut command = Command::new(BINARY);
    command
        .env("WOLFSEC_DATABASE_URL", server.database_url())
        .env("WOLFSEC_LOG", "warn")
        .arg("--data-dir")
        .arg(server.data_dir());
    command
}

fn run(server: &TestServer, arguments: &[&str], input: &str) -> Output {
    let mut child = command(server)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A command that reads nothing may have ended already.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    child.wait_with_output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn last_line(output: &Output) -> String {
    text(&output.stdout).lines().last().unwrap_or_default().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_commands_add_the_running_server_uses_at_once() {
    let Some(server) = TestServer::start().await else {
        return;
    };
    let peer = run(&server, &["peer", "add", "bastion-01"], "");
    assert_eq!(peer.status.code(), Some(0), "{}", text(&peer.stderr));
    let key = last_line(&peer);
    let token = last_line(&run(&server, &["token", "add", "reader", "--role", "viewer"], ""));
    for secret in [&key, &token] {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
        assert!(secret.len() >= 32 && secret.bytes().all(plain), "{secret}");
    }
    let line = r#"{"message":"hello from the command line's peer"}"#;
    assert_eq!(server.ingest(&key, line).await.json()["accepted"], 1);
    assert_eq!(server.get("/api/v1/alerts", &token).await.status, StatusCode::OK);

    let user = run(
        &server,
        &["user", "add", "ada", "--role", "admin"],
        &format!("{PASSWORD}\n"),
    );
    assert_eq!(user.status.code(), Some(0), "{}", text(&user.stderr));
    let cookie = server.sign_in("ada").await;
    assert_eq!(server.page("/", Some(&cookie)).await.status, StatusCode::OK);

    let verified = run(&server, &["audit", "verify"], "");
    assert_eq!(verified.status.code(), Some(0), "{}", text(&verified.stderr));
    assert!(text(&verified.stdout).contains("verifies"));
    assert_eq!(run(&server, &["migrate"], "").status.code(), Some(0));
    server.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_is_one_with_its_reason_and_wrong_usage_is_two() {
    let Some(server) = TestServer::start().await else {
        return;
    };
    assert_eq!(run(&server, &["peer", "add", "web-01"], "").status.code(), Some(0));
    let refused: [(&[&str], &str, &str); 4] = [
        (&["peer", "add", "web-01"], "", "exists already"),
        (&["peer", "add", "not a name!"], "", "name"),
        (&["user", "add", "bob", "--role", "viewer"], "short\n", "password"),
        (&["serve", "--listen", "0.0.0.0:0"], "", "public_url"),
    ];
    for (arguments, input, reason) in refused {
        let output = run(&server, arguments, input);
        assert_eq!(output.status.code(), Some(1), "{arguments:?}");
        assert!(
            text(&output.stderr).contains(reason),
            "{arguments:?}: {}",
            text(&output.stderr)
        );
        assert_eq!(text(&output.stdout), "", "{arguments:?}");
    }
    let misused: [&[&str]; 5] = [
        &[],
        &["user", "add", "bob"],
        &["user", "add", "bob", "--role", "king"],
        &["fly"],
        &["peer", "add", "a", "b"],
    ];
    for arguments in misused {
        let output = run(&server, arguments, "");
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {}", text(&output.stderr));
        assert_ne!(text(&output.stderr), "", "{arguments:?}");
    }
    server.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_come_from_the_file_then_the_environment_and_secrets_stay_hidden() {
    let Some(server) = TestServer::start().await else {
        return;
    };
    let file = server.data_dir().join("wolfsec.toml");
    std::fs::write(&file, "retention_days = 7\nmax_body_mb = 5\n").unwrap();
    let here = tempfile_dir(&server);
    std::fs::write(here.join(".env"), "WOLFSEC_MAX_BODY_MB=6\n").unwrap();
    let output = command(&server).arg("config").current_dir(&here).output().unwrap();
    let shown = text(&output.stdout);
    let value = |key: &str| {
        let line = shown.lines().find(|line| line.split('=').next().unwrap().trim() == key);
        line.unwrap_or_default()
            .split('=')
            .nth(1)
            .unwrap_or_default()
            .trim()
            .to_owned()
    };
    assert_eq!(
        (value("retention_days"), value("max_body_mb")),
        ("7".into(), "6".into()),
        "{shown}"
    );
    let password = server
        .database_url()
        .split(':')
        .nth(2)
        .unwrap()
        .split('@')
        .next()
        .unwrap()
        .to_owned();
    assert!(!shown.contains(&format!(":{password}@")), "{shown}");

    std::fs::write(&file, "retention_dayz = 7\n").unwrap();
    let wrong = run(&server, &["config"], "");
    assert_eq!(wrong.status.code(), Some(1));
    assert!(
        text(&wrong.stderr).contains("retention_dayz"),
        "{}",
        text(&wrong.stderr)
    );
    server.end().await;
}

fn tempfile_dir(server: &TestServer) -> std::path::PathBuf {
    let folder = server.data_dir().join("elsewhere");
    std::fs::create_dir_all(&folder).unwrap();
    folder
}
