//! Starting, finding and stopping the postmaster of a data folder.

use std::fs;
use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::account::{Account, run};
use crate::layout::Layout;
use crate::lock::Usage;
use crate::programs::Programs;
use crate::{ClusterError, ClusterOptions, setup};

const POLL: Duration = Duration::from_millis(50);
/// How long what a killed postmaster left behind (its backends, its shared memory) may take to go.
const LEFTOVERS: Duration = Duration::from_secs(15);

/// Who asks for the cluster to run.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Holder {
    Newcomer,
    /// Uses it already and saw it running: the uses on record are this process's own, and those of commands beside it.
    Server,
}

/// Makes sure that the cluster runs and answers; says whether it was running already.
pub(crate) fn ensure_running(
    programs: &Programs,
    account: &Account,
    layout: &Layout,
    options: &ClusterOptions,
    holder: Holder,
) -> Result<bool, ClusterError> {
    let data = layout.data();
    if let Some(pid) = running(&data) {
        tracing::info!(pid, "using the database that is running");
        wait_ready(layout, options.start_timeout)?;
        return Ok(true);
    }
    // A second postmaster on the same files would destroy them. The first may be out of sight, in another container.
    if holder == Holder::Newcomer && !Usage::is_free(&layout.root)? {
        return Err(ClusterError::OutOfSight { data });
    }
    clear_stale_lock_files(layout)?;
    account.write_file(&data.join("wolfsec.conf"), &setup::settings(layout, options))?;
    let deadline = Instant::now() + LEFTOVERS;
    loop {
        match start(programs, account, layout, options.start_timeout) {
            Ok(()) => return Ok(false),
            Err(error) if Instant::now() < deadline && leftovers(layout) => {
                tracing::debug!(%error, "waiting for what a killed database left behind");
                sleep(POLL * 10);
            }
            Err(error) => return Err(with_log(error, layout)),
        }
    }
}

/// Fast shutdown: sessions are ended, everything is written, the postmaster is gone on return.
pub(crate) fn stop(programs: &Programs, account: &Account, layout: &Layout) -> Result<(), ClusterError> {
    let data = layout.data();
    let Some(pid) = running(&data) else { return Ok(()) };
    let stop_in = |mode: &str| {
        let mut command = account.command(&programs.pg_ctl);
        command
            .arg("stop")
            .arg("--pgdata")
            .arg(&data)
            .args(["--mode", mode, "--wait", "--timeout=60", "--silent"]);
        run("stopping PostgreSQL", &mut command).map(drop)
    };
    stop_in("fast").or_else(|error| {
        if running(&data).is_none() {
            return Ok(());
        }
        tracing::warn!(%error, "the database does not stop: ending it at once, it recovers at its next start");
        stop_in("immediate")
    })?;
    // `pg_ctl` returns when the pid file is gone, a moment before the process is.
    let deadline = Instant::now() + Duration::from_secs(5);
    while is_postmaster(pid, &data) && Instant::now() < deadline {
        sleep(POLL / 10);
    }
    Ok(())
}

fn start(programs: &Programs, account: &Account, layout: &Layout, timeout: Duration) -> Result<(), ClusterError> {
    let log = layout.start_log();
    if log.exists() {
        fs::remove_file(&log).map_err(ClusterError::io(&log))?;
    }
    let mut command = account.command(&programs.pg_ctl);
    command
        .arg("start")
        .arg("--pgdata")
        .arg(layout.data())
        .arg("--log")
        .arg(&log);
    command
        .arg(format!("--timeout={}", timeout.as_secs().max(1)))
        .args(["--wait", "--silent"]);
    run("starting PostgreSQL", &mut command).map(drop)
}

/// The process id of the live postmaster of this folder.
fn running(data: &Path) -> Option<u32> {
    let pid = pid_file(data)?.first()?.trim().parse().ok()?;
    is_postmaster(pid, data).then_some(pid)
}

fn pid_file(data: &Path) -> Option<Vec<String>> {
    let text = fs::read_to_string(data.join("postmaster.pid")).ok()?;
    Some(text.lines().map(str::to_owned).collect())
}

/// A number in a file proves nothing: after a crash it may be another process's.
fn is_postmaster(pid: u32, data: &Path) -> bool {
    let proc = Path::new("/proc");
    if !proc.join("self/cmdline").exists() {
        let alive = std::process::Command::new("ps")
            .args(["-o", "args=", "-p", &pid.to_string()])
            .output();
        return alive.is_ok_and(|output| String::from_utf8_lossy(&output.stdout).contains("postgres"));
    }
    let Ok(line) = fs::read(proc.join(pid.to_string()).join("cmdline")) else {
        return false;
    };
    let line = String::from_utf8_lossy(&line);
    let mut words = line.split('\0');
    words.next().is_some_and(|program| program.ends_with("postgres")) && words.any(|word| Path::new(word) == data)
}

/// PostgreSQL itself clears the lock files of a process that is gone, but not when another process has its number now or
/// when its parent has not collected it (usual in containers). Both files are this cluster's alone.
fn clear_stale_lock_files(layout: &Layout) -> Result<(), ClusterError> {
    for path in [
        layout.data().join("postmaster.pid"),
        layout.run.join(".s.PGSQL.5432.lock"),
    ] {
        match fs::remove_file(&path) {
            Ok(()) => tracing::info!(file = %path.display(), "cleared the lock file of a database that was killed"),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => return Err(ClusterError::io(&path)(error)),
        }
    }
    Ok(())
}

/// Waits until an adopted postmaster accepts connections (it may be in crash recovery).
fn wait_ready(layout: &Layout, timeout: Duration) -> Result<(), ClusterError> {
    let deadline = Instant::now() + timeout;
    let ready =
        || pid_file(&layout.data()).is_some_and(|lines| lines.get(7).is_some_and(|state| state.trim() == "ready"));
    while !ready() {
        if Instant::now() > deadline {
            return Err(ClusterError::NotReady {
                data: layout.data(),
                seconds: timeout.as_secs(),
                log: logs(layout),
            });
        }
        sleep(POLL);
    }
    Ok(())
}

fn leftovers(layout: &Layout) -> bool {
    logs(layout).contains("pre-existing shared memory block")
}

fn with_log(error: ClusterError, layout: &Layout) -> ClusterError {
    match error {
        ClusterError::Command { action, status, output } => ClusterError::Command {
            action,
            status,
            output: format!("{output}\n{}", logs(layout)),
        },
        other => other,
    }
}

/// The last lines of what PostgreSQL wrote: on its way up, and in its log.
fn logs(layout: &Layout) -> String {
    let newest = fs::read_dir(layout.log()).ok().and_then(|entries| {
        entries
            .flatten()
            .filter_map(|entry| Some((entry.metadata().ok()?.modified().ok()?, entry.path())))
            .max()
            .map(|(_, path)| path)
    });
    let mut text = String::new();
    for path in [Some(layout.start_log()), newest].into_iter().flatten() {
        let said = fs::read_to_string(path).unwrap_or_default();
        let lines: Vec<&str> = said.lines().collect();
        text.push_str(&lines[lines.len().saturating_sub(8)..].join("\n"));
        text.push('\n');
    }
    text.trim_end().to_owned()
}
