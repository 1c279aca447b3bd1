//! The import walls: reads the dependency graph and fails when one is broken.

#![allow(
    clippy::unwrap_used,
    clippy::print_stderr,
    clippy::too_many_lines,
    clippy::format_collect,
    reason = "a test ends with the panic; what it skips it says"
)]

use std::collections::BTreeSet;
use std::process::Command;

/// Names of all packages that `package` reaches by normal dependencies.
fn reach(arguments: &[&str]) -> BTreeSet<String> {
    let output = Command::new(env!("CARGO"))
        .args(["tree", "--edges", "normal", "--prefix", "none", "--offline"])
        .args(arguments)
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    let names: BTreeSet<String> = text
        .lines()
        .filter_map(|line| line.split(' ').next())
        .map(ToOwned::to_owned)
        .collect();
    assert!(names.len() > 3, "the graph of {arguments:?} looks empty");
    names
}

fn direct(package: &str) -> BTreeSet<String> {
    let mut names = reach(&["-p", package, "--depth", "1"]);
    names.remove(package);
    names
}

fn assert_subset(package: &str, allowed: &[&str]) {
    let allowed: BTreeSet<String> = allowed.iter().map(ToString::to_string).collect();
    let strangers: Vec<String> = direct(package).difference(&allowed).cloned().collect();
    assert!(strangers.is_empty(), "{package} may not import {strangers:?}");
}

fn assert_unreachable(arguments: &[&str], forbidden: &[&str]) {
    let names = reach(arguments);
    let found: Vec<&&str> = forbidden.iter().filter(|name| names.contains(**name)).collect();
    assert!(found.is_empty(), "{arguments:?} reaches {found:?}");
}

#[test]
fn the_domain_sees_only_its_list() {
    assert_subset("wolfsec", &["serde", "thiserror", "uuid", "chrono", "async-trait"]);
}

#[test]
fn the_use_cases_see_no_adapter() {
    assert_subset(
        "wolfsec_app",
        &["wolfsec", "tracing", "thiserror", "futures", "chrono", "uuid"],
    );
    assert_unreachable(
        &["-p", "wolfsec_app"],
        &["sqlx", "axum", "leptos", "wolf_den", "tokio", "serde_json"],
    );
}

#[test]
fn the_browser_gets_no_server_part() {
    let browser = ["-p", "frontend", "--target", "wasm32-unknown-unknown"];
    assert_unreachable(
        &browser,
        &[
            "sqlx",
            "axum",
            "leptos_axum",
            "wolf_den",
            "wolfsec_app",
            "wolfsec_detect",
            "validator",
            "hyper",
            "mio",
        ],
    );
}

#[test]
fn cryptography_and_detection_stand_alone() {
    assert_unreachable(&["-p", "wolf_den"], &["wolfsec", "sqlx", "axum", "leptos", "tokio"]);
    assert_unreachable(
        &["-p", "wolfsec_detect"],
        &["sqlx", "axum", "leptos", "wolf_den", "wolfsec_app", "tokio"],
    );
    assert_unreachable(&["-p", "wolf_cluster"], &["sqlx", "axum", "leptos", "tokio", "wolfsec"]);
}

#[test]
fn sql_stays_in_its_adapter() {
    fn visit(folder: &std::path::Path, found: &mut Vec<String>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                if !path.ends_with("adapters/pg") {
                    visit(&path, found);
                }
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                let text = std::fs::read_to_string(&path).unwrap();
                if text.contains("sqlx::query") {
                    found.push(path.display().to_string());
                }
            }
        }
    }
    let mut found = Vec::new();
    visit(
        std::path::Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/src")),
        &mut found,
    );
    assert!(found.is_empty(), "SQL outside adapters/pg: {found:?}");
}

#[test]
fn the_settings_table_in_the_docs_is_current() {
    let docs = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/operations.md")).unwrap();
    let table = wolf_server::config::markdown_table();
    assert!(
        docs.contains(&table),
        "docs/operations.md is out of date; paste the output of `wolf_server config --table`"
    );
}
