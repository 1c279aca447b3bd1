use std::io;
use std::path::{Path, PathBuf};

/// Why the private cluster could not be had. Every text says what to do about it.
#[derive(Debug, thiserror::Error)]
pub enum ClusterError {
    #[error(
        "PostgreSQL's server programs (initdb, postgres, pg_ctl) were not found on PATH or in /usr/lib/postgresql. \
         Install PostgreSQL {min} or newer (Debian and Ubuntu: `apt-get install postgresql`; Fedora: `dnf install \
         postgresql-server`; macOS: `brew install postgresql@17`), or set DATABASE_URL to use a database of your own",
        min = crate::programs::MIN_MAJOR
    )]
    ProgramsMissing,

    #[error(
        "the database in {data} was made by PostgreSQL {wanted}, but only version {found} is installed. Install \
         PostgreSQL {wanted} again (Debian and Ubuntu: `apt-get install postgresql-{wanted}`), or move the data with \
         pg_upgrade"
    )]
    WrongVersion { data: PathBuf, wanted: u32, found: String },

    #[error(
        "PostgreSQL refuses to run as root and this system has no `postgres` account to run it as. Create it \
         (`useradd --system postgres`), or start Wolfsec as an ordinary user"
    )]
    NoAccount,

    #[error(
        "PostgreSQL refuses to run as root and neither `runuser` nor `setpriv` is installed to change to the `postgres` \
         account. Install util-linux, or start Wolfsec as an ordinary user"
    )]
    NoRunuser,

    #[error(
        "another Wolfsec server is using the data folder {data}. Stop it first, or give this one a folder of its own \
         with --data-dir"
    )]
    Locked { data: PathBuf },

    #[error(
        "the database in {data} belongs to user id {owner}, but PostgreSQL would run as user id {wanted}. Start \
         Wolfsec as the user who made it, or change the owner of that folder"
    )]
    WrongOwner { data: PathBuf, owner: u32, wanted: u32 },

    #[error(
        "another process uses the database in {data}, but its PostgreSQL is not to be seen from here: it runs in another \
         container, or it died. Run this command there, or stop that process first"
    )]
    OutOfSight { data: PathBuf },

    #[error(
        "a database of this data folder is still in {database}, but its passwords in {path} are gone, as when the data \
         folder was removed. Put that file back; or, to start anew without what is stored there, remove {database} too"
    )]
    CredentialsGone { path: PathBuf, database: PathBuf },

    #[error("the cluster's passwords in {path} cannot be read: {reason}")]
    Credentials { path: PathBuf, reason: String },

    #[error("{action} failed ({status}): {output}")]
    Command {
        action: &'static str,
        status: String,
        output: String,
    },

    #[error("PostgreSQL in {data} did not become ready within {seconds} s. Its log: {log}")]
    NotReady { data: PathBuf, seconds: u64, log: String },

    #[error("{path}: {source}")]
    Io { path: PathBuf, source: io::Error },
}

impl ClusterError {
    pub(crate) fn io(path: &Path) -> impl FnOnce(io::Error) -> Self + use<> {
        let path = path.to_path_buf();
        move |source| Self::Io { path, source }
    }
}
