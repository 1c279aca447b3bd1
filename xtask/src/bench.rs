//! Builds what is measured and what measures, and runs it.

use std::fs;

use anyhow::{Context as _, Result};

use crate::paths::Paths;
use crate::server::{self, Profile};
use crate::step::{Steps, cargo, note, run};

pub fn measure(steps: &mut Steps, paths: &Paths, rest: &[String]) -> Result<()> {
    server::build_all(steps, paths, Profile::Release)?;
    steps.run("build the measuring tool", || {
        let mut cargo = cargo(&paths.root);
        cargo.args([
            "build",
            "--release",
            "--package",
            "wolfsec_bench",
            "--ignore-rust-version",
        ]);
        run(cargo.arg("--target-dir").arg(&paths.target))
    })?;
    // Not below the build folder: PostgreSQL's account has to pass, and run as root the database would lie elsewhere.
    let scratch = std::env::temp_dir().join("wolfsec-bench");
    if scratch.exists() {
        fs::remove_dir_all(&scratch).with_context(|| format!("emptying {}", scratch.display()))?;
    }
    fs::create_dir_all(&scratch)?;
    let mut tool = std::process::Command::new(paths.target.join("release/wolfsec_bench"));
    tool.arg("--server").arg(server::binary(paths, Profile::Release));
    tool.arg("--scratch").arg(&scratch);
    let data = paths.root.join("../shared/data");
    if data.is_dir() {
        tool.arg("--data").arg(&data);
    } else {
        note("there is no real telemetry beside this folder: events are generated, and no rule pack is measured");
    }
    let outcome = steps.run("measure", || run(tool.args(rest)));
    fs::remove_dir_all(&scratch).with_context(|| format!("removing {}", scratch.display()))?;
    outcome
}
