//! Scripts, styles and pictures, read once at start and served from memory, precompressed.

use std::collections::HashMap;
use std::io::{Cursor, Read as _};
use std::path::Path;

use anyhow::Context as _;
use axum::body::Bytes;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderValue, StatusCode, header};

#[derive(Default)]
struct Asset {
    plain: Bytes,
    brotli: Option<Bytes>,
    gzip: Option<Bytes>,
    content_type: &'static str,
}

/// All files of the site by their URL path.
#[derive(Default)]
pub struct Assets {
    files: HashMap<String, Asset>,
    /// Path of the style sheet, hash included.
    pub stylesheet: String,
    /// What the names of the script and of the WebAssembly module begin with, hash included.
    pub script: String,
}

impl Assets {
    /// The folder that `LEPTOS_SITE_ROOT` names, else the site that is built into the program, else `target/site`.
    pub fn find(built_in: Option<&[u8]>) -> anyhow::Result<Self> {
        match (std::env::var_os("LEPTOS_SITE_ROOT"), built_in) {
            (Some(folder), _) => Self::load(Path::new(&folder)),
            (None, Some(archive)) => Self::unpack(archive).context("reading the site in this program"),
            (None, None) => Self::load(Path::new("target/site")),
        }
    }

    /// Reads a site folder; called once, before the server listens.
    pub fn load(root: &Path) -> anyhow::Result<Self> {
        let mut files = HashMap::new();
        let mut folders = vec![root.to_path_buf()];
        while let Some(folder) = folders.pop() {
            let entries =
                std::fs::read_dir(&folder).with_context(|| format!("reading the site folder {}", folder.display()))?;
            for entry in entries {
                let path = entry?.path();
                if path.is_dir() {
                    folders.push(path);
                } else if let Ok(relative) = path.strip_prefix(root) {
                    let bytes = std::fs::read(&path).with_context(|| format!("reading {}", path.display()))?;
                    add(&mut files, &relative.to_string_lossy(), bytes);
                }
            }
        }
        Self::of(files)
    }

    /// Reads a site that was packed as a zip archive.
    pub fn unpack(archive: &[u8]) -> anyhow::Result<Self> {
        let mut archive = zip::ZipArchive::new(Cursor::new(archive))?;
        let mut files = HashMap::new();
        for index in 0..archive.len() {
            let mut entry = archive.by_index(index)?;
            let mut bytes = Vec::new();
            entry.read_to_end(&mut bytes)?;
            let name = entry.name()?.into_owned();
            add(&mut files, &name, bytes);
        }
        Self::of(files)
    }

    fn of(files: HashMap<String, Asset>) -> anyhow::Result<Self> {
        let in_pkg = |end: &str| {
            let of_kind = |path: &&str| path.ends_with(end) && !path.contains('/');
            let mut names = files.keys().filter_map(|path| path.strip_prefix("/pkg/"));
            names.find(of_kind).map(str::to_owned)
        };
        let stylesheet = in_pkg(".css").context("the site has no style sheet")?;
        let script = in_pkg(".js").context("the site has no script")?;
        Ok(Self {
            stylesheet: format!("/pkg/{stylesheet}"),
            script: script.trim_end_matches(".js").to_owned(),
            files,
        })
    }

    /// The file of a path, in the best encoding that the client takes.
    pub fn serve(&self, path: &str, headers: &HeaderMap) -> Option<Response> {
        let asset = self.files.get(path).filter(|asset| !asset.content_type.is_empty())?;
        let accepted = headers
            .get(header::ACCEPT_ENCODING)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default();
        let takes = |name: &str| {
            accepted
                .split(',')
                .any(|part| part.trim().split(';').next() == Some(name))
        };
        let (body, encoding) = match (&asset.brotli, &asset.gzip) {
            (Some(body), _) if takes("br") => (body, Some("br")),
            (_, Some(body)) if takes("gzip") => (body, Some("gzip")),
            _ => (&asset.plain, None),
        };
        let mut response = (StatusCode::OK, body.clone()).into_response();
        let set = response.headers_mut();
        set.insert(header::CONTENT_TYPE, HeaderValue::from_static(asset.content_type));
        set.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
        // Names under /pkg/ carry their content's hash.
        let cache = if path.starts_with("/pkg/") {
            "public, max-age=31536000, immutable"
        } else {
            "public, max-age=3600"
        };
        set.insert(header::CACHE_CONTROL, HeaderValue::from_static(cache));
        if let Some(encoding) = encoding {
            set.insert(header::CONTENT_ENCODING, HeaderValue::from_static(encoding));
        }
        Some(response)
    }
}

fn add(files: &mut HashMap<String, Asset>, path: &str, bytes: Vec<u8>) {
    let url = format!("/{path}");
    let bytes = Bytes::from(bytes);
    if let Some(of) = url.strip_suffix(".br") {
        files.entry(of.to_owned()).or_default().brotli = Some(bytes);
    } else if let Some(of) = url.strip_suffix(".gz") {
        files.entry(of.to_owned()).or_default().gzip = Some(bytes);
    } else if let Some(content_type) = content_type(&url) {
        let asset = files.entry(url).or_default();
        asset.plain = bytes;
        asset.content_type = content_type;
    }
}

fn content_type(path: &str) -> Option<&'static str> {
    Some(match path.rsplit('.').next()? {
        "js" => "text/javascript; charset=utf-8",
        "wasm" => "application/wasm",
        "css" => "text/css; charset=utf-8",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "txt" => "text/plain; charset=utf-8",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    fn packed(names: &[&str]) -> Vec<u8> {
        let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
        for name in names {
            archive
                .start_file(*name, zip::write::SimpleFileOptions::default())
                .unwrap();
            archive.write_all(name.as_bytes()).unwrap();
        }
        archive.finish().unwrap().into_inner()
    }

    #[test]
    fn a_packed_site_is_served_as_a_folder_is() {
        let site = packed(&[
            "favicon.svg",
            "pkg/wolfsec-1.css",
            "pkg/wolfsec-2.js",
            "pkg/wolfsec-2.js.br",
            "pkg/snippets/a/inline0.js",
        ]);
        let assets = Assets::unpack(&site).unwrap();
        assert_eq!(assets.stylesheet, "/pkg/wolfsec-1.css");
        assert_eq!(assets.script, "wolfsec-2");
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static("gzip, br"));
        let script = assets.serve("/pkg/wolfsec-2.js", &headers).unwrap();
        assert_eq!(script.headers()[header::CONTENT_ENCODING], "br");
        assert!(assets.serve("/favicon.svg", &headers).is_some());
        assert!(assets.serve("/pkg/wolfsec-3.js", &headers).is_none());
    }

    #[test]
    fn a_site_without_script_or_style_is_refused() {
        for names in [
            &["pkg/wolfsec-1.css"][..],
            &["pkg/wolfsec-2.js"],
            &["pkg/a/b.js", "a.css"],
        ] {
            assert!(Assets::unpack(&packed(names)).is_err(), "{names:?}");
        }
        assert!(Assets::unpack(b"no archive").is_err());
    }
}
