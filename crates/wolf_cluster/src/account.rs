//! The operating system account that PostgreSQL runs as: our own, or `postgres` when we are root.

use std::ffi::OsStr;
use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _, chown, fchown};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use crate::ClusterError;

const NAME: &str = "postgres";

#[derive(Debug, Clone)]
pub(crate) struct Account {
    pub(crate) uid: u32,
    pub(crate) gid: u32,
    /// The program and its leading arguments that change to the account; none when it is our own.
    change: Option<Vec<String>>,
}

impl Account {
    pub(crate) fn detect() -> Result<Self, ClusterError> {
        let uid = id(&["-u"]).ok_or(ClusterError::NoAccount)?;
        let gid = id(&["-g"]).ok_or(ClusterError::NoAccount)?;
        if uid != 0 {
            return Ok(Self { uid, gid, change: None });
        }
        let uid = id(&["-u", NAME]).ok_or(ClusterError::NoAccount)?;
        let gid = id(&["-g", NAME]).ok_or(ClusterError::NoAccount)?;
        let change: Vec<String> = if let Some(runuser) = on_path("runuser") {
            vec![runuser, "-u".into(), NAME.into(), "--".into()]
        } else if let Some(setpriv) = on_path("setpriv") {
            vec![
                setpriv,
                format!("--reuid={uid}"),
                format!("--regid={gid}"),
                "--init-groups".into(),
                "--".into(),
            ]
        } else {
            return Err(ClusterError::NoRunuser);
        };
        Ok(Self {
            uid,
            gid,
            change: Some(change),
        })
    }

    /// Whether PostgreSQL runs as somebody else than this process.
    pub(crate) fn is_other(&self) -> bool {
        self.change.is_some()
    }

    /// A command run as the account: away from the terminal's process group (Ctrl-C is for the server, which stops the
    /// database last), in a folder that every account may enter, without this process's PG* settings.
    pub(crate) fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = match self.change.as_deref() {
            Some([change, arguments @ ..]) => {
                let mut command = Command::new(change);
                command.args(arguments).arg(program);
                command
            }
            _ => Command::new(program),
        };
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("PG") {
                command.env_remove(name);
            }
        }
        command
            .env("LC_MESSAGES", "C")
            .env_remove("LC_ALL")
            .current_dir("/")
            .stdin(Stdio::null())
            .process_group(0);
        command
    }

    /// Whether the account can enter the folder, through all of its parents.
    pub(crate) fn can_enter(&self, folder: &Path) -> bool {
        !self.is_other()
            || self
                .command("test")
                .arg("-x")
                .arg(folder)
                .status()
                .is_ok_and(|status| status.success())
    }

    /// Makes a folder that only the account may read, if it is not there.
    pub(crate) fn create_private_dir(&self, folder: &Path) -> Result<(), ClusterError> {
        match fs::create_dir(folder) {
            Ok(()) => {
                fs::set_permissions(folder, fs::Permissions::from_mode(0o700)).map_err(ClusterError::io(folder))?;
                if self.is_other() {
                    chown(folder, Some(self.uid), Some(self.gid)).map_err(ClusterError::io(folder))?;
                }
                Ok(())
            }
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
                let found = fs::symlink_metadata(folder).map_err(ClusterError::io(folder))?;
                if found.uid() == self.uid && found.is_dir() {
                    Ok(())
                } else {
                    Err(ClusterError::WrongOwner {
                        data: folder.to_path_buf(),
                        owner: found.uid(),
                        wanted: self.uid,
                    })
                }
            }
            Err(error) => Err(ClusterError::io(folder)(error)),
        }
    }

    /// Writes a file of the account, readable by it alone, in one step. Never through a link that lies there.
    pub(crate) fn write_file(&self, path: &Path, text: &str) -> Result<(), ClusterError> {
        let fresh = with_suffix(path, ".new");
        match fs::remove_file(&fresh) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(ClusterError::io(&fresh)(error)),
            _ => {}
        }
        let write = || {
            let mut file = OpenOptions::new()
                .write(true)
                .create_new(true)
                .mode(0o600)
                .open(&fresh)?;
            if self.is_other() {
                fchown(&file, Some(self.uid), Some(self.gid))?;
            }
            file.write_all(text.as_bytes())?;
            file.sync_all()?;
            fs::rename(&fresh, path)
        };
        write().map_err(ClusterError::io(path))
    }
}

/// Runs a prepared command and turns a failure into an error that carries what it said.
pub(crate) fn run(action: &'static str, command: &mut Command) -> Result<Output, ClusterError> {
    let output = command
        .output()
        .map_err(ClusterError::io(Path::new(command.get_program())))?;
    if output.status.success() {
        return Ok(output);
    }
    let said = format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    Err(ClusterError::Command {
        action,
        status: output.status.to_string(),
        output: said.trim().to_owned(),
    })
}

pub(crate) fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

fn id(arguments: &[&str]) -> Option<u32> {
    let output = Command::new("id").args(arguments).stderr(Stdio::null()).output().ok()?;
    String::from_utf8(output.stdout).ok()?.trim().parse().ok()
}

fn on_path(program: &str) -> Option<String> {
    let path = std::env::var_os("PATH")?;
    let system = ["/usr/sbin", "/sbin"].map(PathBuf::from);
    std::env::split_paths(&path)
        .chain(system)
        .map(|folder| folder.join(program))
        .find(|candidate| candidate.is_file())
        .map(|found| found.to_string_lossy().into_owned())
}
