//! A private PostgreSQL cluster in a data folder.
//!
//! The server runs on it when it is given no database of its own, its commands use it beside the running server or
//! start it for the call, and the tests run on a throw-away one. It listens on a Unix socket only, in a folder of its
//! account, asks for a password (scram-sha-256), and knows two roles: `wolfsec_owner`, who owns the database and runs
//! the migrations, and `wolfsec_app`, who may only what the migrations grant. All calls block.
//!
//! ```no_run
//! # fn main() -> Result<(), wolf_cluster::ClusterError> {
//! use wolf_cluster::{Cluster, ClusterOptions};
//!
//! let cluster = Cluster::start(&ClusterOptions::new("data"))?;
//! let migrations = cluster.owner_url();
//! let application = cluster.app_url();
//! cluster.stop()?;
//! # Ok(()) }
//! ```

mod account;
mod control;
mod credentials;
mod error;
mod layout;
mod lock;
mod programs;
mod setup;

use std::path::{Path, PathBuf};
use std::time::Duration;

pub use error::ClusterError;
pub use lock::ServeLock;
pub use programs::programs_installed;

use account::Account;
use credentials::{APP, Credentials, OWNER, SUPERUSER};
use layout::Layout;
use lock::Usage;
use programs::Programs;

/// The name of the database.
pub const DATABASE: &str = "wolfsec";

#[derive(Debug, Clone)]
pub struct ClusterOptions {
    pub data_dir: PathBuf,
    /// False for tests only: what was committed may be lost when the machine dies.
    pub durable: bool,
    /// How long a start may take, crash recovery included.
    pub start_timeout: Duration,
}

impl ClusterOptions {
    pub fn new(data_dir: impl Into<PathBuf>) -> Self {
        Self {
            data_dir: data_dir.into(),
            durable: true,
            start_timeout: Duration::from_mins(2),
        }
    }

    /// A cluster for tests: fast, and not to be trusted with data.
    pub fn throw_away(data_dir: impl Into<PathBuf>) -> Self {
        Self {
            durable: false,
            ..Self::new(data_dir)
        }
    }
}

/// A running cluster. Its last user stops it: by [`stop`](Self::stop), or when dropped.
#[derive(Debug)]
pub struct Cluster {
    programs: Programs,
    account: Account,
    layout: Layout,
    credentials: Credentials,
    usage: Option<Usage>,
    serve_lock: Option<ServeLock>,
}

impl Cluster {
    /// For the server: locks the data folder against a second server, makes the database if it is missing, and starts it,
    /// or adopts the one that a killed server left running.
    pub fn start(options: &ClusterOptions) -> Result<Self, ClusterError> {
        let lock = ServeLock::acquire(&options.data_dir)?;
        let mut cluster = Self::attach_or_start(options)?;
        cluster.serve_lock = Some(lock);
        Ok(cluster)
    }

    /// For commands and tests: uses the cluster that runs already and leaves it running, or starts it for the call.
    pub fn attach_or_start(options: &ClusterOptions) -> Result<Self, ClusterError> {
        let account = Account::detect()?;
        let layout = Layout::prepare(&options.data_dir, &account)?;
        let programs = Programs::find(&layout.data())?;
        let _guard = lock::guard(&layout.root)?;
        let credentials = layout.credentials()?;
        setup::initialise(&programs, &account, &layout, &credentials, options)?;
        control::ensure_running(&programs, &account, &layout, options, control::Holder::Newcomer)?;
        let usage = Some(Usage::join(&layout.root)?);
        Ok(Self {
            programs,
            account,
            layout,
            credentials,
            usage,
            serve_lock: None,
        })
    }

    /// For the process that holds the folder as its server: starts the cluster again when its postmaster is gone. Says
    /// whether it was running after all.
    pub fn revive(options: &ClusterOptions) -> Result<bool, ClusterError> {
        let account = Account::detect()?;
        let layout = Layout::prepare(&options.data_dir, &account)?;
        let programs = Programs::find(&layout.data())?;
        let _guard = lock::guard(&layout.root)?;
        control::ensure_running(&programs, &account, &layout, options, control::Holder::Server)
    }

    /// The URL of the role that owns the database and runs its migrations.
    pub fn owner_url(&self) -> String {
        self.url(OWNER, &self.credentials.owner, DATABASE)
    }

    /// The URL of the role that the application works as.
    pub fn app_url(&self) -> String {
        self.url(APP, &self.credentials.app, DATABASE)
    }

    /// The URL of the superuser, for tests that make databases. Nothing in the product connects with it.
    pub fn superuser_url(&self) -> String {
        self.url(SUPERUSER, &self.credentials.superuser, "postgres")
    }

    /// The folder of the Unix socket.
    pub fn socket_dir(&self) -> &Path {
        &self.layout.run
    }

    /// Stops the cluster and waits until it is down, unless somebody else still uses it. Says whether it was stopped.
    pub fn stop(mut self) -> Result<bool, ClusterError> {
        self.leave(false)
    }

    /// Stops the cluster and deletes it with all its data, unless somebody else still uses it. For tests.
    pub fn destroy(mut self) -> Result<bool, ClusterError> {
        self.leave(true)
    }

    fn leave(&mut self, delete: bool) -> Result<bool, ClusterError> {
        let Some(usage) = self.usage.take() else {
            return Ok(false);
        };
        let _guard = lock::guard(&self.layout.root)?;
        if !usage.leave_was_last() {
            return Ok(false);
        }
        control::stop(&self.programs, &self.account, &self.layout)?;
        if delete {
            self.layout.delete()?;
        }
        Ok(true)
    }

    fn url(&self, role: &str, password: &str, database: &str) -> String {
        // The host is a stand-in, for a URL with a password needs one: the parameter wins.
        format!(
            "postgres://{role}:{password}@localhost:5432/{database}?host={}",
            encode(&self.layout.run)
        )
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        if let Err(error) = self.leave(false) {
            tracing::error!(%error, "the database was not stopped");
        }
    }
}

fn encode(path: &Path) -> String {
    use std::fmt::Write as _;
    use std::os::unix::ffi::OsStrExt as _;

    path.as_os_str()
        .as_bytes()
        .iter()
        .fold(String::new(), |mut text, byte| {
            if byte.is_ascii_alphanumeric() || b"/-_.~".contains(byte) {
                text.push(char::from(*byte));
            } else {
                let _ = write!(text, "%{byte:02X}");
            }
            text
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_encoded_for_a_query() {
        assert_eq!(
            encode(Path::new("/srv/wolf sec/ä&b/run")),
            "/srv/wolf%20sec/%C3%A4%26b/run"
        );
    }
}
