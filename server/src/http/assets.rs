//! Scripts, styles and pictures, read once at start and served from memory, precompressed.

use std::collections::HashMap;
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

/// All files of the site folder by their URL path.
#[derive(Default)]
pub struct Assets {
    files: HashMap<String, Asset>,
    /// Path of the style sheet, hash included.
    pub stylesheet: String,
}

impl Assets {
    /// Reads the site folder; called once, before the server listens.
    pub fn load(root: &Path) -> anyhow::Result<Self> {
        let mut assets = Self::default();
        let mut folders = vec![root.to_path_buf()];
        while let Some(folder) = folders.pop() {
            let entries =
                std::fs::read_dir(&folder).with_context(|| format!("reading the site folder {}", folder.display()))?;
            for entry in entries {
                let path = entry?.path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    assets.add(root, &path)?;
                }
            }
        }
        let is_style = |path: &&String| path.starts_with("/pkg/") && path.rsplit('.').next() == Some("css");
        assets.stylesheet = assets
            .files
            .keys()
            .find(is_style)
            .cloned()
            .context("the site folder has no style sheet")?;
        Ok(assets)
    }

    fn add(&mut self, root: &Path, path: &Path) -> anyhow::Result<()> {
        let Ok(relative) = path.strip_prefix(root) else {
            return Ok(());
        };
        let url = format!("/{}", relative.to_string_lossy());
        let bytes = Bytes::from(std::fs::read(path).with_context(|| format!("reading {}", path.display()))?);
        if let Some(of) = url.strip_suffix(".br") {
            self.files.entry(of.to_owned()).or_default().brotli = Some(bytes);
        } else if let Some(of) = url.strip_suffix(".gz") {
            self.files.entry(of.to_owned()).or_default().gzip = Some(bytes);
        } else if let Some(content_type) = content_type(&url) {
            let asset = self.files.entry(url).or_default();
            asset.plain = bytes;
            asset.content_type = content_type;
        }
        Ok(())
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
