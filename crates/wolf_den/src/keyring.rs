//! Keys that are kept outside the store, in files that only the server's user may read.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use crate::chain::ChainKey;
use crate::hex;
use crate::random::{self, RandomError};

/// Name of the audit chain's key in the directory: 64 hexadecimal digits and a line feed.
pub const AUDIT_KEY_FILE: &str = "audit.key";

/// Mode of a new directory.
const DIR_MODE: u32 = 0o700;
/// Mode of a new key file.
const FILE_MODE: u32 = 0o600;
/// Any right of group or others.
const OTHERS: u32 = 0o077;
/// Right of group or others to put another file in a key's place.
const OTHERS_WRITE: u32 = 0o022;
/// A key file has 65 bytes; more than this is not read.
const MAX_FILE_BYTES: usize = 128;

/// Why the keys cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum KeyRingError {
    /// The file system said no.
    #[error("cannot {action} {}", path.display())]
    Io {
        /// What was tried, such as `read`.
        action: &'static str,
        /// On which file or directory.
        path: PathBuf,
        /// What it answered.
        #[source]
        source: io::Error,
    },
    /// Other users may read or write the key file.
    #[error("the key file {path} is open to other users (mode {mode:04o}). To fix: chmod 600 '{path}'", path = path.display())]
    ExposedFile {
        /// The key file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// Other users may replace files in the key directory.
    #[error("other users may write in the key directory {path} (mode {mode:04o}). To fix: chmod 700 '{path}'", path = path.display())]
    ExposedDir {
        /// The key directory.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// The key file is cut or was edited.
    #[error("the key file {} does not hold 64 hexadecimal digits. To fix: restore it from a backup", path.display())]
    Malformed {
        /// The key file.
        path: PathBuf,
    },
    /// No key could be made.
    #[error(transparent)]
    Random(#[from] RandomError),
}

/// The server's keys.
#[derive(Debug, Clone)]
pub struct KeyRing {
    audit: ChainKey,
    created: bool,
}

impl KeyRing {
    /// Reads the keys in `dir`, first making the directory (mode 0700) and a random key (mode 0600) where there are
    /// none. Of processes that start at once, all get the same key.
    ///
    /// # Errors
    /// [`KeyRingError`]; a key file open to others is refused, never repaired: someone may have read it.
    pub fn load_or_create(dir: &Path) -> Result<Self, KeyRingError> {
        DirBuilder::new()
            .recursive(true)
            .mode(DIR_MODE)
            .create(dir)
            .map_err(at("create", dir))?;
        check_dir(dir)?;
        let path = dir.join(AUDIT_KEY_FILE);
        let created = !path.try_exists().map_err(at("look for", &path))? && create(dir, &path)?;
        let audit = read(&path)?;
        Ok(Self { audit, created })
    }

    /// Reads the keys in `dir` and makes none: for commands that only check.
    ///
    /// # Errors
    /// [`KeyRingError`], with [`KeyRingError::Io`] of kind `NotFound` when there is no key.
    pub fn load(dir: &Path) -> Result<Self, KeyRingError> {
        check_dir(dir)?;
        let audit = read(&dir.join(AUDIT_KEY_FILE))?;
        Ok(Self { audit, created: false })
    }

    /// Key of the audit chain.
    pub fn audit_key(&self) -> &ChainKey {
        &self.audit
    }

    /// Whether this call made the key. With records in the chain already, that means that the key was lost.
    pub fn created(&self) -> bool {
        self.created
    }
}

fn at(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> KeyRingError {
    let path = path.to_owned();
    move |source| KeyRingError::Io { action, path, source }
}

fn check_dir(dir: &Path) -> Result<(), KeyRingError> {
    let mode = fs::metadata(dir).map_err(at("look at", dir))?.permissions().mode() & 0o7777;
    if mode & OTHERS_WRITE != 0 {
        let path = dir.to_owned();
        return Err(KeyRingError::ExposedDir { path, mode });
    }
    Ok(())
}

/// Reads a key from a file after checking, on the open file, that it is closed to others.
fn read(path: &Path) -> Result<ChainKey, KeyRingError> {
    let file = File::open(path).map_err(at("read", path))?;
    let mode = file.metadata().map_err(at("look at", path))?.permissions().mode() & 0o7777;
    if mode & OTHERS != 0 {
        let path = path.to_owned();
        return Err(KeyRingError::ExposedFile { path, mode });
    }
    // Room for all of it: growing would leave a copy behind that is not wiped.
    let mut text = Zeroizing::new(Vec::with_capacity(MAX_FILE_BYTES * 2));
    file.take(MAX_FILE_BYTES as u64)
        .read_to_end(&mut text)
        .map_err(at("read", path))?;
    hex::decode(text.trim_ascii_end())
        .map(ChainKey::from_bytes)
        .ok_or_else(|| KeyRingError::Malformed { path: path.to_owned() })
}

/// Puts a new random key at `path` unless another process was first; says whether it was this one's.
///
/// The key is complete on disk under another name before it appears at `path` by a hard link, which fails when there
/// is a file already. So nobody reads half a key, and nobody's key is overwritten.
fn create(dir: &Path, path: &Path) -> Result<bool, KeyRingError> {
    let mut tag = [0; 8];
    random::fill(&mut tag)?;
    let temporary = dir.join(format!(".{AUDIT_KEY_FILE}.{:016x}", u64::from_be_bytes(tag)));
    let linked = write_new(&temporary).and_then(|()| match fs::hard_link(&temporary, path) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
        Err(source) => Err(at("create", path)(source)),
    });
    let removed = fs::remove_file(&temporary);
    let linked = linked?;
    removed.map_err(at("remove", &temporary))?;
    File::open(dir)
        .and_then(|dir| dir.sync_all())
        .map_err(at("flush", dir))?;
    Ok(linked)
}

fn write_new(path: &Path) -> Result<(), KeyRingError> {
    let mut key = Zeroizing::new([0; 32]);
    random::fill(key.as_mut_slice())?;
    let text = hex::encode(&key);
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(FILE_MODE)
        .open(path)
        .and_then(|mut file| {
            file.write_all(text.as_slice())?;
            file.write_all(b"\n")?;
            file.sync_all()
        })
        .map_err(at("write", path))
}

#[cfg(test)]
mod tests;
