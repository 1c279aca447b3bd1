//! What processes use, from `/proc`.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};

/// Clock ticks a second in `/proc/PID/stat`; fixed on Linux.
const TICKS: f64 = 100.0;

/// CPU time at a moment (seconds).
pub struct Sample {
    at: Instant,
    server: f64,
    database: f64,
    own: f64,
}

/// Cores in use between two samples.
pub struct Used {
    pub server: f64,
    pub database: f64,
    pub own: f64,
}

impl Sample {
    /// The server, the PostgreSQL beside it, and this process.
    pub fn take(server: u32) -> Result<Self> {
        Ok(Self {
            at: Instant::now(),
            server: cpu(server)?.0,
            database: database_cpu(server),
            own: cpu(std::process::id())?.0,
        })
    }

    pub fn since(&self, before: &Self) -> Used {
        let seconds = self.at.duration_since(before.at).as_secs_f64();
        Used {
            server: (self.server - before.server) / seconds,
            database: (self.database - before.database) / seconds,
            own: (self.own - before.own) / seconds,
        }
    }
}

/// Own CPU seconds and those of ended children.
fn cpu(pid: u32) -> Result<(f64, f64)> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).context("reading a process's CPU time")?;
    let fields: Vec<&str> = stat
        .rsplit_once(')')
        .map(|(_, rest)| rest.split_whitespace().collect())
        .unwrap_or_default();
    let ticks = |index: usize| {
        fields
            .get(index)
            .and_then(|text| text.parse::<f64>().ok())
            .unwrap_or(0.0)
    };
    Ok(((ticks(11) + ticks(12)) / TICKS, (ticks(13) + ticks(14)) / TICKS))
}

/// All processes named `postgres` but those that were there before the server: the embedded cluster's.
fn database_cpu(server: u32) -> f64 {
    let started = start_time(server);
    let Ok(all) = std::fs::read_dir("/proc") else {
        return 0.0;
    };
    all.filter_map(Result::ok)
        .filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok())
        .filter(|pid| {
            std::fs::read_to_string(format!("/proc/{pid}/comm")).is_ok_and(|name| name.trim() == "postgres")
                && start_time(*pid) >= started
        })
        .filter_map(|pid| cpu(pid).ok())
        .map(|(own, ended)| own + ended)
        .sum()
}

fn start_time(pid: u32) -> u64 {
    std::fs::read_to_string(format!("/proc/{pid}/stat"))
        .ok()
        .and_then(|stat| {
            let (_, rest) = stat.rsplit_once(')')?;
            rest.split_whitespace().nth(19)?.parse().ok()
        })
        .unwrap_or(0)
}

/// Resident memory (MB, 10^6 bytes).
pub fn resident_mb(pid: u32) -> Result<f64> {
    status_kib(pid, "VmRSS:").map(|kib| kib * 1024.0 / 1e6)
}

fn status_kib(pid: u32, key: &str) -> Result<f64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).context("reading a process's memory")?;
    status
        .lines()
        .find_map(|line| line.strip_prefix(key)?.split_whitespace().next()?.parse().ok())
        .context("a process without resident memory")
}

pub struct Resident {
    pub most_mb: f64,
}

/// Looks every 200 ms, for as long.
pub async fn watch(pid: u32, time: Duration) -> Result<Resident> {
    let started = Instant::now();
    let mut most_mb = 0.0_f64;
    while started.elapsed() < time {
        most_mb = most_mb.max(resident_mb(pid)?);
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    Ok(Resident { most_mb })
}
