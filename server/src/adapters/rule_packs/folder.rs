//! A pack as a folder. Symbolic links are not followed: they may lead out of it.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use wolfsec::ports::PackError;
use wolfsec::rules::RulePack;

use super::{Gatherer, MAX_ENTRIES, MAX_FILE_BYTES, is_rule_file, pack_name, too_many_entries};

/// The rule files below a folder, by path. Hidden folders (`.git`) are left out. Blocks: belongs on a blocking thread.
pub fn read_folder(folder: &Path) -> Result<RulePack, PackError> {
    let unreadable =
        |path: &Path, error: &std::io::Error| PackError::Unreadable(format!("{}: {error}", path.display()));
    let root = folder.canonicalize().map_err(|error| unreadable(folder, &error))?;
    let mut gatherer = Gatherer::default();
    gatherer.pack.name = pack_name(&root);
    let mut open = vec![root.clone()];
    let mut files = Vec::new();
    let mut entries = 0;
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(&folder).map_err(|error| unreadable(&folder, &error))? {
            let entry = entry.map_err(|error| unreadable(&folder, &error))?;
            entries += 1;
            if entries > MAX_ENTRIES {
                return Err(too_many_entries());
            }
            // Of the entry itself, not of what it may point to.
            let kind = entry.file_type().map_err(|error| unreadable(&entry.path(), &error))?;
            let hidden = entry.file_name().as_encoded_bytes().starts_with(b".");
            if kind.is_dir() && !hidden {
                open.push(entry.path());
            } else if !kind.is_dir() && is_rule_file(&entry.file_name().to_string_lossy()) {
                files.push((entry.path(), kind.is_file()));
            }
        }
    }
    files.sort();
    for (path, is_file) in files {
        let name = path.strip_prefix(&root).unwrap_or(&path).to_string_lossy().into_owned();
        if !is_file {
            gatherer.refuse(name, "is a symbolic link or no regular file");
            continue;
        }
        let mut bytes = Vec::new();
        let read = File::open(&path).and_then(|file| file.take(MAX_FILE_BYTES as u64 + 1).read_to_end(&mut bytes));
        match read {
            Ok(_) => gatherer.take(name, bytes)?,
            Err(error) => gatherer.refuse(name, format!("cannot be read: {error}")),
        }
    }
    gatherer.finish()
}
