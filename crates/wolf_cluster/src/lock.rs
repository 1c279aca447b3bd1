//! Locks of a data folder. The operating system frees them when their holder dies.
//!
//! `serve.lock` is held by the one server; `cluster.lock` guards starting and stopping; `cluster.users` is shared by all
//! who use the cluster, so that the last one stops it.

use std::fs::{File, OpenOptions, TryLockError};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use crate::account::Account;
use crate::{ClusterError, layout};

/// The right to be the one server of a data folder, until dropped.
#[derive(Debug)]
pub struct ServeLock {
    _file: File,
}

impl ServeLock {
    /// Takes the lock or says that another server holds it. Makes the data folder if it is missing.
    pub fn acquire(data_dir: &Path) -> Result<Self, ClusterError> {
        let root = layout::open_data_dir(data_dir, &Account::detect()?)?;
        let path = root.join("serve.lock");
        let file = open(&path)?;
        match file.try_lock() {
            Ok(()) => Ok(Self { _file: file }),
            Err(TryLockError::WouldBlock) => Err(ClusterError::Locked { data: root }),
            Err(TryLockError::Error(error)) => Err(ClusterError::io(&path)(error)),
        }
    }
}

/// Waits for the right to start or stop the cluster.
pub(crate) fn guard(root: &Path) -> Result<File, ClusterError> {
    let path = root.join("cluster.lock");
    let file = open(&path)?;
    file.lock().map_err(ClusterError::io(&path))?;
    Ok(file)
}

/// One user of the running cluster.
#[derive(Debug)]
pub(crate) struct Usage(File);

impl Usage {
    /// To be called under [`guard`], which is held while anybody looks for others.
    pub(crate) fn join(root: &Path) -> Result<Self, ClusterError> {
        let path = root.join("cluster.users");
        let file = open(&path)?;
        file.lock_shared().map_err(ClusterError::io(&path))?;
        Ok(Self(file))
    }

    /// Whether nobody uses the cluster. To be called under [`guard`].
    pub(crate) fn is_free(root: &Path) -> Result<bool, ClusterError> {
        let path = root.join("cluster.users");
        match open(&path)?.try_lock() {
            Ok(()) => Ok(true),
            Err(TryLockError::WouldBlock) => Ok(false),
            Err(TryLockError::Error(error)) => Err(ClusterError::io(&path)(error)),
        }
    }

    /// Leaves, and says whether nobody else is left. To be called under [`guard`].
    pub(crate) fn leave_was_last(&self) -> bool {
        let last = self.0.unlock().is_ok() && self.0.try_lock().is_ok();
        let _ = self.0.unlock();
        last
    }
}

fn open(path: &Path) -> Result<File, ClusterError> {
    OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(path)
        .map_err(ClusterError::io(path))
}
