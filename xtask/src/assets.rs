//! The files of the site: named by their content, compressed once, listed where the server looks.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use brotli::enc::BrotliEncoderParams;
use flate2::{Compression, write::GzEncoder};

use crate::paths::{OUTPUT_NAME, Paths};

/// Kinds that shrink; pictures and fonts are compressed already.
const COMPRESSED: [&str; 8] = ["js", "wasm", "css", "svg", "txt", "json", "webmanifest", "html"];

/// The file that tells the server, and through it the browser, which build is current.
#[derive(Default)]
pub struct Hashes {
    pub js: String,
    pub wasm: String,
    pub css: String,
}

impl Hashes {
    pub fn read(paths: &Paths) -> Self {
        let text = fs::read_to_string(paths.hash_file()).unwrap_or_default();
        let of = |kind: &str| {
            let mut lines = text.lines().filter_map(|line| line.split_once(": "));
            lines
                .find(|(name, _)| *name == kind)
                .map(|(_, hash)| hash.to_owned())
                .unwrap_or_default()
        };
        Self {
            js: of("js"),
            wasm: of("wasm"),
            css: of("css"),
        }
    }

    pub fn write(&self, paths: &Paths) -> Result<()> {
        let text = format!("js: {}\nwasm: {}\ncss: {}\n", self.js, self.wasm, self.css);
        if fs::read_to_string(paths.hash_file()).is_ok_and(|last| last == text) {
            return Ok(());
        }
        write(&paths.hash_file(), text.as_bytes())
    }
}

/// FNV-1a: names a version, protects nothing.
pub fn hash(bytes: &[u8]) -> String {
    let hash = bytes.iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    });
    format!("{hash:016x}")
}

pub fn present(paths: &Paths, kind: &str, hash: &str) -> bool {
    !hash.is_empty()
        && ["", ".br", ".gz"]
            .into_iter()
            .all(|end| with_end(&file(paths, kind, hash), end).is_file())
}

/// Writes `wolfsec.HASH.kind` with its compressed forms, and removes the versions before it. Says the hash.
pub fn publish(paths: &Paths, kind: &str, bytes: &[u8]) -> Result<String> {
    let hash = hash(bytes);
    if !present(paths, kind, &hash) {
        let path = file(paths, kind, &hash);
        write(&path, bytes)?;
        compress(&path, bytes)?;
    }
    let current = format!("{OUTPUT_NAME}.{hash}.{kind}");
    for entry in fs::read_dir(paths.pkg())?.flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let plain = name.trim_end_matches(".br").trim_end_matches(".gz");
        let of_kind = plain.starts_with(&format!("{OUTPUT_NAME}.")) && plain.ends_with(&format!(".{kind}"));
        if of_kind && plain != current {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(hash)
}

/// Copies the static files, compressing what shrinks; what is the same already stays.
pub fn copy_public(paths: &Paths) -> Result<()> {
    let public = paths.root.join("app/public");
    if public.is_dir() {
        copy_tree(&public, &paths.site())
    } else {
        Ok(())
    }
}

pub fn copy_tree(from: &Path, to: &Path) -> Result<()> {
    for entry in fs::read_dir(from).with_context(|| format!("{}", from.display()))? {
        let entry = entry?;
        let (source, copy) = (entry.path(), to.join(entry.file_name()));
        if entry.file_type()?.is_dir() {
            copy_tree(&source, &copy)?;
            continue;
        }
        let bytes = fs::read(&source)?;
        if fs::read(&copy).is_ok_and(|last| last == bytes) {
            continue;
        }
        write(&copy, &bytes)?;
        let kind = source
            .extension()
            .map(|kind| kind.to_string_lossy().into_owned())
            .unwrap_or_default();
        if COMPRESSED.contains(&kind.as_str()) {
            compress(&copy, &bytes)?;
        }
    }
    Ok(())
}

fn compress(path: &Path, bytes: &[u8]) -> Result<()> {
    let mut brotli = Vec::new();
    let best = BrotliEncoderParams {
        quality: 11,
        lgwin: 22,
        size_hint: bytes.len(),
        ..Default::default()
    };
    brotli::BrotliCompress(&mut &bytes[..], &mut brotli, &best)?;
    write(&with_end(path, ".br"), &brotli)?;
    let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
    gzip.write_all(bytes)?;
    write(&with_end(path, ".gz"), &gzip.finish()?)
}

/// In one step: a running server never sends half a file.
fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    let write = || {
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        let fresh = with_end(path, ".new");
        fs::write(&fresh, bytes)?;
        fs::rename(&fresh, path)
    };
    write().with_context(|| format!("cannot write {}", path.display()))
}

fn file(paths: &Paths, kind: &str, hash: &str) -> PathBuf {
    paths.pkg().join(format!("{OUTPUT_NAME}.{hash}.{kind}"))
}

fn with_end(path: &Path, end: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(end);
    PathBuf::from(name)
}
