//! What must be installed, and installing it where that is possible.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};

use crate::paths::Paths;
use crate::step::{command, note, on_path, read, run, run_with_limit};

pub const WASM_TARGET: &str = "wasm32-unknown-unknown";
const DISTRIBUTION_CLIPPY: &str = "/usr/bin/cargo-clippy";
/// Where the toolchain server is out of reach, asking it for the target hangs instead of failing.
const TARGET_LIMIT: Duration = Duration::from_secs(20);

/// Of the official Elasticsearch client for Python.
const PYTHON_CLIENT: &str = "9.1.0";
const CLIENT_LIMIT: Duration = Duration::from_mins(2);

/// A compiler that makes WebAssembly.
pub enum WasmCompiler {
    /// The one that runs us has the target.
    Own,
    /// The distribution's, which builds the standard library from its sources.
    Distribution { linker: PathBuf },
}

pub fn postgresql(paths: &Paths) -> Result<()> {
    if wolf_cluster::programs_installed() {
        return Ok(());
    }
    apt_install(paths, &["postgresql"])?;
    if wolf_cluster::programs_installed() {
        Ok(())
    } else {
        bail!("{}", wolf_cluster::ClusterError::ProgramsMissing)
    }
}

pub fn wasm_compiler(paths: &Paths) -> Result<WasmCompiler> {
    if own_has_target(paths) {
        return Ok(WasmCompiler::Own);
    }
    let distribution = Path::new("/usr/bin/rustc");
    if !distribution_ready(distribution) {
        note(&format!("the compiler has no {WASM_TARGET}: adding it"));
        let added = on_path("rustup")
            && run_with_limit(
                command(&paths.root, "rustup").args(["target", "add", WASM_TARGET]),
                TARGET_LIMIT,
            )
            .inspect_err(|error| note(&error.to_string()))
            .is_ok();
        if added && own_has_target(paths) {
            return Ok(WasmCompiler::Own);
        }
        note("taking the distribution's compiler, which builds its standard library from source");
        apt_install(paths, &["rustc-web", "cargo-web", "rust-web-src"]).with_context(|| {
            format!("no compiler for the browser's side. Run `rustup target add {WASM_TARGET}` and try again")
        })?;
    }
    Ok(WasmCompiler::Distribution { linker: linker(paths)? })
}

pub fn browser(paths: &Paths) -> Result<()> {
    if !["chromium", "chromium-browser", "google-chrome"]
        .into_iter()
        .any(on_path)
    {
        apt_install(paths, &["chromium"])?;
    }
    if !(on_path("node") && on_path("npm")) {
        apt_install(paths, &["nodejs", "npm"])?;
    }
    Ok(())
}

/// Log shippers, whose tests skip themselves where these cannot be had: rsyslog from the distribution, and a Python with the
/// official Elasticsearch client, whose path is returned.
pub fn shippers(paths: &Paths) -> (bool, Option<PathBuf>) {
    let module = "rsyslog/omelasticsearch.so";
    let folders = [
        "/usr/lib/x86_64-linux-gnu",
        "/usr/lib/aarch64-linux-gnu",
        "/usr/lib64",
        "/usr/lib",
    ];
    let rsyslog = || folders.iter().any(|folder| Path::new(folder).join(module).is_file());
    let installed = rsyslog()
        || (apt_install(paths, &["rsyslog", "rsyslog-elasticsearch"])
            .inspect_err(|error| note(&format!("{error:#}")))
            .is_ok()
            && rsyslog());
    let python = elasticsearch_client(paths)
        .inspect_err(|error| note(&format!("no Python client for its test: {error:#}")))
        .ok();
    (installed, python)
}

/// A virtual environment of its own with the pinned client.
fn elasticsearch_client(paths: &Paths) -> Result<PathBuf> {
    let venv = paths.target.join("test-venv");
    let python = venv.join("bin/python");
    let imports = format!("import elasticsearch; assert elasticsearch.__versionstr__ == {PYTHON_CLIENT:?}");
    let ready = || read(Command::new(&python).args(["-c", &imports])).is_some();
    if ready() {
        return Ok(python);
    }
    if read(Command::new("python3").args(["-c", "import venv, ensurepip"])).is_none() {
        apt_install(paths, &["python3", "python3-venv"])?;
    }
    run(command(&paths.root, "python3")
        .args(["-m", "venv", "--clear"])
        .arg(&venv))?;
    let package = format!("elasticsearch=={PYTHON_CLIENT}");
    let mut pip = command(&paths.root, &python);
    pip.args([
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        &package,
    ]);
    run_with_limit(&mut pip, CLIENT_LIMIT)?;
    if ready() {
        Ok(python)
    } else {
        bail!("{package} was installed and cannot be imported")
    }
}

/// Clippy of the distribution's compiler; false when it cannot be had.
pub fn distribution_clippy(paths: &Paths) -> bool {
    let there = || Path::new(DISTRIBUTION_CLIPPY).exists();
    there() || (apt_install(paths, &["rust-web-clippy"]).is_ok() && there())
}

/// The cargo call that builds for the browser, to which the sub-command's arguments are added.
pub fn wasm_cargo(paths: &Paths, compiler: &WasmCompiler, subcommand: &str) -> Command {
    let mut cargo = match compiler {
        WasmCompiler::Own => {
            let mut cargo = crate::step::cargo(&paths.root);
            cargo.arg(subcommand);
            cargo
        }
        WasmCompiler::Distribution { linker } => {
            // Called by its path: cargo would look for its sub-commands among those of the toolchain that runs us.
            let program = if subcommand == "clippy" {
                DISTRIBUTION_CLIPPY
            } else {
                "/usr/bin/cargo"
            };
            let mut cargo = command(&paths.root, program);
            cargo.env("CARGO", "/usr/bin/cargo");
            cargo.arg(subcommand).args(["-Z", "build-std=std,panic_abort"]);
            cargo.env("RUSTC", "/usr/bin/rustc").env("RUSTC_BOOTSTRAP", "1");
            cargo.env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", linker);
            // Of the toolchain that runs us.
            cargo
                .env_remove("RUSTUP_TOOLCHAIN")
                .env_remove("LD_LIBRARY_PATH")
                .env_remove("RUSTC_WRAPPER");
            cargo
        }
    };
    cargo.args([
        "--package",
        "frontend",
        "--target",
        WASM_TARGET,
        "--profile",
        "wasm-release",
        "--ignore-rust-version",
    ]);
    cargo.arg("--target-dir").arg(paths.wasm_target());
    cargo
}

fn own_has_target(paths: &Paths) -> bool {
    sysroot(paths).is_some_and(|sysroot| sysroot.join("lib/rustlib").join(WASM_TARGET).join("lib").is_dir())
}

fn sysroot(paths: &Paths) -> Option<PathBuf> {
    read(command(&paths.root, "rustc").args(["--print", "sysroot"])).map(PathBuf::from)
}

fn distribution_ready(rustc: &Path) -> bool {
    rustc.exists()
        && Path::new("/usr/bin/cargo").exists()
        && read(Command::new(rustc).args(["--print", "sysroot"]))
            .is_some_and(|sysroot| Path::new(&sysroot).join("lib/rustlib/src/rust/library/std").is_dir())
}

fn linker(paths: &Paths) -> Result<PathBuf> {
    let mut candidates = Vec::new();
    for rustc in ["rustc", "/usr/bin/rustc"] {
        let sysroot = read(command(&paths.root, rustc).args(["--print", "sysroot"]));
        let version = read(command(&paths.root, rustc).arg("-vV"));
        let host = version
            .as_deref()
            .and_then(|text| text.lines().find_map(|line| line.strip_prefix("host: ")));
        if let (Some(sysroot), Some(host)) = (sysroot, host) {
            candidates.push(Path::new(&sysroot).join("lib/rustlib").join(host).join("bin/rust-lld"));
        }
    }
    candidates.extend(["/usr/bin/rust-lld", "/usr/bin/wasm-ld"].map(PathBuf::from));
    candidates
        .into_iter()
        .find(|path| path.is_file())
        .context("no linker for WebAssembly: install `lld` (Debian and Ubuntu: `apt-get install lld`)")
}

fn apt_install(paths: &Paths, packages: &[&str]) -> Result<()> {
    let wanted = packages.join(" ");
    if !on_path("apt-get") {
        bail!("please install: {wanted} (no apt-get here to do it with)");
    }
    note(&format!("installing {wanted}"));
    let root = read(Command::new("id").arg("-u")).as_deref() == Some("0");
    let apt = |arguments: &[&str]| {
        let mut apt = command(&paths.root, if root { "apt-get" } else { "sudo" });
        if !root {
            apt.args(["-n", "DEBIAN_FRONTEND=noninteractive", "apt-get"]);
        }
        run(apt.env("DEBIAN_FRONTEND", "noninteractive").args(arguments))
    };
    let mut install = vec!["install", "--yes", "--quiet", "--no-install-recommends"];
    install.extend(packages);
    apt(&install)
        .or_else(|_| apt(&["update", "--quiet"]).and_then(|()| apt(&install)))
        .with_context(|| format!("cannot install {wanted}: install it by hand (`sudo apt-get install {wanted}`)"))
}
