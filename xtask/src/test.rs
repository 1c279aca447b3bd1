//! Every check of the project, in the order that finds faults cheapest first.

use std::path::Path;

use anyhow::{Result, bail};
use clap::ValueEnum;
use wolf_cluster::{Cluster, ClusterOptions};

use crate::paths::Paths;
use crate::server::{self, Profile};
use crate::setup::{self, WasmCompiler};
use crate::step::{Done, Steps, cargo, command, note, run as run_command};
use crate::supply;

/// What is checked natively. The browser's side is checked apart: together, cargo would merge the features of both.
const NATIVE: [&str; 10] = [
    "wolfsec",
    "wolfsec_app",
    "wolf_den",
    "wolf_cluster",
    "wolfsec_detect",
    "wolfsec_testkit",
    "wolf_server",
    "app",
    "wolfsec_bench",
    "xtask",
];

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Only {
    Fmt,
    Supply,
    Clippy,
    ClippyWasm,
    Tests,
    Browser,
}

pub fn run(steps: &mut Steps, paths: &Paths, only: Option<Only>) -> Result<()> {
    let outcome = run_steps(steps, paths, only);
    steps.summary();
    outcome
}

fn run_steps(steps: &mut Steps, paths: &Paths, only: Option<Only>) -> Result<()> {
    let wanted = |step: Only| only.is_none_or(|only| only == step);
    if wanted(Only::Fmt) {
        steps.run("formatting", || {
            run_command(cargo(&paths.root).args(["fmt", "--all", "--check"]))
        })?;
    }
    if wanted(Only::Supply) {
        steps.run("licences and duplicates", || supply::check(paths))?;
        steps.run("known vulnerabilities", || supply::advisories(paths))?;
    }
    if wanted(Only::Clippy) {
        steps.run("clippy, server's side", || clippy(paths))?;
    }
    if wanted(Only::ClippyWasm) {
        let compiler = steps.run("compiler for the browser", || setup::wasm_compiler(paths))?;
        steps.run("clippy, browser's side", || clippy_wasm(paths, &compiler))?;
    }
    if wanted(Only::Tests) {
        steps.run("PostgreSQL programs", || setup::postgresql(paths))?;
        let mut python = None;
        steps.run_or_skip("log shippers for tests", || {
            let (rsyslog, client) = setup::shippers(paths);
            let missing = !rsyslog || client.is_none();
            python = client;
            Ok(if missing {
                Done::Skipped("rsyslog or the Python client cannot be had here (see above); their tests are left out")
            } else {
                Done::Yes
            })
        })?;
        steps.run("unit, contract, HTTP tests", || tests(paths, python.as_deref()))?;
    }
    if wanted(Only::Browser) {
        server::build_all(steps, paths, Profile::Release)?;
        let end2end = paths.root.join("end2end");
        steps.run_or_skip("browser tests", || {
            if !end2end.join("package.json").is_file() {
                return Ok(Done::Skipped("there is no end2end/package.json"));
            }
            browser(paths, &end2end, Profile::Release, &[])?;
            Ok(Done::Yes)
        })?;
    }
    Ok(())
}

fn clippy(paths: &Paths) -> Result<()> {
    let mut cargo = native(paths, &["clippy"]);
    run_command(cargo.arg("--all-targets").args(["--", "-D", "warnings"]))
}

fn clippy_wasm(paths: &Paths, compiler: &WasmCompiler) -> Result<()> {
    let distribution = matches!(compiler, WasmCompiler::Distribution { .. });
    if distribution && !setup::distribution_clippy(paths) {
        note("clippy of the distribution's compiler cannot be had: checking for the compiler's own warnings only");
        return run_command(setup::wasm_cargo(paths, compiler, "check").env("RUSTFLAGS", "-D warnings"));
    }
    let mut cargo = setup::wasm_cargo(paths, compiler, "clippy");
    run_command(cargo.args(["--", "-D", "warnings"]))
}

fn tests(paths: &Paths, python: Option<&Path>) -> Result<()> {
    let options = ClusterOptions::throw_away(paths.target.join("test-cluster"));
    if options.data_dir.exists() {
        // Of a run that was interrupted.
        Cluster::attach_or_start(&options)?.destroy()?;
    }
    let cluster = Cluster::attach_or_start(&options)?;
    let nextest = crate::step::read(cargo(&paths.root).args(["nextest", "--version"])).is_some();
    let runner: &[&str] = if nextest { &["nextest", "run"] } else { &["test"] };
    let mut tests = native(paths, runner);
    tests.env("WOLFSEC_TEST_DATABASE_URL", cluster.superuser_url());
    if let Some(python) = python {
        tests.env("WOLFSEC_TEST_PYTHON", python);
    }
    let outcome = run_command(&mut tests);
    cluster.destroy()?;
    outcome
}

fn native(paths: &Paths, subcommand: &[&str]) -> std::process::Command {
    let mut cargo = cargo(&paths.root);
    cargo
        .args(subcommand)
        .args(["--ignore-rust-version", "--features", "app/ssr"]);
    cargo.arg("--target-dir").arg(&paths.target);
    for package in NATIVE {
        cargo.args(["--package", package]);
    }
    cargo
}

/// Makes the pictures of every page anew.
pub fn snapshots(steps: &mut Steps, paths: &Paths, profile: Profile) -> Result<()> {
    server::build_all(steps, paths, profile)?;
    let end2end = paths.root.join("end2end");
    steps.run("pictures of every page", || {
        let only = ["visual", "--project", "script-on", "--update-snapshots=all"];
        browser(paths, &end2end, profile, &only)
    })?;
    steps.summary();
    Ok(())
}

fn browser(paths: &Paths, end2end: &Path, profile: Profile, more: &[&str]) -> Result<()> {
    setup::browser(paths)?;
    let server = server::binary(paths, profile);
    if !server.is_file() {
        bail!("{} was not built", server.display());
    }
    let install = if end2end.join("package-lock.json").is_file() {
        "ci"
    } else {
        "install"
    };
    run_command(
        command(end2end, "npm")
            .args([install, "--no-audit", "--no-fund"])
            .env("PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD", "1"),
    )?;
    let mut playwright = command(end2end, "npx");
    playwright.args(["playwright", "test"]).args(more);
    server::add_site(&mut playwright, paths, profile);
    let work = paths.target.join("end2end");
    std::fs::create_dir_all(&work)?;
    run_command(playwright.env("WOLFSEC_SERVER_BIN", server).env("WOLFSEC_BASE", work))
}
