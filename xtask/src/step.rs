//! Named steps with their times, and the commands they run.

use std::fmt::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};

#[derive(Debug)]
enum Outcome {
    Done,
    Skipped(String),
    Failed,
}

pub struct Steps {
    begun: Instant,
    done: Vec<(&'static str, Duration, Outcome)>,
}

/// What a step came to, when it did not fail.
pub enum Done {
    Yes,
    Skipped(&'static str),
}

impl Steps {
    pub fn new() -> Self {
        Self {
            begun: Instant::now(),
            done: Vec::new(),
        }
    }

    pub fn run<T>(&mut self, name: &'static str, work: impl FnOnce() -> Result<T>) -> Result<T> {
        eprintln!("==> {name}");
        let begun = Instant::now();
        let result = work();
        let took = begun.elapsed();
        let outcome = if result.is_ok() { Outcome::Done } else { Outcome::Failed };
        eprintln!(
            "    {name}: {} in {}",
            if result.is_ok() { "done" } else { "FAILED" },
            seconds(took)
        );
        self.done.push((name, took, outcome));
        result.with_context(|| format!("step `{name}`"))
    }

    pub fn run_or_skip(&mut self, name: &'static str, work: impl FnOnce() -> Result<Done>) -> Result<()> {
        let outcome = self.run(name, work)?;
        if let (Done::Skipped(why), Some(last)) = (outcome, self.done.last_mut()) {
            eprintln!("    {name}: SKIPPED, {why}");
            last.2 = Outcome::Skipped(why.to_owned());
        }
        Ok(())
    }

    pub fn summary(&self) {
        let mut text = String::from("\nSteps\n");
        for (name, took, outcome) in &self.done {
            let outcome = match outcome {
                Outcome::Done => "ok".to_owned(),
                Outcome::Skipped(why) => format!("SKIPPED: {why}"),
                Outcome::Failed => "FAILED".to_owned(),
            };
            let _ = writeln!(text, "  {name:<28} {:>9}  {outcome}", seconds(*took));
        }
        let _ = writeln!(text, "  {:<28} {:>9}", "all", seconds(self.begun.elapsed()));
        eprint!("{text}");
    }
}

pub fn note(text: &str) {
    eprintln!("    {text}");
}

fn seconds(took: Duration) -> String {
    format!("{:.1} s", took.as_secs_f64())
}

/// A command in the workspace, free of what cargo set for xtask itself; its stdout goes to our stderr.
pub fn command(root: &Path, program: impl AsRef<std::ffi::OsStr>) -> Command {
    let mut command = Command::new(program);
    for (name, _) in std::env::vars_os() {
        let name = name.to_string_lossy().into_owned();
        let of_package = name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_");
        if of_package || ["CARGO", "CARGO_BIN_NAME", "CARGO_CRATE_NAME", "OUT_DIR"].contains(&name.as_str()) {
            command.env_remove(name);
        }
    }
    command.current_dir(root).stdin(Stdio::null()).stdout(std::io::stderr());
    command
}

/// The cargo that runs us.
pub fn cargo(root: &Path) -> Command {
    command(root, std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
}

pub fn run(command: &mut Command) -> Result<()> {
    let status = command
        .status()
        .with_context(|| format!("cannot run {}", describe(command)))?;
    if !status.success() {
        bail!("{} ended with {status}", describe(command));
    }
    Ok(())
}

/// The trimmed output of a command that succeeds; nothing if it fails or is not there.
pub fn read(command: &mut Command) -> Option<String> {
    let output = command.stdout(Stdio::piped()).stderr(Stdio::null()).output().ok()?;
    output
        .status
        .success()
        .then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// Like [`run`], quiet, and given up after a while.
pub fn run_with_limit(command: &mut Command, limit: Duration) -> Result<()> {
    let mut child = command
        .stderr(Stdio::null())
        .spawn()
        .with_context(|| format!("cannot run {}", describe(command)))?;
    let deadline = Instant::now() + limit;
    loop {
        if let Some(status) = child.try_wait()? {
            if status.success() {
                return Ok(());
            }
            bail!("{} ended with {status}", describe(command));
        }
        if Instant::now() > deadline {
            child.kill()?;
            child.wait()?;
            bail!("{} did not end within {} s", describe(command), limit.as_secs());
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}

pub fn on_path(program: &str) -> bool {
    std::env::var_os("PATH")
        .is_some_and(|path| std::env::split_paths(&path).any(|folder| folder.join(program).is_file()))
}

fn describe(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    format!(
        "`{}`",
        words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
    )
}
