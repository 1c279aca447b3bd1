//! The files of the site: named by their content, compressed once, packed for the server.

use std::fs;
use std::io::{Cursor, Write as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use brotli::enc::BrotliEncoderParams;
use flate2::{Compression, write::GzEncoder};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use crate::paths::{OUTPUT_NAME, Paths};

/// Kinds that shrink; pictures and fonts are compressed already.
const COMPRESSED: [&str; 8] = ["js", "wasm", "css", "svg", "txt", "json", "webmanifest", "html"];

/// FNV-1a: names a version, protects nothing.
pub fn hash(bytes: &[u8]) -> String {
    let hash = bytes.iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    });
    format!("{hash:016x}")
}

/// Writes `wolfsec-HASH` + each ending, with the compressed forms, and removes the versions before. All files of a call share the
/// hash of all. Says the name without the ending.
pub fn publish(paths: &Paths, files: &[(&str, &[u8])]) -> Result<String> {
    let all: Vec<u8> = files.iter().flat_map(|(_, bytes)| bytes.iter().copied()).collect();
    let name = format!("{OUTPUT_NAME}-{}", hash(&all));
    for (end, bytes) in files {
        if !published(paths, &name, end) {
            let path = paths.pkg().join(format!("{name}{end}"));
            write(&path, bytes)?;
            compress(&path, bytes)?;
        }
        for entry in fs::read_dir(paths.pkg())?.flatten() {
            let file = entry.file_name().to_string_lossy().into_owned();
            let plain = file.trim_end_matches(".br").trim_end_matches(".gz");
            let older = plain.strip_suffix(end).is_some_and(|older| older != name);
            if older && entry.file_type()?.is_file() {
                fs::remove_file(entry.path())?;
            }
        }
    }
    Ok(name)
}

pub fn published(paths: &Paths, name: &str, end: &str) -> bool {
    let there = |form: &str| paths.pkg().join(format!("{name}{end}{form}")).is_file();
    ["", ".br", ".gz"].into_iter().all(there)
}

/// Packs the site into the archive that a self-contained server carries; untouched when nothing changed, so that the server is
/// not linked anew. The files are stored: those that shrink lie there compressed already.
pub fn pack(paths: &Paths) -> Result<()> {
    let site = paths.site();
    let mut files = Vec::new();
    let mut folders = vec![site.clone()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).with_context(|| format!("{}", folder.display()))? {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
            } else {
                files.push(path);
            }
        }
    }
    files.sort();
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    for file in &files {
        let stored = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
        archive.start_file(file.strip_prefix(&site)?.to_string_lossy(), stored)?;
        archive.write_all(&fs::read(file)?)?;
    }
    let bytes = archive.finish()?.into_inner();
    if fs::read(paths.site_archive()).is_ok_and(|last| last == bytes) {
        return Ok(());
    }
    write(&paths.site_archive(), &bytes)
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

fn with_end(path: &Path, end: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(end);
    PathBuf::from(name)
}
