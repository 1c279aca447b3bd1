//! Where the cluster's files lie.
//!
//! ```text
//! <data dir>/serve.lock, cluster.lock, cluster.users   locks
//! <data dir>/cluster-credentials                       passwords, 0600
//! <data dir>/pg-location                               only when pg/ had to lie elsewhere
//! <data dir>/pg/                                       0700, of PostgreSQL's account
//!     data/  run/ (socket)  log/  start.log
//! ```

use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use crate::account::Account;
use crate::{ClusterError, credentials::Credentials};

const SYSTEM_FOLDER: &str = "/var/lib/wolfsec";
/// A Unix socket's path holds 107 bytes; the socket's own name takes `/.s.PGSQL.5432` and room for `.lock`.
const MAX_SOCKET_DIR: usize = 107 - 20;

#[derive(Debug, Clone)]
pub(crate) struct Layout {
    pub(crate) root: PathBuf,
    pub(crate) pg: PathBuf,
    pub(crate) run: PathBuf,
}

impl Layout {
    /// Settles the places, making the folders that are missing.
    pub(crate) fn prepare(data_dir: &Path, account: &Account) -> Result<Self, ClusterError> {
        let root = open_data_dir(data_dir, account)?;
        let pg = settle_pg(&root, account)?;
        account.create_private_dir(&pg)?;
        let run = settle_run(&root, &pg);
        account.create_private_dir(&run)?;
        Ok(Self { root, pg, run })
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.pg.join("data")
    }

    pub(crate) fn log(&self) -> PathBuf {
        self.pg.join("log")
    }

    pub(crate) fn start_log(&self) -> PathBuf {
        self.pg.join("start.log")
    }

    fn credentials_file(&self) -> PathBuf {
        self.root.join("cluster-credentials")
    }

    /// The passwords of an existing database, or new ones for one that is to be made.
    pub(crate) fn credentials(&self) -> Result<Credentials, ClusterError> {
        let path = self.credentials_file();
        if path.exists() {
            return Credentials::read(&path);
        }
        if self.data().exists() {
            return Err(ClusterError::CredentialsGone {
                path,
                database: self.pg.clone(),
            });
        }
        let fresh = Credentials::generate()?;
        fresh.write(&path)?;
        Ok(fresh)
    }

    /// Deletes database, passwords and socket. The data folder itself stays, for it holds the locks.
    pub(crate) fn delete(&self) -> Result<(), ClusterError> {
        for folder in [&self.run, &self.pg] {
            if folder.exists() {
                fs::remove_dir_all(folder).map_err(ClusterError::io(folder))?;
            }
        }
        if let Some(parent) = self.pg.parent().filter(|parent| parent.starts_with(SYSTEM_FOLDER)) {
            fs::remove_dir(parent).map_err(ClusterError::io(parent))?;
        }
        for file in [self.credentials_file(), self.root.join("pg-location")] {
            if file.exists() {
                fs::remove_file(&file).map_err(ClusterError::io(&file))?;
            }
        }
        Ok(())
    }
}

/// Makes the data folder: nobody else may list it; PostgreSQL's account may pass through it.
pub(crate) fn open_data_dir(data_dir: &Path, account: &Account) -> Result<PathBuf, ClusterError> {
    if !data_dir.exists() {
        fs::create_dir_all(data_dir).map_err(ClusterError::io(data_dir))?;
        let mode = if account.is_other() { 0o711 } else { 0o700 };
        fs::set_permissions(data_dir, fs::Permissions::from_mode(mode)).map_err(ClusterError::io(data_dir))?;
    }
    data_dir.canonicalize().map_err(ClusterError::io(data_dir))
}

fn settle_pg(root: &Path, account: &Account) -> Result<PathBuf, ClusterError> {
    let record = root.join("pg-location");
    if let Ok(recorded) = fs::read_to_string(&record) {
        return Ok(PathBuf::from(recorded.trim_end_matches('\n')));
    }
    let inside = root.join("pg");
    if inside.exists() || account.can_enter(root) {
        return Ok(inside);
    }
    let system = Path::new(SYSTEM_FOLDER);
    let folder = system.join(short_hash(root));
    for folder in [system, &folder] {
        if !folder.exists() {
            fs::create_dir_all(folder).map_err(ClusterError::io(folder))?;
            fs::set_permissions(folder, fs::Permissions::from_mode(0o711)).map_err(ClusterError::io(folder))?;
        }
    }
    let outside = folder.join("pg");
    fs::write(&record, format!("{}\n", outside.display())).map_err(ClusterError::io(&record))?;
    tracing::info!(
        data_dir = %root.display(), folder = %outside.display(),
        "the account `postgres` may not enter the data folder: the database lies in a system folder"
    );
    Ok(outside)
}

fn settle_run(root: &Path, pg: &Path) -> PathBuf {
    let inside = pg.join("run");
    if inside.as_os_str().as_bytes().len() <= MAX_SOCKET_DIR {
        return inside;
    }
    Path::new("/tmp").join(format!("wolfsec-{}", short_hash(root)))
}

/// FNV-1a: names a folder, protects nothing.
fn short_hash(path: &Path) -> String {
    let hash = path
        .as_os_str()
        .as_bytes()
        .iter()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
        });
    format!("{hash:016x}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_path_gets_a_short_socket_folder() {
        let root = PathBuf::from(format!("/srv/{}", "x".repeat(120)));
        let run = settle_run(&root, &root.join("pg"));
        assert!(run.as_os_str().len() <= MAX_SOCKET_DIR);
        assert!(run.starts_with("/tmp"));
        assert_eq!(
            settle_run(Path::new("/srv/data"), Path::new("/srv/data/pg")),
            Path::new("/srv/data/pg/run")
        );
    }
}
