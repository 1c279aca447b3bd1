//! What we build upon: licences, duplicates, and known vulnerabilities where their data can be had.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use serde_json::Value;
use spdx::{Expression, LicenseReq, ParseMode};

use crate::paths::Paths;
use crate::step::{cargo, command, note, read, run_with_limit};

/// Licences that code of ours may stand on; the last two are file-wise copyleft and data, used unchanged.
const ALLOWED: [&str; 14] = [
    "MIT",
    "MIT-0",
    "Apache-2.0",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "ISC",
    "Zlib",
    "0BSD",
    "BSL-1.0",
    "Unlicense",
    "CC0-1.0",
    "Unicode-3.0",
    "MPL-2.0",
    "CDLA-Permissive-2.0",
];

/// Dependencies that take long to build or weigh much: one version of each.
const LARGE: [&str; 16] = [
    "axum",
    "chrono",
    "hyper",
    "leptos",
    "leptos_axum",
    "reactive_graph",
    "regex",
    "rsigma-eval",
    "rsigma-parser",
    "rustls",
    "serde_json",
    "sqlx",
    "sqlx-postgres",
    "tachys",
    "tokio",
    "tower-http",
];

/// Fetching advisories from a server that is out of reach may hang.
const ADVISORY_LIMIT: Duration = Duration::from_mins(2);

/// Licences and duplicates of everything in the lock file; from cargo's own data, so it works everywhere.
pub fn check(paths: &Paths) -> Result<()> {
    let metadata = read(cargo(&paths.root).args(["metadata", "--format-version", "1", "--locked"]))
        .context("`cargo metadata --locked` failed: is Cargo.lock up to date?")?;
    let metadata: Value = serde_json::from_str(&metadata).context("reading cargo's metadata")?;
    let packages = metadata["packages"]
        .as_array()
        .context("no packages in cargo's metadata")?;
    let mut problems = Vec::new();
    let mut versions: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for package in packages {
        let (name, version) = (text(package, "name"), text(package, "version"));
        versions.entry(name).or_default().insert(version);
        if let Err(reason) = licence(text(package, "license")) {
            problems.push(format!("{name} {version}: {reason}"));
        }
    }
    for large in LARGE {
        if let Some(many) = versions.get(large).filter(|versions| versions.len() > 1) {
            problems.push(format!("{large} is there in {many:?}: one version is enough"));
        }
    }
    if !problems.is_empty() {
        bail!("what we build upon:\n  {}", problems.join("\n  "));
    }
    note(&format!(
        "{} packages, every licence allowed, no large one twice",
        packages.len()
    ));
    Ok(())
}

fn text<'a>(package: &'a Value, key: &str) -> &'a str {
    package[key].as_str().unwrap_or_default()
}

/// Whether one choice that the expression offers is allowed.
fn licence(expression: &str) -> Result<(), String> {
    if expression.is_empty() {
        return Err("names no licence".to_owned());
    }
    let parsed = Expression::parse_mode(expression, ParseMode::LAX)
        .map_err(|error| format!("the licence `{expression}` is not understood: {}", error.reason))?;
    let allowed = |wanted: &LicenseReq| wanted.license.id().is_some_and(|id| ALLOWED.contains(&id.name));
    if parsed.evaluate(allowed) {
        Ok(())
    } else {
        Err(format!("the licence `{expression}` is not on the list"))
    }
}

/// `cargo deny` or `cargo audit`, whichever is installed and reaches the advisories; else says what was not checked.
pub fn advisories(paths: &Paths) -> Result<()> {
    let tools: [(&str, &[&str], &[&str]); 2] = [
        (
            "deny",
            &["deny", "fetch", "db"],
            &["deny", "--offline", "check", "advisories"],
        ),
        ("audit", &["audit", "--help"], &["audit"]),
    ];
    for (tool, fetch, check) in tools {
        if read(cargo(&paths.root).args([tool, "--version"])).is_none() {
            continue;
        }
        if let Err(error) = run_with_limit(cargo(&paths.root).args(fetch), ADVISORY_LIMIT) {
            note(&format!("known vulnerabilities were NOT checked: {error:#}"));
            return Ok(());
        }
        return run_with_limit(command(&paths.root, "cargo").args(check), ADVISORY_LIMIT);
    }
    note("known vulnerabilities were NOT checked: neither cargo-deny nor cargo-audit is installed");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::licence;

    #[test]
    fn one_allowed_choice_is_enough_and_every_demand_counts() {
        for good in [
            "MIT",
            "MIT/Apache-2.0",
            "Apache-2.0 WITH LLVM-exception",
            "MIT OR LGPL-2.1-or-later",
            "(MIT OR Apache-2.0) AND Unicode-3.0",
        ] {
            assert_eq!(licence(good), Ok(()), "{good}");
        }
        for bad in ["", "GPL-3.0-only", "MIT AND GPL-3.0-only", "no licence at all"] {
            assert!(licence(bad).is_err(), "{bad}");
        }
    }
}
