//! The folder that is installed from.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use crate::paths::Paths;
use crate::server::{self, Profile};
use crate::step::{Steps, note};

/// What lies beside the server, with its place in the workspace.
const BESIDE: [&str; 5] = [
    "packaging/INSTALL.md",
    "packaging/wolfsec.service",
    "packaging/Containerfile",
    "LICENSE-MIT",
    "LICENSE-APACHE",
];

pub fn make(steps: &mut Steps, paths: &Paths, out: Option<PathBuf>) -> Result<()> {
    let out = out.unwrap_or_else(|| paths.target.join("dist"));
    server::build(steps, paths, Profile::Release)?;
    let size = steps.run("put it together", || put_together(paths, &out))?;
    steps.summary();
    note(&format!(
        "{}: wolf_server of {:.1} MB",
        out.display(),
        size as f64 / 1_000_000.0
    ));
    Ok(())
}

fn put_together(paths: &Paths, out: &Path) -> Result<u64> {
    fs::create_dir_all(out).with_context(|| format!("making {}", out.display()))?;
    let copy = |from: &Path| -> Result<u64> {
        let name = from.file_name().context("a file has a name")?;
        fs::copy(from, out.join(name)).with_context(|| format!("copying {}", from.display()))
    };
    for file in BESIDE {
        copy(&paths.root.join(file))?;
    }
    let server = server::binary(paths, Profile::Release);
    let size = copy(&server)?;
    if let Some(version) = newest_glibc(&fs::read(&server)?) {
        note(&format!("runs with glibc {version} or newer"));
    }
    Ok(size)
}

/// The newest version of the C library that the program asks for.
fn newest_glibc(program: &[u8]) -> Option<String> {
    const MARK: &[u8] = b"GLIBC_2.";
    let minors = program
        .windows(MARK.len() + 3)
        .filter(|window| window.starts_with(MARK))
        .filter_map(|window| {
            let digits: Vec<u8> = window[MARK.len()..]
                .iter()
                .copied()
                .take_while(u8::is_ascii_digit)
                .collect();
            String::from_utf8(digits).ok()?.parse::<u32>().ok()
        });
    minors.max().map(|minor| format!("2.{minor}"))
}

#[cfg(test)]
mod tests {
    use super::newest_glibc;

    #[test]
    fn the_newest_version_counts_by_number() {
        assert_eq!(
            newest_glibc(b"..GLIBC_2.9\0GLIBC_2.34\0GLIBC_2.4\0.."),
            Some("2.34".to_owned())
        );
        assert_eq!(newest_glibc(b"a static program"), None);
    }
}
