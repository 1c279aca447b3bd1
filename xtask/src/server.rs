//! The whole build, and handing over to the server.

use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Error, Result};

use crate::paths::Paths;
use crate::step::{Steps, cargo, run};
use crate::{assets, setup, style, wasm};

#[derive(Clone, Copy)]
pub enum Profile {
    Dev,
    Release,
}

impl Profile {
    pub fn from_dev(dev: bool) -> Self {
        if dev { Self::Dev } else { Self::Release }
    }

    fn folder(self) -> &'static str {
        match self {
            Self::Dev => "debug",
            Self::Release => "release",
        }
    }
}

pub fn binary(paths: &Paths, profile: Profile) -> PathBuf {
    paths.target.join(profile.folder()).join("wolf_server")
}

/// Builds everything and sees to it that it can run here.
pub fn build_all(steps: &mut Steps, paths: &Paths, profile: Profile) -> Result<()> {
    steps.run("PostgreSQL programs", || setup::postgresql(paths))?;
    build(steps, paths, profile)
}

pub fn build(steps: &mut Steps, paths: &Paths, profile: Profile) -> Result<()> {
    let compiler = steps.run("compiler for the browser", || setup::wasm_compiler(paths))?;
    let module = steps.run("build the browser's side", || wasm::build(paths, &compiler))?;
    steps.run("bind and compress it", || wasm::bind(paths, &module))?;
    steps.run("bundle the style sheet", || style::build(paths))?;
    steps.run("copy the static files", || {
        assets::copy_public(paths)?;
        assets::pack(paths)
    })?;
    steps.run("build the server", || build_server(paths, profile))
}

fn build_server(paths: &Paths, profile: Profile) -> Result<()> {
    let mut cargo = cargo(&paths.root);
    cargo.args(["build", "--package", "wolf_server", "--ignore-rust-version"]);
    cargo.arg("--target-dir").arg(&paths.target);
    if matches!(profile, Profile::Release) {
        cargo.args(["--release", "--features", "wolf_server/self-contained"]);
        cargo.env("WOLFSEC_SITE_ARCHIVE", paths.site_archive());
    }
    run(&mut cargo)
}

/// Tells a server where the site is, unless it carries it.
pub fn add_site(command: &mut Command, paths: &Paths, profile: Profile) {
    if matches!(profile, Profile::Dev) {
        command.env("LEPTOS_SITE_ROOT", paths.site());
    }
}

/// Becomes the server, so that signals go straight to it. Returns only when that fails.
pub fn exec(paths: &Paths, profile: Profile, listen: &str, data_dir: &Path, rest: &[String]) -> Error {
    let binary = binary(paths, profile);
    let mut server = Command::new(&binary);
    server
        .arg("serve")
        .args(["--listen", listen])
        .arg("--data-dir")
        .arg(data_dir)
        .args(rest);
    add_site(&mut server, paths, profile);
    server.stdin(Stdio::null());
    let error = server.exec();
    Err::<(), _>(error)
        .with_context(|| format!("cannot run {}", binary.display()))
        .err()
        .unwrap_or_else(|| Error::msg("the server did not start"))
}
