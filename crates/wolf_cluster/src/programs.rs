//! Where PostgreSQL's server programs are.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::ClusterError;

/// The oldest PostgreSQL that is accepted.
pub(crate) const MIN_MAJOR: u32 = 14;

/// One installation: the three programs come from the same folder and are of the same version.
#[derive(Debug, Clone)]
pub(crate) struct Programs {
    pub(crate) initdb: PathBuf,
    pub(crate) postgres: PathBuf,
    pub(crate) pg_ctl: PathBuf,
    pub(crate) major: u32,
}

impl Programs {
    /// The installation that can run `data`: of the version that made it, or, for a folder yet to be made, the first
    /// on PATH, then the newest of the system.
    pub(crate) fn find(data: &Path) -> Result<Self, ClusterError> {
        let wanted = data_version(data);
        let mut found = BTreeSet::new();
        for folder in candidates() {
            let Some(programs) = Self::in_folder(&folder) else {
                continue;
            };
            if programs.major >= MIN_MAJOR && wanted.is_none_or(|major| major == programs.major) {
                return Ok(programs);
            }
            found.insert(programs.major);
        }
        match wanted {
            Some(wanted) if !found.is_empty() => Err(ClusterError::WrongVersion {
                data: data.to_path_buf(),
                wanted,
                found: found.iter().map(u32::to_string).collect::<Vec<_>>().join(", "),
            }),
            _ => Err(ClusterError::ProgramsMissing),
        }
    }

    fn in_folder(folder: &Path) -> Option<Self> {
        let [initdb, postgres, pg_ctl] = ["initdb", "postgres", "pg_ctl"].map(|name| folder.join(name));
        if ![&initdb, &postgres, &pg_ctl].into_iter().all(|path| path.is_file()) {
            return None;
        }
        let output = Command::new(&postgres).arg("--version").output().ok()?;
        let major = parse_major(&String::from_utf8_lossy(&output.stdout))?;
        Some(Self {
            initdb,
            postgres,
            pg_ctl,
            major,
        })
    }
}

/// Whether a usable PostgreSQL is installed at all (for set-up tasks, which install it if not).
pub fn programs_installed() -> bool {
    Programs::find(Path::new("/nonexistent")).is_ok()
}

fn candidates() -> Vec<PathBuf> {
    let mut folders: Vec<PathBuf> = std::env::var_os("PATH")
        .map(|path| {
            std::env::split_paths(&path)
                .filter(|folder| folder.join("initdb").is_file())
                .collect()
        })
        .unwrap_or_default();
    let mut installed = Vec::new();
    for (parent, prefix, suffix) in [
        ("/usr/lib/postgresql", "", "bin"),
        ("/usr", "pgsql-", "bin"),
        ("/usr/lib", "postgresql", "bin"),
        ("/opt/homebrew/opt", "postgresql@", "bin"),
        ("/usr/local/opt", "postgresql@", "bin"),
    ] {
        let Ok(entries) = std::fs::read_dir(parent) else {
            continue;
        };
        for entry in entries.flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            let version = name.strip_prefix(prefix).and_then(|rest| rest.parse::<u32>().ok());
            if let Some(version) = version {
                installed.push((version, entry.path().join(suffix)));
            }
        }
    }
    installed.sort_by_key(|(version, _)| std::cmp::Reverse(*version));
    folders.extend(installed.into_iter().map(|(_, folder)| folder));
    folders
}

fn data_version(data: &Path) -> Option<u32> {
    std::fs::read_to_string(data.join("PG_VERSION"))
        .ok()?
        .trim()
        .parse()
        .ok()
}

/// `postgres (PostgreSQL) 15.14 (Debian 15.14-0+deb12u1)` is 15, `17beta1` is 17.
fn parse_major(version: &str) -> Option<u32> {
    let number = version.split_whitespace().nth(2)?;
    number
        .chars()
        .take_while(char::is_ascii_digit)
        .collect::<String>()
        .parse()
        .ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_major_version() {
        assert_eq!(
            parse_major("postgres (PostgreSQL) 15.14 (Debian 15.14-0+deb12u1)\n"),
            Some(15)
        );
        assert_eq!(parse_major("postgres (PostgreSQL) 17beta1"), Some(17));
        assert_eq!(parse_major("postgres"), None);
    }
}
