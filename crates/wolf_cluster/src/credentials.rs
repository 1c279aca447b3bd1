//! The passwords of the cluster's three roles: random, kept in one file that only the server's account may read.

use std::fs::{self, File, OpenOptions};
use std::io::{Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use crate::{ClusterError, account::with_suffix};

pub(crate) const SUPERUSER: &str = "wolfsec_super";
pub(crate) const OWNER: &str = "wolfsec_owner";
pub(crate) const APP: &str = "wolfsec_app";

#[derive(Clone)]
pub(crate) struct Credentials {
    pub(crate) superuser: String,
    pub(crate) owner: String,
    pub(crate) app: String,
}

impl std::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Credentials(hidden)")
    }
}

impl Credentials {
    pub(crate) fn generate() -> Result<Self, ClusterError> {
        Ok(Self {
            superuser: random_password()?,
            owner: random_password()?,
            app: random_password()?,
        })
    }

    pub(crate) fn read(path: &Path) -> Result<Self, ClusterError> {
        let broken = |reason: String| ClusterError::Credentials {
            path: path.to_path_buf(),
            reason,
        };
        let text = fs::read_to_string(path).map_err(|error| broken(error.to_string()))?;
        let value = |role: &str| {
            text.lines()
                .filter_map(|line| line.split_once('='))
                .find(|(name, _)| *name == role)
                .map(|(_, password)| password.to_owned())
                .ok_or_else(|| broken(format!("no line for {role}")))
        };
        Ok(Self {
            superuser: value(SUPERUSER)?,
            owner: value(OWNER)?,
            app: value(APP)?,
        })
    }

    pub(crate) fn write(&self, path: &Path) -> Result<(), ClusterError> {
        let fresh = with_suffix(path, ".new");
        let write = || {
            let mut file = OpenOptions::new()
                .write(true)
                .create(true)
                .truncate(true)
                .mode(0o600)
                .open(&fresh)?;
            writeln!(
                file,
                "{SUPERUSER}={}\n{OWNER}={}\n{APP}={}",
                self.superuser, self.owner, self.app
            )?;
            file.sync_all()?;
            fs::rename(&fresh, path)
        };
        write().map_err(ClusterError::io(path))
    }
}

/// 256 bits from the operating system, in hexadecimal: safe in SQL, in a URL and in a file.
fn random_password() -> Result<String, ClusterError> {
    let source = Path::new("/dev/urandom");
    let mut bytes = [0_u8; 32];
    File::open(source)
        .and_then(|mut file| file.read_exact(&mut bytes))
        .map_err(ClusterError::io(source))?;
    let mut password = String::with_capacity(64);
    for half in bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]) {
        password.extend(char::from_digit(half.into(), 16));
    }
    Ok(password)
}
