//! The host that the server runs on, read from the operating system.

use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use sysinfo::{Disks, System};
use tokio::sync::Mutex;
use wolfsec::ports::{HostMetrics, HostReading};

/// Reads processor, memory, the data folder's file system and uptime.
pub struct SystemHost {
    state: Arc<Mutex<State>>,
}

struct State {
    /// Absent where this system cannot be read.
    system: Option<System>,
    disks: Option<Disks>,
    data_dir: PathBuf,
    /// The processor's use is a difference: the first reading has none.
    read_before: bool,
}

impl SystemHost {
    pub fn new(data_dir: PathBuf) -> Self {
        let state = State {
            system: known("processor and memory", System::new()),
            disks: known("disks", Disks::new_with_refreshed_list()),
            data_dir,
            read_before: false,
        };
        Self {
            state: Arc::new(Mutex::new(state)),
        }
    }
}

/// What the system cannot say is left out of every report; the log says so once.
fn known<T>(what: &str, read: Result<T, sysinfo::Error>) -> Option<T> {
    read.inspect_err(|error| tracing::warn!(%error, what, "this host cannot be measured"))
        .ok()
}

#[async_trait]
impl HostMetrics for SystemHost {
    async fn read(&self) -> HostReading {
        let mut state = Arc::clone(&self.state).lock_owned().await;
        // Reads files of the system: belongs on a blocking thread.
        tokio::task::spawn_blocking(move || state.read())
            .await
            .unwrap_or_default()
    }
}

impl State {
    fn read(&mut self) -> HostReading {
        let mut reading = HostReading {
            disk_percent: self.disk_percent(),
            uptime_s: System::uptime().ok().map(whole),
            ..HostReading::default()
        };
        if let Some(system) = &mut self.system {
            system.refresh_cpu_usage();
            system.refresh_memory();
            let cpu = f64::from(system.global_cpu_usage());
            reading.cpu_percent = (self.read_before && cpu.is_finite()).then_some(cpu.clamp(0.0, 100.0));
            reading.memory_bytes = (system.total_memory() > 0).then(|| whole(system.used_memory()));
            self.read_before = true;
        }
        reading
    }

    /// The file system with the longest mount point above the data folder. What it keeps back for its owner is in use as well:
    /// the server cannot write there.
    fn disk_percent(&mut self) -> Option<f64> {
        let disks = self.disks.as_mut()?;
        disks.refresh(true);
        let folder = std::fs::canonicalize(&self.data_dir).ok()?;
        let holding = disks.iter().filter(|disk| folder.starts_with(disk.mount_point()));
        let disk = holding.max_by_key(|disk| disk.mount_point().components().count())?;
        let total = disk.total_space();
        let used = total.saturating_sub(disk.available_space());
        (total > 0).then(|| (used as f64 / total as f64 * 100.0).clamp(0.0, 100.0))
    }
}

fn whole(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn this_host_is_measured_within_its_ranges() {
        let host = SystemHost::new(std::env::temp_dir());
        assert_eq!(
            host.read().await.cpu_percent,
            None,
            "there is nothing to compare the first reading with"
        );
        let reading = host.read().await;
        let percents = [reading.cpu_percent, reading.disk_percent].into_iter().flatten();
        assert!(
            percents.into_iter().all(|percent| (0.0..=100.0).contains(&percent)),
            "{reading:?}"
        );
        assert!(reading.memory_bytes.is_some_and(|bytes| bytes > 0), "{reading:?}");
        assert!(reading.uptime_s.is_some_and(|seconds| seconds > 0), "{reading:?}");
    }
}
