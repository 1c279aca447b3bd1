//! A pack as a zip archive. What it says about sizes is not believed: what comes out is counted.

use std::io::{Cursor, Read as _};

use wolfsec::ports::PackError;
use wolfsec::rules::RulePack;
use zip::ZipArchive;
use zip::result::ZipError;

use super::{Gatherer, MAX_ENTRIES, MAX_FILE_BYTES, is_rule_file, too_many_entries};

/// The rule files of an archive. Entries of other kinds are not unpacked.
pub(super) fn unpack(name: String, archive: &[u8]) -> Result<RulePack, PackError> {
    let broken =
        |error: &dyn std::fmt::Display| PackError::Unreadable(format!("the zip archive cannot be read: {error}"));
    let mut archive = ZipArchive::new(Cursor::new(archive)).map_err(|error| broken(&error))?;
    if archive.len() > MAX_ENTRIES {
        return Err(too_many_entries());
    }
    let mut gatherer = Gatherer::default();
    gatherer.pack.name = name;
    for index in 0..archive.len() {
        let name = match archive.name_for_index(index) {
            Some(Ok(name)) => name.into_owned(),
            Some(Err(error)) => return Err(broken(&error)),
            None => continue,
        };
        let mut entry = match archive.by_index(index) {
            Ok(entry) => entry,
            Err(error @ (ZipError::UnsupportedArchive(_) | ZipError::InvalidPassword)) => {
                if is_rule_file(&name) {
                    gatherer.refuse(shown(&name), format!("cannot be unpacked: {error}"));
                }
                continue;
            }
            Err(error) => return Err(broken(&error)),
        };
        if entry.is_dir() || !is_rule_file(&name) {
            continue;
        }
        if let Some(reason) = strange_name(&name) {
            gatherer.refuse(shown(&name), reason);
            continue;
        }
        if entry.is_symlink() {
            gatherer.refuse(name, "is a symbolic link");
            continue;
        }
        let mut bytes = Vec::new();
        // One more than allowed: the gatherer then says that it is too much.
        entry
            .by_ref()
            .take(MAX_FILE_BYTES as u64 + 1)
            .read_to_end(&mut bytes)
            .map_err(|error| broken(&format!("{name}: {error}")))?;
        gatherer.take(name, bytes)?;
    }
    gatherer.finish()
}

/// Nothing is written below such a name, but it would stand on screen as where the rule comes from.
fn strange_name(name: &str) -> Option<&'static str> {
    if name.starts_with('/') || name.contains('\\') || name.get(1..2) == Some(":") {
        Some("its path is absolute or not a portable one")
    } else if name.split('/').any(|part| part == "..") {
        Some("its path leads out of the archive")
    } else if name.chars().any(char::is_control) {
        Some("its path holds control characters")
    } else {
        None
    }
}

/// A strange name as it can be shown.
fn shown(name: &str) -> String {
    name.chars()
        .map(|c| if c.is_control() { '\u{fffd}' } else { c })
        .take(500)
        .collect()
}
